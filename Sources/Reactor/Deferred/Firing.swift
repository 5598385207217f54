import DequeModule

/// The Deferreds that have settled in one firing and whose steps are still to run, first settled first.
///
/// This list stands where recursion would: a chain of any length fires in constant stack.
struct Firing {
  // Nearly always there is one at a time: a queue only for more.
  private var first: AnyDeferred?
  private var rest = Deque<AnyDeferred>()
  /// Whether a step was run; the one after it begins when it ended, and need not read the clock.
  var hasRunStep = false

  mutating func append(_ settled: AnyDeferred) {
    if first == nil && rest.isEmpty { first = settled } else { rest.append(settled) }
  }

  mutating func run() {
    while let settled = first.take() ?? rest.popFirst() {
      // Its steps refer to it without owning it.
      withExtendedLifetime(settled) { settled.runSteps(&self) }
    }
  }
}
