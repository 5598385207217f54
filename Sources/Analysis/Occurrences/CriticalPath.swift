import Trace

/// Walks back from a chain's end to its begin by who made what ready.
struct CriticalPath {
  private let steps: [Waterfall.Step]
  /// By step: what it waited for, where that is known and no standing operation.
  private let operations: [PendingOperation?]

  init(_ waterfall: Waterfall, _ operations: [PendingOperation?]) {
    steps = waterfall.steps
    self.operations = operations
  }

  /// A walk: where it is, and what it has passed, the latest first.
  private struct Walk {
    let begin: Instant
    var time: Instant
    var step: Int?
    var passed: [Waterfall.Segment] = []

    /// Goes back to a moment.
    mutating func pass(_ state: Waterfall.Segment.State, to moment: Instant) {
      let from = max(min(moment, time), begin)
      if from < time { passed.append(Waterfall.Segment(state: state, from: from, to: time)) }
      time = from
    }
  }

  /// The segments in the order of time; they add up to the chain's duration.
  func segments(of chain: ChainReport) -> [Waterfall.Segment] {
    var walk = Walk(begin: chain.began, time: chain.began + chain.duration)
    start(&walk, chain)
    // Every step leads to an earlier one: it comes to an end.
    while let step = walk.step, walk.time > walk.begin { stepBack(from: step, &walk) }
    walk.pass(.waited(nil), to: walk.begin)
    return walk.passed.reversed().flatMap(innermost)
  }

  /// What the chain does at its end.
  private func start(_ walk: inout Walk, _ chain: ChainReport) {
    let last = steps.indices.max { (end(of: $0), $1) < (end(of: $1), $0) }
    switch chain.state {
    case .waiting, .stalled:
      guard let operation = chain.waitingThrough.first ?? chain.waitingOn else { break }
      walk.step = latest(.max, begunBy: min(operation.created, walk.time))
      walk.pass(.waited(chain.waitingOn), to: walk.step == nil ? walk.begin : operation.created)
    case .queued:
      walk.step = last
      walk.pass(.queued(step: nil), to: last.map { end(of: $0) } ?? walk.begin)
    case .running, .completed, .failed:
      walk.step = last
      if let last { walk.pass(.waited(nil), to: end(of: last)) }
    }
  }

  private func end(of step: Int) -> Instant { steps[step].began + steps[step].duration }

  /// The last step ahead of one that had begun by a moment: of those that ran then the innermost.
  private func latest(_ step: Int, begunBy time: Instant) -> Int? {
    steps.indices.prefix(min(step, steps.count)).last { steps[$0].began <= time }
  }

  private func stepBack(from step: Int, _ walk: inout Walk) {
    // Of the time since it ended nobody knows.
    if end(of: step) < walk.time { walk.pass(.waited(nil), to: end(of: step)) }
    walk.pass(.ran(step: step), to: steps[step].began)
    walk.step = nil
    let trigger = steps[step].triggeredBy?.step.flatMap { $0 < step ? $0 : nil }
    // It ran inside of another of its chain.
    if steps[step].depth > 0, let trigger { return walk.step = trigger }
    if let ready = steps[step].ready { walk.pass(.queued(step: step), to: ready) }
    if let trigger, steps[trigger].began <= walk.time { return walk.step = trigger }
    if let operation = operations[step], operation.created <= walk.time {
      walk.pass(.waited(operation), to: operation.created)
      let creator = steps[step].createdBy?.step.flatMap { $0 < step ? $0 : nil }
      return walk.step = creator ?? latest(step, begunBy: walk.time)
    }
    // Something that delivers again and again, or that is not known: it was waited for since the chain did something last.
    let time = walk.time
    walk.step = steps.indices.prefix(step).filter { end(of: $0) <= time }.max { end(of: $0) < end(of: $1) }
    walk.pass(.waited(operations[step]), to: walk.step.map { end(of: $0) } ?? walk.begin)
  }

  /// A stretch in which a step ran, cut into those in which it was the innermost and those of the steps inside of it.
  private func innermost(_ segment: Waterfall.Segment) -> [Waterfall.Segment] {
    guard case .ran(let step) = segment.state else { return [segment] }
    var parts: [Waterfall.Segment] = []
    var time = segment.from
    func run(_ step: Int, to moment: Instant) {
      if moment > time { parts.append(Waterfall.Segment(state: .ran(step: step), from: time, to: moment)) }
      time = max(time, moment)
    }
    // What is open at the moment, innermost last.
    var open = [step]
    for inner in steps.indices.dropFirst(step + 1) {
      guard steps[inner].began < segment.to, steps[inner].began < end(of: step) else { break }
      guard steps[inner].depth > steps[step].depth else { continue }
      while open.count > 1, let last = open.last, end(of: last) <= steps[inner].began {
        run(last, to: min(end(of: last), segment.to))
        open.removeLast()
      }
      if let last = open.last { run(last, to: min(steps[inner].began, segment.to)) }
      open.append(inner)
    }
    while let last = open.popLast() { run(last, to: last == step ? segment.to : min(end(of: last), segment.to)) }
    return parts
  }
}
