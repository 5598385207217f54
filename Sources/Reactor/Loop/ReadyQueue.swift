import Recorder
import Trace

/// Callbacks that are to run, in two lists: one collects while the other is run, so that what is queued during a tick's
/// ready phase waits for the next.
struct ReadyQueue: ~Copyable {
  private var collecting = PlainBuffer<ReadyCallback>()
  // Empty between ready phases.
  private var running = PlainBuffer<ReadyCallback>()
  /// The next entry of `running`; those before it were moved out.
  private var position = 0

  /// How many wait for the next ready phase.
  var count: Int { collecting.count }
  /// Whether nothing waits for the next ready phase.
  var isEmpty: Bool { collecting.isEmpty }

  @inline(__always)
  mutating func append(_ callback: consuming ReadyCallback) {
    collecting.append(callback)
  }

  /// A ready phase begins; returns how many callbacks `next` will give in it.
  mutating func begin() -> Int {
    swap(&collecting, &running)
    return running.count
  }

  /// The next callback of this ready phase; `nil` after the last.
  @inline(__always)
  mutating func next() -> ReadyCallback? {
    if position == running.count {
      running.forgetAll()
      position = 0
      return nil
    }
    position += 1
    return (running.elements + (position - 1)).move()
  }

  /// Takes the jobs out; not in a ready phase.
  mutating func takeJobs() -> PlainBuffer<ReadyCallback> {
    var jobs = PlainBuffer<ReadyCallback>()
    var others = PlainBuffer<ReadyCallback>()
    collecting.takeAll { callback in
      if callback.work.job == nil { others.append(callback) } else { jobs.append(callback) }
    }
    swap(&collecting, &others)
    return jobs
  }

  /// Lets go of all of them.
  mutating func removeAll() {
    while next() != nil {}
    collecting.removeAll()
  }
}

/// An entry of the ready queue. It is moved from place to place, never copied.
struct ReadyCallback: ~Copyable {
  /// What is to be run.
  enum Work: ~Copyable {
    case here(() throws -> Void)
    /// A part of an async function, and the task whose body that is, where it is one of the reactor's.
    case job(of: LiveTask?, Job)

    /// What it is of an async function.
    var job: Job? {
      switch self {
      case .job(_, let job): job
      default: nil
      }
    }

    /// Runs it and lets go of it: a closure's destruction belongs to its span.
    @inline(__always)
    consuming func run(_ reactor: Reactor) throws {
      switch consume self {
      case .here(let work): try work()
      case .job(let task, let job): reactor.run(job, of: task)
      }
    }
  }

  // In this order an entry is as long as a line of the cache.
  let work: Work
  let kind: CallbackKind
  let trigger: Trigger
  let registration: Registration
}
