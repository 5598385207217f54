import Reactor

extension Demos.Demo {
  /// A loop that hands out work, and three processes, each with a loop of its own, that do it.
  static let workers = Demos.Demo(
    name: "workers", summary: "a loop and the loops of three worker processes in one trace",
    run: { _, options in
      let reactor = try Reactor(name: "workers")
      let port = try Foreman(reactor).start()
      for number in 1...3 {
        var worker = options
        worker.port = port
        worker.worker = number
        try ChildProcess.spawn(worker, records: true, beside: reactor)
      }
      try reactor.run(for: options.seconds)
    },
    runBeside: { options, port in try Bench.run(number: options.worker ?? 0, port: port) })
}

/// Has a job every five milliseconds, counting the primes below a number, and hands it to a worker that is free.
private final class Foreman {
  private let reactor: Reactor
  private var waiting: [Job] = []
  private var idle: [Worker] = []
  private var lastNumber = 0

  private struct Job {
    let limit: Int
    let answer: Deferred<Int>
  }

  /// One of the processes, as seen from here.
  private final class Worker {
    let connection: Connection
    var job: Job?
    init(_ connection: Connection) { self.connection = connection }
  }

  /// More jobs than this are not taken on.
  private static let patience = 100

  init(_ reactor: Reactor) { self.reactor = reactor }

  func start() throws -> UInt16 {
    reactor.callEvery(.milliseconds(5)) { self.takeOn() }
    return try reactor.listen(host: "127.0.0.1", port: 0) { self.hire($0) }.port
  }

  private func takeOn() {
    guard waiting.count < Foreman.patience else { return }
    lastNumber += 1
    reactor.chain("job \(lastNumber)")
    let job = Job(limit: 1_000 + lastNumber % 10 * 100, answer: Deferred(on: reactor))
    note(job.answer, below: job.limit)
    waiting.append(job)
    handOut()
  }

  private func note(_ answer: Deferred<Int>, below limit: Int) {
    answer.addCallback { count in self.reactor.mark("\(count) primes below \(limit)") }
  }

  private func hire(_ connection: Connection) {
    let worker = Worker(connection)
    // A worker says a number when it is free: what its job came to, or nothing of interest the first time.
    connection.onData { bytes in
      let count = Int(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
      worker.job.take()?.answer.callback(count ?? 0)
      self.idle.append(worker)
      self.handOut()
    }
    // What it left undone is for the next one.
    connection.onClose { _ in
      if let job = worker.job.take() { self.waiting.insert(job, at: 0) }
      self.idle.removeAll { $0 === worker }
      self.handOut()
    }
  }

  private func handOut() {
    while !waiting.isEmpty, let worker = idle.popLast() {
      let job = waiting.removeFirst()
      worker.job = job
      worker.connection.write("\(job.limit)\n")
    }
  }
}

/// What a worker process does: it counts, on its own loop, as it is told to.
private enum Bench {
  static func run(number: Int, port: UInt16) throws {
    let reactor = try Reactor(name: "worker \(number)")
    reactor.connect(host: "127.0.0.1", port: port).addCallback { foreman in
      foreman.onData { bytes in
        let limit = Int(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber }) ?? 0
        reactor.chain("primes below \(limit)")
        foreman.write("\(primes(below: min(limit, 10_000)))\n")
      }
      foreman.onClose { _ in reactor.stop() }
      foreman.write("0\n")
    }
    reactor.run()
  }

  private static func primes(below limit: Int) -> Int {
    var count = 0
    var number = 2
    while number < limit {
      var divisor = 2
      while divisor * divisor <= number, number % divisor != 0 { divisor += 1 }
      if divisor * divisor > number { count += 1 }
      number += 1
    }
    return count
  }
}
