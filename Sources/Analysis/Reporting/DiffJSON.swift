import Trace

/// A comparison of two traces for programs to read: schema 1. Every key is always there; lengths of time are in nanoseconds.
public enum DiffJSON {
  /// The comparison as JSON, ended by a line feed; the paths are where the traces were read from.
  public static func render(_ comparison: Comparison, before: String, after: String) -> String {
    let json = JSON.object([
      ("schema", .integer(1)), ("before", trace(comparison.before, before)), ("after", trace(comparison.after, after)),
      ("test", .object([("name", "mann-whitney"), ("p", .number(0.001)), ("least_change", .number(0.05))])),
      ("findings", .array(comparison.findings.map(finding))), ("loops", .array(comparison.loops.map(lengths))),
      ("sites", .array(comparison.sites.map(lengths))),
      (
        "chains",
        .object([
          ("before", .object(JSONReport.counts(comparison.before.chains))),
          ("after", .object(JSONReport.counts(comparison.after.chains))),
        ])
      ),
    ])
    return json.text + "\n"
  }

  private static func trace(_ report: Report, _ path: String) -> JSON {
    .object([
      ("path", .string(path)), ("duration_ns", .integer((report.trace.to - report.trace.from).count)),
      ("callbacks", .count(report.callbacks)), ("complete", .bool(report.trace.complete)),
    ])
  }

  private static func finding(_ row: Comparison.FoundChange) -> JSON {
    .object(
      [("id", .string(row.finding.id)), ("severity", .string(row.finding.severity.rawValue))]
        + JSONReport.place(row.finding.site) + [
          ("sentence", .string(row.finding.sentence)), ("change", .string(row.change.rawValue)),
          ("before", .count(row.before)), ("after", .count(row.after)),
        ])
  }

  private static func lengths(_ row: Comparison.Lengths) -> JSON {
    .object([
      ("name", .string(row.name)), ("file", .optional(row.site) { $0.file.isEmpty ? .null : .string($0.file) }),
      ("line", .optional(row.site) { $0.line == 0 ? .null : .integer(Int64($0.line)) }),
      ("change", .string(row.change.rawValue)), ("before_ns", percentiles(row.before)),
      ("after_ns", percentiles(row.after)),
    ])
  }

  private static func percentiles(_ percentiles: Percentiles?) -> JSON {
    .optional(percentiles) {
      .object([
        ("count", .count($0.count)), ("p50", .integer($0.p50.count)), ("p90", .integer($0.p90.count)),
        ("p99", .integer($0.p99.count)), ("max", .integer($0.max.count)),
      ])
    }
  }
}
