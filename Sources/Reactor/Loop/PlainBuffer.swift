import CLinux

/// A list in memory of its own: what the loop goes through in every tick.
///
/// An Array asks at each change whether somebody else has a copy; this one cannot be copied. What is appended is moved in.
struct PlainBuffer<Element: ~Copyable>: ~Copyable {
  private(set) var elements: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = capacity
    elements = .allocate(capacity: capacity)
  }

  deinit {
    elements.deinitialize(count: count)
    elements.deallocate()
  }

  var isEmpty: Bool { count == 0 }

  subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      assert(index >= 0 && index < count)
      return UnsafePointer(elements + index)
    }
    @inline(__always) unsafeMutableAddress {
      assert(index >= 0 && index < count)
      return elements + index
    }
  }

  @inline(__always)
  mutating func append(_ element: consuming Element) {
    if count == capacity { grow() }
    (elements + count).initialize(to: element)
    count += 1
  }

  /// Has the memory that comes after the next few elements fetched from the core that read it last.
  @inline(__always)
  func prefetch() {
    ll_prefetch_to_write(elements + (count + 8))
  }

  mutating func removeLast() -> Element {
    count -= 1
    return (elements + count).move()
  }

  mutating func removeAll() {
    // Forgotten first: letting go of one may lead back here.
    let removed = count
    count = 0
    elements.deinitialize(count: removed)
  }

  /// Moves all of them out, in their order.
  @inline(__always)
  mutating func takeAll(_ body: (consuming Element) -> Void) {
    let taken = count
    count = 0
    for index in 0..<taken { body((elements + index).move()) }
  }

  /// Forgets the elements, which were moved out.
  mutating func forgetAll() {
    count = 0
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: 2 * capacity)
    larger.moveInitialize(from: elements, count: count)
    elements.deallocate()
    elements = larger
    capacity *= 2
  }
}

// Unchecked: it is the only one that knows its memory.
extension PlainBuffer: @unchecked Sendable where Element: Sendable & ~Copyable {}
