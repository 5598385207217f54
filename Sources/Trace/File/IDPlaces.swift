/// The place in a list that each id has: a look-up costs a multiplication and a load, where a dictionary's hash costs 20 ns.
///
/// Ids come from rings, which may lie: a factor that nobody can know keeps them from being made to meet.
struct IDPlaces {
  private struct Entry {
    var id: UInt64
    /// Negative where the entry is free.
    var place: Int32
  }

  private var entries: [Entry] = []
  private var count = 0
  /// What is left of an id's product: the bits of an index.
  private var shift: UInt64 = 64
  private let factor = UInt64.random(in: .min ... .max) | 1

  /// Forgets all ids; their memory is used again.
  mutating func clear() {
    if count == 0 { return }
    for index in entries.indices { entries[index].place = -1 }
    count = 0
  }

  /// The place of an id; `nil` where it has none.
  subscript(id: UInt64) -> Int? {
    if count == 0 { return nil }
    let place = entries[index(of: id)].place
    return place < 0 ? nil : Int(place)
  }

  /// Gives an id its place, or another one.
  mutating func set(_ id: UInt64, to place: Int) {
    if 2 * (count + 1) > entries.count { grow() }
    let index = index(of: id)
    if entries[index].place < 0 { count += 1 }
    entries[index] = Entry(id: id, place: Int32(place))
  }

  /// Where the id stands, or where it would.
  @inline(__always) private func index(of id: UInt64) -> Int {
    let product = id &* factor
    var index = Int(truncatingIfNeeded: ((product ^ product >> 32) &* 0x9e37_79b9_7f4a_7c15) >> shift)
    while entries[index].place >= 0, entries[index].id != id { index = (index + 1) & (entries.count - 1) }
    return index
  }

  private mutating func grow() {
    let old = entries
    let capacity = max(256, 2 * old.count)
    shift = UInt64(64 - capacity.trailingZeroBitCount)
    entries = Array(repeating: Entry(id: 0, place: -1), count: capacity)
    for entry in old where entry.place >= 0 { entries[index(of: entry.id)] = entry }
  }
}
