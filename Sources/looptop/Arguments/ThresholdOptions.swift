import Analysis
import ArgumentParser

/// From where on something counts as wrong: for every command that judges a trace.
struct ThresholdOptions: ParsableArguments {
  @Option(help: "A callback that takes longer is slow: 50ms unless set.")
  var slow: TypedDuration?

  @Option(help: "A chain in flight that is silent for longer may be stalled: 1s unless set.")
  var stalled: TypedDuration?

  @Option(help: "A timer that runs later than this after it was due is late: 50ms unless set.")
  var late: TypedDuration?

  @Option(help: "A call that waits longer for a thread finds its pool saturated: 50ms unless set.")
  var poolWait: TypedDuration?

  @Option(help: "A loop that goes round for longer, and nothing comes of it, spins: 1s unless set.")
  var spinning: TypedDuration?

  @Option(help: "A ready queue that only grows, to at least so many callbacks, is told: 100 unless set.")
  var growing: UInt32?

  /// What is said here, else in the settings.
  func thresholds(over settings: Settings) -> Thresholds {
    var thresholds = settings.thresholds
    if let slow { thresholds.slow = slow.length }
    if let stalled { thresholds.stalled = stalled.length }
    if let late { thresholds.late = late.length }
    if let poolWait { thresholds.poolWait = poolWait.length }
    if let spinning { thresholds.spinning = spinning.length }
    if let growing { thresholds.growing = growing }
    return thresholds
  }

  /// Whether nothing is said here.
  var isEmpty: Bool {
    [slow, stalled, late, poolWait, spinning].allSatisfy { $0 == nil } && growing == nil
  }
}
