import Trace

/// The passes of one loop that took too long without one slow callback, by why and by the site that took most of them.
struct Overruns {
  /// Which are told of together.
  struct Key: Hashable {
    var why: Overrun
    var site: SiteID
  }

  /// Some that are told of together.
  struct Group {
    var count: UInt64 = 0
    var longest: StallRecord
    var total = Nanoseconds.zero
  }

  private(set) var groups: [Key: Group] = [:]
  private static let limit = 1_000

  /// Takes a stall that has ended, or goes on.
  mutating func add(_ stall: StallRecord) {
    guard stall.why == .manyCallbacks || stall.why == .selfFeedingQueue else { return }
    let key = Key(why: stall.why, site: stall.heaviest?.site ?? .unknown)
    guard groups[key] != nil || groups.count < Self.limit else { return }
    var group = groups[key] ?? Group(longest: stall)
    group.count += 1
    group.total = group.total + stall.duration
    if stall.duration > group.longest.duration { group.longest = stall }
    groups[key] = group
  }
}
