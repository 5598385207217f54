import Trace
import TraceStore

/// A trace's overview as text.
public enum OverviewReport {
  /// How many rows the table has.
  public static let rows = 20

  /// What there is, then how busy the loops were over time and the longest tick of each stretch.
  public static func render(_ overview: Overview, bytes: UInt64) -> String {
    guard let first = overview.slices.first, let last = overview.slices.last else { return "no events\n" }
    let loops = overview.loops == 1 ? "1 loop" : "\(overview.loops) loops"
    var table = TextTable(("from", .right), ("busy", .right), ("longest tick", .right))
    for slice in overview.slices {
      table.add(
        Format.duration(slice.from - first.from), slice.share.map(Format.percent) ?? "-",
        slice.longestTick > .zero ? Format.duration(slice.longestTick) : "-")
    }
    let head = "\(Format.duration(last.to - first.from)), \(Format.count(overview.events)) events of \(loops)"
    let lines = ["\(head) in \(Format.count(bytes)) bytes", ""] + table.lines(width: 80)
    return lines.map { $0 + "\n" }.joined()
  }
}
