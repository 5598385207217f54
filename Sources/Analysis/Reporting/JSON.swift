/// A JSON value whose keys keep their order.
package indirect enum JSON {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  /// The value over several lines, indented by two; arrays and objects of plain values on one.
  package var text: String {
    var text = ""
    write(to: &text, indent: "")
    return text
  }

  private var isPlain: Bool {
    switch self {
    case .array(let values): values.isEmpty
    case .object(let members): members.isEmpty
    default: true
    }
  }

  private func write(to text: inout String, indent: String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    // JSON knows no infinity.
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      Self.write(values.map { ("", $0) }, in: ("[", "]"), to: &text, indent: indent)
    case .object(let members):
      Self.write(members.map { (Self.key($0.0), $0.1) }, in: ("{", "}"), to: &text, indent: indent)
    }
  }

  private static func key(_ name: String) -> String {
    var text = ""
    write(name, to: &text)
    return text + ": "
  }

  private static func write(
    _ members: [(String, JSON)], in brackets: (String, String), to text: inout String, indent: String
  ) {
    let isFlat = members.allSatisfy(\.1.isPlain)
    let inner = indent + "  "
    text += brackets.0
    for (index, member) in members.enumerated() {
      text += index == 0 ? "" : isFlat ? ", " : ","
      if !isFlat { text += "\n" + inner }
      text += member.0
      member.1.write(to: &text, indent: inner)
    }
    if !isFlat { text += "\n" + indent }
    text += brackets.1
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      // Beyond what JSON demands: a report printed to a terminal must not command it.
      case _ where scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}

extension JSON: ExpressibleByStringLiteral {
  package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON {
  /// A count; those past 2⁶³ are cut to it.
  static func count(_ count: UInt64) -> JSON { .integer(Int64(clamping: count)) }

  /// The value, or null where there is none.
  static func optional<T>(_ value: T?, _ make: (T) -> JSON) -> JSON { value.map(make) ?? .null }
}
