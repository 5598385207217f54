import Glibc

/// `Scripts/bench [NAME…] [--json | --table]`: each prints ours, the peer's and the ratio, measured in turn in one run. `truth`
/// measures no speed and has no peer but what really was: see `TruthTest`.
@main struct Benchmarks {
  static let all: [(name: String, run: @Sendable (_ report: (Measurement) -> Void) -> Void)] = [
    ("recording", recordingBenchmark), ("trace", traceBenchmark), ("reactor", reactorBenchmark),
    ("screens", screenBenchmark),
  ]

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if CountingRun.run(arguments) || LoopRun.run(arguments) || LoadRun.run(arguments) || SoakRun.run(arguments) {
      return
    }
    if TruthProgram.run(arguments) || hogProcessors(arguments) { return }
    TruthTest.judge(arguments)
    let names = arguments.filter { !$0.hasPrefix("--") }
    for name in names where !all.contains(where: { $0.name == name }) {
      complain("there is no benchmark \(name): \((all.map(\.name) + ["truth"]).joined(separator: ", "))")
    }
    let isTable = arguments.contains("--table")
    var measured: [Measurement] = []
    for benchmark in all where names.isEmpty || names.contains(benchmark.name) {
      benchmark.run { measurement in
        if isTable {
          measured.append(measurement)
        } else {
          say((arguments.contains("--json") ? measurement.json : measurement.line) + "\n")
        }
      }
    }
    if !isTable { return }
    if names.isEmpty || names.contains("recording") { say(CostTable.render(measured)) }
    if names.isEmpty || names.contains("reactor") { say(ReactorTable.render(measured)) }
  }

  /// Each line as soon as it is known, into a pipe too: `print` would keep them until the end.
  private static func say(_ text: String) {
    _ = write(STDOUT_FILENO, text, text.utf8.count)
  }
}
