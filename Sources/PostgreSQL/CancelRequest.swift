import CPostgreSQL

/// What is needed to ask the server to stop a connection's query, from any thread.
final class CancelRequest: @unchecked Sendable {
  // Unchecked: libpq lets any thread send one, and nothing changes it.
  private let pointer: OpaquePointer

  /// `nil` without memory for it.
  init?(_ connection: OpaquePointer) {
    guard let pointer = PQgetCancel(connection) else { return nil }
    self.pointer = pointer
  }

  deinit { PQfreeCancel(pointer) }

  /// Blocks until the server has taken it, or refused: the query then runs to its end.
  func send() {
    var words = [CChar](repeating: 0, count: 256)
    _ = PQcancel(pointer, &words, Int32(words.count))
  }
}
