// The raw values are part of the ring's, the file's and the text's formats: append, never renumber.

/// What sort of callback a span is.
public enum CallbackKind: UInt8, CaseIterable, Sendable {
  /// Not said by whoever recorded it.
  case unknown
  /// A timer that came due.
  case timer
  /// A descriptor that became ready.
  case io
  /// Queued by call-soon.
  case ready
  /// A call or a result from another thread.
  case thread
  /// A signal's arrival.
  case signal
  /// A child process's end.
  case child
  /// One job of an async function.
  case task
  /// A step of a Deferred's chain.
  case deferred
  /// The language runtime's own work: garbage collection, microtasks.
  case runtime
}

/// What made a callback ready.
public enum Trigger: UInt8, CaseIterable, Sendable {
  /// Not said by whoever recorded it.
  case unknown
  /// Another callback: the span open when it was queued or fired.
  case callback
  /// A poll that reported its descriptor.
  case poll
  /// A timer's due time.
  case timer
  /// Another thread.
  case thread
  /// A signal.
  case signal
  /// The program, before the loop ran.
  case start
}

/// What sort of thing is pending.
public enum OperationKind: UInt8, CaseIterable, Sendable {
  /// Not said by whoever recorded it.
  case unknown
  /// A Deferred that somebody has to fire.
  case deferred
  /// A timer.
  case timer
  /// A call handed to the thread pool.
  case thread
  /// Interest in a descriptor becoming readable.
  case read
  /// Interest in a descriptor becoming writable.
  case write
  /// A listening socket.
  case listener
  /// A connection being made.
  case connect
  /// A child process.
  case child
  /// A signal's handler.
  case signal
  /// An async function.
  case task
}

/// How an operation ended.
public enum Outcome: UInt8, CaseIterable, Sendable {
  /// It called back with a value.
  case success
  /// It called back with an error.
  case failure
  /// It was cancelled before it could.
  case cancelled
  /// It was released and can never call back.
  case dropped
}

/// Why events are missing.
public enum GapReason: UInt8, CaseIterable, Sendable {
  /// Not known.
  case unknown
  /// The reader came too late and the ring had overwritten them.
  case overwritten
  /// The trace could not be written: its disk was full or its folder gone.
  case unwritable
  /// A chunk of the file is damaged.
  case damaged
}
