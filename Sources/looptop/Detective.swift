import Analysis
import CLinux
import Trace
import TraceStore

/// Looks into a trace for the details on the screen, a little at a time, so that keys are answered meanwhile.
///
/// Of a thing that grows on, what was found last is shown until it was looked into anew.
final class Detective {
  private let store: TraceStore
  private var inquiry: Inquiry?
  private var reader: PartialReader?
  private var found: (subject: Inquiry.Subject, answer: Inquiry.Answer)?
  private var began: Int64 = 0

  /// How soon something that changes is looked into anew.
  private static let interval: Int64 = 1_000_000_000

  init(_ store: TraceStore) { self.store = store }

  /// Whether there is more to read for what was asked last.
  var isBusy: Bool { inquiry != nil }

  /// What is known of a subject by now, and how much was looked through, 0 … 1; `nil` for the latter when that is all.
  func answer(about subject: Inquiry.Subject?) -> (answer: Inquiry.Answer?, looking: Double?) {
    guard let subject else {
      (inquiry, reader) = (nil, nil)
      return (nil, nil)
    }
    if found?.subject == subject { return (found?.answer, nil) }
    if found?.subject.isAboutTheSame(as: subject) != true { found = nil }
    let isLookedFor = (inquiry?.subject ?? found?.subject)?.isAboutTheSame(as: subject) ?? false
    if !isLookedFor || inquiry == nil && ll_monotonic() - began > Detective.interval { start(subject) }
    if let found { return (found.answer, nil) }
    return (inquiry?.answer, reader?.progress ?? 0)
  }

  private func start(_ subject: Inquiry.Subject) {
    let inquiry = Inquiry(about: subject)
    reader = PartialReader(of: store, within: inquiry.intervals)
    self.inquiry = inquiry
    began = ll_monotonic()
  }

  /// Reads on for about that long; no chunk is left half read.
  func advance(for time: Nanoseconds) throws(TraceError) {
    let end = ll_monotonic() + time.count
    while ll_monotonic() < end, inquiry != nil {
      if let batch = try reader?.next() {
        inquiry?.consume(batch, definitions: store.definitions)
      } else {
        finish()
      }
    }
  }

  /// What a live writer has not sealed yet comes last.
  private func finish() {
    guard var done = inquiry.take() else { return }
    reader = nil
    if let last = done.intervals.map(\.upperBound).max() {
      for batch in store.open where batch.events.first.map({ $0.time <= last }) ?? false {
        done.consume(batch, definitions: store.definitions)
      }
    }
    found = (done.subject, done.answer)
  }
}

extension Inquiry.Subject {
  /// Whether both are about one thing, of which more may have become known.
  fileprivate func isAboutTheSame(as other: Inquiry.Subject) -> Bool {
    switch (self, other) {
    case (.site(let a, let kindA, _), .site(let b, let kindB, _)): a == b && kindA == kindB
    case (.stall(_, _, let a), .stall(_, _, let b)): a.loop == b.loop && a.from == b.from
    case (.chain(let a, _), .chain(let b, _)): a == b
    case (.operation(let a, _), .operation(let b, _)): a == b
    default: false
    }
  }
}
