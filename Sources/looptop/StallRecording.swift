import Analysis
import CLinux
import Drain
import SystemPackage
import Trace
import TraceStore

/// Writes a file around each stall, out of a recording that keeps only the newest.
final class StallRecording {
  private let recording: Recording
  private let store: TraceStore
  private var cursor = TraceStore.Cursor()
  private var watch: StallWatch
  private let path: FilePath
  private let force: Bool
  private var windows = StallWindows()
  /// How many files there are by now.
  private(set) var files = 0
  private var number = 0

  /// How many files are written: a program that always stalls must not fill the disk.
  private static let most = 100

  /// What the recording has to keep: a window and what a checkpoint's distance and a late look add.
  static let spool = Keep.latest(StallWindows.longest + .seconds(15))

  /// Will write its files beside `path`, with a number in their names; without `force` under numbers that are free.
  init(_ recording: Recording, beside path: String, force: Bool, thresholds: Thresholds) throws(Failure) {
    watch = StallWatch(thresholds: thresholds)
    self.recording = recording
    self.path = FilePath(path)
    self.force = force
    do throws(TraceError) {
      guard let descriptor = recording.writer.descriptor else {
        throw .system(call: "open", name: "the spool", errno: 9)
      }
      store = try TraceStore(descriptor: descriptor, name: "the spool", tail: recording.writer)
    } catch {
      throw .trace(error)
    }
  }

  /// Looks at what was recorded since; call it after every `recording.poll()`.
  func advance() throws(Failure) {
    // Whatever happened until now was drained before.
    let now = Instant(ll_monotonic())
    try look()
    if let window = windows.take(at: now, open: watch.open(at: nil)) { write(window) }
  }

  /// Looks for the last time, and writes the file that is due, with as much after its stall as there is.
  func finish() throws(Failure) {
    recording.drainAll()
    try look()
    if let window = windows.take(open: watch.open(at: nil)) { write(window) }
  }

  private func look() throws(Failure) {
    do throws(TraceError) {
      try store.refresh()
      while let batch = try store.next(&cursor) {
        for stall in watch.consume(batch, definitions: store.definitions) { windows.note(stall) }
      }
    } catch {
      throw .trace(error)
    }
    // Up to the last thing heard of each loop, which is at most a second ago for one that lives, whatever it does.
    for stall in watch.open(at: nil) { windows.note(stall) }
  }

  private func write(_ window: StallWindows.Window) {
    guard files < Self.most else { return }
    let name: String
    do throws(TraceError) {
      name = try save(window.from, window.to)
    } catch {
      // The next one may find room again.
      Standard.error.write("looptop: a stall could not be written: \(Failure.trace(error).sentence)\n")
      return
    }
    files += 1
    let worst = Format.duration(window.worst)
    Standard.error.write("looptop: a stall of \(worst): see it with `looptop replay \(visible(name))`\n")
    if files == Self.most {
      Standard.error.write("looptop: that was the \(Self.most)th file for a stall; no more are written\n")
    }
  }

  /// Under the next number, or the next that is free.
  private func save(_ from: Instant, _ to: Instant) throws(TraceError) -> String {
    while true {
      number += 1
      let file = numbered
      do throws(TraceError) {
        try recording.writer.save(from: from, to: to, as: file, force: force)
        return file.string
      } catch {
        guard case .exists = error else { throw error }
      }
    }
  }

  /// `spike-1.looptrace` for `spike.looptrace`.
  private var numbered: FilePath {
    var file = path
    let name = "\(path.stem ?? "looptop")-\(number)" + (path.extension.map { ".\($0)" } ?? "")
    file.removeLastComponent()
    return file.appending(name)
  }
}
