import Reactor

extension Demos.Demo {
  /// Two hundred people in one room, on one thread: what one of them says is written to all.
  static let chat = Demos.Demo(
    name: "chat", summary: "two hundred connections in one loop: what one says is written to all",
    run: { _, options in
      let reactor = try Reactor(name: "chat")
      let room = Room(reactor)
      try Client.start(options, port: try room.open(), beside: reactor)
      try reactor.run(for: options.seconds)
    },
    runBeside: { _, port in try Guests.run(port: port) })
}

/// A line is what somebody says.
private final class Room {
  private let reactor: Reactor
  private var members: [Int: Connection] = [:]
  private var lastNumber = 0

  /// Who does not read what the others say cannot stay: it would all have to be kept.
  private static let patience = 256 << 10
  /// A line of more than this is nothing that anybody would say.
  private static let longestLine = 1_024

  init(_ reactor: Reactor) { self.reactor = reactor }

  /// Opens the door, at a port that the kernel chooses.
  func open() throws -> UInt16 {
    try reactor.listen(host: "127.0.0.1", port: 0) { self.enter($0) }.port
  }

  private func enter(_ connection: Connection) {
    lastNumber += 1
    let number = lastNumber
    members[number] = connection
    var begun: [UInt8] = []
    connection.onData { bytes in
      begun += bytes
      while let end = begun.firstIndex(of: 10) {
        self.say(Array(begun[...end]), number)
        begun.removeSubrange(...end)
      }
      if begun.count > Room.longestLine { connection.abort() }
    }
    connection.onClose { _ in self.members[number] = nil }
  }

  private func say(_ line: [UInt8], _ number: Int) {
    reactor.chain("guest \(number) says")
    let line = Array("guest \(number): ".utf8) + line
    for member in members.values {
      if member.bufferedBytes < Room.patience { member.write(line) } else { member.abort() }
    }
  }
}

/// Those who come: each says something every ten seconds, which makes twenty lines a second, four thousand to write.
private enum Guests {
  private static let count = 200
  private static let pause = Nanoseconds.seconds(10)

  static func run(port: UInt16) throws {
    let reactor = try Reactor(name: "guests")
    for number in 0..<count {
      reactor.connect(host: "127.0.0.1", port: port).addCallback { connection in
        connection.onData { _ in }
        connection.onClose { _ in reactor.stop() }
        reactor.callLater(.milliseconds(500) + Nanoseconds(pause.count * Int64(number) / Int64(count))) {
          connection.write("hello\n")
          reactor.callEvery(pause) { connection.write("hello again\n") }
        }
      }
    }
    reactor.run()
  }
}
