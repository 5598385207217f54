/// The fields of one line of text, taken out one by one; what is left at the end is an error.
struct TextFields {
  /// One word, quoted text or `key=value` of a line.
  struct Field {
    var column: Int
    /// `nil` for a quoted text that stands alone.
    var key: String?
    var value: String?
    var isQuoted = false
  }

  let line: Int
  /// Whether the line begins with a blank.
  let isIndented: Bool
  /// Whether the line says nothing to anybody but people.
  private(set) var isRemark = false
  private var fields: [Field] = []
  private let end: Int

  /// Splits a line at its blanks, outside of quotes.
  init(_ text: Substring, line: Int) throws(TraceTextError) {
    self.line = line
    end = text.utf8.count + 1
    isIndented = text.utf8.first.map(Self.isBlank) ?? false
    var cursor = TextCursor(text.utf8, line: line)
    while cursor.skipBlanks() {
      // A remark is the whole line or nothing.
      if fields.isEmpty && cursor.next == UInt8(ascii: "#") {
        isRemark = true
        break
      }
      fields.append(try cursor.field())
    }
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }

  var isEmpty: Bool { fields.isEmpty }

  func error(_ expected: TraceTextError.Expected) -> TraceTextError {
    TraceTextError(line: line, column: fields.first?.column ?? end, expected: expected)
  }

  private func error(_ field: Field, _ name: String, _ form: TraceTextError.ValueForm) -> TraceTextError {
    TraceTextError(line: line, column: field.column, expected: .value(of: name, form))
  }

  /// The next bare word, which must be one.
  mutating func word(_ expected: TraceTextError.Expected) throws(TraceTextError) -> String {
    guard let field = fields.first, let word = field.key, field.value == nil else { throw error(expected) }
    fields.removeFirst()
    return word
  }

  /// The next text, which must stand alone in quotes.
  mutating func text() throws(TraceTextError) -> String {
    guard let field = fields.first, field.key == nil, let text = field.value else { throw error(.text) }
    fields.removeFirst()
    return text
  }

  /// The next bare word as a number.
  mutating func number<T: FixedWidthInteger>(_ name: String) throws(TraceTextError) -> T {
    let failure = error(.value(of: name, .number))
    guard let value = T(try word(failure.expected)) else { throw failure }
    return value
  }

  /// The next bare word as seconds.
  mutating func instant(_ name: String) throws(TraceTextError) -> Instant {
    let failure = error(.value(of: name, .seconds))
    guard let count = TextSeconds.parse(try word(failure.expected)) else { throw failure }
    return Instant(count)
  }

  private mutating func take(_ name: String) -> Field? {
    guard let index = fields.firstIndex(where: { $0.key == name }) else { return nil }
    return fields.remove(at: index)
  }

  /// Demands that nothing is left.
  func finish() throws(TraceTextError) {
    if !fields.isEmpty { throw error(.end) }
  }

  /// Whether the flag stands in the line.
  mutating func flag(_ name: String) throws(TraceTextError) -> Bool {
    guard let field = take(name) else { return false }
    guard field.value == nil else { throw error(field, name, .nothing) }
    return true
  }

  private mutating func optional<T>(
    _ name: String, _ form: TraceTextError.ValueForm, _ convert: (String) -> T?
  ) throws(TraceTextError) -> T? {
    guard let field = take(name) else { return nil }
    guard let text = field.value, field.isQuoted == (form == .text), let value = convert(text) else {
      throw error(field, name, form)
    }
    return value
  }

  private func required<T>(_ value: T?, _ name: String) throws(TraceTextError) -> T {
    guard let value else { throw error(.field(name)) }
    return value
  }

  mutating func numberIfAny<T: FixedWidthInteger>(_ name: String) throws(TraceTextError) -> T? {
    try optional(name, .number) { T($0) }
  }

  mutating func number<T: FixedWidthInteger>(named name: String) throws(TraceTextError) -> T {
    try required(try numberIfAny(name), name)
  }

  mutating func secondsIfAny(_ name: String) throws(TraceTextError) -> Int64? {
    try optional(name, .seconds, TextSeconds.parse)
  }

  mutating func instant(named name: String) throws(TraceTextError) -> Instant {
    Instant(try required(try secondsIfAny(name), name))
  }

  mutating func textIfAny(_ name: String) throws(TraceTextError) -> String? {
    try optional(name, .text) { $0 }
  }

  mutating func text(named name: String) throws(TraceTextError) -> String {
    try required(try textIfAny(name), name)
  }

  /// A word or a quoted text.
  mutating func name(named name: String) throws(TraceTextError) -> String {
    try required(take(name)?.value, name)
  }

  mutating func idIfAny<ID: RingIdentifier>(_ name: String, in loop: LoopID) throws(TraceTextError) -> ID? {
    try optional(name, .id) { text in
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let serial = parts.last.flatMap({ UInt64($0) }), serial < 1 << 48 else { return nil }
      if parts.count == 1 { return ID(loop, serial) }
      return UInt16(parts[0]).map { ID(LoopID($0), serial) }
    }
  }

  mutating func id<ID: RingIdentifier>(_ name: String, in loop: LoopID) throws(TraceTextError) -> ID {
    try required(try idIfAny(name, in: loop), name)
  }

  mutating func choiceIfAny<Choice: CaseIterable>(_ name: String) throws(TraceTextError) -> Choice? {
    guard let field = take(name) else { return nil }
    guard !field.isQuoted, let choice = Choice.allCases.first(where: { "\($0)" == field.value }) else {
      let words = Choice.allCases.map { "\($0)" }
      throw TraceTextError(line: line, column: field.column, expected: .oneOf(words))
    }
    return choice
  }

  mutating func choice<Choice: CaseIterable>(_ name: String) throws(TraceTextError) -> Choice {
    try required(try choiceIfAny(name), name)
  }
}
