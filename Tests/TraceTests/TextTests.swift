import Testing
import Trace

/// One of everything, as `TraceText` writes it.
private let everything = #"""
  looptop-text 1
  process 1 pid=4711 started=99 command="server --port 80" runtime="looptop-reactor 1"
  loop 1 process=1 name="main" thread=4711 poll=epoll
  loop 2 process=1 name="say \"hi\"\\\n\u{1b}[2J" thread=4712 poll="a b"
  process 2 pid=-1 started=18446744073709551615 command="" runtime=""
  loop 3 process=2 name="größe 🎈" thread=1 poll=virtual
  site 1 "query(_:)" "Server/Users.swift" 42
  site 2 "(unknown)" "elsewhere.swift" 4294967295

  1 -0.000000001 loop-begin
  1 0.000000000 anchor counter=18446744073709551615 monotonic=1.000000000 boottime=-9223372036.854775808 realtime=9223372036.854775807
  1 0.000000001 poll-enter
  1 0.000000002 poll-enter timeout=0.050000000
  1 0.000000003 poll-return ready=4294967295
  1 0.000000004 created op=2 kind=read site=1 chain=7 by=8 due=1.500000000 fd=-1 standing
  1 0.000000005 created op=281474976710655 kind=unknown site=0
  1 0.000000006 queued op=3 at=-1.000000000 kind=ready trigger=callback site=1 chain=2:7 by=65535:8
  1 0.000000007 begin span=5 kind=io trigger=poll site=1 op=2 ready=0.000000003 starts-chain
  1 0.000000008 chain-named chain=5 name="GET /users?id=\u{202e}1"
  1 0.000000009 awaits op=2 on=2:3
  1 0.000000010 mark text=""
  1 0.000000011 end span=5 threw
  1 0.000000012 end span=6
  1 0.000000013 settled op=2 outcome=success
  1 0.000000014 settled op=3 outcome=failure text="no such table: \"users\""
  1 0.000000015 watched fd=7 label="127.0.0.1:4711"
  1 0.000000016 unwatched fd=7
  1 0.000000017 pool queued=1 running=2
  1 0.000000018 pool-begin op=3 at=0.000000017
  1 0.000000019 pool-end op=3 at=0.000000018
  1 0.000000020 unhandled op=3 text="\tno\r\n"
  1 0.000000021 used cpu=0.001000000 voluntary=1 involuntary=2 minor=3 major=4
  1 0.000000022 gap from=0.000000021 to=0.000000022 reason=damaged
  1 0.000000023 gap from=0.000000022 to=0.000000023 events=12 reason=overwritten
  1 0.000000024 checkpoint ready-queue=1 pool-queued=2 pool-running=3 unlisted=4
    op created=0.000000004 op=2 kind=read site=1 fd=3 standing
    span began=0.000000007 span=5 kind=io trigger=poll site=1
    chain chain=5 named=0.000000008 name="GET /"
    fd fd=3 label="127.0.0.1:80"

  2 0.000000001 checkpoint ready-queue=0 pool-queued=0 pool-running=0 unlisted=0
  2 0.000000002 checkpoint ready-queue=0 pool-queued=0 pool-running=0 unlisted=0
    fd fd=1 label=""

  2 9223372036.854775807 loop-end

  """#

@Suite struct `The text form` {
  @Test func `writes again what it has read`() throws {
    let (definitions, batches) = try TraceText.parse(everything)
    #expect(TraceText.write(definitions: definitions, batches: batches) == everything)
    #expect(batches.map(\.loop.number) == [1, 2, 2])
    #expect(definitions.loops.map(\.name) == ["main", "say \"hi\"\\\n\u{1b}[2J", "größe 🎈"])
  }

  @Test func `reads again what it has written`() throws {
    var definitions = Definitions()
    let process = ProcessInfo(pid: 1, started: 2, command: "a\nb", runtime: "r")
    let loop = LoopInfo(id: LoopID(9), process: process, name: "n", thread: 3, poll: "")
    let added = definitions.add(loop: loop)
    let id = try #require(added)
    let site = definitions.id(of: Site(function: "f(\"x\")", file: "\u{7}", line: 0))
    var batch = Batch(loop: id)
    batch.events.append(
      Event(Instant(.min), .began(.init(id: SpanID(id, 4), kind: .task, trigger: .start, site: site))))
    batch.events.append(Event(Instant(.max), .marked(batch.add(text: "\u{0}\u{9f}\u{2028}\\u{41}\u{200d}"))))
    var checkpoint = Checkpoint(readyQueue: 1)
    checkpoint.operations = [
      OpenOperation(created: Instant(5), operation: .init(id: OperationID(id, 6), kind: .child, site: SiteID(77)))
    ]
    batch.add(checkpoint, at: Instant(7))

    let text = TraceText.write(definitions: definitions, batches: [batch])
    let (readDefinitions, readBatches) = try TraceText.parse(text)
    #expect(readDefinitions == definitions)
    #expect(readBatches == [batch])
    #expect(text.utf8.allSatisfy { $0 == UInt8(ascii: "\n") || $0 >= UInt8(ascii: " ") })
  }

  @Test func `lets people be brief, and remark`() throws {
    let (definitions, batches) = try TraceText.parse(
      """

      # A remark ahead of everything.
      looptop-text 1
      process 1 runtime="" command="" started=0 pid=1
      loop 1 name="" poll="epoll" thread=1 process=1
      \t
      1 1 begin span=5\r
      # A remark between.
      1 1.5  end\tspan=5
      """)
    #expect(definitions.loops.first?.poll == "epoll")
    let span = Event.Began(id: SpanID(LoopID(1), 5), kind: .unknown, trigger: .unknown, site: .unknown)
    #expect(
      batches == [
        Batch(
          loop: LoopID(1),
          events: [
            Event(Instant(1_000_000_000), .began(span)), Event(Instant(1_500_000_000), .ended(span.id, threw: false)),
          ])
      ])
  }

  @Test func `writes definitions once, when they are first needed`() throws {
    var definitions = Definitions()
    var writer = TraceTextWriter()
    var text = ""
    writer.write(definitions, to: &text)
    let site = definitions.id(of: Site(function: "f", file: "g", line: 1))
    let event = Event(Instant(1), .began(.init(id: SpanID(LoopID(1), 1), kind: .io, trigger: .poll, site: site)))
    writer.write(Batch(loop: LoopID(1), events: [event]), definitions, to: &text)
    writer.write(Batch(loop: LoopID(1), events: [event]), definitions, to: &text)
    #expect(
      text == """
        looptop-text 1
        site 1 "f" "g" 1

        1 0.000000001 begin span=1 kind=io trigger=poll site=1

        1 0.000000001 begin span=1 kind=io trigger=poll site=1

        """)
  }

  @Test(arguments: [
    ("", "line 1, column 1: expected “looptop-text 1”"),
    ("looptop-text 2", "line 1, column 1: expected “looptop-text 1”"),
    ("hello world", "line 1, column 1: expected “looptop-text 1”"),
    ("looptop-text 1 x", "line 1, column 16: expected the end of the line"),
    ("looptop-text 1\nnonsense", "line 2, column 1: expected “process”, “loop”, “site” or the number of a loop"),
    (
      "looptop-text 1\n65536 1 mark text=\"\"",
      "line 2, column 1: expected “process”, “loop”, “site” or the number of a loop"
    ),
    ("looptop-text 1\nsite 3 \"f\" \"g\" 1", "line 2, column 6: expected number 1, the next that is free"),
    ("looptop-text 1\nsite 1 f \"g\" 1", "line 2, column 8: expected a text in double quotes"),
    ("looptop-text 1\nsite 1 \"(unknown)\" \"\" 0", "line 2, column 6: expected number 1, the next that is free"),
    ("looptop-text 1\nloop 1 process=1 name=\"\"", "line 2, column 8: expected a process that is defined above"),
    ("looptop-text 1\n1 x end span=1", "line 2, column 3: expected seconds with up to nine decimals for “time”"),
    (
      "looptop-text 1\n1 9223372036.854775808 loop-end",
      "line 2, column 3: expected seconds with up to nine decimals for “time”"
    ),
    (
      "looptop-text 1\n1 0.0000000001 loop-end",
      "line 2, column 3: expected seconds with up to nine decimals for “time”"
    ),
    ("looptop-text 1\n1 1 end", "line 2, column 8: expected a field “span=”"),
    (
      "looptop-text 1\n1 1 end span=281474976710656",
      "line 2, column 9: expected a position (or LOOP:POSITION) for “span”"
    ),
    ("looptop-text 1\n1 1 end span=65536:1", "line 2, column 9: expected a position (or LOOP:POSITION) for “span”"),
    ("looptop-text 1\n1 1 end span=1 threw=yes", "line 2, column 16: expected “threw” without a value"),
    ("looptop-text 1\n1 1 end span=1 span=1", "line 2, column 16: expected the end of the line"),
    (
      "looptop-text 1\n1 1 settled op=1 outcome=fine",
      "line 2, column 18: expected success, failure, cancelled, dropped"
    ),
    ("looptop-text 1\n1 1 mark text=\"open", "line 2, column 15: expected a text in double quotes"),
    ("looptop-text 1\n1 1 mark text=\"\\u{110000}\"", "line 2, column 26: expected a text in double quotes"),
    ("looptop-text 1\n1 1 mark text=bare", "line 2, column 10: expected a text in double quotes for “text”"),
    ("looptop-text 1\n1 1 poll-return ready=-1", "line 2, column 17: expected a whole number in range for “ready”"),
    (
      "looptop-text 1\n1 1 mark text=\"\"\n  fd fd=1 label=\"\"",
      "line 3, column 3: expected a checkpoint ahead of its rows"
    ),
    ("looptop-text 1\n1 1 checkpoint\n  fish fd=1", "line 3, column 3: expected op, span, chain, fd"),
  ])
  func `says where a text stops being a trace, and what should stand there`(text: String, words: String) {
    #expect { try TraceText.parse(text) } throws: { "\($0)" == words }
  }

  @Test func `survives what is cut or garbled anywhere`() throws {
    var random = SplitMix(state: 42)
    let bytes = Array(everything.utf8)
    var accepted = 0
    for _ in 0..<3_000 {
      var garbled = bytes.prefix(Int(random.next() % UInt64(bytes.count)))
      for _ in 0..<(random.next() % 3) where !garbled.isEmpty {
        garbled[Int(random.next() % UInt64(garbled.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let (definitions, batches) = try? TraceText.parse(String(decoding: garbled, as: UTF8.self)) else {
        continue
      }
      accepted += 1
      let again = try TraceText.parse(TraceText.write(definitions: definitions, batches: batches))
      #expect(again.0 == definitions && again.1 == batches)
    }
    #expect(accepted > 0)
  }
}

/// The same numbers in every run.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
