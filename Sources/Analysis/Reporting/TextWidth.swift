extension Character {
  /// How many columns of a terminal it takes: 0, 1 or 2.
  var displayWidth: Int {
    // What follows joins the first: marks, and the parts of a picture made of several.
    unicodeScalars.first?.terminalWidth ?? 0
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

  /// The text in lines of at most that many columns, broken at blanks where there are any, but not behind a number.
  public func wrapped(to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in words {
      if !line.isEmpty && line.displayWidth + 1 + word.displayWidth > width {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return (line.isEmpty ? lines : lines + [line]).map { $0.shortened(to: width) }
  }

  /// What a line may be broken between: a number stays with what it counts.
  private var words: [String] {
    split(separator: " ").reduce(into: []) { words, word in
      if words.last?.last?.isNumber == true { words[words.count - 1] += " " + word } else { words.append(String(word)) }
    }
  }
}
