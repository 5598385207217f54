import Glibc
import PostgreSQL
import Reactor
import Recorder
import Synchronization

extension Demos.Demo {
  /// The same requests, each a wait for a database, a transformation and an answer, served in four ways.
  static let fourWays = Demos.Demo(
    name: "four-ways", summary: "the same requests served synchronously, by threads, by processes and by a loop",
    ways: ["synchronous", "threads", "processes", "event-loop"],
    length: nil,
    run: { _, options in
      if let worker = options.worker { return try FourWays.serveShare(worker, options) }
      let database = try WaitingDatabase(options.database)
      let figures = try FourWays(database: database.connectionInfo, options).run(options.way!)
      print(figures.row(options.way!) + "   " + database.kind)
    },
    runBeside: { options, port in
      try FourWaysLoad(requests: options.requests ?? FourWays.requests).run(port: port)
    })
}

/// A server in each of the four ways. The second to the fourth may have so many requests at the database at once.
///
/// Each leaves a trace: the loop's is the reactor's; those of the others are written by hand, a tick for each request that is
/// accepted, because a thread that accepts, answers and accepts again is a loop too, of one callback at a time.
private struct FourWays {
  /// How many requests there are unless told otherwise.
  static let requests = 500
  /// Threads, processes, or the loop's connections to the database.
  static let width = 8
  /// How many seconds the database takes over each.
  static let wait = 0.01

  let database: String
  let requests: Int
  private let options: Options

  init(database: String, _ options: Options) {
    self.database = database
    self.options = options
    requests = options.requests ?? FourWays.requests
  }

  func run(_ way: String) throws -> Figures {
    switch way {
    case "threads": try threads()
    case "processes": try processes()
    case "event-loop": try eventLoop()
    default: try synchronous()
    }
  }

  // MARK: Synchronously

  private func synchronous() throws -> Figures {
    let listener = try BlockingListener()
    let load = try startLoad(listener.port)
    let begin = Usage()
    var left = requests
    try FourWays.serve(listener, database, name: "synchronous") {
      left -= 1
      return left >= 0
    }
    return try Figures(Usage().since(begin), load, requests: requests)
  }

  /// Accepts, answers and accepts again, for as long as there is another request to take.
  private static func serve(
    _ listener: BlockingListener, _ database: String, name: String, while isThereMore: () -> Bool
  ) throws {
    let database = try BlockingPostgresConnection(to: database)
    let recorder = Recorder(loop: name, poll: "accept")
    defer { recorder.close() }
    let answering = recorder.site("serve(_:_:name:while:)", #fileID, #line)
    let querying = recorder.site("query(_:_:)", #fileID, #line)
    while isThereMore() {
      recorder.pollEntered(timeout: nil)
      let connection = try listener.accept()
      recorder.pollReturned(ready: 1)
      recorder.beganChain(answering, .io, .poll)
      _ = try connection.readRequest()
      _ = recorder.nameChain("GET /users")
      recorder.beganNow(querying, .io, .callback)
      let rows = try database.query(Database.User.query, [wait])
      recorder.ended()
      connection.write(render(transform(rows)))
      recorder.ended()
    }
    recorder.pollEntered(timeout: nil)
  }

  // MARK: Threads share state, and lock it

  private func threads() throws -> Figures {
    let listener = try BlockingListener()
    let load = try startLoad(listener.port)
    let begin = Usage()
    let left = Countdown(requests)
    try onThreads(FourWays.width) { [database] number in
      try FourWays.serve(listener, database, name: "thread \(number)") { left.take() }
    }
    return try Figures(Usage().since(begin), load, requests: requests)
  }

  private final class Countdown: Sendable {
    private let left: Mutex<Int>
    init(_ count: Int) { left = Mutex(count) }

    func take() -> Bool {
      left.withLock { left in
        left -= 1
        return left >= 0
      }
    }
  }

  // MARK: Processes can hardly share: each has its part of the requests from the start

  private func processes() throws -> Figures {
    let listener = try BlockingListener()
    let load = try startLoad(listener.port)
    let begin = Usage()
    let workers = try (1...FourWays.width).map { number in
      var worker = options
      worker.worker = number
      worker.requests = requests
      worker.database = database
      return try ChildProcess(worker, records: true, output: .pipe, descriptor: listener.descriptor)
    }
    var usage = Usage().since(begin)
    for worker in workers {
      guard let used = worker.readLine().flatMap({ Usage(line: $0) }), worker.wait() == 0 else {
        throw ChildProcess.Failure(description: "a worker process failed")
      }
      usage.add(used)
    }
    return try Figures(usage, load, requests: requests)
  }

  /// What one of the worker processes does.
  static func serveShare(_ number: Int, _ options: Options) throws {
    let begin = Usage()
    let requests = options.requests ?? FourWays.requests
    var left = requests / width + (number <= requests % width ? 1 : 0)
    try serve(BlockingListener(inherited: 3), options.database ?? "", name: "process \(number)") {
      left -= 1
      return left >= 0
    }
    print(Usage().since(begin).line)
  }

  // MARK: The event loop

  private func eventLoop() throws -> Figures {
    let reactor = try Reactor(name: "event-loop")
    let pool = PostgresPool(to: database, size: FourWays.width, on: reactor)
    // The threads and processes have connected, too, when the first request comes.
    for _ in 0..<FourWays.width { pool.query("SELECT $1", [0]) }
    var left = requests
    let listener = try reactor.listen(host: "127.0.0.1", port: 0) { connection in
      var reader = RequestReader()
      connection.onData { bytes in
        guard !reader.add(bytes).isEmpty else { return }
        reactor.chain("GET /users")
        answer(pool, connection).addCallback {
          left -= 1
          if left == 0 { reactor.callSoon { reactor.stop() } }
        }
      }
    }
    let load = try startLoad(listener.port)
    let begin = Usage()
    reactor.run()
    return try Figures(Usage().since(begin), load, requests: requests)
  }

  private func answer(_ pool: PostgresPool, _ connection: Connection) -> Deferred<Void> {
    pool.query(Database.User.query, [FourWays.wait])
      .addCallback { rows in FourWays.transform(rows) }
      .addCallback { names in FourWays.render(names) }
      .addCallback { html in FourWays.finish(html, connection) }
  }

  private static func finish(_ html: String, _ connection: Connection) {
    connection.write(html)
    connection.close()
  }

  // MARK: What all have

  private func startLoad(_ port: UInt16) throws -> ChildProcess {
    var beside = options
    beside.port = port
    beside.requests = requests
    return try ChildProcess(beside, records: false, output: .pipe)
  }

  private static func transform(_ rows: PostgresRows) -> [String] {
    rows.map { Database.User($0) }.sorted { ($0.city, $0.name) < ($1.city, $1.name) }
      .map { "\($0.name) of \($0.city)" }
  }

  private static func render(_ names: [String]) -> String {
    let html = "<ul>\n" + names.map { "  <li>\($0)</li>\n" }.joined() + "</ul>\n"
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(html.utf8.count)\r\n\r\n\(html)"
  }
}
