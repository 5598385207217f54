import Trace

/// The last operations that failed: that nobody handled a failure may be known only long after its operation is gone.
struct FailureMemory {
  /// What is remembered of one.
  struct Failure {
    var id: OperationID
    var site: SiteID
    var chain: ChainID?
  }

  private var failures: [Failure] = []
  private var next = 0
  private static let limit = 4_096

  /// Remembers a failure in place of the oldest.
  mutating func add(_ failure: Failure) {
    if failures.count < Self.limit {
      failures.append(failure)
    } else {
      failures[next] = failure
      next = (next + 1) % Self.limit
    }
  }

  /// The failure of that operation.
  func failure(of id: OperationID) -> Failure? { failures.last { $0.id == id } }

  /// Forgets the chain of its failures, so that it is not counted twice.
  mutating func forget(_ chain: ChainID) {
    for index in failures.indices where failures[index].chain == chain { failures[index].chain = nil }
  }
}
