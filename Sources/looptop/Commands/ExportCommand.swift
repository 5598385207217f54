import Analysis
import ArgumentParser
import Export
import Glibc
import Trace
import TraceStore

/// `looptop export`: a trace in another form.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a trace in another form, to standard output or a file.",
    discussion: """
      text      one event a line, to grep and to compare
      trace     a trace again, from the text form
      sqlite    a database of the tables that `looptop query FILE --schema` shows
      perfetto  for Perfetto's UI: a track a loop, its callbacks, who registered whom, lag and ready queue
      folded    nested callbacks and their nanoseconds, a line a stack, for flame graphs

      Examples:
        looptop export spike.looptrace --to text | grep slow
        looptop export spike.looptrace --to perfetto -o spike.perfetto
      """)

  /// What a trace can be turned into.
  enum Form: String, CaseIterable, ExpressibleByArgument {
    case text, trace, sqlite, perfetto, folded
  }

  @Argument(help: "The trace, or its text form.", completion: .trace)
  var file: String

  @Option(name: .customLong("to"), help: "The form.")
  var form: Form

  @Option(name: .shortAndLong, help: "The file to write; sqlite and trace need one.")
  var output: String?

  @Flag(help: "Replace the file if it is there already.")
  var force = false

  @Option(help: "What the numbers of folded stacks count: their own time, or how long they made others wait.")
  var weight: FoldedStacks.Weight?

  func validate() throws {
    if output == nil, form == .sqlite || form == .trace { throw ValidationError("--to \(form.rawValue) needs -o FILE") }
    if weight != nil, form != .folded { throw ValidationError("--weight is for --to folded") }
  }

  func run() throws {
    try write()
    guard let output else { return }
    let advice = form == .perfetto ? "; open it in https://ui.perfetto.dev" : ""
    Standard.error.write("looptop: \(visible(output)) is written\(advice)\n")
  }

  private func write() throws {
    if form == .trace, let output {
      if let text = TextTrace(file) { return try text.write(to: output, force: force) }
      // Should it be no trace either, that is what is to be said.
      _ = try openTrace(file)
      throw Failure.notText(file)
    }
    if form == .perfetto, output == nil, isatty(STDOUT_FILENO) == 1 { throw Failure.binaryToTerminal }
    let store = try openTrace(file)
    let thresholds = try Settings.read().thresholds
    let target = if let output { try ExportOutput.file(output, force: force) } else { ExportOutput.standard }
    do throws(ExportError) {
      try write(store, thresholds, to: target)
      try target.commit()
    } catch {
      throw Failure.export(error)
    }
  }

  private func write(_ store: TraceStore, _ thresholds: Thresholds, to target: ExportOutput) throws(ExportError) {
    // A trace without events is a text all the same.
    if form == .text {
      return try TextExport.write(store) { (text) throws(ExportError) in try target.write(Array(text.utf8)) }
    }
    let source = try ExportSource(store, thresholds: thresholds)
    switch form {
    case .sqlite: try SQLiteExport.write(source, to: target.temporary ?? "")
    case .perfetto: try PerfettoExport.write(source) { (bytes) throws(ExportError) in try target.write(bytes) }
    case .folded:
      try FoldedStacks.write(source, weight: weight ?? .own) { (line) throws(ExportError) in
        try target.write(Array(line.utf8))
      }
    case .text, .trace: break
    }
  }
}

extension FoldedStacks.Weight: ExpressibleByArgument {}
