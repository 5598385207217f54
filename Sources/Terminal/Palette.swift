import CNcurses
import Screens

/// What styles look like on this terminal.
struct Palette {
  private let hasColors: Bool

  /// Colours only where the terminal has them and nobody asked for none; only foregrounds, so that light and dark
  /// terminals both stay readable.
  init(allowingColors: Bool) {
    let colors = allowingColors ? lln_start_colors() : 0
    hasColors = colors >= 8
    guard hasColors else { return }
    // Where the terminal's own background cannot be kept, it becomes black.
    let background: Int16 = use_default_colors() == OK ? -1 : 0
    for role in Style.Role.allCases {
      let look = Self.look(of: role)
      init_pair(Int16(role.pair), colors >= 256 ? look.of256 : look.of8, background)
    }
  }

  /// The attributes and the colour pair of a style.
  ///
  /// A selected cell is reversed and gives up its colour: two reversed colours side by side cannot be read.
  func attributes(of style: Style) -> (attributes: UInt32, pair: Int32) {
    let look = Self.look(of: style.role)
    if style.isSelected { return (lln_reverse | (look.attributes & lln_bold), 0) }
    return (look.attributes, hasColors && look.of8 >= 0 ? style.role.pair : 0)
  }

  /// How one role looks: foregrounds (-1 is the terminal's own), and the attributes with or without colour.
  private struct Look {
    var of256: Int16 = -1
    var of8: Int16 = -1
    var attributes: UInt32 = 0
  }

  private static func look(of role: Style.Role) -> Look {
    switch role {
    case .normal: Look()
    case .dim: Look(attributes: lln_dim)
    case .title: Look(attributes: lln_bold)
    case .heading: Look(attributes: lln_reverse)
    case .good: Look(of256: 35, of8: 2)
    case .warning: Look(of256: 172, of8: 3, attributes: lln_bold)
    case .error: Look(of256: 196, of8: 1, attributes: lln_bold)
    case .bar: Look(of256: 33, of8: 6)
    case .match: Look(of256: 172, of8: 3, attributes: lln_reverse | lln_bold)
    }
  }
}

extension Style.Role {
  /// Pair 0 is the terminal's own.
  fileprivate var pair: Int32 { Int32(rawValue) + 1 }
}
