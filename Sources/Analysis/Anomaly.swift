/// A way in which a trace contradicts itself; the analysis goes on and counts it.
public enum Anomaly: String, CaseIterable, Sendable {
  /// A span ended that is not known to have begun.
  case endWithoutBegin = "end-without-begin"
  /// A span ended while spans nested in it were open; they are taken to end with it.
  case crossedSpans = "crossed-spans"
  /// A poll was entered while spans were open; they are taken to end there.
  case openSpanAtPoll = "open-span-at-poll"
  /// An operation settled that is not known to have been created.
  case settledUnknown = "settled-unknown"
  /// An operation settled that had settled already.
  case settledTwice = "settled-twice"
  /// An operation was created twice.
  case createdTwice = "created-twice"
  /// An event stands before the one ahead of it; its time is taken to be that one's.
  case timeWentBack = "time-went-back"
  /// A loop entered its poll in its poll, or left it where it had not entered it.
  case pollOutOfTurn = "poll-out-of-turn"
  /// A callback was registered by a span that is not known.
  case unknownCreator = "unknown-creator"
  /// A batch of a loop past the number of loops that are followed; its events are left out.
  case loopNotFollowed = "loop-not-followed"

  /// What it means, and what the analysis takes to be true instead.
  public var sentence: String {
    switch self {
    case .endWithoutBegin: "Spans ended that are not known to have begun: their ends are left out."
    case .crossedSpans: "Spans ended while others that had begun in them were open: those are taken to end with them."
    case .openSpanAtPoll: "The loop polled while spans were open: they are taken to end there."
    case .settledUnknown: "Operations settled that are not known to have been created: they are left out."
    case .settledTwice: "Operations settled that had settled already: the first time counts."
    case .createdTwice: "Operations were created that were pending already: the first creation counts."
    case .timeWentBack: "Events stand before those ahead of them: they are taken to have happened with those."
    case .pollOutOfTurn: "Loops entered their polls twice, or left them twice: what lay between is taken to be missing."
    case .unknownCreator: "Callbacks were registered by spans that are not known: they have no creator."
    case .loopNotFollowed: "There are more loops than are followed: the events of the last ones are left out."
    }
  }
}
