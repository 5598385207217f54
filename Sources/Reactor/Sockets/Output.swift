/// Bytes that wait for the kernel to have room.
///
/// One stretch of memory: small writes go out together. What was sent is taken off only once it is at least half, so each
/// byte is moved at most once on the average; the memory is given back when nothing waits any more.
struct Output {
  private var bytes: [UInt8] = []
  /// How much from the start has been sent.
  private var sent = 0

  /// Bytes that wait.
  var count: Int { bytes.count - sent }
  var isEmpty: Bool { bytes.isEmpty }

  mutating func append(_ more: RawSpan) {
    more.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Offers all of it to the channel once; returns the `errno` of a failure that is not for want of room.
  mutating func send(over channel: Channel, to descriptor: Int32) -> Int32? {
    switch channel.send(bytes.span.bytes.extracting(droppingFirst: sent), to: descriptor) {
    case .failure(let code): return code
    case .success(let count): sent += count
    }
    if sent == bytes.count {
      self = Output()
    } else if sent >= bytes.count / 2 {
      bytes.removeFirst(sent)
      sent = 0
    }
    return nil
  }
}
