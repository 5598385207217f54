/// Reads the fields of a line, byte by byte.
struct TextCursor {
  private let bytes: Substring.UTF8View
  private var index: Substring.UTF8View.Index
  private var column = 1
  private let line: Int

  init(_ bytes: Substring.UTF8View, line: Int) {
    self.bytes = bytes
    index = bytes.startIndex
    self.line = line
  }

  var next: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

  private mutating func advance() {
    index = bytes.index(after: index)
    column += 1
  }

  /// Moves to the next field; false at the end of the line.
  mutating func skipBlanks() -> Bool {
    while let byte = next, TextFields.isBlank(byte) { advance() }
    return next != nil
  }

  /// A word, a text in quotes, or a word, `=` and either.
  mutating func field() throws(TraceTextError) -> TextFields.Field {
    let start = column
    if next == UInt8(ascii: "\"") {
      return TextFields.Field(column: start, key: nil, value: try quoted(), isQuoted: true)
    }
    let key = word { $0 == UInt8(ascii: "=") }
    guard next == UInt8(ascii: "=") else { return TextFields.Field(column: start, key: key, value: nil) }
    advance()
    if next == UInt8(ascii: "\"") {
      return TextFields.Field(column: start, key: key, value: try quoted(), isQuoted: true)
    }
    return TextFields.Field(column: start, key: key, value: word { _ in false })
  }

  private mutating func word(until isEnd: (UInt8) -> Bool) -> String {
    let start = index
    while let byte = next, !TextFields.isBlank(byte), !isEnd(byte) { advance() }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  /// A text in quotes, unescaped; a blank or the line's end must follow.
  private mutating func quoted() throws(TraceTextError) -> String {
    let start = column
    var text: [UInt8] = []
    advance()
    while let byte = next {
      advance()
      switch byte {
      case UInt8(ascii: "\""):
        guard next.map(TextFields.isBlank) ?? true else { throw error(at: column) }
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        guard let scalar = escape() else { throw error(at: column) }
        text.append(contentsOf: UTF8.encode(scalar)!)
      default: text.append(byte)
      }
    }
    throw error(at: start)
  }

  private func error(at column: Int) -> TraceTextError {
    TraceTextError(line: line, column: column, expected: .text)
  }

  /// What stands behind a backslash.
  private mutating func escape() -> Unicode.Scalar? {
    guard let byte = next else { return nil }
    advance()
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return hexadecimal()
    default: return nil
    }
  }

  private mutating func hexadecimal() -> Unicode.Scalar? {
    guard next == UInt8(ascii: "{") else { return nil }
    advance()
    let digits = word { $0 == UInt8(ascii: "}") }
    guard next == UInt8(ascii: "}") else { return nil }
    advance()
    return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
  }
}
