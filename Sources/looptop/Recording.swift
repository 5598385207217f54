import Analysis
import CLinux
import Drain
import Glibc
import Screens
import SystemPackage
import Trace

/// Programs' rings on their way into one trace: a file that is kept, or a spool that is not.
final class Recording {
  /// The trace that is being written.
  let writer: TraceWriter
  private var drains: [Drain] = []
  /// The programs that are watched, each with the place of its drain; only these are looked for again when they end.
  private var programs: [(program: Program, drain: Int)] = []
  /// When one has last looked for programs that were started again.
  private var looked: Int64 = 0
  /// Whether it is kept only for as long as it is looked at.
  private let isSpool: Bool

  /// How much of what was watched live is kept for looking back.
  private static let spool = Keep.bytes(512 << 20)

  /// Records the rings of a folder into a file, or into a spool where no file is named; all of it into the one and the
  /// newest into the other, unless `keep` says how much.
  init(
    _ folder: String, selecting selection: Drain.Selection = .all, into file: String? = nil, force: Bool = false,
    keeping keep: Keep? = nil
  ) throws(Failure) {
    isSpool = file == nil
    do throws(TraceError) {
      if let file {
        writer = try TraceWriter(creating: FilePath(file), force: force, keeping: keep)
      } else {
        writer = try TraceWriter(spool: keep ?? Recording.spool)
      }
    } catch {
      throw .trace(error)
    }
    do throws(RingError) {
      drains = [try Drain(folder: folder, selecting: selection, into: writer)]
    } catch {
      throw .ring(error)
    }
  }

  /// Records one ring into a file.
  init(ring: String, into file: String, force: Bool) throws(Failure) {
    isSpool = false
    do throws(TraceError) {
      writer = try TraceWriter(creating: FilePath(file), force: force)
    } catch {
      throw .trace(error)
    }
    do throws(RingError) {
      drains = [try Drain(ring: ring, into: writer)]
    } catch {
      unlink(file)
      throw .ring(error)
    }
  }

  /// Watches programs, and those that take their places when they have ended.
  init(watching programs: [Program]) throws(Failure) {
    isSpool = true
    do throws(TraceError) {
      writer = try TraceWriter(spool: Recording.spool)
    } catch {
      throw .trace(error)
    }
    for program in programs { try watch(program) }
  }

  private func watch(_ program: Program) throws(Failure) {
    do throws(RingError) {
      drains.append(
        try Drain(folder: program.folder, selecting: .process(program.identity), into: writer))
    } catch {
      throw .ring(error)
    }
    drains[drains.count - 1].lookingOn = lookingOn
    programs.append((program, drains.count - 1))
  }

  // MARK: A copy for keeps

  /// The file that what is watched is copied into, and since when.
  private var copy: (file: String, since: Instant)?

  /// What the screens say of that.
  func status(at now: Instant) -> RecordingStatus? {
    copy.map { RecordingStatus(file: $0.file, length: now - $0.since, bytes: writer.copied ?? 0) }
  }

  /// Begins to copy what comes into a new file in the current folder, which nobody else may read, or ends it; says so.
  func record(from now: Instant) -> String {
    if copy != nil { return endCopy() ?? "" }
    guard isSpool else { return "this is being recorded into a file already" }
    for number in 1...999 {
      let name = "looptop-\(number).looptrace"
      do throws(TraceError) {
        try writer.copy(from: now, to: FilePath(name))
        copy = (name, now)
        return "recording into \(name); r stops"
      } catch .exists {
        continue
      } catch {
        return "cannot record: \(Failure.trace(error).sentence)"
      }
    }
    return "there are 999 recordings here already"
  }

  /// Ends the copy, if there is one; says what became of it.
  func endCopy() -> String? {
    guard let (file, _) = copy.take() else { return nil }
    let bytes = writer.copied ?? 0
    do throws(TraceError) {
      try writer.endCopy()
      return "recorded \(Format.count(max(1, bytes >> 10))) KiB into \(file)"
    } catch {
      return "\(file) is not whole: \(Failure.trace(error).sentence)"
    }
  }

  // MARK: What comes

  /// Whether all loops found so far have ended and were read to their ends.
  var isFinished: Bool { drains.allSatisfy { $0.loopCount > 0 && $0.isFinished } }

  /// Whether more may come when it is finished: a program that was watched is started again.
  var canGoOn: Bool { !programs.isEmpty }

  /// Whether any loop was found.
  var foundLoops: Bool { drains.contains { $0.loopCount > 0 } }

  /// Rings that cannot be used.
  var unusable: [RingError] { drains.flatMap(\.unusable) }

  /// Shown every batch from now on, of programs that are found later too.
  func show(_ lookingOn: @escaping (Batch) -> Void) {
    self.lookingOn = lookingOn
    for drain in drains { drain.lookingOn = lookingOn }
  }

  private var lookingOn: ((Batch) -> Void)?

  /// Takes in what is new, and returns how many events that is; writes what is older than a second, so that a kill costs
  /// no more than that.
  @discardableResult func poll() -> Int {
    let events = drains.reduce(0) { $0 + $1.poll() }
    followRestarts()
    defer { flush() }
    return events
  }

  private func flush() {
    writer.flush(olderThan: .seconds(1))
  }

  /// Takes in what is left, and closes the trace.
  func close() {
    drainAll()
    writer.close()
  }

  /// Takes in what is left.
  func drainAll() { for drain in drains { drain.pollToEnd() } }

  /// How often one looks for a program that was started again.
  private static let interval: Int64 = 500_000_000

  /// Takes in what runs in the place of a program that has ended: the same command line, started later.
  private func followRestarts() {
    let now = ll_monotonic()
    guard now - looked > Recording.interval, programs.contains(where: { drains[$0.drain].isFinished }),
      let found = try? Programs.find().programs
    else { return }
    looked = now
    for index in programs.indices where drains[programs[index].drain].isFinished {
      let ended = programs[index].program
      let again = found.first { program in
        program.isRunning && program.command == ended.command && program.identity.started >= ended.identity.started
          && !programs.contains { $0.program.identity == program.identity }
      }
      guard let again, (try? watch(again)) != nil else { continue }
      // Whoever follows it, follows it from there.
      programs[index] = programs.removeLast()
    }
  }
}
