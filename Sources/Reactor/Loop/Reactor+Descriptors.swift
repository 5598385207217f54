// Who watches what; and what the poll reports, on its way to them.
extension Reactor {
  /// Watches a descriptor and keeps its watcher alive until `unwatch`.
  func watch(_ watcher: any Watcher, _ descriptor: Int32, _ interest: Interest) throws(ReactorError) {
    _ = try watchForeign(watcher, descriptor, interest)
  }

  /// Watches a descriptor that others may close, and use its number again; the key tells whether it is still this one.
  func watchForeign(
    _ watcher: any Watcher, _ descriptor: Int32, _ interest: Interest
  ) throws(ReactorError) -> UInt64 {
    if hasEnded { throw .ended }
    // The kernel first: it knows whether who stands in the table under this number is still there.
    let key = descriptors.nextKey(descriptor)
    try poller.add(descriptor, interest, key: key)
    if let earlier = descriptors.insert(watcher, descriptor) { letGo(of: earlier) }
    return key
  }

  func unwatchForeign(_ descriptor: Int32, _ key: UInt64) {
    if descriptors.watched(key) != nil { unwatch(descriptor) }
  }

  func change(_ descriptor: Int32, _ interest: Interest) {
    poller.change(descriptor, interest, key: descriptors.key(descriptor))
  }

  func unwatch(_ descriptor: Int32) {
    poller.remove(descriptor)
    if let watched = descriptors.remove(descriptor) { letGo(of: watched) }
  }

  /// Tells who watches a descriptor what the kernel says of it.
  @inline(__always)
  func tell(_ readiness: Readiness) {
    let watched = descriptors.watched(readiness.key)
    if case .connection(let connection) = watched { tell(connection, readiness) } else { tell(watched, readiness) }
  }

  @inline(never)
  private func tell(_ watched: Watched?, _ readiness: Readiness) {
    switch watched {
    case .connection(let connection): tell(connection, readiness)
    case .foreign(let watch): tell(watch, readiness)
    case .other(let other): tell(other, readiness)
    case .waker, nil: isAfterCallback = false
    }
  }

  /// Without a retain: the table holds it, and who takes it out meanwhile leaves it to us.
  @inline(__always)
  private func tell<Kind: Watcher>(_ watcher: Unmanaged<Kind>, _ readiness: Readiness) {
    told = watcher.toOpaque()
    isAfterCallback = watcher._withUnsafeGuaranteedRef { $0.ready(readiness, self) }
    told = nil
    if left != nil { left = nil }
  }

  /// Lets go of a watcher that was taken out of the table; of the one that is being told, only after that.
  func letGo(of watched: Watched) {
    let watcher = watched.release()
    if told == Unmanaged.passUnretained(watcher as AnyObject).toOpaque() { left = watcher }
  }
}
