import Testing

@testable import Trace

@Suite("A text that is read in pieces") struct TextReaderTests {
  private static let text: String = {
    var text = "looptop-text 1\nprocess 1 pid=1 started=1 command=\"c\" runtime=\"r\"\n"
    text += "loop 1 process=1 name=\"main\" thread=1 poll=epoll\nsite 1 \"f\" \"g\" 1\n\n"
    for number in 1...6_000 {
      text += "1 \(number).000000000 begin span=\(number) site=1\n1 \(number).5 end span=\(number)\n"
      text += "1 \(number).6 checkpoint\n  span began=1.0 span=\(number) site=1\n  fd fd=3 label=\"peer\"\n"
    }
    return text + "1 9999.0 loop-end"
  }()

  @Test(arguments: [1, 7, 4_096, 1 << 20]) func isTheSameAsAtOnce(length: Int) throws {
    let (definitions, whole) = try TraceText.parse(Self.text)
    var reader = TraceTextReader()
    var batches: [Batch] = []
    let bytes = Array(Self.text.utf8)
    for start in stride(from: 0, to: bytes.count, by: length) {
      try reader.read(Array(bytes[start..<min(start + length, bytes.count)]))
      batches += reader.takeBatches()
    }
    if length < 1 << 20 { #expect(batches.count > 2) }
    batches += try reader.finish()
    #expect(reader.definitions == definitions)
    #expect(whole.count == 1)
    #expect(batches.flatMap(\.events).count == whole[0].events.count)
    #expect(batches.flatMap(\.checkpoints) == whole[0].checkpoints)
    var rows = 0
    for batch in batches {
      for case .checkpoint(let index) in batch.events.map(\.body) {
        #expect(batch.checkpoints[Int(index)].descriptors.count == 1)
        rows += 1
      }
    }
    #expect(rows == 6_000)
  }

  @Test func saysTheLineOfWhatIsWrong() throws {
    var reader = TraceTextReader()
    try reader.read(Array("looptop-text 1\n\n# a remark\nnon".utf8))
    #expect(throws: TraceTextError(line: 4, column: 1, expected: .line)) { try reader.read(Array("sense\n".utf8)) }
  }

  @Test func hasNoLineOfAnyLength() {
    var reader = TraceTextReader()
    let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
    #expect(throws: TraceTextError.self) { for _ in 0..<5 { try reader.read(piece) } }
  }

  @Test func isRecognizedByItsFirstLine() {
    #expect(TraceTextReader.isText("looptop-text 1\n".utf8))
    #expect(!TraceTextReader.isText("looptop".utf8))
  }
}
