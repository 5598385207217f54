import Trace

/// A report for programs to read: schema 1, a contract. Every key is always there; what was not measured is null.
///
/// Lengths of time are in nanoseconds, moments (`begin_ns`, `from_ns`, …) in nanoseconds since the trace's first event.
public enum JSONReport {
  /// The report as JSON, ended by a line feed; `path` is where the trace was read from.
  public static func render(_ report: Report, path: String?, details: Details = Details()) -> String {
    let start = report.trace.from
    let json = JSON.object([
      ("schema", .integer(1)), ("trace", trace(report.trace, path: path)),
      ("processes", .array(report.processes.map(process))), ("loops", .array(report.loops.map(loop))),
      ("callbacks", .count(report.callbacks)), ("sites", .array(report.sites.map(site))),
      ("stalls", .array(report.stalls.map { stall($0, since: start) })),
      ("operations", operations(report.operations)), ("chains", chains(report, since: start, details)),
      ("findings", .array(report.findings.map { finding($0, since: start) })),
      ("anomalies", anomalies(report.anomalies)),
    ])
    return json.text + "\n"
  }

  static func time(_ duration: Nanoseconds) -> JSON { .integer(duration.count) }

  private static func trace(_ trace: TraceSummary, path: String?) -> JSON {
    .object([
      ("path", .optional(path, JSON.string)), ("duration_ns", time(trace.to - trace.from)),
      ("started_at", .optional(trace.startedAt) { .string(UTCDate.text(nanoseconds: $0)) }),
      ("events", .count(trace.events)), ("complete", .bool(trace.complete)),
      (
        "gaps",
        .array(
          trace.gaps.map { gap in
            .object([
              ("loop", .integer(Int64(gap.loop.number))), ("from_ns", time(gap.gap.from - trace.from)),
              ("to_ns", time(gap.gap.to - trace.from)), ("events", .optional(gap.gap.events, JSON.count)),
              ("why", .string("\(gap.gap.reason)")),
            ])
          })
      ),
    ])
  }

  private static func process(_ process: ProcessInfo) -> JSON {
    .object([
      ("pid", .integer(Int64(process.pid))), ("command", .string(process.command)),
      ("runtime", .string(process.runtime)),
    ])
  }

  private static func loop(_ loop: LoopReport) -> JSON {
    .object([
      ("id", .integer(Int64(loop.info.id.number))), ("pid", .integer(Int64(loop.info.process.pid))),
      ("name", .string(loop.info.name)), ("ticks", .count(loop.ticks)), ("busy_ns", time(loop.busy)),
      ("idle_ns", time(loop.idle)), ("on_cpu_ns", .optional(loop.onCPU, time)),
      ("utilization", .optional(loop.utilization) { .number(($0 * 1e6).rounded() / 1e6) }),
      ("tick_ns", percentiles(loop.tick)), ("lag_ns", percentiles(loop.lag)),
      ("queue_delay_ns", percentiles(loop.queueDelay)),
    ])
  }

  private static func percentiles(_ percentiles: Percentiles?) -> JSON {
    .optional(percentiles) {
      .object([("p50", time($0.p50)), ("p90", time($0.p90)), ("p99", time($0.p99)), ("max", time($0.max))])
    }
  }

  /// Where in the code; null as far as it is not known.
  static func place(_ site: Site) -> [(String, JSON)] {
    [
      ("site", .string(site.function)), ("file", site.file.isEmpty ? .null : .string(site.file)),
      ("line", site.line == 0 ? .null : .integer(Int64(site.line))),
    ]
  }

  private static func site(_ site: SiteReport) -> JSON {
    .object(
      place(site.site) + [
        ("kind", .string("\(site.kind)")), ("count", .count(site.count)), ("total_ns", time(site.total)),
        ("self_ns", time(site.own)), ("p50_ns", .optional(site.p50, time)), ("p99_ns", .optional(site.p99, time)),
        ("max_ns", time(site.max)), ("slow", .count(site.slow)), ("harm_ns", time(site.harm)),
        ("harm_up_to_ns", time(site.harmUpTo)), ("victims", .count(site.victims)),
      ])
  }

  private static func stall(_ stall: Stall, since start: Instant) -> JSON {
    .object(
      [
        ("loop", .integer(Int64(stall.loop.number))), ("begin_ns", time(stall.began - start)),
        ("duration_ns", time(stall.duration)), ("ended", .bool(stall.ended)),
      ] + place(stall.site) + [
        ("cause", .string(stall.cause.rawValue)), ("detail", .optional(stall.detail, JSON.string)),
        ("stack", .array(stall.stack.map(JSON.string))), ("victims", .count(stall.victims)),
        ("harm_ns", time(stall.harm)), ("harm_up_to_ns", time(stall.harmUpTo)),
      ])
  }

  private static func operations(_ counts: OperationCounts) -> JSON {
    .object([
      ("created", .count(counts.created)), ("succeeded", .count(counts.succeeded)), ("failed", .count(counts.failed)),
      ("cancelled", .count(counts.cancelled)), ("dropped", .count(counts.dropped)),
      ("pending", .count(counts.pending)),
    ])
  }

  /// Ways in which the trace contradicts itself; a key that readers of the first reports do not know.
  private static func anomalies(_ counts: [Anomaly: UInt64]) -> JSON {
    .array(
      Anomaly.allCases.compactMap { anomaly in
        counts[anomaly].map {
          .object([("id", .string(anomaly.rawValue)), ("sentence", .string(anomaly.sentence)), ("count", .count($0))])
        }
      })
  }

  private static func finding(_ finding: Finding, since start: Instant) -> JSON {
    .object(
      [("id", .string(finding.id)), ("severity", .string(finding.severity.rawValue))] + place(finding.site) + [
        ("sentence", .string(finding.sentence)), ("count", .count(finding.count)),
        ("caused_by", .optional(finding.causedBy, JSON.string)),
        ("at_ns", time(finding.moment - start)), ("loop", .integer(Int64(finding.loop.number))),
        ("numbers", .object(finding.numbers.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
      ])
  }
}
