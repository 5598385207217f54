/// Lets go of Deferreds one after the other, where their going away would let go of the next from within, and tells those
/// that somebody still holds that they cannot be fired any more.
///
/// A chain of a million steps that nobody can fire any more would else be released by a million nested deinits.
final class Releasing {
  private var steps: [AnyDeferred] = []
  private var isAtWork = false

  /// Lets go of steps whose source is going away: at once, or after what is being let go of now.
  ///
  /// Takes them out of the caller's hands, who would else be the last to hold them, and let go of them after this.
  func release(_ first: inout AnyDeferred?, _ more: inout [AnyDeferred]) {
    if let step = first.take() { append(step) }
    for step in more { append(step) }
    more = []
    if isAtWork { return }
    isAtWork = true
    while let step = steps.popLast() { step.becomeOrphan(&steps) }
    isAtWork = false
  }

  private func append(_ step: AnyDeferred) {
    step.source = nil
    steps.append(step)
  }
}

extension AnyDeferred {
  /// Its source went away unfired, and so will what comes after it.
  fileprivate func becomeOrphan(_ next: inout [AnyDeferred]) {
    guard isPending, !flags.contains(.isOrphan) else { return }
    flags.insert(.isOrphan)
    wasOrphaned()
    if let firstStep { next.append(firstStep) }
    next.append(contentsOf: moreSteps)
  }
}
