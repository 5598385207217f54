import Analysis
import Drain
import Glibc
import SystemPackage
import Testing
import Trace
import TraceStore

@testable import Export

let root = String(#filePath.prefix(#filePath.count - "/Tests/ExportTests/Sample.swift".count))

/// A recording of `traces/`.
func recording(_ name: String) throws -> TraceStore {
  try TraceStore(path: FilePath("\(root)/traces/\(name).looptrace"))
}

/// A trace from its text form, without its header: process 4711, loop 1 `main`, and four sites.
func trace(_ events: String, loop name: String = "main", site: String = "accept(_:)") throws -> TraceStore {
  let (definitions, batches) = try TraceText.parse(
    """
    looptop-text 1
    process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
    loop 1 process=1 name="\(name)" thread=4711 poll=epoll
    site 1 "\(site)" "Server/Server.swift" 10
    site 2 "query(_:)" "Server/Users.swift" 42
    site 3 "render(_:)" "Server/Users.swift" 57
    site 4 "tick()" "Server/Clock.swift" 7

    """ + events)
  let writer = try TraceWriter(spool: .bytes(.max))
  for loop in definitions.loops { _ = writer.add(loop: loop) }
  for site in definitions.sites.dropFirst() { _ = writer.id(of: site) }
  for batch in batches { writer.append(batch) }
  writer.flush()
  return try TraceStore(descriptor: try #require(writer.descriptor), name: "sample")
}

/// A second of a small server: a request whose Deferred is fired by a timer, inside of which it is rendered; what blocks
/// the loop meanwhile makes that timer late; and a Deferred that nobody fires.
let sample = """
  1 10.000000000 loop-begin
  1 10.000000000 anchor counter=1 monotonic=10.000000000 boottime=10.000000000 realtime=1000000000.250000000
  1 10.000010000 created op=2 kind=listener site=1 fd=5 standing
  1 10.000020000 poll-enter
  1 10.100000000 poll-return ready=1
  1 10.100001000 begin span=6 kind=io trigger=poll site=1 op=2 starts-chain
  1 10.100002000 created op=7 kind=deferred site=2 chain=6 by=6
  1 10.100003000 created op=8 kind=timer site=4 chain=6 by=6 due=10.110000000
  1 10.100004000 queued op=9 at=10.100004000 kind=ready trigger=callback site=2 chain=6 by=6
  1 10.100010000 end span=6
  1 10.100010000 begin span=11 kind=io trigger=poll site=1 op=2 starts-chain
  1 10.100020000 created op=12 kind=deferred site=3 chain=11 by=11
  1 10.180010000 end span=11
  1 10.180010000 begin span=14 kind=ready trigger=callback site=2 op=9
  1 10.180020000 end span=14
  1 10.180030000 poll-enter timeout=0.000000000
  1 10.180040000 poll-return ready=0
  1 10.180050000 begin span=18 kind=timer trigger=timer site=4 op=8 ready=10.110000000
  1 10.180051000 settled op=8 outcome=success
  1 10.180060000 settled op=7 outcome=success
  1 10.180060000 begin span=21 kind=deferred trigger=callback site=3 op=7
  1 10.180090000 end span=21 threw
  1 10.180100000 end span=18
  1 10.180110000 poll-enter
  1 11.180110000 poll-return ready=0
  1 11.180120000 poll-enter

  """

/// The answer to a question, as text.
func answer(
  _ sql: String, of store: TraceStore, as form: RowForm = .table, since: Nanoseconds? = nil, until: Nanoseconds? = nil
) throws -> String {
  var text = ""
  try form.write(TraceQuery(sql, of: ExportSource(store, since: since, until: until))) { text += $0 }
  return text
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
