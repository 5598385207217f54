/// Values found by id, each at a slot that stays its own until it is removed.
///
/// A hash table of slots with linear probing beside flat arrays: a lookup costs a few nanoseconds, a walk over all values
/// needs no hashing, and in a steady state nothing is allocated. (`Dictionary` would hash with SipHash and move values.)
struct IDPool<Value> {
  /// By slot; what stands at a free slot is what was left there, so that a new owner can use its storage again.
  private(set) var values = Slab<Value>()
  /// By slot.
  private var ids = Slab<UInt64>()
  /// By slot.
  private var isTaken = Slab<Bool>()
  private var free = Slab<Int32>()
  /// The table: id and slot side by side, the slot -1 where the place is empty.
  private var places: Slab<Place>
  /// 64 less the power of two that is the table's size.
  private var shift: UInt64
  private var keyCount = 0
  /// How many ids it takes.
  let limit: Int

  private struct Place {
    var id: UInt64 = 0
    var slot: Int32 = -1
  }

  /// An empty one for at most `limit` values.
  init(limit: Int = 1 << 20) {
    self.limit = limit
    shift = 60
    places = Slab(repeating: Place(), count: 16)
  }

  /// Makes this value the only one that knows its memory.
  mutating func own() {
    values.own()
    ids.own()
    isTaken.own()
    free.own()
    places.own()
  }

  var count: Int { values.count - free.count }
  var isFull: Bool { count >= limit }
  /// All slots, free ones too.
  var allSlots: Range<Int> { 0..<values.count }

  subscript(slot: Int) -> Value {
    // Not `get`: reading one field must not copy the value, and keep alive what it refers to.
    @inline(__always) _read { yield values[slot] }
    @inline(__always) _modify { yield &values[slot] }
  }

  /// Whether the slot holds something.
  @inline(__always)
  func isLive(_ slot: Int) -> Bool { isTaken[slot] }

  /// The id at the slot.
  func id(at slot: Int) -> UInt64 { ids[slot] }

  // Fibonacci hashing: ids are positions in a ring, which it spreads evenly; folded first, for the loop's high bits.
  @inline(__always)
  private func home(_ id: UInt64) -> Int {
    Int(truncatingIfNeeded: ((id ^ (id >> 29)) &* 0x9e37_79b9_7f4a_7c15) >> shift)
  }

  @inline(__always)
  private func place(of id: UInt64) -> Int {
    var place = home(id)
    while places[place].slot >= 0 && places[place].id != id { place = (place + 1) & (places.count - 1) }
    return place
  }

  /// Where the id's value stands.
  @inline(__always)
  func slot(of id: UInt64) -> Int? {
    let slot = places[place(of: id)].slot
    return slot >= 0 ? Int(slot) : nil
  }

  /// Gives an id that has none a slot; `fresh` makes a value where no left-over can be used, else the caller sets it.
  ///
  /// `nil` where the pool is full.
  mutating func insert(_ id: UInt64, fresh: @autoclosure () -> Value) -> Int? {
    guard !isFull else { return nil }
    let slot: Int
    if let last = free.popLast() {
      slot = Int(last)
      ids[slot] = id
      isTaken[slot] = true
    } else {
      slot = values.count
      values.append(fresh())
      ids.append(id)
      isTaken.append(true)
    }
    addKey(id, slot)
    return slot
  }

  /// Lets another id lead to the slot too; whoever removes the slot removes the alias.
  mutating func addKey(_ id: UInt64, _ slot: Int) {
    if keyCount * 2 >= places.count { grow() }
    let place = place(of: id)
    if places[place].slot < 0 { keyCount += 1 }
    places[place] = Place(id: id, slot: Int32(slot))
  }

  /// Makes the id the slot's own; the one before stays an alias.
  mutating func rename(_ slot: Int, to id: UInt64) {
    ids[slot] = id
    addKey(id, slot)
  }

  /// Frees the slot and forgets its id.
  mutating func remove(_ slot: Int) {
    removeKey(ids[slot])
    isTaken[slot] = false
    free.append(Int32(slot))
  }

  /// Forgets an id; those behind it move up, so that no probe ends early.
  mutating func removeKey(_ id: UInt64) {
    var hole = place(of: id)
    guard places[hole].slot >= 0 else { return }
    keyCount -= 1
    let mask = places.count - 1
    var next = (hole + 1) & mask
    while places[next].slot >= 0 {
      let home = home(places[next].id)
      if (next - home) & mask >= (next - hole) & mask {
        places[hole] = places[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    places[hole].slot = -1
  }

  private mutating func grow() {
    let old = places
    shift -= 1
    places = Slab(repeating: Place(), count: old.count * 2)
    for one in old where one.slot >= 0 { places[place(of: one.id)] = one }
  }
}

extension IDPool: Sendable where Value: Sendable {}
