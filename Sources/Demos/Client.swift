import Glibc
import Reactor

/// What one of a demo's clients asks for, again and again.
struct Load: Sendable {
  /// The targets, in turn.
  var targets: [String]
  /// How many connections ask for them.
  var connections = 1
  /// How long one waits between an answer and its next request.
  var pause: Nanoseconds
  /// How long the first one waits.
  var start = Nanoseconds.milliseconds(200)

  /// Users, some 300 pages a second; now and then somebody asks for one that is no number.
  static let users = Load(
    targets: (0..<20).map { "/users?page=\($0)" } + ["/users?page=x"], connections: 8, pause: .milliseconds(25))
}

/// The load of a demo, in a process of its own, so that it has no part in what is seen.
enum Client {
  /// Starts a demo's load, for the server at that port; it ends with the server's loop.
  static func start(_ options: Options, port: UInt16, beside reactor: Reactor) throws {
    var beside = options
    beside.port = port
    try ChildProcess.spawn(beside, records: false, beside: reactor)
  }

  /// Asks until the server is gone.
  static func run(_ loads: [Load], port: UInt16) throws {
    let reactor = try Reactor(name: "client")
    for load in loads {
      for index in 0..<load.connections {
        reactor.connect(host: "127.0.0.1", port: port).addCallback { connection in
          ask(load, from: index, over: connection, reactor)
        }
      }
    }
    reactor.run()
  }

  private static func ask(_ load: Load, from first: Int, over connection: Connection, _ reactor: Reactor) {
    var next = first
    func send() {
      connection.write("GET \(load.targets[next % load.targets.count]) HTTP/1.1\r\nHost: demo\r\n\r\n")
      next += 1
    }
    // Answers are small and there is one at a time: one arrival is one answer.
    connection.onData { _ in reactor.callLater(load.pause) { send() } }
    connection.onClose { _ in reactor.stop() }
    reactor.callLater(load.start + Nanoseconds(Int64(first) * load.pause.count / Int64(load.connections))) { send() }
  }
}
