/// Lets go of Deferreds one after the other, where their going away would let go of the next from within.
///
/// A chain of a million steps that nobody can fire any more would else be released by a million nested deinits.
final class Releasing {
  private var steps: [any DeferredStep] = []
  private var isAtWork = false

  /// Lets go of steps whose source is going away: at once, or after what is being let go of now.
  ///
  /// Takes them out of the caller's hands, who would else be the last to hold them, and let go of them after this.
  func release(_ first: inout (any DeferredStep)?, _ more: inout [any DeferredStep]) {
    if let step = first.take() { steps.append(step) }
    steps.append(contentsOf: more)
    more = []
    if isAtWork { return }
    isAtWork = true
    while !steps.isEmpty { steps.removeLast() }
    isAtWork = false
  }
}
