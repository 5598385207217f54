import Trace

/// One callback of a chain as it is kept.
struct StepRecord {
  var site: SiteID
  var kind: CallbackKind
  /// When it was certainly ready; `nil` for one that ran inside the callback that fired it.
  var ready: Instant?
  var began: Instant
  /// `nil` while it runs.
  var duration: Nanoseconds?
  var depth: Int32
}

/// Names a step of a chain while it is kept.
struct StepReference {
  /// Its number in its chain.
  var number: UInt32 = 0
  /// Where it stands in the store.
  var index: Int32 = -1
}

/// The last steps of all chains in flight.
///
/// In blocks that a chain has as many of as it needs, and that others use when it is over: a chain allocates nothing, and no
/// step asks whether somebody shares an array.
struct StepStore {
  /// Where one chain's last steps stand: number n at n mod the limit.
  struct Place {
    /// Numbers of blocks, in the order in which they were first needed; -1 where none was yet.
    fileprivate var blocks = InlineArray<4, Int32>(repeating: -1)

    /// How many there can be.
    static let limit: UInt32 = 4 * UInt32(StepStore.blockSize)
  }

  private static let blockSize = 8
  /// Block by block.
  private var records = Slab<StepRecord>()
  /// Blocks that no chain has.
  private var free = Slab<Int32>()

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    records.own()
    free.own()
  }

  /// A step that was put in, or the one that has taken its place since; never one that was not.
  @inline(__always)
  subscript(number: UInt32, place: Place) -> StepRecord { records[index(number, place)] }

  @inline(__always)
  private func index(_ number: UInt32, _ place: Place) -> Int {
    let offset = Int(number % Place.limit)
    return Int(place.blocks[offset / Self.blockSize]) * Self.blockSize + offset % Self.blockSize
  }

  /// Puts the step of that number in; returns where it stands.
  @inline(__always)
  mutating func put(_ step: StepRecord, _ number: UInt32, in place: inout Place) -> Int32 {
    let block = Int(number % Place.limit) / Self.blockSize
    if place.blocks[block] < 0 { place.blocks[block] = takeBlock(filling: step) }
    let index = index(number, place)
    records[index] = step
    return Int32(truncatingIfNeeded: index)
  }

  /// The step that stands there has ended.
  @inline(__always)
  mutating func end(at index: Int32, _ time: Instant) {
    records[Int(index)].duration = time - records[Int(index)].began
  }

  /// A block for one more chain, or for more of one.
  private mutating func takeBlock(filling step: StepRecord) -> Int32 {
    if let last = free.popLast() { return last }
    records.grow(to: records.count + Self.blockSize, step)
    return Int32(records.count / Self.blockSize - 1)
  }

  /// The steps are wanted no more.
  mutating func release(_ place: inout Place) {
    for block in place.blocks.indices where place.blocks[block] >= 0 {
      free.append(place.blocks[block])
      place.blocks[block] = -1
    }
  }
}
