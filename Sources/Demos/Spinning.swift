import Glibc
import Reactor

extension Demos.Demo {
  /// While there is no room for more nothing is read, but the pipe is still watched: the loop is told again and again that
  /// there is something to read.
  static let spinning = Demos.Demo(
    name: "spinning", summary: "a pipe that is watched and not read makes the loop go round without a wait",
    run: { demo, options in
      let reactor = try Reactor(name: demo.name)
      try Importer(reactor, from: Readings(reactor)).start()
      try reactor.run(for: options.seconds)
    })
}

/// The other end of the pipe: some thousand readings of a sensor, all at once.
private final class Readings {
  /// Where they are read.
  let descriptor: Int32
  private let end: Int32
  private let reactor: Reactor
  static let count = 1_500

  init(_ reactor: Reactor) {
    self.reactor = reactor
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    (descriptor, end) = (ends[0], ends[1])
  }

  deinit {
    close(descriptor)
    close(end)
  }

  func send() {
    reactor.callEvery(.milliseconds(2_200)) {
      let values = (0..<Int32(Readings.count)).map { $0 &* 7_919 }
      write(self.end, values, values.count * MemoryLayout<Int32>.stride)
    }
  }
}

/// Takes what was measured from the pipe, and stores it a thousand at a time.
private final class Importer {
  private let reactor: Reactor
  private let readings: Readings
  private var batch: [Int32] = []
  private var isStoring = false
  private static let room = 1_000

  init(_ reactor: Reactor, from readings: Readings) {
    self.reactor = reactor
    self.readings = readings
  }

  func start() throws {
    readings.send()
    try reactor.watch(readings.descriptor, "a sensor").onReadable { self.take() }
  }

  private func take() {
    if batch.count >= Importer.room { batch = Array(Set(batch)) }
    // The mistake: to read later is fine, but until then the pipe should not be watched.
    if batch.count >= Importer.room { return store() }
    var values = [Int32](repeating: 0, count: 100)
    let bytes = read(readings.descriptor, &values, values.count * MemoryLayout<Int32>.stride)
    batch += values.prefix(max(0, bytes) / MemoryLayout<Int32>.stride)
  }

  /// On a disk that takes its time.
  private func store() {
    if isStoring { return }
    isStoring = true
    reactor.inThread { _ = usleep(1_300_000) }.addCallback {
      self.batch = []
      self.isStoring = false
    }
  }
}
