import Drain
import Trace

/// A traced process and its rings.
struct Program {
  var identity: ProcessIdentity
  var command: String
  /// The folder that its rings stand in.
  var folder: String
  var rings: [FoundRing]

  /// Whether any of its loops may still write.
  var isRunning: Bool { rings.contains { $0.life == .running } }

  /// Its state in a word.
  var state: String {
    if isRunning { return "running" }
    return rings.contains { $0.life == .died } ? "died" : "ended"
  }

  /// When its last event was, `CLOCK_REALTIME` in nanoseconds; `nil` while it runs.
  var last: Int64? { isRunning ? nil : rings.compactMap(\.last).max() }
}

/// The programs that have rings.
enum Programs {
  /// All of them, running ones first, the youngest first.
  static func find() throws(Failure) -> (programs: [Program], unusable: [RingError]) {
    let found: ([FoundRing], unusable: [RingError])
    do throws(RingError) {
      found = try RingCatalog.list()
    } catch {
      throw .ring(error)
    }
    var programs: [Program] = []
    for ring in found.0 {
      let process = ring.header.process
      let identity = ProcessIdentity(pid: process.pid, started: process.started)
      if let index = programs.firstIndex(where: { $0.identity == identity && $0.folder == ring.folder }) {
        programs[index].rings.append(ring)
      } else {
        programs.append(
          Program(identity: identity, command: process.command, folder: ring.folder, rings: [ring]))
      }
    }
    programs.sort { ($0.isRunning ? 1 : 0, $0.identity.started) > ($1.isRunning ? 1 : 0, $1.identity.started) }
    return (programs, found.unusable)
  }

  /// What the programs can be called by, for a shell to complete.
  static func names() -> [String] {
    let programs = (try? find().programs) ?? []
    return programs.flatMap { program in
      ["\(program.identity.pid)"] + program.rings.map { visible($0.header.name) }
    }
  }

  /// The one that a pid, a loop's name or a part of a command line means; a running one before those that are gone.
  static func find(_ target: String) throws(Failure) -> Program {
    let (programs, unusable) = try find()
    if let pid = Int32(target) {
      if let program = programs.first(where: { $0.identity.pid == pid }) { return program }
      guard ProcessIdentity(running: pid) != nil else { throw .noSuchProcess(pid) }
      throw .notTraced(pid, unusable)
    }
    let matches = programs.filter { program in
      program.command.split(separator: " ").first?.split(separator: "/").last.map(String.init) == target
        || program.rings.contains { $0.header.name == target } || program.command.contains(target)
    }
    let running = matches.filter(\.isRunning)
    guard running.count <= 1 else { throw .ambiguous(target, running.map(\.identity.pid)) }
    guard let program = running.first ?? matches.first else { throw .noSuchProgram(target) }
    return program
  }
}
