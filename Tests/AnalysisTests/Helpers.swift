import Analysis
import Testing
import Trace

/// A trace in text form, without its header: process 4711, loop 1 `main`, and the sites of a small server.
func parse(_ events: String) throws -> (definitions: Definitions, batches: [Batch]) {
  try TraceText.parse(
    """
    looptop-text 1
    process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
    loop 1 process=1 name="main" thread=4711 poll=epoll
    site 1 "accept(_:)" "Server/Server.swift" 10
    site 2 "query(_:)" "Server/Users.swift" 42
    site 3 "render(_:)" "Server/Users.swift" 57
    site 4 "retry(_:)" "Server/Retry.swift" 7

    """ + events)
}

/// The analysis of a trace in text form, as `parse` takes it.
func analyze(_ events: String, thresholds: Thresholds = Thresholds()) throws -> Analyzer {
  let (definitions, batches) = try parse(events)
  var analyzer = Analyzer(thresholds: thresholds)
  for batch in batches { analyzer.consume(batch, definitions: definitions) }
  return analyzer
}

/// What a trace in text form comes to, at its end or at a moment in seconds.
func report(_ events: String, at now: Double? = nil, thresholds: Thresholds = Thresholds()) throws -> Report {
  try analyze(events, thresholds: thresholds).report(at: now.map { Instant(Nanoseconds.seconds($0).count) })
}

extension Report {
  /// The first finding of that id.
  func finding(_ id: String) -> Finding? { findings.first { $0.id == id } }
}

/// Compares texts line by line, so that a failure shows the lines that differ.
func expectText(_ text: String, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation) {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let wanted = expected.split(separator: "\n", omittingEmptySubsequences: false)
  for (number, pair) in zip(lines, wanted).enumerated() where pair.0 != pair.1 {
    Issue.record("line \(number + 1) is\n\(pair.0)\nand not\n\(pair.1)", sourceLocation: sourceLocation)
  }
  #expect(lines.count == wanted.count, sourceLocation: sourceLocation)
}
