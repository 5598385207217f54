import Reactor
import Recorder

// The README's two programs, compiled: a test holds the README's text against what stands between the markers.

func readmeReactorProgram() throws {
  // README: reactor
  let reactor = try Reactor(name: "my-server")
  try reactor.listen(host: "127.0.0.1", port: 8080) { connection in
    connection.onData { bytes in
      reactor.chain("echo")
      reactor.inThread { Array(bytes.reversed()) }.addCallback { connection.write($0) }
    }
  }
  reactor.run()
  // README: end
}

private func wait() -> [Int] { [] }
private func handle(_ event: Int) {}

func readmeRecorderProgram() {
  // README: recorder
  let recorder = Recorder(loop: "mine", poll: "epoll")
  let site = recorder.site("handle(_:)", "Server.swift", 42)  // once; found again by its literals

  recorder.pollEntered(timeout: nil)
  let ready = wait()  // epoll_wait, or what you have
  recorder.pollReturned(ready: ready.count)
  for event in ready {
    recorder.began(site, .io, .poll)
    handle(event)
    recorder.ended()
  }
  // README: end
}
