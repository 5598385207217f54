import Testing

@testable import Trace

/// The bytes themselves: whoever changes them changes the format, and has to say so in FORMAT.md's table of versions.
@Suite struct FileGoldenTests {
  @Test func theFileHeader() {
    let header = FileHeader(bootID: Array(1...16), created: 0x0102_0304_0506_0708)
    let golden = """
      89 4c 54 52 0d 0a 1a 0a 01 00 00 00 00 00 00 00
      01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10
      08 07 06 05 04 03 02 01 00 00 00 00 00 00 00 00
      00 00 00 00 00 00 00 00 00 00 00 00 e1 8d b7 6d
      """
    #expect(hex(header.bytes) == golden)
    #expect(header.bytes.withUnsafeBytes { FileHeader.parse($0) }?.header == header)
  }

  @Test func aChunkHeader() {
    var header = ChunkHeader(kind: .events, codec: .zstd)
    header.loop = LoopID(0x0201)
    header.events = 0x0403_0201
    header.first = 0x0807_0605_0403_0201
    header.from = Instant(0x1111)
    header.to = Instant(-2)
    (header.stored, header.raw, header.payloadCRC, header.lost) = (0x33, 0x44, 0x5555_5555, 0x66)
    header.activity = Activity(busy: Nanoseconds(7), longestTick: Nanoseconds(8), spans: 9, slowSpans: 10)
    header.closing = WallTime(monotonic: Instant(11), realtime: 12)
    header.offset = 0x77
    let golden = """
      89 4c 54 43 0d 0a 1a 0a 7d 5d f4 32 01 00 01 02
      01 02 00 00 01 02 03 04 01 02 03 04 05 06 07 08
      11 11 00 00 00 00 00 00 fe ff ff ff ff ff ff ff
      33 00 00 00 44 00 00 00 55 55 55 55 66 00 00 00
      07 00 00 00 00 00 00 00 08 00 00 00 00 00 00 00
      09 00 00 00 0a 00 00 00 00 00 00 00 00 00 00 00
      00 00 00 00 00 00 00 00 0b 00 00 00 00 00 00 00
      0c 00 00 00 00 00 00 00 77 00 00 00 00 00 00 00
      """
    #expect(hex(header.bytes) == golden)
    #expect(header.bytes.withUnsafeBytes { ChunkHeader($0) } == header)
  }

  @Test func definitions() throws {
    var definitions = Definitions()
    let process = ProcessInfo(pid: 42, started: 7, command: "cmd", runtime: "r 1")
    _ = definitions.add(loop: LoopInfo(id: LoopID(0), process: process, name: "main", thread: 43, poll: "epoll"))
    _ = definitions.id(of: Site(function: "f(_:)", file: "é.swift", line: 258))
    let page = DefinitionsPage(of: definitions, loopsFrom: 0, sitesFrom: 1)
    let golden = """
      00 00 00 00 01 00 00 00 01 00 00 00 01 00 00 00
      2a 00 00 00 07 00 00 00 00 00 00 00 2b 00 00 00
      03 00 00 00 63 6d 64 03 00 00 00 72 20 31 04 00
      00 00 6d 61 69 6e 05 00 00 00 65 70 6f 6c 6c 02
      01 00 00 05 00 00 00 66 28 5f 3a 29 08 00 00 00
      c3 a9 2e 73 77 69 66 74
      """
    #expect(hex(page.bytes) == golden)
    #expect(try DefinitionsPage(page.bytes) == page)
  }

