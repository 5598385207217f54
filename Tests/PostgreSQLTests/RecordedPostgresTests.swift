import Glibc
import PostgreSQL
import Reactor
import Recorder
import Testing
import Trace

@Suite("What a trace shows of PostgreSQL", .enabled(if: Server.isThere))
struct RecordedPostgresTests {
  @Test("a query waits for its connection's descriptor, and who waits for a connection for one that is busy")
  func queries() throws {
    let folder = "/dev/shm/looptop-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    let reactor = try Reactor(recording: Recorder.Options(enabled: true, folder: folder))
    let pool = PostgresPool(to: try Server.info.get(), size: 1, on: reactor)
    pool.query("SELECT 1", function: "warms").addCallback { _ in
      let first = pool.query("SELECT 1, pg_sleep(0.01)", function: "first")
      let second = pool.query("SELECT 2", function: "second")
      reactor.gather([first, second]).addBoth { _ in reactor.stop() }
    }
    reactor.callLater(.seconds(30)) { reactor.stop() }
    reactor.run()
    let events = try recorded(in: folder)
    #expect(events.contains { $0.contains(" watched fd=") && $0.contains(#"label="PostgreSQL "#) })
    let read = try #require(operation("kind=read", site: "receive()", in: events).first)
    // Each has two Deferreds of that site: for the connection, and for the rows.
    let first = operation("kind=deferred", site: "first", in: events)
    let second = operation("kind=deferred", site: "second", in: events)
    #expect(first.contains { waits($0, for: read, in: events) })
    #expect(second.count >= 2 && second[0...1].allSatisfy { waits($0, for: read, in: events) })
  }

  private func waits(_ operation: Substring, for read: Substring, in events: [String]) -> Bool {
    events.contains { $0.contains("awaits op=\(operation) on=\(read)") }
  }

  /// The ids of those that were created at a site, in order.
  private func operation(_ kind: String, site: String, in events: [String]) -> [Substring] {
    events.filter { $0.contains(" created ") && $0.contains("\(kind) site=\(site)") }
      .map { $0.split(separator: " ").first { $0.hasPrefix("op=") }!.dropFirst(3) }
  }

  private func recorded(in folder: String) throws -> [String] {
    let descriptor = try RingFolder.open(folder, create: false)
    let names = RingFolder.rings(in: descriptor)
    defer {
      for name in names { unlinkat(descriptor, name, 0) }
      close(descriptor)
      rmdir(folder)
    }
    let reader = try RingReader(names[0], in: descriptor, loop: LoopID(1))
    var definitions = Definitions()
    var lines: [String] = []
    while let batch = reader.read(define: { definitions.id(of: $0) }) {
      let text = TraceText.write(definitions: definitions, batches: [batch])
      for line in text.split(separator: "\n") where line.hasPrefix("1 ") {
        lines.append(
          line.split(separator: " ").map { field in
            guard field.hasPrefix("site="), let number = UInt32(field.dropFirst(5)) else { return String(field) }
            return "site=\(definitions.site(SiteID(number)).function)"
          }.joined(separator: " "))
      }
    }
    return lines
  }
}
