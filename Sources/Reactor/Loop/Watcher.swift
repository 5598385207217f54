/// Who is told when a descriptor is ready.
protocol Watcher: AnyObject {
  /// The kernel reported its descriptor. May unwatch and close it.
  func ready(_ readiness: Readiness, _ reactor: Reactor)
  /// The loop ended: close the descriptor, settle its operations, let go of closures, call nobody.
  func reactorEnded()
}

/// Watchers by descriptor.
///
/// A key is a descriptor and the generation of its slot, so that a result for a descriptor that was closed, and its
/// number used again, earlier in the same tick is known to be stale.
struct DescriptorTable {
  private struct Slot {
    var watcher: (any Watcher)?
    var generation: UInt32 = 0
  }

  private var slots: [Slot] = []
  private(set) var count = 0

  func key(_ descriptor: Int32) -> UInt64 {
    UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(descriptor)
  }

  func watcher(_ key: UInt64) -> (any Watcher)? {
    let slot = slots[Int(key & 0xFFFF_FFFF)]
    return slot.generation == UInt32(key >> 32) ? slot.watcher : nil
  }

  /// The key that the next watcher of a descriptor will have.
  mutating func nextKey(_ descriptor: Int32) -> UInt64 {
    while slots.count <= Int(descriptor) { slots.append(Slot()) }
    return UInt64(slots[Int(descriptor)].generation &+ 1) << 32 | UInt64(descriptor)
  }

  /// Under its next key. Takes the place of one whose descriptor was closed by others.
  mutating func insert(_ watcher: any Watcher, _ descriptor: Int32) {
    let index = Int(descriptor)
    if slots[index].watcher == nil { count += 1 }
    slots[index].watcher = watcher
    slots[index].generation &+= 1
  }

  mutating func remove(_ descriptor: Int32) {
    slots[Int(descriptor)].watcher = nil
    count -= 1
  }

  /// The watchers of a kind, in the order of their descriptors.
  func all<Kind: Watcher>(_ kind: Kind.Type) -> [Kind] {
    slots.compactMap { $0.watcher as? Kind }
  }

  mutating func removeAll() -> [any Watcher] {
    let watchers = slots.compactMap(\.watcher)
    slots = []
    count = 0
    return watchers
  }
}
