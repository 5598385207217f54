import Testing

@testable import Trace

@Suite struct ChunkCodecTests {
  @Test(arguments: 1...40) func everyEventComesBackAsItWas(seed: Int) throws {
    var source = RandomBatch(seed: UInt64(seed))
    let batch = source.make(events: seed * 50)
    let back = try decode(ChunkCodec.encode(batch), batch.events.count)
    #expect(back.texts == batch.texts)
    #expect(back.checkpoints == batch.checkpoints)
    for (index, (was, now)) in zip(batch.events, back.events).enumerated() where was != now {
      Issue.record("event \(index): \(was) became \(now)")
      break
    }
    #expect(back == batch)
  }

  @Test func anEncoderThatIsUsedAgainKnowsNothingOfTheChunkBefore() throws {
    var source = RandomBatch(seed: 5)
    var encoder = ChunkEncoder()
    for count in [700, 0, 300] {
      let batch = source.make(events: count)
      encoder.clear()
      #expect(encoder.append(batch, batch.events.indices) == batch.events.count)
      #expect(encoder.payload == (try ChunkCodec.encode(batch)))
    }
  }

  @Test func whatIsEncodedSoFarCanBeReadAtAnyTime() throws {
    var source = RandomBatch(seed: 6)
    let batch = source.make(events: 300)
    var encoder = ChunkEncoder()
    for index in batch.events.indices {
      _ = encoder.append(batch, index..<(index + 1))
      #expect(encoder.to == batch.events[index].time)
      #expect(try decode(encoder.payload, index + 1).events.map(\.time) == batch.events[...index].map(\.time))
    }
    #expect(try decode(encoder.payload, batch.events.count) == batch)
  }

  @Test func anEncoderStopsBehindWhatTakesTooMuchRoom() {
    var batch = Batch(loop: LoopID(1))
    for length in [10, 100, 1_000] {
      let text = batch.add(text: String(repeating: "x", count: length))
      batch.events.append(Event(Instant(Int64(length)), .marked(text)))
    }
    var encoder = ChunkEncoder()
    #expect(encoder.append(batch, 0..<3, extraLimit: 110) == 2)
    #expect(encoder.count == 2)
    #expect(encoder.extra == 110)
  }

  @Test func anEmptyBatchComesBackEmpty() throws {
    #expect(try decode(ChunkCodec.encode(Batch(loop: LoopID(3))), 0) == Batch(loop: LoopID(3)))
  }

  @Test func theRandomBatchesHaveEveryKindOfEvent() {
    var source = RandomBatch(seed: 1)
    let kinds = Set(source.make(events: 2_000).events.map { "\($0.body)".prefix { $0 != "(" } })
    #expect(kinds.count == EventCode.allCases.filter(\.isEvent).count)
  }

  @Test func aPayloadCutAnywhereIsDamagedAndNothingWorse() throws {
    var source = RandomBatch(seed: 7)
    let batch = source.make(events: 300)
    let (payload, events) = (try ChunkCodec.encode(batch), batch.events.count)
    for length in 0..<payload.count {
      #expect(throws: Payload.Failure.damaged) { try decode(Array(payload[..<length]), events) }
    }
  }

  @Test func noPayloadWithAWrongByteBringsTheReaderDown() throws {
    var source = RandomBatch(seed: 8)
    let batch = source.make(events: 200)
    let (payload, events) = (try ChunkCodec.encode(batch), batch.events.count)
    var dice = Dice(state: 9)
    for at in payload.indices {
      var hostile = payload
      hostile[at] ^= UInt8(1 + dice.below(255))
      // It may be readable: whether the bytes are the writer's is for the chunk's CRC to say.
      let read = try? decode(hostile, events)
      #expect(read?.events.count ?? 0 <= events)
    }
  }

  @Test func noiseIsDamagedAndNothingWorse() {
    var dice = Dice(state: 10)
    for length in 0..<600 {
      var noise = (0..<length).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      if length > 4 { noise.replaceSubrange(0..<2, with: [UInt8(dice.below(9)), 0]) }
      _ = try? decode(noise, 1)
    }
  }

  @Test func aHeaderThatLiesAboutTheNumberOfEventsIsDamaged() throws {
    var source = RandomBatch(seed: 2)
    let batch = source.make(events: 20)
    let payload = try ChunkCodec.encode(batch)
    for count in [0, batch.events.count - 1, batch.events.count + 1, Int(UInt32.max)] {
      #expect(throws: Payload.Failure.damaged) { try decode(payload, count) }
    }
  }

  @Test func aColumnThatLiesAboutItsLengthIsDamaged() {
    var bytes: [UInt8] = []
    bytes.append(number: UInt16(1))
    bytes.append(number: UInt16(0))
    bytes.append(number: UInt16(0))
    bytes += [0, 8]
    bytes.append(number: UInt32.max)
    #expect(throws: Payload.Failure.damaged) { try decode(bytes, 0) }
  }

  @Test func aCheckpointThatLiesAboutItsListsIsDamaged() {
    var columns = ColumnWriter()
    for number: UInt64 in [0, 0] { columns.append(number, to: .start) }
    columns.append(Shape(.checkpoint).raw, to: .shapes)
    columns.append(0, to: .codes)
    columns.append(0, to: ColumnID(.checkpoint, 0))
    for field in 1...8 { columns.append(field == 5 ? 1 << 40 : 0, to: ColumnID(.checkpoint, field)) }
    #expect(throws: Payload.Failure.damaged) { try decode(columns.bytes, 1) }
  }

  @Test func eventsOfALaterKindAreLeftOutAndTimeGoesOn() throws {
    var columns = ColumnWriter()
    for number: UInt64 in [100, 0] { columns.append(number, to: .start) }
    for shape in [Shape(.loopBegan).raw, 0xEE, Shape(.loopEnded).raw] { columns.append(shape, to: .shapes) }
    for code: UInt64 in [0, 1, 2] { columns.append(code, to: .codes) }
    columns.append(signed: 5, to: ColumnID(.loopBegan, 0))
    columns.append(signed: 7, to: ColumnID(.loopEnded, 0))
    // The column of the unknown kind's times is put in by hand: number 0xEE0, width 1, one number.
    var bytes = columns.bytes
    let count = Int(bytes[0])
    bytes[0] += 1
    bytes.insert(contentsOf: [0xE0, 0x0E, 0, 1, 1, 0, 0, 0], at: 4 + 8 * count)
    bytes.append(UInt8(zigzag(10)))
    let batch = try decode(bytes, 3)
    #expect(batch.events == [Event(Instant(105), .loopBegan), Event(Instant(122), .loopEnded)])
  }

  @Test func valuesOfALaterVersionAreReadAsUnknown() throws {
    var columns = ColumnWriter()
    for number: UInt64 in [0, 9] { columns.append(number, to: .start) }
    columns.append(Shape(.began, 200, 201, site: SiteID(4)).raw, to: .shapes)
    columns.append(0, to: .codes)
    columns.append(0, to: ColumnID(.began, 0))
    columns.append(0, to: ColumnID(.began, 1))
    let batch = try decode(columns.bytes, 1)
    let span = Event.Began(id: SpanID(raw: 9), kind: .unknown, trigger: .unknown, site: SiteID(4))
    #expect(batch.events == [Event(Instant(0), .began(span))])
  }
}
