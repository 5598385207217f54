import CLinux
import Drain
import Glibc
import SystemPackage
import Trace

/// Programs' rings on their way into one trace: a file that is kept, or a spool that is not.
final class Recording {
  /// The trace that is being written.
  let writer: TraceWriter
  private let drain: Drain

  /// How much of what was watched live is kept for looking back.
  private static let spool = Keep.bytes(512 << 20)

  /// Records the rings of a folder into a file, or into a spool where no file is named; all of it into the one and the
  /// newest into the other, unless `keep` says how much.
  init(
    _ folder: String, selecting selection: Drain.Selection = .all, into file: String? = nil, force: Bool = false,
    keeping keep: Keep? = nil
  ) throws(Failure) {
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
      drain = try Drain(folder: folder, selecting: selection, into: writer)
    } catch {
      throw .ring(error)
    }
  }

  /// Records one ring into a file.
  init(ring: String, into file: String, force: Bool) throws(Failure) {
    do throws(TraceError) {
      writer = try TraceWriter(creating: FilePath(file), force: force)
    } catch {
      throw .trace(error)
    }
    do throws(RingError) {
      drain = try Drain(ring: ring, into: writer)
    } catch {
      unlink(file)
      throw .ring(error)
    }
  }

  /// Whether all loops found so far have ended and were read to their ends.
  var isFinished: Bool { drain.loopCount > 0 && drain.isFinished }

  /// Whether any loop was found.
  var foundLoops: Bool { drain.loopCount > 0 }

  /// Rings that cannot be used.
  var unusable: [RingError] { drain.unusable }

  /// Takes in what is new; writes what is older than a second, so that a kill costs no more than that.
  func poll() {
    drain.poll()
    writer.flush(olderThan: .seconds(1))
  }

  /// Takes in what is left, and closes the trace.
  func close() {
    drainAll()
    writer.close()
  }

  /// Takes in what is left.
  func drainAll() { drain.pollToEnd() }
}
