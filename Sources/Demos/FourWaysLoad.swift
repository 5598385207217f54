import CLinux
import Glibc
import Reactor

/// Thirty-two clients of a server: each asks, over a new connection each time, as soon as it has its answer.
///
/// Prints how many seconds all took, and how many the median one and the 99th of a hundred waited.
final class FourWaysLoad {
  private static let clients = 32

  private let requests: Int
  private var begun = 0
  private var waits: [Int64] = []

  init(requests: Int) { self.requests = requests }

  func run(port: UInt16) throws {
    let reactor = try Reactor(name: "load")
    reactor.onUnhandledFailure = { Demos.fail("the load: \($0.error)") }
    var begin: Int64 = 0
    // The server's threads, or processes, should have started by then.
    reactor.callLater(.milliseconds(500)) { [self] in
      begin = ll_monotonic()
      for _ in 0..<min(FourWaysLoad.clients, requests) { ask(reactor, port) }
    }
    reactor.run()
    let seconds = Double(ll_monotonic() - begin) / 1e9
    waits.sort()
    print("\(seconds) \(wait(50)) \(wait(99))")
  }

  private func wait(_ percent: Int) -> Double {
    waits.isEmpty ? 0 : Double(waits[min(waits.count - 1, waits.count * percent / 100)]) / 1e9
  }

  private func ask(_ reactor: Reactor, _ port: UInt16) {
    guard begun < requests else { return }
    begun += 1
    let begin = ll_monotonic()
    reactor.connect(host: "127.0.0.1", port: port).addCallback { connection in
      var answer = 0
      connection.onData { answer += $0.count }
      connection.onClose { error in
        guard error == nil, answer > 0 else { Demos.fail("the load: no answer, \(String(describing: error))") }
        self.waits.append(ll_monotonic() - begin)
        if self.waits.count == self.requests { reactor.stop() }
        self.ask(reactor, port)
      }
      connection.write("GET /users HTTP/1.1\r\nHost: demo\r\n\r\n")
    }
  }
}