  @Test func aPayload() throws {
    func id(_ serial: UInt64) -> UInt64 { SpanID(LoopID(1), serial).raw }
    var batch = Batch(loop: LoopID(1))
    let refused = batch.add(text: "refused")
    let (timer, chain) = (OperationID(raw: id(103)), ChainID(raw: id(102)))
    let io = Event.Began(
      id: SpanID(raw: id(102)), kind: .io, trigger: .poll, site: SiteID(1), operation: OperationID(raw: id(7)),
      startsChain: true)
    let due = Event.Began(
      id: SpanID(raw: id(107)), kind: .timer, trigger: .timer, site: SiteID(2), operation: timer, ready: Instant(6_000))
    batch.events = [
      Event(Instant(1_000), .pollReturned(ready: 1)),
      Event(Instant(1_100), .anchor(Anchor(counter: 5, monotonic: Instant(1_100), boottime: 1_200, realtime: 9_000))),
      Event(Instant(1_200), .began(io)),
      Event(
        Instant(1_300),
        .created(
          Event.Created(
            id: timer, kind: .timer, site: SiteID(2), chain: chain, creator: io.id, due: Instant(6_000)))),
      Event(Instant(1_400), .ended(io.id, threw: false)),
      Event(Instant(1_500), .pollEntered(timeout: Nanoseconds(4_500))),
      Event(Instant(6_010), .pollReturned(ready: 0)),
      Event(Instant(6_100), .began(due)),
      Event(Instant(6_200), .settled(timer, .failure, refused)),
      Event(Instant(6_300), .ended(due.id, threw: true)),
    ]
    batch.add(Checkpoint(readyQueue: 3), at: Instant(6_300))
    let golden = """
      20 00 00 00 00 00 00 01 0b 00 00 00 01 00 00 05
      0a 00 00 00 02 00 00 07 02 00 00 00 03 00 00 01
      01 00 00 00 05 00 00 07 01 00 00 00 30 00 00 01
      01 00 00 00 31 00 00 02 01 00 00 00 40 00 00 02
      02 00 00 00 41 00 00 01 02 00 00 00 50 00 00 01
      01 00 00 00 51 00 00 01 01 00 00 00 54 00 00 02
      01 00 00 00 70 00 00 01 02 00 00 00 71 00 00 01
      02 00 00 00 72 00 00 01 01 00 00 00 80 00 00 01
      02 00 00 00 90 00 00 01 01 00 00 00 40 01 00 01
      01 00 00 00 41 01 00 01 01 00 00 00 42 01 00 01
      01 00 00 00 43 01 00 01 01 00 00 00 44 01 00 02
      01 00 00 00 60 01 00 01 01 00 00 00 61 01 00 01
      01 00 00 00 62 01 00 01 01 00 00 00 63 01 00 01
      01 00 00 00 64 01 00 01 01 00 00 00 65 01 00 01
      01 00 00 00 66 01 00 01 01 00 00 00 67 01 00 01
      01 00 00 00 68 01 00 01 01 00 00 00 04 00 00 01
      07 00 00 00 00 01 02 03 04 05 00 06 07 08 09 04
      14 07 05 08 03 07 09 08 16 00 00 25 25 00 03 0c
      81 02 00 00 00 02 02 00 00 01 01 00 00 00 00 02
      01 00 00 03 00 00 00 00 00 01 02 00 00 02 00 00
      00 e8 64 03 00 00 00 00 00 00 00 00 00 00 01 07
      0e 00 00 00 00 00 02 c8 e0 2e 00 3c 00 23 01 00
      c8 00 b8 24 c8 b4 00 00 02 c8 c8 c8 c8 0a 00 c8
      b8 3d 00 03 00 00 00 00 00 00 00 72 65 66 75 73
      65 64
      """
    let payload = try ChunkCodec.encode(batch)
    #expect(hex(payload) == golden)
    #expect(try decode(payload, batch.events.count, of: batch.loop) == batch)
  }

  @Test func theChecksumIsThatOfZlib() {
    #expect(Array("123456789".utf8).withUnsafeBytes(crc32) == 0xCBF4_3926)
    #expect([UInt8]().withUnsafeBytes(crc32) == 0)
  }
}

/// Two digits a byte, sixteen bytes a line.
func hex(_ bytes: [UInt8]) -> String {
  stride(from: 0, to: bytes.count, by: 16).map { start in
    bytes[start..<min(start + 16, bytes.count)].map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      .joined(separator: " ")
  }.joined(separator: "\n")
}
