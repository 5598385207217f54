import Glibc
import Recorder
import Synchronization
import Trace

/// Several reactors, each on a thread of its own, to spread connections over.
///
/// The connections are accepted by one loop and handed over in turn, rather than by a listener each on a shared port
/// (SO_REUSEPORT): that spreads them by a hash of their addresses, unevenly when they are few, strands those in the queue of
/// a loop that is blocked, and does not work for Unix sockets. The price is one call from thread to thread a connection.
///
/// Each loop records into a ring of its own, under the group's name and a number. From any thread.
///
/// ```swift
/// let group = try ReactorGroup(2, name: "worker")
/// try reactor.listen(on: SocketAddress(host: "127.0.0.1", port: 0), spreadOver: group) { connection in
///   connection.onBytes { connection.write($0) }
/// }
/// reactor.callLater(.seconds(1)) { reactor.stop() }
/// reactor.run()
/// for report in group.shutDown(within: .seconds(10)) where !report.isClean { print("cut off:", report.aborted) }
/// ```
public final class ReactorGroup: Sendable {
  private struct Member {
    let remote: Remote
    let thread: pthread_t
  }

  private enum State: Sendable {
    case running, ended([ShutDown])
  }

  private let members: [Member]
  private let state = Monitor(State.running)
  private let turn = Atomic<Int>(0)

  /// Starts `count` loops (at least one), named `name-1` and so on, each with a pool as `Reactor.init` makes it.
  ///
  /// Throws `ReactorError` where no thread or descriptor is left; none is running then.
  public init(
    _ count: Int, name: String = "worker", threads: Int = 4, queue: Int = 10_000,
    recording: Recorder.Options = Reactor.recording
  ) throws(ReactorError) {
    if count < 1 { misuse("a group of \(count) reactors") }
    var started: [Member] = []
    do throws(ReactorError) {
      for number in 1...count {
        let (remote, thread) = try Self.start("\(name)-\(number)", threads, queue, recording)
        started.append(Member(remote: remote, thread: thread))
      }
    } catch {
      for member in started { member.remote.call { $0.stop() } }
      for member in started { pthread_join(member.thread, nil) }
      throw error
    }
    members = started
  }

  deinit {
    guard case .running = state.withLock({ $0 }) else { return }
    for member in members {
      member.remote.call { $0.stop() }
      pthread_detach(member.thread)
    }
  }

  private static func start(
    _ name: String, _ threads: Int, _ queue: Int, _ recording: Recorder.Options
  ) throws(ReactorError) -> (Remote, pthread_t) {
    let made = Monitor<Result<Remote, ReactorError>?>(nil)
    @Sendable func put(_ result: Result<Remote, ReactorError>) {
      made.withLock { $0 = result }
      made.signal()
    }
    let thread = try LoopThread.start(name) {
      do throws(ReactorError) {
        let reactor = try Reactor(name: name, threads: threads, queue: queue, recording: recording)
        put(.success(reactor.remote))
        reactor.run()
      } catch {
        put(.failure(error))
      }
    }
    switch made.wait({ $0 }) {
    case .success(let remote): return (remote, thread)
    case .failure(let error):
      pthread_join(thread, nil)
      throw error
    }
  }

  /// A handle for each of the loops.
  public var remotes: [Remote] { members.map(\.remote) }

  /// Shuts all loops down at once (see `Reactor.shutDown`), and waits until the last one has ended. Returns what each had to
  /// cut off, also when called again.
  ///
  /// Blocks for at most a little longer than `limit`, and for another second where tasks do not end when they are cancelled;
  /// unless a callback blocks. Not for a thread of the group.
  public func shutDown(within limit: Nanoseconds) -> [ShutDown] {
    if members.contains(where: { pthread_equal($0.thread, pthread_self()) != 0 }) {
      misuse("ReactorGroup.shutDown on a thread of the group: it would wait for itself")
    }
    return state.withLock { state in
      if case .ended(let reports) = state { return reports }
      let reports = members.map { ($0.thread, Self.shutDown($0.remote, within: limit)) }
      let ended = reports.compactMap { thread, report in
        pthread_join(thread, nil)
        return report.withLock { $0 }
      }
      state = .ended(ended)
      return ended
    }
  }

  private static func shutDown(_ remote: Remote, within limit: Nanoseconds) -> Monitor<ShutDown?> {
    let report = Monitor<ShutDown?>(nil)
    remote.call { reactor in
      reactor.shutDown(within: limit).addCallback { cutOff in report.withLock { $0 = cutOff } }
    }
    return report
  }

  /// Hands a connection to the loop whose turn it is; to the next one where that has ended.
  func take(
    _ socket: AcceptedSocket, _ function: StaticString, _ file: StaticString, _ line: UInt,
    _ onConnection: @escaping @Sendable (Connection) throws -> Void
  ) {
    let first = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    for offset in members.indices {
      let member = members[(first &+ offset) % members.count]
      let isTaken = member.remote.call(function: "take a connection") { reactor in
        let site = reactor.recorder.site(function, file, line)
        reactor.accept(socket, CallSite(function, file, line), site, onConnection)
      }
      if isTaken { return }
    }
  }
}

extension Reactor {
  /// Begins a chain for a connection that another loop handed over, as a listener's own accept does.
  fileprivate func accept(
    _ socket: AcceptedSocket, _ callSite: CallSite, _ site: RingSite,
    _ onConnection: (Connection) throws -> Void
  ) {
    recorder.beganChain(site, .io, .thread)
    run(Registration(callSite, site, .none, .none)) { try onConnection(socket.connection(self)) }
  }

  /// Listens on an address, as `listen(on:)`, and gives each connection to a loop of the group in turn, where `onConnection`
  /// is called for it: on that loop's thread, where it begins a chain.
  ///
  /// Stopping this reactor, or the listener, stops the listening; the group's loops and connections live on.
  ///
  /// Throws `ReactorError`: the address is in use, or not ours to use.
  ///
  /// ```swift
  /// let group = try ReactorGroup(4)
  /// try reactor.listen(on: SocketAddress(host: "127.0.0.1", port: 0), spreadOver: group) { connection in
  ///   connection.write("hello from \(connection.reactor.name)\n")
  ///   connection.close()
  /// }
  /// ```
  @discardableResult
  public func listen(
    on address: SocketAddress, spreadOver group: ReactorGroup, backlog: Int32 = 1024,
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    onConnection: @escaping @Sendable (Connection) throws -> Void
  ) throws(ReactorError) -> Listener {
    try listen(address, backlog, CallSite(function, file, line), recorder.site(function, file, line)) {
      group.take($0, function, file, line, onConnection)
    }
  }
}
