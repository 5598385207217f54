/// How a cell looks, by what it means: the terminal decides on colours and attributes.
///
/// No meaning rests on a style alone: a word or a mark always says the same.
public struct Style: Hashable, Sendable {
  /// What the text is.
  public var role: Role
  /// Whether it belongs to the selected row.
  public var isSelected: Bool

  /// A style from its parts.
  public init(_ role: Role, isSelected: Bool = false) {
    self.role = role
    self.isSelected = isSelected
  }

  /// Plain text.
  public static let normal = Style(.normal)

  /// What a text is.
  public enum Role: UInt8, CaseIterable, Sendable {
    /// Plain text.
    case normal
    /// Of lesser weight: units, hints, what is merely context.
    case dim
    /// The name of something: the program, a view, a section.
    case title
    /// The line of column titles, and the footer's keys.
    case heading
    /// All is well.
    case good
    /// Something makes others late.
    case warning
    /// Something hangs or will never come.
    case error
    /// A bar of the timeline.
    case bar
    /// What was searched for.
    case match
  }
}
