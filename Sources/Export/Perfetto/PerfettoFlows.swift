import Analysis
import Trace

/// Which arrows are under way from callbacks to those that they registered.
///
/// An arrow leaves at its creator's end, because only then all that it registered is known, and arrives at the first
/// callback of the operation. None is drawn to a callback that runs inside of its creator, where it can be seen to, nor
/// from what delivers again and again, which would tie all that it delivers into one line.
struct PerfettoFlows {
  /// Of each open callback: what it has registered.
  private var registered: [SpanID: [OperationID]] = [:]
  /// Arrows that have left.
  private var underWay: Set<OperationID> = []
  /// What is never called back must not pile up: of so many, all are given up.
  private static let limit = 1 << 18
  private static let limitOfOne = 1 << 12

  /// An open callback registers something.
  mutating func register(_ operation: OperationID, by creator: SpanID) {
    guard let known = registered[creator], known.count < Self.limitOfOne else { return }
    // What was created and is queued later is one arrow.
    if !known.contains(operation) { registered[creator]?.append(operation) }
  }

  /// A callback begins; returns the arrow that arrives.
  mutating func begin(_ callback: Occurrence.Callback) -> OperationID? {
    registered[callback.id] = []
    guard let operation = callback.operation, !callback.isStanding else { return nil }
    if let creator = callback.creator { registered[creator]?.removeAll { $0 == operation } }
    return underWay.remove(operation)
  }

  /// A callback ends; returns the arrows that leave.
  mutating func end(_ callback: SpanID) -> [OperationID] {
    guard let operations = registered.removeValue(forKey: callback) else { return [] }
    if underWay.count >= Self.limit { underWay.removeAll() }
    let new = operations.filter { !underWay.contains($0) }
    underWay.formUnion(new)
    return new
  }
}
