import Trace

/// How the outcome of a check is written.
public enum CheckReport: String, CaseIterable, Sendable {
  /// A line a breach, for people; one that says so where there is none.
  case text
  /// For scripts: `{"schema": 1, "path", "passed", "complete", "breaches": […], "excused": […]}`.
  case json
  /// For CI servers that show test results: a test case a budget.
  case junit
  /// For GitHub's runners, which show each breach at its line; those that do not count as notices.
  case github

  /// The outcome, ended by a line feed where it is not empty.
  ///
  /// - Parameters:
  ///   - breaches: what was found; those that are excused are told and do not count.
  ///   - budgets: the names of what was looked for.
  ///   - complete: whether nothing of the trace is missing.
  ///   - path: where the trace was read from.
  public func render(_ breaches: [Breach], of budgets: [String], complete: Bool, path: String) -> String {
    switch self {
    case .text: Self.text(breaches)
    case .json: Self.json(breaches, complete, path)
    case .junit: Self.junit(breaches, budgets, path)
    case .github: breaches.map { Self.annotation($0) + "\n" }.joined()
    }
  }

  private static func text(_ breaches: [Breach]) -> String {
    let counted = breaches.filter { $0.excuse == nil }.map { line($0) + "\n" }
    let excused = breaches.filter { $0.excuse != nil }.map { "not counted, \(line($0))\n" }
    return (counted.isEmpty ? ["every budget is kept\n"] : counted).joined() + excused.joined()
  }

  private static func line(_ breach: Breach) -> String {
    let place = breach.site.map(Format.place) ?? ""
    return "\(breach.budget): \(breach.sentence)" + (place.isEmpty ? "" : " (\(place))")
  }

  private static func json(_ breaches: [Breach], _ complete: Bool, _ path: String) -> String {
    let counted = breaches.filter { $0.excuse == nil }
    let json = JSON.object([
      ("schema", .integer(1)), ("path", .string(path)), ("passed", .bool(counted.isEmpty)),
      ("complete", .bool(complete)), ("breaches", .array(counted.map { .object(members($0)) })),
      (
        "excused",
        .array(
          breaches.compactMap { breach in
            breach.excuse.map { .object(members(breach) + [("excuse", .string($0.rawValue))]) }
          })
      ),
    ])
    return json.text + "\n"
  }

  private static func members(_ breach: Breach) -> [(String, JSON)] {
    [
      ("budget", .string(breach.budget)), ("sentence", .string(breach.sentence)),
      ("site", .optional(breach.site) { .string($0.function) }),
      ("file", .optional(breach.site) { $0.file.isEmpty ? .null : .string($0.file) }),
      ("line", .optional(breach.site) { $0.line == 0 ? .null : .integer(Int64($0.line)) }),
      ("measured_ns", .optional(breach.measured) { .integer($0.count) }),
      ("allowed_ns", .optional(breach.allowed) { .integer($0.count) }),
    ]
  }

  private static func junit(_ breaches: [Breach], _ names: [String], _ path: String) -> String {
    let failed = Set(breaches.filter { $0.excuse == nil }.map(\.budget)).count
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuite name=\"\(escaped(path))\" tests=\"\(names.count)\" failures=\"\(failed)\">\n"
    for name in names {
      let found = breaches.filter { $0.budget == name && $0.excuse == nil }
      let excused = breaches.filter { $0.budget == name && $0.excuse != nil }
      text += "  <testcase classname=\"looptop\" name=\"\(escaped(name))\""
      text += found.isEmpty && excused.isEmpty ? "/>\n" : ">\n"
      if let first = found.first {
        text += "    <failure message=\"\(escaped(first.sentence))\">"
        text += escaped(found.map(line).joined(separator: "\n")) + "</failure>\n"
      }
      if !excused.isEmpty {
        let lines = excused.map { "not counted, " + line($0) }.joined(separator: "\n")
        text += "    <system-out>\(escaped(lines))</system-out>\n"
      }
      if !found.isEmpty || !excused.isEmpty { text += "  </testcase>\n" }
    }
    return text + "</testsuite>\n"
  }

  /// What XML would take for its own, and what no XML may hold.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n": result += "\n"
      case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }

  private static func annotation(_ breach: Breach) -> String {
    var properties: [String] = []
    if let site = breach.site, !site.file.isEmpty {
      properties.append("file=\(property(site.file))")
      if site.line > 0 { properties.append("line=\(site.line)") }
    }
    properties.append("title=\(property("looptop \(breach.budget)"))")
    let command = breach.excuse == nil ? "error" : "notice"
    return "::\(command) \(properties.joined(separator: ","))::\(escapedForRunner(breach.sentence))"
  }

  /// As a runner's commands want their text.
  private static func escapedForRunner(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n", "\r\n": result += "%0A"
      default: result.append(character)
      }
    }
  }

  private static func property(_ text: String) -> String {
    escapedForRunner(text).reduce(into: "") { result, character in
      result += character == ":" ? "%3A" : character == "," ? "%2C" : String(character)
    }
  }
}
