import Analysis
import CLinux
import Drain
import Glibc
import SystemPackage
import Trace
import TraceStore

/// What a trace costs to keep and to read.
func traceBenchmark(_ report: (Measurement) -> Void) {
  for name in ["blocking-query", "hang", "healthy", "never-fires"] { measureSize(name, report) }
  let folder = TemporaryFolder()
  let small = folder.path + "/small.looptrace"
  let large = folder.path + "/large.looptrace"
  guard writeTrace(small, bytes: 100_000_000), writeTrace(large, bytes: 1_000_000_000) else {
    return complain("a trace of 1 GB cannot be written to \(folder.path)")
  }
  measureDecoding(small, in: folder, report)
  measureAnalysis(small, report)
  measureReading(small, large, report)
}

/// What a recorded demo takes in the file, against what there is in it.
private func measureSize(_ name: String, _ report: (Measurement) -> Void) {
  let path = "traces/\(name).looptrace"
  guard let store = try? TraceStore(path: FilePath(path)), let entropy = Entropy(ofFile: path) else {
    return complain("\(path) cannot be read")
  }
  let bytes = Double(store.diagnostics.bytes)
  let callbacks = Double(store.chunks.reduce(0) { $0 + Int($1.activity.spans) })
  report(Measurement("\(name), all told", "B/callback", ours: [bytes / callbacks], against: "target", [8]))
  report(Measurement("\(name), file", "B", ours: [bytes], against: "entropy of bytes", [entropy.ofBytes]))
  report(Measurement("\(name), file", "B", ours: [bytes], against: "entropy of numbers", [entropy.ofNumbers]))
}

/// How fast one core makes typed events of a server's trace, beside how fast others read theirs.
private func measureDecoding(_ path: String, in folder: TemporaryFolder, _ report: (Measurement) -> Void) {
  guard let store = try? TraceStore(path: FilePath(path)) else { return }
  // By the thread's own time: what a core does, however many share it.
  let rounds = (0..<5).map { _ in decode(store, by: ll_thread_cpu_time) }
  report(Measurement("decoding, one core", "M events/s", ours: rounds, against: "target", [25]))
  guard let peer = Tracer.lttng.start(in: folder), peer.run(500_000) != nil, let kept = peer.finish() else { return }
  let reading = Measurement("decoding, one core", "M events/s", against: "babeltrace2", rounds: 5) {
    decode(store)
  } peer: {
    peer.readBack().map { kept.events / $0 * 1e3 }
  }
  if let reading { report(reading) }
}

/// How many callbacks a second one core takes from the file to the findings.
private func measureAnalysis(_ path: String, _ report: (Measurement) -> Void) {
  let rounds = (0..<3).compactMap { _ in analyze(path) }
  if rounds.count == 3 {
    report(Measurement("analysis, one core", "M callbacks/s", ours: rounds, against: "target", [3]))
  }
}

/// By the thread's own time, with the reading and the report; `nil` where the trace cannot be read.
private func analyze(_ path: String) -> Double? {
  // As the program does it.
  ll_keep_freed(32 << 20)
  let begin = ll_thread_cpu_time()
  guard let store = try? TraceStore(path: FilePath(path)) else { return nil }
  var analyzer = Analyzer()
  for index in store.chunks.indices {
    guard let batch = try? store.batch(index) else { return nil }
    analyzer.consume(batch, definitions: store.definitions)
  }
  let callbacks = analyzer.report(at: nil).callbacks
  return Double(callbacks) / Double(ll_thread_cpu_time() - begin) * 1e3
}

/// What the program does with traces of 100 MB and of 1 GB, each time in a process of its own.
private func measureReading(_ small: String, _ large: String, _ report: (Measurement) -> Void) {
  let program = ".build/release/looptop"
  func cost(_ arguments: String...) -> Cost? {
    let cost = run([program] + arguments)
    if cost == nil { complain("\(program) \(arguments.joined(separator: " ")) fails") }
    return cost
  }
  let overviews = (0..<6).compactMap { _ in cost("report", "--overview", large)?.milliseconds }
  if overviews.count == 6 {
    report(Measurement("1 GB to its overview", "ms", ours: Array(overviews.dropFirst()), against: "target", [100]))
  }
  guard let less = cost("report", small), let more = cost("report", large) else { return }
  report(Measurement("report of 1 GB", "MB", ours: [more.megabytes], against: "of 100 MB", [less.megabytes]))
  report(
    Measurement("report of 1 GB", "s", ours: [more.milliseconds / 1e3], against: "of 100 MB", [less.milliseconds / 1e3])
  )
}

/// Writes a server's trace of that size, or says that it cannot.
func writeTrace(_ path: String, bytes: UInt64) -> Bool {
  guard let writer = try? TraceWriter(creating: FilePath(path)) else { return false }
  let process = ProcessInfo(pid: 1, started: 1, command: "server", runtime: "benchmark")
  let names = ["accept(_:)", "query(page:)", "transform(_:)", "render(_:)", "finish(_:on:)", "log(_:)"]
  let sites = names.enumerated().map { line, name in
    writer.id(of: Site(function: name, file: "Server/Server.swift", line: UInt32(10 * line + 10)))
  }
  guard let loop = writer.add(loop: LoopInfo(id: LoopID(0), process: process, name: "server", thread: 1, poll: "epoll"))
  else { return false }
  var server = ServerModel(loop: loop, sites: sites, seed: bytes)
  while writer.bytes < bytes, writer.failure == nil { writer.append(server.next(1 << 16)) }
  writer.close()
  return writer.failure == nil
}
