import Trace
import TraceStore

/// A time on a loop.
private struct Place: Hashable {
  var loop: LoopID?
  var from: Instant?
  var to: Instant?

  init(_ loop: LoopID?, _ from: Instant?, _ to: Instant?) {
    (self.loop, self.from, self.to) = (loop, from, to)
  }
}

/// What `verify` says of a trace.
struct Verification {
  private let diagnostics: Diagnostics
  private let gaps: [(LoopID, Gap)]
  private let start: Instant?
  private let events: UInt64

  init(_ store: TraceStore) {
    diagnostics = store.diagnostics
    start = store.chunks.filter { $0.missing == nil }.map(\.from).min()
    events =
      store.chunks.filter { $0.missing == nil }.map(\.count).reduce(0, &+) &- store.diagnostics.eventsLostInChunks
    // What chunks are missing, damage tells already; these the writer itself has told of.
    let told = Set(diagnostics.damage.compactMap { $0.what == .missing ? Place($0.loop, $0.from, $0.to) : nil })
    var cursor = TraceStore.Cursor()
    var gaps: [(LoopID, Gap)] = []
    while let batch = try? store.next(&cursor) {
      for event in batch.events {
        guard case .gap(let gap) = event.body, gap.reason != .damaged,
          !told.contains(Place(batch.loop, gap.from, gap.to))
        else { continue }
        gaps.append((batch.loop, gap))
      }
    }
    self.gaps = gaps
  }

  /// Whether nothing is missing and the file was closed in good order.
  var isWhole: Bool {
    diagnostics.closed && diagnostics.headerIntact && diagnostics.damage.isEmpty && diagnostics.tornTail == nil
      && gaps.isEmpty
  }

  /// The verdict first, then every place where something is lost.
  var lines: [String] {
    var lines: [String] = [verdict]
    if !diagnostics.headerIntact { lines.append("  the file's header is damaged; the rest was read without it") }
    lines += diagnostics.damage.map(line)
    if let tail = diagnostics.tornTail { lines.append(line(tail)) }
    lines += gaps.map { line($0.0, $0.1) }
    if !diagnostics.closed, diagnostics.tornTail == nil {
      lines.append("  it was not closed: its writer was killed, or is still at it")
    }
    return lines
  }

  private var verdict: String {
    let size = "\(events) events in \(diagnostics.bytes) bytes"
    if isWhole { return "whole: \(size)" }
    let rest = "\(size) can be read, \(lost)"
    if diagnostics.damage.contains(where: { $0.reason != .overwritten }) || !diagnostics.headerIntact {
      return "damaged: \(rest)"
    }
    return diagnostics.closed ? "incomplete: \(rest)" : "torn: \(rest)"
  }

  /// How many events are missing, as far as anything tells.
  private var lost: String {
    let counted = diagnostics.eventsLost &+ gaps.reduce(0) { $0 &+ ($1.1.events ?? 0) }
    let isExact = diagnostics.tornTail.map { $0.events != nil } ?? true && gaps.allSatisfy { $0.1.events != nil }
    return isExact ? "\(counted) events are lost" : "\(counted) events are lost, and some that nothing counts"
  }

  private func line(_ damage: Damage) -> String {
    let what =
      switch damage.what {
      case .unreadable where damage.reason == .overwritten: "let go, to keep only the newest"
      case .missing where damage.reason == .overwritten: "events let go, to keep only the newest"
      case .unreadable: "nothing to be read"
      case .events: "a damaged chunk of events"
      case .definitions: "a damaged chunk of names"
      case .missing: "missing events"
      case .index: "a damaged index; the file was read without it"
      }
    return "  at byte \(damage.offset), \(damage.bytes) bytes: \(what)" + place(damage.loop, damage.from, damage.to)
      + (damage.events.map { ", \($0) events" } ?? "")
  }

  private func line(_ tail: TornTail) -> String {
    "  at byte \(tail.offset), \(tail.bytes) bytes: cut off in the middle"
      + place(tail.loop, tail.from, tail.to) + (tail.events.map { ", \($0) events" } ?? "")
  }

  private func line(_ loop: LoopID, _ gap: Gap) -> String {
    let why =
      switch gap.reason {
      case .overwritten: "the ring had overwritten them before they were read"
      case .unwritable: "they could not be written"
      case .damaged: "the file is damaged there"
      case .unknown: "it is not known why"
      }
    return "  gap\(place(loop, gap.from, gap.to)), \(gap.events.map(String.init) ?? "unknown many") events: \(why)"
  }

  /// The loop and the time since the trace's begin, to the nanosecond.
  private func place(_ loop: LoopID?, _ from: Instant?, _ to: Instant?) -> String {
    var text = loop.map { ", loop \($0.number)" } ?? ""
    if let from, let to, let start { text += ", from \(seconds(from - start)) to \(seconds(to - start))" }
    return text
  }

  private func seconds(_ length: Nanoseconds) -> String {
    let count = length.count.magnitude
    let fraction = String(count % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.count)
    return "\(length.count < 0 ? "-" : "")\(count / 1_000_000_000).\(zeros)\(fraction) s"
  }
}

extension Diagnostics {
  /// Of the events lost those that chunks still count.
  fileprivate var eventsLostInChunks: UInt64 {
    damage.filter { $0.what == .events }.reduce(0) { $0 &+ ($1.events ?? 0) }
  }
}
