import CLinux
import Glibc
import Reactor

/// A program that does wrong on purpose, at random times and for random lengths of time, and notes what it did by its own clock.
///
/// Everything that is found in its trace it has to have done, and all that it did has to be found. One deed follows another,
/// so that each stall is one deed's; between them it does what a healthy server does.
final class TruthProgram {
  private let reactor: Reactor
  private var chance: SeededChance
  /// No deed begins later than this: what is forgotten has to be old when the trace ends.
  private let end: Int64
  private(set) var deeds: [TruthDeed] = []
  private var forgotten: [Deferred<Int>] = []
  private var beats = 0

  private struct Failure: Error {}

  /// Lengths of time that are too near to the threshold for two clocks to agree are not planted.
  private static let short = Int64(10)...44
  private static let long = Int64(56)...250

  /// `--truth-program SECONDS SEED FILE`: does it, and writes its deeds into the file.
  static func run(_ arguments: [String]) -> Bool {
    guard arguments.count == 4, arguments[0] == "--truth-program", let seconds = Double(arguments[1]),
      let seed = UInt64(arguments[2])
    else { return false }
    guard let reactor = try? Reactor(name: "truth") else { fatalError("no reactor can be made") }
    let starving = StarvingLoop(seconds: seconds, seed: seed)
    let program = TruthProgram(reactor, seconds: seconds, seed: seed)
    program.run()
    let deeds = program.deeds + starving.join()
    let (monotonic, realtime) = readClocks()
    let text = "clocks \(monotonic) \(realtime)\n" + deeds.map { $0.line + "\n" }.joined()
    guard let file = fopen(arguments[3], "w") else { fatalError("\(arguments[3]) cannot be written") }
    fputs(text, file)
    fclose(file)
    return true
  }

  private init(_ reactor: Reactor, seconds: Double, seed: UInt64) {
    self.reactor = reactor
    chance = SeededChance(seed: seed)
    end = ll_monotonic() + Nanoseconds.seconds(seconds).count
  }

  private func run() {
    // It knows.
    reactor.onUnhandledFailure = { _ in }
    reactor.onDroppedDeferred = { _ in }
    reactor.callEvery(.milliseconds(5), function: "beats") { [self] in note(.slow, "beats") { beat() } }
    planNext()
    let rest = end - ll_monotonic() + 2_500_000_000
    reactor.callLater(Nanoseconds(rest), function: "stops") { [self] in reactor.stop() }
    reactor.run()
  }

  // MARK: What is as it should be

  /// A request, as a healthy server has them: a thread is asked, something fails and is handled, something is fired later.
  private func beat() {
    beats += 1
    reactor.chain("beat \(beats)")
    let later = reactor.deferred(of: Int.self, function: "settles")
    later.addCallback(function: "settled") { _ in }
    reactor.inThread(function: "asks") { [beats] in
      if beats % 7 == 0 { throw Failure() }
      return beats
    }.addErrback(function: "handles") { _ in 0 }.addCallback(function: "answers") { later.callback($0) }
  }

  // MARK: What is not

  private func planNext() {
    let moment = ll_monotonic() + chance.length(60...240)
    guard moment < end else { return }
    let kind = [TruthDeed.Kind.computes, .sleeps, .works, .drops, .forgets, .fails].randomElement(using: &chance)!
    let length = chance.length(Bool.random(using: &chance) ? Self.long : Self.short)
    let isFirst = Bool.random(using: &chance)
    func at(_ site: StaticString, _ deed: @escaping () -> Void) {
      reactor.callLater(Nanoseconds(moment - reactor.now.nanoseconds), function: site) { [self] in
        noteLate("\(site)", moment, ll_monotonic())
        // In another callback and tick, so that nothing is done after the deed that its clock does not see.
        reactor.callSoon(function: "plans") { [self] in planNext() }
        deed()
      }
    }
    switch kind {
    case .computes:
      plantVictims(moment, length)
      at(isFirst ? "computes one" : "computes two") { [self] in compute(length, isFirst) }
    case .sleeps:
      plantVictims(moment, length)
      at(isFirst ? "sleeps one" : "sleeps two") { [self] in sleep(length, isFirst) }
    case .works:
      at("works") { [self] in note(.works, "works") { TruthProgram.work(length / 8 + 10_000_000) } }
    case .drops: at("sets out") { [self] in start { $0.drop(isFirst) } }
    case .forgets: at("sets out") { [self] in start { $0.forget(isFirst) } }
    default: at("sets out") { [self] in start { $0.fail(isFirst) } }
    }
  }

