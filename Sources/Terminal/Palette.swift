import CNcurses
import Screens

/// Which colours suit the terminal's background.
public enum Theme: String, CaseIterable, Sendable {
  /// As `COLORFGBG` says, else colours that can be read on both.
  case auto
  /// For a dark background.
  case dark
  /// For a light one.
  case light
  /// No colours; what they mean is said in words, marks and brightness anyway.
  case mono
}

/// What styles look like on this terminal.
struct Palette {
  private let hasColors: Bool

  /// Colours only where the terminal has them; only foregrounds, so that the terminal's background stays.
  init(_ theme: Theme) {
    let colors = theme == .mono ? 0 : lln_start_colors()
    hasColors = colors >= 8
    guard hasColors else { return }
    // Where the terminal's own background cannot be kept, it becomes black.
    let background: Int16 = use_default_colors() == OK ? -1 : 0
    for role in Style.Role.allCases {
      let look = Self.look(of: role)
      init_pair(Int16(role.pair), look.color(theme, of: Int(colors)), background)
    }
  }

  /// The attributes and the colour pair of a style.
  ///
  /// A selected cell is reversed and gives up its colour: two reversed colours side by side cannot be read.
  func attributes(of style: Style) -> (attributes: UInt32, pair: Int32) {
    let look = Self.look(of: style.role)
    if style.isSelected { return (lln_reverse | (look.attributes & lln_bold), 0) }
    return (look.attributes, hasColors && look.isColored ? style.role.pair : 0)
  }

  /// How one role looks: foregrounds by what the terminal has, and the attributes with or without them.
  private struct Look {
    /// Of 256: on any background, on a dark and on a light one; none is the terminal's own foreground.
    var of256: (any: Int16, dark: Int16, light: Int16)?
    /// Of the eight that every terminal with colours has.
    var of8: Int16 = -1
    var attributes: UInt32 = 0

    var isColored: Bool { of256 != nil }

    func color(_ theme: Theme, of colors: Int) -> Int16 {
      guard let of256 else { return -1 }
      if colors >= 256 { return theme == .dark ? of256.dark : theme == .light ? of256.light : of256.any }
      // The bright eight of sixteen are for dark backgrounds.
      return colors >= 16 && theme == .dark ? of8 + 8 : of8
    }
  }

  private static func look(of role: Style.Role) -> Look {
    switch role {
    case .normal: Look()
    case .dim: Look(attributes: lln_dim)
    case .title: Look(attributes: lln_bold)
    case .heading: Look(attributes: lln_reverse)
    case .good: Look(of256: (35, 78, 28), of8: 2)
    case .warning: Look(of256: (172, 214, 130), of8: 3, attributes: lln_bold)
    case .error: Look(of256: (196, 203, 160), of8: 1, attributes: lln_bold)
    case .bar: Look(of256: (33, 75, 25), of8: 6)
    case .match: Look(of256: (172, 214, 130), of8: 3, attributes: lln_reverse | lln_bold)
    }
  }
}

extension Theme {
  /// The theme that a terminal's environment tells of, where nobody has said which: `COLORFGBG` ends with the
  /// background, one of sixteen, of which 7 and those from 9 on are light.
  init(environment: String?) {
    guard let last = environment?.split(separator: ";").last, let background = UInt8(last) else {
      self = .auto
      return
    }
    self = background == 7 || (9...15).contains(background) ? .light : .dark
  }
}

extension Style.Role {
  /// Pair 0 is the terminal's own.
  fileprivate var pair: Int32 { Int32(rawValue) + 1 }
}
