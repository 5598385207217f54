import Analysis

// From text to cells: whatever a program or a trace put into a name, what leaves this file is safe to show.

/// The piece of a text that goes into one cell, or into two where it is wide.
struct Piece: Hashable {
  /// A visible scalar with at most `Piece.markLimit` combining marks.
  var text: String
  /// 1 or 2.
  var width: Int

  /// Combining marks kept on a scalar: ncurses' cells hold five scalars in all.
  static let markLimit = 3
}

/// A text as pieces that are safe to show.
struct Pieces: Hashable {
  private(set) var pieces: [Piece] = []
  private(set) var width = 0

  /// More cells than any screen has: what is longer is cut here, so that a hostile name costs no time.
  static let limit = 2_000

  /// The pieces of a text, with controls spelled out; in `ascii`, whatever is not ASCII becomes `?`.
  ///
  /// Of a text that is longer than the limit, the first and the last are kept, so that both its ends can be shown.
  init(_ text: some StringProtocol, ascii: Bool = false) {
    let scalars = text.unicodeScalars
    append(scalars.prefix(Self.limit / 2), ascii: ascii)
    let rest = scalars.dropFirst(Self.limit / 2)
    append(rest.suffix(Self.limit / 2), ascii: ascii)
  }

  private mutating func append(_ scalars: some Sequence<Unicode.Scalar>, ascii: Bool) {
    var marks = 0
    for scalar in scalars {
      if let spelled = spelledOut(scalar) {
        for letter in spelled.unicodeScalars { add(String(letter), width: 1) }
        marks = Piece.markLimit
      } else if ascii, !scalar.isASCII {
        if scalar.terminalWidth > 0 { add("?", width: 1) }
      } else if scalar.terminalWidth > 0 {
        add(String(scalar), width: scalar.terminalWidth)
        marks = 0
      } else if marks < Piece.markLimit, !pieces.isEmpty {
        pieces[pieces.count - 1].text.unicodeScalars.append(scalar)
        marks += 1
      }
    }
  }

  private mutating func add(_ text: String, width: Int) {
    pieces.append(Piece(text: text, width: width))
    self.width += width
  }

  /// At most `width` cells from the start.
  func prefix(_ width: Int) -> [Piece] { Self.fitting(pieces, width) }

  /// At most `width` cells from the end.
  func suffix(_ width: Int) -> [Piece] { Self.fitting(pieces.reversed(), width).reversed() }

  private static func fitting(_ pieces: some Sequence<Piece>, _ width: Int) -> [Piece] {
    var room = width
    return pieces.prefix { piece in
      room -= piece.width
      return room >= 0
    }
  }
}

/// What stands for a scalar that must not be shown as itself, as `less` writes it: `^[` for an escape,
/// `<U+202E>` for what turns the direction of the text; `nil` for all others.
private func spelledOut(_ scalar: Unicode.Scalar) -> String? {
  if scalar.value < 0x20 { return "^" + String(Unicode.Scalar(UInt8(scalar.value + 0x40))) }
  if scalar.value == 0x7F { return "^?" }
  if scalar.value < 0x7F { return nil }
  switch scalar.properties.generalCategory {
  case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
    let hex = String(scalar.value, radix: 16, uppercase: true)
    return "<U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex + ">"
  default: return nil
  }
}
