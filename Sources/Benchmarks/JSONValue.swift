/// A value of JSON, as other programs print it; numbers stay as they are written, because nanoseconds do not fit into a Double.
enum JSONValue {
  case object([String: JSONValue])
  case array([JSONValue])
  case text(String)
  case number(Substring)
  case word(Substring)

  /// What a text holds; `nil` where it is no JSON.
  init?(_ text: String) {
    var rest = Substring(text)
    guard let value = JSONValue(&rest, depth: 0) else { return nil }
    self = value
  }

  subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }
  var elements: [JSONValue] {
    if case .array(let elements) = self { elements } else { [] }
  }
  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }
  var integer: Int64? {
    if case .number(let digits) = self { Int64(digits) } else { nil }
  }

  // MARK: Reading

  private init?(_ rest: inout Substring, depth: Int) {
    JSONValue.skipSpace(&rest)
    guard depth < 64, let first = rest.first else { return nil }
    switch first {
    case "{":
      var members: [String: JSONValue] = [:]
      let isWhole = JSONValue.list(&rest, until: "}") { rest in
        guard let key = JSONValue.readText(&rest) else { return false }
        JSONValue.skipSpace(&rest)
        guard rest.popFirst() == ":", let value = JSONValue(&rest, depth: depth + 1) else { return false }
        members[key] = value
        return true
      }
      guard isWhole else { return nil }
      self = .object(members)
    case "[":
      var elements: [JSONValue] = []
      let isWhole = JSONValue.list(&rest, until: "]") { rest in
        guard let value = JSONValue(&rest, depth: depth + 1) else { return false }
        elements.append(value)
        return true
      }
      guard isWhole else { return nil }
      self = .array(elements)
    case "\"":
      guard let text = JSONValue.readText(&rest) else { return nil }
      self = .text(text)
    default:
      let word = rest.prefix { $0.isLetter || $0.isNumber || "+-.".contains($0) }
      guard !word.isEmpty else { return nil }
      rest = rest[word.endIndex...]
      self = first.isLetter ? .word(word) : .number(word)
    }
  }

  /// What stands between two brackets, with commas.
  private static func list(_ rest: inout Substring, until end: Character, _ read: (inout Substring) -> Bool) -> Bool {
    rest.removeFirst()
    skipSpace(&rest)
    if rest.first == end {
      rest.removeFirst()
      return true
    }
    while read(&rest) {
      skipSpace(&rest)
      guard let next = rest.popFirst(), next == "," || next == end else { return false }
      if next == end { return true }
      skipSpace(&rest)
    }
    return false
  }

  private static func skipSpace(_ rest: inout Substring) { rest = rest.drop { $0.isWhitespace } }

  private static func readText(_ rest: inout Substring) -> String? {
    guard rest.popFirst() == "\"" else { return nil }
    var text = ""
    while let next = rest.popFirst() {
      if next == "\"" { return text }
      guard next == "\\" else {
        text.append(next)
        continue
      }
      guard let escaped = rest.popFirst() else { return nil }
      switch escaped {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "u":
        guard let code = UInt32(rest.prefix(4), radix: 16), let scalar = Unicode.Scalar(code) else { return nil }
        rest = rest.dropFirst(4)
        text.unicodeScalars.append(scalar)
      default: text.append(escaped)
      }
    }
    return nil
  }
}
