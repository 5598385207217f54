extension Character {
  /// How many columns of a terminal it takes: 0, 1 or 2.
  var displayWidth: Int {
    guard let first = unicodeScalars.first else { return 0 }
    if first.value < 0x300 { return 1 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    if first.properties.isEmojiPresentation { return 2 }
    // The blocks that Unicode's East Asian Width calls wide; ambiguous ones are narrow outside of East Asia.
    switch first.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }
}

extension String {
  /// How many columns of a terminal it takes.
  package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// The text in at most that many columns, its middle left out where it is too long: both ends of a name tell more.
  func shortened(to width: Int) -> String {
    guard displayWidth > width else { return self }
    guard width > 1 else { return width == 1 ? "…" : "" }
    let head = (width - 1) / 2
    return prefix(columns: head) + "…" + suffix(columns: width - 1 - head)
  }

  private func prefix(columns: Int) -> String {
    var used = 0
    return String(
      prefix { character in
        used += character.displayWidth
        return used <= columns
      })
  }

  private func suffix(columns: Int) -> String {
    String(String(reversed()).prefix(columns: columns).reversed())
  }

  /// The text in lines of at most that many columns, broken at blanks where there are any.
  func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in split(separator: " ") {
      if !line.isEmpty && line.displayWidth + 1 + word.count > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (line.isEmpty ? lines : lines + [line]).map { $0.shortened(to: width) }
  }
}
