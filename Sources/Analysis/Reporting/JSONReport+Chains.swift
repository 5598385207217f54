import Trace

/// What a report for programs says of chains.
extension JSONReport {
  /// What is told of single chains beside the report, where somebody has asked for it.
  public struct Details: Sendable {
    /// Who made the callbacks of chains wait.
    public var ledgers: Ledgers?
    /// Steps and critical paths.
    public var waterfalls: Waterfalls?

    /// Nothing but what is given.
    public init(ledgers: Ledgers? = nil, waterfalls: Waterfalls? = nil) {
      self.ledgers = ledgers
      self.waterfalls = waterfalls
    }
  }

  static func chains(_ report: Report, since start: Instant, _ details: Details) -> JSON {
    .object(
      counts(report.chains) + [
        ("slowest", .array(report.toldChains.map { chain($0, since: start, details) }))
      ])
  }

  static func counts(_ counts: ChainCounts) -> [(String, JSON)] {
    [
      ("completed", .count(counts.completed)), ("failed", .count(counts.failed)),
      ("in_flight", .count(counts.inFlight)), ("waiting", .count(counts.waiting)),
      ("stalled", .count(counts.stalled)),
    ]
  }

  private static func chain(_ chain: ChainReport, since start: Instant, _ details: Details) -> JSON {
    let waterfall = details.waterfalls?[chain.id]
    return .object([
      // As the text form writes it: the raw value would not survive readers whose numbers are doubles.
      ("id", .string("\(chain.id.loop.number):\(chain.id.serial)")), ("name", .optional(chain.name, JSON.string)),
      ("site", .string(chain.site.function)), ("began_ns", time(chain.began - start)),
      ("duration_ns", time(chain.duration)),
      ("running_ns", time(chain.running)), ("queued_ns", time(chain.queued)), ("waiting_ns", time(chain.waiting)),
      ("blame", .optional(details.ledgers) { blame($0.blame(of: chain.id)) }), ("state", .string(chain.state.rawValue)),
      ("waiting_on", .optional(chain.waitingOn) { operation($0, since: start) }),
      ("waiting_through", .array(chain.waitingThrough.map { operation($0, since: start) })),
      ("waiting_cycle", .optional(chain.waitingCycle) { .integer(Int64($0)) }),
      ("steps", .optional(waterfall) { .array($0.steps.map { step($0, since: start) }) }),
      ("critical_path", .optional(waterfall) { .array($0.criticalPath.map { segment($0, since: start) }) }),
    ])
  }

  private static func operation(_ operation: PendingOperation, since start: Instant) -> JSON {
    .object(
      [("kind", .string("\(operation.kind)"))] + place(operation.site) + [
        ("created_ns", time(operation.created - start)), ("due_ns", .optional(operation.due) { time($0 - start) }),
        ("label", .optional(operation.label, JSON.string)),
      ])
  }

  private static func blame(_ charges: [(site: Site, time: Nanoseconds)]) -> JSON {
    .array(charges.map { .object([("site", .string($0.site.function)), ("ns", time($0.time))]) })
  }

  private static func step(_ step: Waterfall.Step, since start: Instant) -> JSON {
    .object(
      place(step.site) + [
        ("kind", .string("\(step.kind)")), ("depth", .integer(Int64(step.depth))),
        ("ready_ns", .optional(step.ready) { time($0 - start) }), ("begin_ns", time(step.began - start)),
        ("duration_ns", time(step.duration)), ("trigger", .string("\(step.trigger)")),
        ("triggered_by", .optional(step.triggeredBy, party)), ("created_by", .optional(step.createdBy, party)),
        ("critical", .bool(step.isCritical)),
      ])
  }

  /// The step counted from 0 in `steps`; null for a callback of another chain.
  private static func party(_ party: Waterfall.Party) -> JSON {
    .object([
      ("site", .string(party.site.function)), ("step", .optional(party.step) { .integer(Int64($0)) }),
    ])
  }

  private static func segment(_ segment: Waterfall.Segment, since start: Instant) -> JSON {
    let (what, step, pending): (String, Int?, PendingOperation?) =
      switch segment.state {
      case .ran(let step): ("ran", step, nil)
      case .queued(let step): ("queued", step, nil)
      case .waited(let pending): ("waited", nil, pending)
      }
    return .object([
      ("what", .string(what)), ("begin_ns", time(segment.from - start)), ("ns", time(segment.length)),
      ("step", .optional(step) { .integer(Int64($0)) }),
      ("operation", .optional(pending) { operation($0, since: start) }),
    ])
  }
}
