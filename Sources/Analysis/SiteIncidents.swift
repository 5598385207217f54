import Trace

/// Rare things that happened to operations, counted by the site that created them, with the last one as the example.
struct SiteIncidents {
  /// What happened at one site.
  struct Incident {
    var site: SiteID
    var count: UInt64
    var loop: LoopID
    var moment: Instant
    var text: String
  }

  private(set) var incidents: [SiteID: Incident] = [:]

  /// Counts one. The text is cut to a line's length: it comes from the traced program.
  mutating func add(_ site: SiteID, loop: LoopID, at time: Instant, text: String = "") {
    let count = incidents[site]?.count ?? 0
    incidents[site] = Incident(
      site: site, count: count + 1, loop: loop, moment: time, text: String(text.prefix(200)))
  }
}
