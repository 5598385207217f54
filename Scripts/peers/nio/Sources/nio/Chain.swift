import Glibc
import NIOCore
import NIOPosix

/// A chain of five steps on SwiftNIO's futures: answers each count with nanoseconds of the process's CPU time a chain.
@main struct Chain {
  static func main() throws {
    let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    while let line = readLine(), let count = Int(line), count > 0 {
      let nanoseconds = try loop.submit { run(loop, count) }.wait()
      print(Double(nanoseconds) / Double(count))
      fflush(nil)
    }
  }

  /// On the loop's thread, as a program's own handlers are.
  private static func run(_ loop: any EventLoop, _ count: Int) -> Int64 {
    let begin = processTime()
    for number in 0..<count {
      let promise = loop.makePromise(of: Int.self)
      let last = promise.futureResult.map { $0 + 1 }.map { $0 + 2 }.map { $0 + 3 }.map { $0 + 4 }
      last.whenSuccess { precondition($0 == number + 10) }
      promise.succeed(number)
    }
    return processTime() - begin
  }

  private static func processTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