  private func compute(_ length: Int64, _ isFirst: Bool) {
    note(.computes, isFirst ? "computes one" : "computes two") {
      let until = ll_monotonic() + length
      while ll_monotonic() < until {}
    }
  }

  private func sleep(_ length: Int64, _ isFirst: Bool) {
    note(.sleeps, isFirst ? "sleeps one" : "sleeps two") {
      usleep(UInt32(length / 1_000))
    }
  }

  /// Computes for so much CPU time.
  static func work(_ length: Int64) {
    let until = ll_thread_cpu_time() + length
    while ll_thread_cpu_time() < until {}
  }

  /// A chain of its own, which what comes next has no part in.
  private func start(_ deed: @escaping (TruthProgram) -> Void) {
    reactor.callSoon(function: "starts") { [self] in
      reactor.chain("deed \(deeds.count)")
      deed(self)
    }
  }

  private func drop(_ isFirst: Bool) {
    let site: StaticString = isFirst ? "drops one" : "drops two"
    reactor.deferred(of: Int.self, function: site).addCallback { _ in }
    log(.drops, site)
  }

  private func forget(_ isFirst: Bool) {
    let site: StaticString = isFirst ? "forgets one" : "forgets two"
    let deferred = reactor.deferred(of: Int.self, function: site)
    deferred.addCallback { _ in }
    forgotten.append(deferred)
    log(.forgets, site)
  }

  private func fail(_ isFirst: Bool) {
    let site: StaticString = isFirst ? "fails one" : "fails two"
    reactor.deferred(of: Int.self, function: site).errback(Failure())
    log(.fails, site)
  }

  /// Two that become ready while the loop is kept: a timer, and a call that a thread finishes. Called for beforehand: what is
  /// to compute and nothing else must not meet the pool's lock.
  private func plantVictims(_ begin: Int64, _ length: Int64) {
    let moments = [chance.length(2...8), chance.length(2...8)].map { begin + $0 * length / 10_000_000 }
    var due: Int64 = 0
    due =
      reactor.callLater(Nanoseconds(moments[0] - reactor.now.nanoseconds), function: "waits one") { [self] in
        let now = ll_monotonic()
        deeds.append(TruthDeed(.waits, "waits one", due, now))
        noteLate("waits one", due, now)
      }.due.nanoseconds
    reactor.inThread(function: "waits two") { () -> Int64 in
      usleep(UInt32(max(0, moments[1] - ll_monotonic()) / 1_000))
      return ll_monotonic()
    }.addCallback { [self] ready in
      deeds.append(TruthDeed(.waits, "waits two", ready, ll_monotonic()))
    }
  }

  // MARK: Notes

  private func log(_ kind: TruthDeed.Kind, _ site: StaticString) {
    let now = ll_monotonic()
    deeds.append(TruthDeed(kind, "\(site)", now, now))
  }

  /// A timer ran; it is of interest if that was long after it was due.
  private func noteLate(_ site: String, _ due: Int64, _ now: Int64) {
    if now - due > 45_000_000 { deeds.append(TruthDeed(.late, site, due, now)) }
  }

  /// Does it and notes it, if it took long enough to be of interest.
  private func note(_ kind: TruthDeed.Kind, _ site: StaticString, _ deed: () -> Void) {
    let (begin, cpu) = (ll_monotonic(), ll_thread_cpu_time())
    deed()
    let used = ll_thread_cpu_time() - cpu
    let end = ll_monotonic()
    if end - begin > 1_000_000 { deeds.append(TruthDeed(kind, "\(site)", begin, end, cpu: used)) }
  }

  /// One moment on both clocks: of many readings the one between the nearest two of the other clock.
  private static func readClocks() -> (monotonic: Int64, realtime: Int64) {
    let readings = (0..<1_000).map { _ in (ll_monotonic(), ll_realtime(), ll_monotonic()) }
    let best = readings.min { $0.2 - $0.0 < $1.2 - $1.0 }!
    return (best.0 + (best.2 - best.0) / 2, best.1)
  }
}
