import Trace

/// Whether anybody will settle what is pending: the one rule behind stalled chains and operations that never settle.
struct Liveness {
  let operations: OperationTable
  let threshold: Nanoseconds

  /// The operation at the end of what this one waits for, and whether that has a live source.
  ///
  /// Of several that are waited for, a live one; a circle has none.
  func leaf(of slot: Int, at now: Instant) -> (slot: Int, isLive: Bool) {
    // Most wait for nothing that is known: no list of where one has been for those.
    if operations.pool[slot].awaits == nil { return (slot, isLive(slot, at: now)) }
    var seen: [Int] = []
    return leaf(of: slot, at: now, &seen)
  }

  private static let stepLimit = 64

  private func leaf(of slot: Int, at now: Instant, _ seen: inout [Int]) -> (slot: Int, isLive: Bool) {
    guard !seen.contains(slot), seen.count < Self.stepLimit else { return (slot, false) }
    seen.append(slot)
    let awaited = operations.awaited(by: slot)
    if awaited.isEmpty { return (slot, isLive(slot, at: now)) }
    // A time-out on the way is a source of its own.
    if operations.pool[slot].due != nil, isLive(slot, at: now) { return (slot, true) }
    var dead: Int?
    for other in awaited {
      let found = leaf(of: other, at: now, &seen)
      if found.isLive { return found }
      if dead == nil { dead = found.slot }
    }
    return (dead ?? slot, false)
  }

  /// The way from an operation to its leaf, both included, and which of it the leaf waits for in turn, if it does.
  func way(from slot: Int, to leaf: Int) -> (slots: [Int], cycle: Int?) {
    if slot == leaf, operations.pool[slot].awaits == nil { return ([slot], nil) }
    var seen: Set<Int> = [slot]
    let there = slot == leaf ? [slot] : way(from: slot, to: leaf, &seen) ?? [slot, leaf]
    // Round the circle, should it lie in one: back to where the way came from, or on to there again.
    var around: Set<Int> = [leaf]
    guard let circle = way(from: leaf, to: leaf, &around) else { return (there, nil) }
    return (there + circle.dropFirst().dropLast(), there.count - 1)
  }

  private func way(from slot: Int, to leaf: Int, _ seen: inout Set<Int>) -> [Int]? {
    let awaited = operations.awaited(by: slot)
    if awaited.contains(leaf) { return [slot, leaf] }
    for other in awaited where seen.count < Self.stepLimit && seen.insert(other).inserted {
      if let rest = way(from: other, to: leaf, &seen) { return [slot] + rest }
    }
    return nil
  }

  /// The operations that wait for each other and have no live source; at most `limit` circles.
  func cycles(limit: Int, at now: (Int) -> Instant) -> [[Int]] {
    var found: [[Int]] = []
    var done: Set<Int> = []
    for start in operations.pool.allSlots {
      guard found.count < limit else { break }
      guard operations.pool.isLive(start), !operations.pool[start].isSettled, operations.pool[start].awaits != nil
      else {
        continue
      }
      var path: [Int] = []
      var slot = start
      while !done.contains(slot) {
        done.insert(slot)
        path.append(slot)
        // Where one waits for several, any of them closes the circle.
        let awaited = operations.awaited(by: slot)
        guard let next = awaited.first(where: path.contains) ?? awaited.first else { break }
        if let begin = path.firstIndex(of: next) {
          if !leaf(of: next, at: now(next)).isLive { found.append(Array(path[begin...])) }
          break
        }
        slot = next
      }
    }
    return found
  }

  private func isLive(_ slot: Int, at now: Instant) -> Bool {
    let operation = operations.pool[slot]
    if let due = operation.due { return now - due <= threshold }
    if operation.standing || operation.kind.hasKnownSource { return true }
    let age = now - operation.created
    return age <= threshold || !operations.histories.isUnusual(age, at: operation.site)
  }

  /// Whether an operation that is no chain's concern has been pending for so long that its site's history speaks
  /// against it; without a history it may be meant to wait.
  func isOverdue(_ slot: Int, at now: Instant) -> Bool {
    let operation = operations.pool[slot]
    guard now - operation.created > threshold, !isLive(slot, at: now) else { return false }
    return operation.due != nil || operations.histories.settled(at: operation.site) >= Self.enough
  }

  /// As many settled operations make a history.
  private static let enough = 20
}
