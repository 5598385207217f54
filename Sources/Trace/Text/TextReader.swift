/// Reads a trace's text form piece by piece, for texts that do not fit in memory; see `TraceText` for the form.
///
/// ```swift
/// var reader = TraceTextReader()
/// try reader.read(Array("looptop-text 1\n".utf8))
/// let batches = try reader.finish()
/// ```
public struct TraceTextReader {
  private var parser = TextParser()
  private var line = 0
  /// The begin of a line whose end is still to come.
  private var rest: [UInt8] = []
  private static let enough = 4_096
  private static let longestLine = 16 << 20

  /// At the beginning of a text.
  public init() {}

  /// What has been defined so far.
  public var definitions: Definitions { parser.definitions }

  /// Whether bytes begin as a text does that is a trace.
  public static func isText(_ bytes: some Sequence<UInt8>) -> Bool { bytes.starts(with: TraceText.header.utf8) }

  /// Takes what comes next, which may end anywhere. Throws `TraceTextError` at the first place that is no trace.
  public mutating func read(_ bytes: [UInt8]) throws(TraceTextError) {
    var bytes = bytes[...]
    while let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
      rest += bytes[..<end]
      try readLine()
      bytes = bytes[(end + 1)...]
    }
    rest += bytes
    guard rest.count <= Self.longestLine else {
      throw TraceTextError(line: line + 1, column: Self.longestLine, expected: .end)
    }
  }

  private mutating func readLine() throws(TraceTextError) {
    line += 1
    try parser.consume(TextFields(Substring(decoding: rest, as: UTF8.self), line: line))
    rest.removeAll(keepingCapacity: true)
  }

  /// Batches that are read, once there are enough of them to be worth it; each is handed out once.
  public mutating func takeBatches() -> [Batch] {
    parser.eventsHeld >= Self.enough ? parser.takeBatches() : []
  }

  /// The batches that are left. Throws `TraceTextError` where the last line is none of a trace, or not even the first was.
  public mutating func finish() throws(TraceTextError) -> [Batch] {
    if !rest.isEmpty { try readLine() }
    guard parser.sawHeader else { throw TraceTextError(line: 1, column: 1, expected: .header) }
    return parser.takeBatches()
  }
}
