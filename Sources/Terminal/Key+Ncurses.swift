import CNcurses
import Screens

extension Key {
  /// The key that ncurses gave a code or a character for; `nil` for those that no command could have.
  init?(code: UInt32, isCode: Bool) {
    guard let key = isCode ? Key.ofCode(Int32(truncatingIfNeeded: code)) : Key.ofCharacter(code) else { return nil }
    self = key
  }

  private static func ofCode(_ code: Int32) -> Key? {
    // KEY_F(n) is a macro: F1 … F63 follow on KEY_F0.
    if (KEY_F0 + 1...KEY_F0 + 63).contains(code) { return .function(Int(code - KEY_F0)) }
    switch code {
    case KEY_UP: return .up
    case KEY_DOWN: return .down
    case KEY_LEFT: return .left
    case KEY_RIGHT: return .right
    case KEY_SLEFT: return .shiftLeft
    case KEY_SRIGHT: return .shiftRight
    case KEY_PPAGE: return .pageUp
    case KEY_NPAGE: return .pageDown
    case KEY_HOME: return .home
    case KEY_END: return .end
    case KEY_ENTER: return .enter
    case KEY_BTAB: return .backTab
    case KEY_BACKSPACE: return .backspace
    default: return nil
    }
  }

  private static func ofCharacter(_ value: UInt32) -> Key? {
    switch value {
    case 8, 0x7F: .backspace
    case 9: .tab
    case 10, 13: .enter
    case 27: .escape
    case 1...26: .control(Unicode.Scalar(UInt8(value) + 0x60))
    case ..<0x20: nil
    default: Unicode.Scalar(value).map(Key.character)
    }
  }
}
