import CLinux
import Glibc
import Recorder
import Testing
import Trace

@Suite("A ring that lies") struct HostileRingTests {
  @Test func eachWordOfItMayBeAnythingAndReadingEndsAllTheSame() throws {
    let ring = try TestRing()
    var writer = MixedWriter(recorder: ring.recorder, random: Random(state: 1))
    writer.write(400)
    let name = RingFolder.rings(in: ring.descriptor)[0]
    let file = ll_openat(ring.descriptor, name, O_RDWR | O_CLOEXEC, 0)
    defer { close(file) }
    var random = Random(state: 2)
    var opened = 0
    let live = Array(stride(from: RingLayout.Live.head, through: RingLayout.Live.continuations, by: 8))
    let header = Array(stride(from: 0, to: 192, by: 8))
    // The stack, and the first of the events.
    let slots = Array(stride(from: 4_096, to: 4_096 + 512, by: 8))
    for offset in live + header + slots {
      var truth: UInt64 = 0
      pread(file, &truth, 8, offset)
      defer { pwrite(file, &truth, 8, offset) }
      for _ in 0..<4 {
        var lie = [random.next(), random.next() >> 32, truth &+ random.next() % 64, .max, 1 << 47].randomElement(
          using: &random)!
        pwrite(file, &lie, 8, offset)
        guard let reader = try? RingReader(name, in: ring.descriptor, loop: LoopID(1)) else { continue }
        opened += 1
        for _ in 0..<3 {
          let batch = reader.read(checkpoint: true, define: { _ in .unknown })
          #expect(batch?.events.count ?? 0 < 1 << 17)
        }
        _ = (reader.state, reader.isDrained)
      }
    }
    #expect(opened > 100)
  }

  @Test func aHeadThatGoesBackOrTooFarIsNotFollowed() throws {
    let ring = try TestRing()
    ring.recorder.mark("one")
    let file = ll_openat(ring.descriptor, RingFolder.rings(in: ring.descriptor)[0], O_RDWR | O_CLOEXEC, 0)
    defer { close(file) }
    #expect(ring.read() != nil)
    var head: UInt64 = 0
    pread(file, &head, 8, RingLayout.Live.head)
    for var lie in [0, head - 1, 1 << 48, .max] {
      pwrite(file, &lie, 8, RingLayout.Live.head)
      #expect(ring.read() == nil)
      #expect(ring.reader.isDrained)
    }
    pwrite(file, &head, 8, RingLayout.Live.head)
    ring.recorder.mark("two")
    #expect(ring.bodies().count == 1)
  }

  @Test func randomSlotsAreDecodedToSomethingOrNothing() throws {
    let ring = try TestRing()
    let events = ring.reader.header.regions.events
    let file = ll_openat(ring.descriptor, RingFolder.rings(in: ring.descriptor)[0], O_RDWR | O_CLOEXEC, 0)
    defer { close(file) }
    var random = Random(state: 5)
    var position = ring.read() == nil ? 0 : UInt64(6)
    for round in 0..<6 {
      var bytes = [UInt64](repeating: 0, count: 2 * 20_000)
      // All kinds that there are, and some that there are not; in one round nothing but continuations.
      for index in bytes.indices {
        bytes[index] = index % 2 == 1 ? random.next() : random.next() << 8 | (round == 3 ? 1 : random.next() % 28)
      }
      let place = events.offset + Int(position % UInt64(events.count - 20_000)) * RingLayout.slotSize
      pwrite(file, &bytes, bytes.count * 8, place)
      position += 20_000
      pwrite(file, &position, 8, RingLayout.Live.head)
      var last: Instant?
      while let batch = ring.read(checkpoint: false) {
        for event in batch.events {
          #expect(last.map { $0 <= event.time } ?? true)
          last = event.time
        }
      }
      #expect(ring.reader.isDrained)
    }
  }

  @Test func aFileCutShortUnderAReadersHandsReadsAsEmpty() throws {
    let ring = try TestRing()
    let name = RingFolder.rings(in: ring.descriptor)[0]
    let copy = "cut\(RingFolder.suffix)"
    let from = ll_openat(ring.descriptor, name, O_RDONLY, 0)
    let to = ll_openat(ring.descriptor, copy, O_RDWR | O_CREAT, 0o600)
    defer {
      close(from)
      close(to)
    }
    let size = ring.reader.header.regions.totalSize
    var bytes = [UInt8](repeating: 0, count: size)
    #expect(pread(from, &bytes, size, 0) == size)
    #expect(pwrite(to, &bytes, size, 0) == size)
    let reader = try RingReader(copy, in: ring.descriptor, loop: LoopID(1))
    ftruncate(to, 2_048)
    _ = reader.read(checkpoint: true, define: { _ in .unknown })
    ftruncate(to, 0)
    #expect(reader.read(checkpoint: true, define: { _ in .unknown })?.operationCount ?? 0 == 0)
    #expect(throws: RingError.ring(copy, .notARing)) {
      try RingReader(copy, in: ring.descriptor, loop: LoopID(1))
    }
  }
}

extension Batch {
  fileprivate var operationCount: Int { checkpoints.reduce(0) { $0 + $1.operations.count } }
}
