/// Where a text stops being a trace, and what should have stood there.
public struct TraceTextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1.
  public var line: Int
  /// In bytes, from 1.
  public var column: Int
  /// What should have stood there.
  public var expected: Expected

  /// What the parser can miss.
  public enum Expected: Hashable, Sendable {
    /// The line that names the form and its version.
    case header
    /// `process`, `loop`, `site` or the number of a loop.
    case line
    /// The number that a definition must carry, because those before it are taken.
    case number(Int)
    /// The number of something that is defined above.
    case defined(String)
    /// One of these words.
    case oneOf([String])
    /// A field that the line must have.
    case field(String)
    /// A field of this name holds no such value.
    case value(of: String, ValueForm)
    /// A text in double quotes.
    case text
    /// The end of the line: this field is unknown here, or stands twice.
    case end
    /// A row of a checkpoint can only follow the checkpoint.
    case checkpoint
  }

  /// What a field's value looks like.
  public enum ValueForm: String, Hashable, Sendable {
    /// A whole number in range.
    case number
    /// Seconds with up to nine decimals.
    case seconds
    /// A position, with or without its loop.
    case id
    /// A flag, which has no value.
    case nothing
    /// A text in double quotes.
    case text
  }

  /// The place and what was expected, for a person.
  public var description: String { "line \(line), column \(column): expected \(words)" }

  private var words: String {
    switch expected {
    case .header: "“\(TraceText.header)”"
    case .line: "“process”, “loop”, “site” or the number of a loop"
    case .number(let number): "number \(number), the next that is free"
    case .defined(let what): "a \(what) that is defined above"
    case .oneOf(let words): words.joined(separator: ", ")
    case .field(let name): "a field “\(name)=”"
    case .value(let name, let form):
      switch form {
      case .number: "a whole number in range for “\(name)”"
      case .seconds: "seconds with up to nine decimals for “\(name)”"
      case .id: "a position (or LOOP:POSITION) for “\(name)”"
      case .nothing: "“\(name)” without a value"
      case .text: "a text in double quotes for “\(name)”"
      }
    case .text: "a text in double quotes"
    case .end: "the end of the line"
    case .checkpoint: "a checkpoint ahead of its rows"
    }
  }
}
