/// Tells apart the chains that have one slot after the other: no two in flight or lately have the same.
struct ChainNumber: Equatable {
  private var raw: Int32

  /// Of what belongs to no chain.
  static let none = ChainNumber(raw: 0)

  /// The next one.
  mutating func advance() { raw = raw == .max ? 1 : raw + 1 }
}
