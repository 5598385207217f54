import Glibc
import Synchronization

/// Runs `body` on so many threads at once, numbered from 1, and waits for all; throws what one of them threw.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
  let crew = Crew(body)
  let threads = (1...count).map { number in
    var thread = pthread_t()
    let member = Unmanaged.passRetained(Member(crew, number))
    let code = pthread_create(&thread, nil, { Member.run($0) }, member.toOpaque())
    precondition(code == 0, "a thread cannot be started: errno \(code)")
    return thread
  }
  for thread in threads { pthread_join(thread, nil) }
  if let error = crew.error.withLock({ $0 }) { throw error }
}

private final class Crew: Sendable {
  let body: @Sendable (Int) throws -> Void
  let error = Mutex<(any Error)?>(nil)
  init(_ body: @escaping @Sendable (Int) throws -> Void) { self.body = body }
}

private final class Member {
  private let crew: Crew
  private let number: Int

  init(_ crew: Crew, _ number: Int) {
    self.crew = crew
    self.number = number
  }

  static func run(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let member = Unmanaged<Member>.fromOpaque(raw!).takeRetainedValue()
    do {
      try member.crew.body(member.number)
    } catch {
      member.crew.error.withLock { $0 = error }
    }
    return nil
  }
}
