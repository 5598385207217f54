/// An array whose one owner changes it without asking each time whether somebody shares its memory.
///
/// The analysis touches a dozen arrays for each callback, and the question, a call into the runtime, was a tenth of its time.
/// So it is asked once: who is about to change a value that may have been copied calls `own` first, which is how `Analyzer`
/// begins each batch and each look into the future of a copy. Builds for debugging check at every change that it was done.
/// Indices are checked in all builds.
struct Slab<Element> {
  private final class Memory {
    let base: UnsafeMutablePointer<Element>
    let capacity: Int
    /// As many as there are: for the end.
    var count = 0

    init(capacity: Int) {
      self.capacity = capacity
      base = .allocate(capacity: capacity)
    }

    deinit {
      base.deinitialize(count: count)
      base.deallocate()
    }
  }

  /// `nil` while there is no room for any.
  private var memory: Memory?
  private var base: UnsafeMutablePointer<Element>
  /// How many there are.
  private(set) var count = 0

  /// An empty one, without memory.
  init() { base = UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment)! }

  /// So many of the same.
  init(repeating element: Element, count: Int) {
    self.init()
    grow(to: count, element)
  }

  /// Makes this value the only one that knows its memory, by a copy where it is not.
  mutating func own() {
    guard let capacity = memory?.capacity, !isKnownUniquelyReferenced(&memory) else { return }
    let own = Memory(capacity: capacity)
    own.base.initialize(from: base, count: count)
    use(own)
  }

  @inline(__always)
  private mutating func checkOwned() {
    assert(memory == nil || isKnownUniquelyReferenced(&memory), "changed without being owned")
  }

  subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && index < count)
      return UnsafePointer(base + index)
    }
    @inline(__always) unsafeMutableAddress {
      checkOwned()
      precondition(index >= 0 && index < count)
      return base + index
    }
  }

  /// Adds one at the end.
  @inline(__always)
  mutating func append(_ element: Element) {
    checkOwned()
    if count == memory?.capacity ?? 0 { makeRoom() }
    (base + count).initialize(to: element)
    set(count + 1)
  }

  /// Takes the last one off.
  @inline(__always)
  mutating func popLast() -> Element? {
    checkOwned()
    if count == 0 { return nil }
    set(count - 1)
    return (base + count).move()
  }

  /// Adds the same until there are that many.
  mutating func grow(to count: Int, _ element: @autoclosure () -> Element) {
    while self.count < count { append(element()) }
  }

  /// Removes the first ones.
  mutating func removeFirst(_ removed: Int) {
    checkOwned()
    precondition(removed >= 0 && removed <= count)
    base.deinitialize(count: removed)
    base.moveInitialize(from: base + removed, count: count - removed)
    set(count - removed)
  }

  /// Removes the last ones.
  mutating func removeLast(_ removed: Int) {
    checkOwned()
    precondition(removed >= 0 && removed <= count)
    set(count - removed)
    (base + count).deinitialize(count: removed)
  }

  /// Puts one in, ahead of what stands at the index.
  mutating func insert(_ element: Element, at index: Int) {
    precondition(index >= 0 && index <= count)
    append(element)
    for place in stride(from: count - 1, to: index, by: -1) { swapAt(place, place - 1) }
  }

  private mutating func swapAt(_ one: Int, _ other: Int) {
    let kept = (base + one).move()
    (base + one).moveInitialize(from: base + other, count: 1)
    (base + other).initialize(to: kept)
  }

  @inline(__always)
  private mutating func set(_ count: Int) {
    self.count = count
    memory?.count = count
  }

  @inline(never)
  private mutating func makeRoom() {
    let larger = Memory(capacity: Swift.max(8, 2 * count))
    larger.base.moveInitialize(from: base, count: count)
    memory?.count = 0
    use(larger)
  }

  private mutating func use(_ memory: Memory) {
    memory.count = count
    base = memory.base
    self.memory = memory
  }
}

extension Slab: RandomAccessCollection {
  var startIndex: Int { 0 }
  var endIndex: Int { count }
}

// Unchecked: nobody changes memory that another value knows.
extension Slab: @unchecked Sendable where Element: Sendable {}
