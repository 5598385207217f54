/// What a key of a TOML file stands for.
enum TOMLValue: Hashable {
  case string(String)
  case integer(Int64)
  case number(Double)
  case bool(Bool)
  case array([TOMLValue])

  /// As it stands in a file.
  var text: String {
    switch self {
    case .string(let text): "\"" + text.unicodeScalars.map(Self.escaped).joined() + "\""
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .bool(let isTrue): isTrue ? "true" : "false"
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    }
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\"": return "\\\""
    case "\\": return "\\\\"
    case _ where scalar.value < 0x20 || scalar.value == 0x7f:
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: return String(scalar)
    }
  }
}

/// The part of TOML that settings need: `[tables]`, and in them keys with strings, numbers, truth values and arrays.
///
/// Dotted keys, tables within tables, dates and strings over several lines are refused with a reason, never guessed at.
struct TOML {
  /// A key with its value.
  struct Entry: Hashable {
    /// The `[table]` that it stands in; empty ahead of the first.
    var table: String
    var key: String
    var value: TOMLValue
    /// Counted from 1.
    var line: Int
  }

  /// A text that is not understood.
  struct Problem: Error, Hashable {
    var line: Int
    var what: What

    enum What: Hashable {
      /// Something else was to stand there.
      case expected(String)
      /// TOML that settings do not need.
      case unsupported(String)
      /// A key that stands in its table a second time; the line of the first.
      case twice(String, first: Int)
    }
  }

  private(set) var entries: [Entry] = []

  /// The entries of a text, in order. Throws at the first line that is not understood.
  init(_ text: String) throws(Problem) {
    var parser = TOMLParser(text)
    entries = try parser.document()
  }
}

/// Goes through a text once.
private struct TOMLParser {
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var line = 1

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func take() {
    if next == "\n" { line += 1 }
    place += 1
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    take()
    return true
  }

  private func problem(_ what: TOML.Problem.What) -> TOML.Problem { TOML.Problem(line: line, what: what) }

  // MARK: Lines

  mutating func document() throws(TOML.Problem) -> [TOML.Entry] {
    var entries: [TOML.Entry] = []
    var table = ""
    while true {
      skipBlank(lines: true)
      guard next != nil else { return entries }
      if next == "[" {
        table = try header()
      } else {
        let entry = try self.entry(in: table)
        if let first = entries.first(where: { $0.table == table && $0.key == entry.key }) {
          throw TOML.Problem(line: entry.line, what: .twice(entry.key, first: first.line))
        }
        entries.append(entry)
      }
      skipBlank(lines: false)
      guard next == nil || next == "\n" else { throw problem(.expected("the end of the line")) }
    }
  }

  private mutating func skipBlank(lines: Bool) {
    while let scalar = next {
      if scalar == "#" {
        while next != nil && next != "\n" { take() }
      } else if " \t\r".unicodeScalars.contains(scalar) || lines && scalar == "\n" {
        take()
      } else {
        return
      }
    }
  }

  private mutating func header() throws(TOML.Problem) -> String {
    take()
    if next == "[" { throw problem(.unsupported("a list of tables")) }
    skipBlank(lines: false)
    let name = try key()
    skipBlank(lines: false)
    if next == "." { throw problem(.unsupported("a table within a table")) }
    guard take("]") else { throw problem(.expected("] behind the table's name")) }
    return name
  }

  private mutating func entry(in table: String) throws(TOML.Problem) -> TOML.Entry {
    let line = line
    let key = try key()
    skipBlank(lines: false)
    if next == "." { throw problem(.unsupported("a key with a dot")) }
    guard take("=") else { throw problem(.expected("= behind \(key)")) }
    skipBlank(lines: false)
    return TOML.Entry(table: table, key: key, value: try value(), line: line)
  }

  private mutating func key() throws(TOML.Problem) -> String {
    if next == "\"" || next == "'" { return try string() }
    let name = word { $0.properties.isAlphabetic && $0.isASCII || ("0"..."9").contains($0) || $0 == "_" || $0 == "-" }
    guard !name.isEmpty else { throw problem(.expected("a key or a [table]")) }
    return name
  }

  private mutating func word(_ belongs: (Unicode.Scalar) -> Bool) -> String {
    var word = String.UnicodeScalarView()
    while let scalar = next, belongs(scalar) {
      word.append(scalar)
      take()
    }
    return String(word)
  }

  // MARK: Values

  private mutating func value(depth: Int = 0) throws(TOML.Problem) -> TOMLValue {
    switch next {
    case "\"", "'": return .string(try string())
    case "[": return try array(depth: depth + 1)
    case "{": throw problem(.unsupported("a table within a line"))
    default: return try plain()
    }
  }

  private mutating func array(depth: Int) throws(TOML.Problem) -> TOMLValue {
    guard depth <= 8 else { throw problem(.unsupported("so many lists in each other")) }
    take()
    var values: [TOMLValue] = []
    while true {
      skipBlank(lines: true)
      if take("]") { return .array(values) }
      values.append(try value(depth: depth))
      skipBlank(lines: true)
      guard take(",") || next == "]" else { throw problem(.expected(", or ] in the list")) }
    }
  }

  private mutating func plain() throws(TOML.Problem) -> TOMLValue {
    let text = word { !" \t\r\n#,]".unicodeScalars.contains($0) }
    if text == "true" || text == "false" { return .bool(text == "true") }
    let digits = text.filter { $0 != "_" }
    if let number = Int64(digits) { return .integer(number) }
    if digits.first.map({ $0.isNumber || $0 == "-" || $0 == "+" }) == true, let number = Double(digits), number.isFinite
    {
      return .number(number)
    }
    throw problem(.expected("a value: \"text\", a number, true, false or a [list]"))
  }

  private mutating func string() throws(TOML.Problem) -> String {
    let quote = next
    take()
    if next == quote, place + 1 < scalars.count, scalars[place + 1] == quote {
      throw problem(.unsupported("text over several lines"))
    }
    var text = String.UnicodeScalarView()
    while let scalar = next, scalar != "\n" {
      take()
      if scalar == quote { return String(text) }
      text.append(scalar == "\\" && quote == "\"" ? try escaped() : scalar)
    }
    throw problem(.expected("the quotation mark that ends the text"))
  }

  private mutating func escaped() throws(TOML.Problem) -> Unicode.Scalar {
    let known: [Unicode.Scalar: Unicode.Scalar] = [
      "\"": "\"", "\\": "\\", "n": "\n", "t": "\t", "r": "\r", "b": "\u{8}", "f": "\u{c}",
    ]
    let letter = next
    if letter != nil && letter != "\n" { take() }
    if let scalar = letter.flatMap({ known[$0] }) { return scalar }
    let length = letter == "u" ? 4 : letter == "U" ? 8 : 0
    var digits = ""
    while digits.count < length, let scalar = next, scalar.properties.isASCIIHexDigit {
      digits.unicodeScalars.append(scalar)
      take()
    }
    guard length > 0, digits.count == length, let scalar = UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) else {
      throw problem(.expected("one of \\\" \\\\ \\n \\t \\r \\b \\f \\u0000 behind the backslash"))
    }
    return scalar
  }
}
