import CLinux
import Glibc
import Recorder
import Trace

/// A callback for a signal; it stands until it is cancelled, whether or not anybody holds it.
///
/// ```swift
/// try reactor.onSignal(SIGINT) { reactor.stop() }
/// let report = try reactor.onSignal(SIGUSR1) { print("still here") }
/// reactor.callLater(.seconds(60)) { report.cancel() }
/// ```
public final class SignalHandler {
  /// Which signal.
  public let signal: Int32
  private let reactor: Reactor
  private let registration: Registration
  /// A signalfd, -1 once it was cancelled.
  private var descriptor: Int32
  /// Whether the thread had it blocked before.
  private let wasBlocked: Bool
  private var body: (() throws -> Void)?

  /// The signals that have a handler in this process.
  private static let taken = Monitor<Set<Int32>>([])

  fileprivate init(
    _ signal: Int32, _ reactor: Reactor, _ callSite: CallSite, _ site: RingSite, _ body: @escaping () throws -> Void
  ) throws(ReactorError) {
    guard Self.taken.withLock({ $0.insert(signal).inserted }) else { throw .signalTaken(signal) }
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &before)
    let descriptor = ll_signalfd([signal], 1)
    if descriptor < 0 {
      let failure = ReactorError.last(.signalfd)
      Self.taken.withLock { _ = $0.remove(signal) }
      throw failure
    }
    let operation = reactor.recorder.created(.signal, site, standing: true, descriptor: descriptor)
    self.signal = signal
    self.reactor = reactor
    self.descriptor = descriptor
    self.body = body
    wasBlocked = sigismember(&before, signal) == 1
    registration = Registration(callSite, site, reactor.recorder.chain, operation)
  }

  /// Leaves the signal to its former disposition. Does nothing the second time.
  public func cancel() {
    reactor.checkThread("SignalHandler.cancel")
    guard descriptor >= 0 else { return }
    reactor.unwatch(descriptor)
    release()
  }

  fileprivate func start() throws(ReactorError) {
    do {
      try reactor.watch(self, descriptor, .read)
    } catch {
      release()
      throw error
    }
    if reactor.recorder.isOn { reactor.recorder.watched(descriptor, String(cString: strsignal(signal))) }
  }

  private func release() {
    // One that has arrived is this handler's, and not for the disposition that comes back.
    while ll_take_signal(descriptor) != 0 {}
    close(descriptor)
    reactor.recorder.unwatched(descriptor)
    reactor.recorder.settled(registration.operation, .cancelled)
    descriptor = -1
    body = nil
    if !wasBlocked { unblock() }
    Self.taken.withLock { _ = $0.remove(signal) }
  }

  private func unblock() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }
}

extension SignalHandler: Watcher {
  func ready(_ readiness: Readiness, _ reactor: Reactor) -> Bool {
    if ll_take_signal(descriptor) == 0 { return false }
    reactor.recorder.beganChain(registration.site, .signal, .signal, operation: registration.operation)
    reactor.run(registration) { try body?() }
    return true
  }

  func reactorEnded() {
    release()
  }
}

extension Reactor {
  /// Calls `body` each time when the signal arrives; each call begins a chain. Arrivals in quick succession may come as one.
  ///
  /// The signal is blocked for this thread, and its disposition does not come about. A signal for the process goes to any
  /// thread that does not block it: so call this before other threads are started (they inherit what is blocked). Threads of the
  /// reactor's pool block all signals. Not for SIGKILL and SIGSTOP, nor for those of a fault (SIGSEGV and its like).
  ///
  /// Throws `ReactorError`: `signalTaken` where the signal has a handler, of any reactor of the process.
  ///
  /// ```swift
  /// try reactor.onSignal(SIGTERM) { reactor.shutDown(within: .seconds(10)) }
  /// ```
  @discardableResult
  public func onSignal(
    _ signal: Int32, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) throws(ReactorError) -> SignalHandler {
    checkThread("onSignal")
    if [SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL].contains(signal) || !(1...64).contains(signal) {
      misuse("a handler for signal \(signal), which cannot be waited for")
    }
    if hasEnded { throw .ended }
    let callSite = CallSite(function, file, line)
    let handler = try SignalHandler(signal, self, callSite, recorder.site(function, file, line), body)
    try handler.start()
    return handler
  }
}
