import Glibc

private let program = ".build/release/looptop"

/// What the screens cost: a key, standing still, a program that runs a million callbacks a second.
func screenBenchmark(_ report: (Measurement) -> Void) {
  let folder = TemporaryFolder()
  measureLive(in: folder, rate: 10, "idle, live", target: 1, report)
  measureLive(in: folder, rate: 1_000_000, "live, 1 M callbacks/s", target: 40, report)
  let large = folder.path + "/large.looptrace"
  guard writeTrace(large, bytes: 1_000_000_000) else { return complain("a trace of 1 GB cannot be written") }
  measureReplay(large, report)
}

/// CPU time of watching a program, in percent of a CPU in each of some stretches of time, and of a key meanwhile.
private func measureLive(
  in folder: TemporaryFolder, rate: Int, _ name: String, target: Double, _ report: (Measurement) -> Void
) {
  let rings = folder.make("rings-\(rate)")
  guard let load = LoadRun.start(rate: rate, seconds: 90, rings: rings) else { return complain("no load can be made") }
  defer {
    kill(load, SIGKILL)
    waitpid(load, nil, 0)
  }
  usleep(500_000)
  guard let terminal = PseudoTerminal([program, "attach", "\(load)"], environment: ["LOOPTOP_DIR": rings]) else {
    return complain("\(program) does not start")
  }
  terminal.watch(seconds: 3)
  report(Measurement(name, "% of a CPU", ours: shares(of: terminal), against: "target", [target]))
  measureKeys(on: terminal, name, report)
}

/// CPU time in percent of a CPU in each of seven stretches of four seconds: one in which the machine was busy with something
/// else does not count, and of what comes once a second each has the same.
private func shares(of terminal: PseudoTerminal) -> [Double] {
  (0..<7).map { _ in
    let (began, cpu) = (now(), terminal.cpu)
    terminal.watch(seconds: 4)
    return (terminal.cpu - cpu) / (now() - began) * 100
  }
}

private func measureReplay(_ file: String, _ report: (Measurement) -> Void) {
  guard let terminal = PseudoTerminal([program, "replay", file]) else { return complain("\(program) does not start") }
  let began = now()
  terminal.output(within: 60_000)
  report(Measurement("1 GB, first screen", "ms", ours: [now() - began], against: "target", [500]))
  terminal.watch(seconds: 1)
  measureKeys(on: terminal, "1 GB, still loading", report)
  // Nothing comes any more when it is read.
  terminal.settle(quiet: 3_000, limit: 600)
  measureKeys(on: terminal, "1 GB", report)
  terminal.settle(quiet: 3_000, limit: 60)
  report(Measurement("1 GB, idle", "% of a CPU", ours: shares(of: terminal), against: "target", [1]))
  report(Measurement("1 GB, memory", "MB", ours: [terminal.memory], against: "target", [300]))
}

/// The slowest of many keys: until its answer begins to come, and the CPU time that it took by then.
private func measureKeys(on terminal: PseudoTerminal, _ name: String, _ report: (Measurement) -> Void) {
  // Each of these changes what is seen, whatever is recorded: else the answer would be a clock that ticks.
  let keys = [
    "2", "s", "s", "\r", "\u{1B}", "3", "4", "6", "5", "2", "\r", "5", ".", ",", "]", "[", "1", "+", "+", "-", "?", "?",
    "o",
    "\u{1B}",
  ]
  var waits: [(time: Double, key: String)] = []
  var costs: [Double] = []
  for key in keys {
    // Longer than Escape is waited after: what follows it sooner is another key.
    terminal.settle(quiet: 40, limit: 0.5)
    let (began, cpu) = (now(), terminal.cpu)
    terminal.press(key)
    // A key that changes nothing here has no answer.
    guard terminal.output(within: 1_000) > 0 else { continue }
    // Escape is waited after: an escape sequence may follow.
    waits.append((now() - began - (key == "\u{1B}" ? 25 : 0), key == "\u{1B}" ? "Esc" : key == "\r" ? "Enter" : key))
    costs.append(terminal.cpu - cpu)
  }
  guard let wait = waits.max(by: { $0.time < $1.time }), let cost = costs.max() else {
    return complain("\(name): no key is answered")
  }
  report(Measurement("\(name), slowest key (\(wait.key))", "ms", ours: [wait.time], against: "target", [50]))
  report(Measurement("\(name), dearest key", "ms of CPU", ours: [cost], against: "target", [50]))
}

/// Watches a program that runs a million callbacks a second, and prints a line each so often: `--soak MINUTES`.
enum SoakRun {
  /// Runs what `arguments` say, if they say that; the last line says whether memory was flat.
  static func run(_ arguments: [String]) -> Bool {
    guard arguments.count == 2, arguments[0] == "--soak", let minutes = Double(arguments[1]) else { return false }
    let folder = TemporaryFolder()
    let rings = folder.make("rings")
    guard let load = LoadRun.start(rate: 1_000_000, seconds: Int(minutes * 60) + 60, rings: rings) else {
      complain("no load can be made")
      return true
    }
    defer {
      kill(load, SIGKILL)
      waitpid(load, nil, 0)
    }
    usleep(500_000)
    guard let terminal = PseudoTerminal([program, "attach", "\(load)"], environment: ["LOOPTOP_DIR": rings]) else {
      complain("\(program) does not start")
      return true
    }
    print("minutes    MB  % of a CPU")
    let (start, steps) = (now(), 12)
    var memory: [Double] = []
    var cpu = terminal.cpu
    for _ in 0..<steps {
      let seconds = minutes * 60 / Double(steps)
      terminal.watch(seconds: seconds)
      memory.append(terminal.memory)
      let taken = terminal.cpu
      print(
        "\(decimal((now() - start) / 60e3))  \(decimal(terminal.memory))  \(decimal((taken - cpu) / (seconds * 10)))")
      fflush(nil)
      cpu = taken
    }
    // By their peaks: in between, memory comes and goes with the batches.
    let (first, last) = (memory.prefix(steps / 2).max() ?? 0, memory.suffix(steps / 2).max() ?? 0)
    let isFlat = last < first * 1.25
    print(
      "memory: \(isFlat ? "flat" : "grows"), at most \(decimal(first)) MB in the first half and \(decimal(last)) in the last"
    )
    return true
  }
}
