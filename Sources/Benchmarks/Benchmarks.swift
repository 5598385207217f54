/// `Scripts/bench [NAME…] [--json]`: each prints ours, the peer's and the ratio, measured in turn in one run.
@main struct Benchmarks {
  static let all: [(name: String, run: @Sendable () -> [Measurement])] = [
    ("recording", recordingBenchmark)
  ]

  static func main() {
    if CountingRun.run(Array(CommandLine.arguments.dropFirst())) { return }
    let arguments = CommandLine.arguments.dropFirst()
    let names = arguments.filter { $0 != "--json" }
    for benchmark in all where names.isEmpty || names.contains(benchmark.name) {
      for measurement in benchmark.run() {
        print(arguments.contains("--json") ? measurement.json : measurement.line)
      }
    }
  }
}
