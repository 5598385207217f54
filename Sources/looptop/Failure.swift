import Export
import Glibc
import Terminal
import Trace

/// Everything that can keep a command from doing what it was asked: the one place where that becomes words and exit codes.
enum Failure: Error {
  /// A trace cannot be read or written.
  case trace(TraceError)
  /// A ring, or their folder, cannot be used.
  case ring(RingError)
  /// There is no terminal to draw on.
  case terminal(TerminalError)
  /// A program cannot be started: its name and errno.
  case cannotStart(String, Int32)
  /// The demo's program does not stand where it should.
  case noDemoProgram(String)
  /// A demo that ended before its loop ran, and what it said.
  case demoDidNotStart(String, said: String)
  /// A demo that came to a bad end, and what it said.
  case demoFailed(String, said: String)
  /// No demo of that name.
  case noSuchDemo(String, known: [String])
  /// A demo that has no such way.
  case noSuchWay(String, String, known: [String])
  /// Nothing has that pid.
  case noSuchProcess(Int32)
  /// The process is there, but has no ring that we may read.
  case notTraced(Int32, [RingError])
  /// Nothing that records has that name.
  case noSuchProgram(String)
  /// Several programs have that name.
  case ambiguous(String, [Int32])
  /// A program without a ring.
  case nothingRecorded(String)
  /// A trace cannot be turned into something else, or a question to it is none.
  case export(ExportError)
  /// Only a text can be made a trace.
  case notText(String)
  /// A text that is no trace, and where it stops being one.
  case badText(String, TraceTextError)
  /// What is no text would go to a terminal.
  case binaryToTerminal
  /// A trace without one event.
  case noEvents(String)

  /// A line of a file with settings that is not understood.
  case badSetting(String, line: Int, Settings.Problem)
  /// A file with settings that cannot be read, and why: errno, EILSEQ where it is no text, EFBIG where it is too long.
  case unreadableSettings(String, Int32)

  /// A trace without an event in the part that was asked for.
  case noEventsInPart(String)
  /// No loop of the trace has that name or number.
  case noSuchLoop(String, known: [String])
  /// A trace to check of which something is missing.
  case incomplete(String)

  /// A check failed.
  static let checkFailedCode: Int32 = 1
  /// Wrong use of the command line.
  static let usageCode: Int32 = 2
  /// Input that is bad, unreadable or incomplete.
  static let inputCode: Int32 = 3

  /// What the process returns.
  var exitCode: Int32 {
    switch self {
    case .export(.query), .export(.severalStatements), .export(.noStatement), .export(.notAQuery): Failure.usageCode
    case .notText, .binaryToTerminal: Failure.usageCode
    case .trace(.exists), .export(.trace(.exists)), .terminal: Failure.usageCode
    case .noSuchDemo, .noSuchWay, .noSuchLoop, .ambiguous, .badSetting, .unreadableSettings: Failure.usageCode
    case .cannotStart(_, ENOENT): 127
    case .cannotStart(_, EACCES), .cannotStart(_, ENOEXEC): 126
    case .cannotStart, .noDemoProgram, .demoDidNotStart, .demoFailed: 125
    case .trace, .ring, .noSuchProcess, .notTraced, .noSuchProgram, .nothingRecorded, .noEvents, .noEventsInPart,
      .incomplete,
      .export, .badText:
      Failure.inputCode
    }
  }

  /// What is wrong, where, and what to do.
  var sentence: String {
    switch self {
    case .trace(let error): error.sentence
    case .ring(let error): error.sentence
    case .terminal(let error): error.sentence
    case .cannotStart(let program, ENOENT): "\(visible(program)) cannot be started: there is no program of that name"
    case .cannotStart(let program, let code): "\(visible(program)) cannot be started: \(words(code))"
    case .noDemoProgram(let path): "the demos' program is not at \(path); build it with `swift build`"
    case .demoDidNotStart(let name, let said):
      "the demo \(name) did not start" + (said.isEmpty ? "" : "; it said: \(visible(said))")
    case .demoFailed(let name, let said):
      "the demo \(visible(name)) failed" + (said.isEmpty ? "" : "; it said: \(visible(said))")
    case .noSuchDemo(let name, let known):
      "there is no demo named \(visible(name)); there are \(known.joined(separator: ", "))"
    case .noSuchWay(let name, let way, let known):
      "the demo \(visible(name)) has no way \(visible(way)); "
        + (known.isEmpty ? "it has only one" : "it has \(known.joined(separator: ", "))")
    case .noSuchProcess(let pid): "there is no process \(pid), and it left no ring; `looptop list` shows what there is"
    case .notTraced(let pid, let problems):
      "process \(pid) records nothing that you can read"
        + (problems.first.map { ": \($0.sentence)" } ?? "; it has to use the Reactor or the Recorder, see the README")
    case .noSuchProgram(let name):
      "nothing that records is named \(visible(name)); `looptop list` shows what can be attached to"
    case .ambiguous(let name, let pids):
      "\(pids.count) programs are named \(visible(name)): say which by its pid, \(pids.map(String.init).joined(separator: ", "))"
    case .nothingRecorded(let command):
      "\(visible(command)) recorded nothing: it has to use the Reactor or the Recorder, see the README"
    case .export(let error): error.sentence
    case .notText(let name): "\(visible(name)) is a trace already; only its text form can be made one"
    case .badText(let name, let error): "\(visible(name)) is no trace: \(visible(error.description))"
    case .binaryToTerminal: "this form is not for a terminal; -o names a file for it"
    case .incomplete(let name):
      "\(visible(name)) is incomplete, so what it keeps says little; --allow-gaps checks what there is"
    case .badSetting(let path, let line, let problem): "\(visible(path)), line \(line): \(problem.sentence)"
    case .unreadableSettings(let path, EILSEQ): "\(visible(path)) holds no settings: it is not UTF-8 text"
    case .unreadableSettings(let path, EFBIG):
      "\(visible(path)) holds no settings: it is longer than \(Settings.limit >> 10) KiB"
    case .unreadableSettings(let path, let code): "\(visible(path)) cannot be read: \(words(code))"
    case .noEventsInPart(let name): "\(visible(name)) holds no event in that part of its time and of those loops"
    case .noSuchLoop(let name, let known):
      "there is no loop \(visible(name)); there are \(known.map(visible).joined(separator: ", "))"
    case .noEvents(let name):
      "\(visible(name)) holds no whole event: its writer ended before anything happened, or it was cut off"
    }
  }
}

