/// Watchers by descriptor.
///
/// A key is a descriptor and the generation of its slot, so that a result for a descriptor that was closed, and its
/// number used again, earlier in the same tick is known to be stale.
struct DescriptorTable: ~Copyable {
  // Not private: the debug build of Swift 6.3 loses such a type where another file is the first to need it.
  struct Slot {
    var watched: Watched?
    var generation: UInt32 = 0
  }

  private var slots = PlainBuffer<Slot>()
  private(set) var count = 0

  func key(_ descriptor: Int32) -> UInt64 {
    UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(descriptor)
  }

  @inline(__always)
  func watched(_ key: UInt64) -> Watched? {
    let index = Int(key & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(key >> 32) else { return nil }
    return slots[index].watched
  }

  /// The key that the next watcher of a descriptor will have.
  mutating func nextKey(_ descriptor: Int32) -> UInt64 {
    while slots.count <= Int(descriptor) { slots.append(Slot()) }
    return UInt64(slots[Int(descriptor)].generation &+ 1) << 32 | UInt64(descriptor)
  }

  /// Under its next key. Returns one that it takes the place of, whose descriptor was closed by others.
  mutating func insert(_ watcher: any Watcher, _ descriptor: Int32) -> Watched? {
    let earlier = slots[Int(descriptor)].watched
    if earlier == nil { count += 1 }
    slots[Int(descriptor)].watched = Watched(watcher)
    slots[Int(descriptor)].generation &+= 1
    return earlier
  }

  /// Returns who watched, if anybody, for the caller to let go of.
  mutating func remove(_ descriptor: Int32) -> Watched? {
    let watched = slots[Int(descriptor)].watched.take()
    if watched != nil { count -= 1 }
    return watched
  }

  /// The watchers of a kind, in the order of their descriptors.
  func all<Kind: Watcher>(_ kind: Kind.Type) -> [Kind] {
    (0..<slots.count).compactMap { slots[$0].watched?.watcher as? Kind }
  }

  /// All descriptors that are watched, and others.
  var numbers: Range<Int32> { 0..<Int32(slots.count) }
}
