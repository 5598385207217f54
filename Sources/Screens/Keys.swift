/// A key as a person sees it, whatever bytes a terminal sends for it.
public enum Key: Hashable, Sendable {
  /// A key that writes a character; space too.
  case character(Unicode.Scalar)
  /// Control and a letter, the letter in lower case.
  case control(Unicode.Scalar)
  /// The return key.
  case enter
  /// The escape key, alone.
  case escape
  /// The tab key.
  case tab
  /// Shift and tab.
  case backTab
  /// The backspace key.
  case backspace
  /// Arrow up.
  case up
  /// Arrow down.
  case down
  /// Arrow left.
  case left
  /// Arrow right.
  case right
  /// Shift and arrow left.
  case shiftLeft
  /// Shift and arrow right.
  case shiftRight
  /// Page up.
  case pageUp
  /// Page down.
  case pageDown
  /// Home.
  case home
  /// End.
  case end
  /// F1 and so on, from 1.
  case function(Int)

  /// What is printed on it.
  public var name: String {
    switch self {
    case .character(" "): "Space"
    case .character(let scalar): String(scalar)
    case .control(let scalar): "Ctrl-" + String(scalar).uppercased()
    case .enter: "Enter"
    case .escape: "Esc"
    case .tab: "Tab"
    case .backTab: "Shift-Tab"
    case .backspace: "Backspace"
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .shiftLeft: "Shift-Left"
    case .shiftRight: "Shift-Right"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .home: "Home"
    case .end: "End"
    case .function(let number): "F\(number)"
    }
  }
}

extension Key: ExpressibleByUnicodeScalarLiteral {
  /// The key that writes that character.
  public init(unicodeScalarLiteral scalar: Unicode.Scalar) { self = .character(scalar) }
}
