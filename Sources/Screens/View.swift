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

  /// Its name.
  public var title: String {
    switch self {
    case .ticks: "Ticks"
    case .callbacks: "Callbacks"
    case .stalls: "Stalls"
    case .chains: "Chains"
    }
  }

  /// In the help.
  var sentence: String {
    switch self {
    case .ticks: "how busy the loops were, and with what"
    case .callbacks: "every callback by its place in the code"
    case .stalls: "when a loop did not reach its poll"
    case .chains: "pieces of work and what they wait for"
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
  var list: ListName {
    switch self {
    case .ticks, .callbacks: .callbacks
    case .stalls: .stalls
    case .chains: .chains
    }
  }

  /// Rows above the list, of `height` that the view has.
  func rowsAboveList(_ height: Int) -> Int { self == .ticks ? TicksPanel.height(in: height) : 0 }

  /// How many things are in it, for its tab.
  func content(_ report: Report) -> String {
    switch self {
    case .ticks: return ""
    case .callbacks: return " \(words(UInt64(report.sites.count)))"
    case .stalls: return " \(words(report.stallCount))"
    case .chains:
      let chains = report.chains
      let stalled = chains.stalled > 0 ? ", \(words(chains.stalled)) stalled" : ""
      return " \(words(chains.inFlight &+ chains.completed &+ chains.failed))\(stalled)"
    }
  }
}

/// The lists that there are.
enum ListName: CaseIterable, Hashable, Sendable {
  case callbacks
  case stalls
  case chains

  var listing: Listing {
    switch self {
    case .callbacks: .callbacks
    case .stalls: .stalls
    case .chains: .chains
    }
  }
}