extension Settings.Problem {
  fileprivate var sentence: String {
    switch self {
    case .syntax(.expected(let what)): "here has to stand \(visible(what))"
    case .syntax(.unsupported(let what)): "\(what) is not understood here; looptop config shows what there is to set"
    case .syntax(.twice(let key, let first)): "\(visible(key)) is set in line \(first) already; leave one out"
    case .unknownTable(let name, let nearest): "there is no table [\(visible(name))]; the nearest is [\(nearest)]"
    case .unknownKey(let key, "", let nearest):
      "there is no \(visible(key)) ahead of the tables; the nearest is \(nearest)"
    case .unknownKey(let key, let table, let nearest):
      "there is no \(visible(key)) in [\(table)]; the nearest is \(nearest)"
    case .badValue(let text, let name, let expects): "\(visible(text)) is nothing for \(name): it takes \(expects)"
    }
  }
}

extension TraceError {
  fileprivate var sentence: String {
    switch self {
    case .notATrace(let name): "\(visible(name)) is not a trace: it does not begin as one does"
    case .empty(let name): "\(visible(name)) is empty: nothing was written to it"
    case .tooShort(let name, let bytes):
      "\(visible(name)) was cut off within its first lines: it has \(bytes) bytes, and no event is left in it"
    case .laterVersion(let name, let found, let known):
      "\(visible(name)) has format version \(found.major).\(found.minor), and this looptop reads up to"
        + " \(known.major).x; read it with a newer looptop"
    case .notAFile(let name): "\(visible(name)) is not a file"
    case .exists(let name): "\(visible(name)) is there already; --force replaces it, -o names another"
    case .beingWritten(let name): "\(visible(name)) is being written by another looptop; choose another name"
    case .deleted(let name): "\(visible(name)) was deleted while it was being written: nothing of it is left"
    case .tooManyLoops(let name):
      "with \(visible(name)) there are more than 65,535 loops; look at fewer traces at once"
    case .system("create", let name, ENOENT): "\(visible(name)) cannot be made: its folder is not there"
    case .system("open", let name, ENOENT): "there is no file \(visible(name))"
    case .system(let call, let name, let code): "\(visible(name)): \(call) failed: \(words(code))"
    }
  }
}

extension ExportError {
  fileprivate var sentence: String {
    switch self {
    case .query(let message):
      "the query is wrong: \(visible(message)); `looptop query FILE --schema` shows what there is"
    case .severalStatements: "there is more than one statement in the query; ask one at a time"
    case .noStatement: "there is nothing in the query; it takes a SELECT"
    case .notAQuery: "a query can only read: it takes a SELECT"
    case .database(_, let message): "SQLite failed: \(visible(message))"
    case .noEvents(let name): Failure.noEvents(name).sentence
    case .trace(let error): error.sentence
    case .system(let call, let name, let code): "\(visible(name)): \(call) failed: \(words(code))"
    }
  }
}

extension TerminalError {
  fileprivate var sentence: String {
    switch self {
    case .notATerminal(let stream):
      "the screen needs a terminal, and standard \(stream.rawValue) is none; use `looptop report FILE`, or `demo --no-view`"
    case .noType: "the environment does not say what terminal this is; set TERM, or use `looptop report FILE`"
    case .unknownType(let type):
      "nothing is known of the terminal \(visible(type)); set TERM to one that this machine knows, as xterm or vt100"
    case .noCursorMovement(let type):
      "the terminal \(visible(type)) cannot move its cursor, which the screen needs; use `looptop report FILE`"
    case .noSignals(let code): "the system gave no way to hear of signals: \(words(code))"
    }
  }
}

private func words(_ code: Int32) -> String { String(cString: strerror(code)) }
