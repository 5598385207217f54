import CLinux

/// A piece of an async function or of an actor, from one suspension to the next.
struct Job: Sendable {
  /// As what it is to run.
  enum Kind {
    case task, actor, mainActor
  }

  let unowned: UnownedJob
  let kind: Kind

  init(_ unowned: UnownedJob, _ kind: Kind) {
    self.unowned = unowned
    self.kind = kind
  }

  /// The runtime's object; there until the job has run.
  private var pointer: UnsafeRawPointer { unsafeBitCast(unowned, to: UnsafeRawPointer.self) }

  /// The id that its task has in Swift's runtime; 0 where it belongs to none.
  var taskID: UInt64 { ll_job_task_id(pointer) }

  /// The addresses of the functions that it goes on with, innermost first, and no more than `limit`.
  func resumeFunctions(atMost limit: Int) -> [UnsafeRawPointer] {
    withUnsafeTemporaryAllocation(of: UnsafeRawPointer?.self, capacity: limit) { functions in
      let count = ll_job_resume_functions(pointer, functions.baseAddress!, Int32(limit))
      return functions[..<Int(count)].compactMap { $0 }
    }
  }

  func enqueueOnMainActor() {
    ll_enqueue_main_job(pointer)
  }
}
