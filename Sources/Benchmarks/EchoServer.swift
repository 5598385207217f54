import CLinux
import Glibc
import Reactor
import Recorder

/// Our reactor as an echo server: each line that it reads is answered with its port, the nanoseconds of CPU time that the loop's
/// thread has taken (not the one that answers) and the bytes of memory that it has now. Ends the program at the input's end.
func serveEchoes(_ recording: Recorder.Options) -> Never {
  guard let reactor = try? Reactor(threads: 1, recording: recording),
    let listener = try? reactor.listen(
      host: "127.0.0.1", port: 0,
      onConnection: { connection in
        connection.onBytes { connection.write($0) }
      })
  else { fatalError("no echo server can be started") }
  port = listener.port
  pthread_getcpuclockid(pthread_self(), &loopClock)
  var thread = pthread_t()
  pthread_create(&thread, nil, { _ in answer() }, nil)
  reactor.run()
  exit(0)
}

// Set before there is a second thread.
private nonisolated(unsafe) var port: UInt16 = 0
private nonisolated(unsafe) var loopClock = clockid_t()

private func answer() -> UnsafeMutableRawPointer? {
  while readLine() != nil {
    print(port, cpuTime(loopClock), residentBytes())
    fflush(nil)
  }
  exit(0)
}

private func cpuTime(_ clock: clockid_t) -> Int {
  var time = timespec()
  clock_gettime(clock, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

private func residentBytes() -> Int {
  let words = contents("/proc/self/statm").map { String(decoding: $0, as: UTF8.self).split(separator: " ") } ?? []
  return words.count > 1 ? (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
}
