import Trace

/// The callbacks of one chain and who made each of them happen, as far as its part of a trace has been read.
///
/// What is open in it is so up to any later moment: as the chain grows older, its waterfall is made from this anew, without
/// reading the trace again.
public struct ChainSteps: Hashable, Sendable {
  /// In order; of those that are open no duration is known.
  var steps: [Waterfall.Step] = []
  /// Which had not ended.
  var open: Set<Int> = []
  /// By step: what it waited for, where that is known and no standing operation.
  var operations: [PendingOperation?] = []
  /// Whether there were more before them.
  var isCut = false

  /// The chain's waterfall at the moment that the report is of.
  public func waterfall(of chain: ChainReport) -> Waterfall {
    var waterfall = Waterfall(chain: chain.id, steps: steps, isCut: isCut, criticalPath: [])
    let end = chain.began + chain.duration
    for step in open { waterfall.steps[step].duration = max(end - steps[step].began, .zero) }
    waterfall.criticalPath = CriticalPath(waterfall, operations).segments(of: chain)
    for case .ran(let step) in waterfall.criticalPath.map(\.state) { waterfall.steps[step].isCritical = true }
    return waterfall
  }
}
