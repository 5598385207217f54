import Recorder

// What a program tells whoever reads its trace.
extension Reactor {
  /// Names the chain of the running callback: from here on it, and all that it registers, is a piece of work of its own.
  ///
  /// The name stands in the trace as it is: give no secrets.
  ///
  /// ```swift
  /// try reactor.listen(host: "127.0.0.1", port: 0) { connection in
  ///   connection.onBytes { _ in
  ///     reactor.chain("GET /users")
  ///     reactor.inThread { "the users" }.addCallback { connection.write($0) }
  ///   }
  /// }
  /// ```
  public func chain(_ name: String) {
    checkThread("chain")
    if isInTick && recorder.isOn { _ = recorder.nameChain(name) }
  }

  /// Puts a remark into the trace, at this moment.
  public func mark(_ text: String) {
    checkThread("mark")
    recorder.mark(text)
  }
}
