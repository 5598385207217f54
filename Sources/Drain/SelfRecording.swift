import CLinux
import Glibc
import Synchronization
import SystemPackage
import Trace

/// A trace that a program writes of itself, from a thread of its own.
///
/// The loops only ever write into their rings: this never makes them wait, and what it is too late for is a counted gap.
///
/// ```swift
/// let recording = try SelfRecording(into: "/var/log/server.looptrace", keeping: .latest(.seconds(600)))
/// defer { recording.close() }
/// reactor.run()
/// ```
///
/// There is one writer a trace: a second recording into the same file is refused while this one lasts. A forked child is
/// not recorded. Safe to use from any thread, but no loop's: `close()` waits.
public final class SelfRecording: Sendable {
  /// Why a program cannot be recorded.
  public enum Failure: Error, Hashable, Sendable {
    /// The trace cannot be made.
    case trace(TraceError)
    /// The rings cannot be had.
    case rings(RingError)
    /// The thread cannot be started, by errno.
    case thread(Int32)
  }

  private let writer: TraceWriter
  /// Written to, it wakes the thread for the last time.
  private let wake: Int32
  private let thread: Mutex<pthread_t?>

  /// How long the thread sleeps between two looks at the rings: 4 MiB of them last longer at a million events a second.
  private static let interval: Int32 = 50

  /// Begins to record the loops that this process has and will have.
  ///
  /// - Parameters:
  ///   - path: the trace's file, made with mode 0600; one that is there is an error unless `force` says to replace it.
  ///   - keep: how much of the past is kept; `nil` keeps all.
  ///   - folder: where this process has its rings; made if it is not there.
  public init(
    into path: FilePath, force: Bool = false, keeping keep: Keep? = nil, folder: String = RingFolder.path
  ) throws(Failure) {
    do throws(RingError) { Glibc.close(try RingFolder.open(folder, create: true)) } catch { throw .rings(error) }
    guard let own = ProcessIdentity(running: getpid()) else { throw .thread(ESRCH) }
    let writer: TraceWriter
    do throws(TraceError) {
      writer = try TraceWriter(creating: path, force: force, keeping: keep)
    } catch { throw .trace(error) }
    let drain: Drain
    do throws(RingError) {
      drain = try Drain(folder: folder, selecting: .process(own), into: writer)
    } catch { throw .rings(error) }
    let wake = ll_eventfd()
    guard wake >= 0 else { throw .thread(errno) }
    let work = Unmanaged.passRetained(Work(drain: drain, writer: writer, wake: wake))
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, recordUntilWoken, work.toOpaque())
    guard code == 0 else {
      work.release()
      Glibc.close(wake)
      throw .thread(code)
    }
    self.writer = writer
    self.wake = wake
    self.thread = Mutex(thread)
  }

  deinit { close() }

  /// What went wrong with the file last, if anything ever did; recording goes on all the same.
  public var failure: TraceError? { writer.failure }

  /// How many events could not be written.
  public var lostEvents: UInt64 { writer.lostEvents }

  /// Writes all that the loops did until now, and ends the trace. Waits for that; a second time does nothing.
  public func close() {
    thread.withLock { thread in
      guard let running = thread.take() else { return }
      var one: UInt64 = 1
      _ = write(wake, &one, 8)
      pthread_join(running, nil)
      Glibc.close(wake)
    }
  }

  /// What the thread works with; nobody else touches the drain.
  fileprivate final class Work {
    let drain: Drain
    let writer: TraceWriter
    let wake: Int32

    init(drain: Drain, writer: TraceWriter, wake: Int32) {
      self.drain = drain
      self.writer = writer
      self.wake = wake
    }

    func run() {
      var woken = pollfd(fd: wake, events: Int16(POLLIN), revents: 0)
      while poll(&woken, 1, SelfRecording.interval) <= 0 {
        drain.poll()
        writer.flush(olderThan: .seconds(1))
      }
      drain.pollToEnd()
      writer.close()
    }
  }
}

/// The thread. A function of its own, because a closure would belong to whatever actor it stands in.
private func recordUntilWoken(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  // Signals are the program's: its own threads are to get them.
  var all = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_BLOCK, &all, nil)
  _ = ll_set_thread_name("looptop-record")
  Unmanaged<SelfRecording.Work>.fromOpaque(work!).takeRetainedValue().run()
  return nil
}
