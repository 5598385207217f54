import Analysis

/// What can be looked at; a value, like all that stands on the screen.
public enum View: Int, CaseIterable, Hashable, Sendable {
  /// The timeline, and below it who filled it.
  case ticks
  /// The callbacks by site.
  case callbacks
  /// Intervals in which a loop did not come round.
  case stalls
  /// Pieces of work.
  case chains
  /// One loop as a picture.
  case loop
  /// What is wrong.
  case findings
  /// The keys and the words.
  case help

  /// Its name.
  public var title: String {
    switch self {
    case .ticks: "Ticks"
    case .callbacks: "Callbacks"
    case .stalls: "Stalls"
    case .chains: "Chains"
    case .loop: "Loop"
    case .findings: "Findings"
    case .help: "Help"
    }
  }

  /// In the help.
  var sentence: String {
    switch self {
    case .ticks: "how busy the loops were, and with what"
    case .callbacks: "every callback by its place in the code"
    case .stalls: "when a loop did not reach its poll"
    case .chains: "pieces of work and what they wait for"
    case .loop: "one loop as a picture, at the moment looked at"
    case .findings: "what is wrong, and what to do about it"
    case .help: "the keys and the words"
    }
  }

  /// The key that shows it.
  var digit: Unicode.Scalar { Unicode.Scalar(UInt8(ascii: "1") + UInt8(rawValue)) }

  /// The view that many further on, round and round.
  func next(_ distance: Int) -> View {
    let count = View.allCases.count
    return View.allCases[((rawValue + distance) % count + count) % count]
  }

  /// The list in it; the timeline stands above the callbacks, so both views share place and order.
  var list: ListName? {
    switch self {
    case .ticks, .callbacks: .callbacks
    case .stalls: .stalls
    case .chains: .chains
    case .findings: .findings
    case .loop, .help: nil
    }
  }

  /// Rows above the list, of `height` that the view has.
  func rowsAboveList(_ height: Int) -> Int { self == .ticks ? TicksPanel.height(in: height) : 0 }

  /// How many things are in it, for its tab.
  func content(_ report: Report) -> TabContent {
    switch self {
    case .ticks, .loop, .help: return TabContent(text: "", worry: "")
    case .callbacks: return TabContent(text: " \(words(UInt64(report.sites.count)))", worry: "")
    case .stalls:
      let text = " " + words(report.stallCount)
      return TabContent(text: text, worry: report.stallCount > 0 ? text : "")
    case .chains:
      let chains = report.chains
      let all = words(chains.inFlight &+ chains.completed &+ chains.failed)
      let stalled = words(chains.stalled)
      return chains.stalled > 0
        ? TabContent(text: " \(stalled) stalled", worry: " \(stalled)!") : TabContent(text: " " + all, worry: "")
    case .findings:
      let text = " \(words(UInt64(report.findings.count)))"
      return TabContent(text: text, worry: report.findings.isEmpty ? "" : text)
    }
  }
}

/// What a tab says beside its view's name.
struct TabContent: Hashable {
  /// Where there is room.
  var text: String
  /// Where there is not: what is worth worrying about.
  var worry: String
}

/// The lists that there are.
enum ListName: CaseIterable, Hashable, Sendable {
  case callbacks
  case stalls
  case chains
  case findings

  var listing: Listing {
    switch self {
    case .callbacks: .callbacks
    case .stalls: .stalls
    case .chains: .chains
    case .findings: .findings
    }
  }
}
