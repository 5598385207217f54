import Glibc
import Recorder
import Testing
import Trace

@Suite("A checkpoint beside a writing loop") struct CheckpointTests {
  @Test func itIsWhatTheEventsUpToThereSay() throws {
    let ring = try TestRing(clockIsManual: false)
    let recorder = ring.recorder
    let isDone = Flag()
    let thread = AnotherThread {
      Self.work(recorder, rounds: 40_000)
      isDone.set()
      return true
    }
    var model: Model? = Model()
    var compared = 0
    while !isDone.isSet || !ring.reader.isDrained {
      guard let batch = ring.read(checkpoint: true) else { continue }
      for event in batch.events {
        switch event.body {
        // On a machine that gives the reader too little time: the next checkpoint is where it starts anew.
        case .gap: model = nil
        case .checkpoint(let index):
          let checkpoint = batch.checkpoints[Int(index)]
          if let difference = model?.difference(from: checkpoint) { Issue.record("\(difference)") }
          if model == nil { model = Model(checkpoint) } else { compared += 1 }
        default: model?.observe(event, of: batch)
        }
      }
    }
    #expect(thread.join())
    #expect(compared > 1)
  }

  /// Operations that come and go, some soon and some late, spans within spans, descriptors, named chains.
  private static func work(_ recorder: Recorder, rounds: Int) {
    let site = recorder.site("work", "CheckpointTests.swift", 1)
    var random = Random(state: 11)
    var open: [RingOperation] = []
    for round in 0..<rounds {
      recorder.beganChain(site, .io, .poll)
      if random.next() % 32 == 0 { _ = recorder.nameChain("request \(round)") }
      for _ in 0..<(random.next() % 4) {
        let descriptor: Int32? = random.next() % 2 == 0 ? Int32(random.next() % 50) : nil
        open.append(recorder.created(.read, site, descriptor: descriptor))
      }
      recorder.beganNow(site, .deferred, .callback)
      for _ in 0..<(random.next() % 4) where !open.isEmpty {
        let one = open.remove(at: Int(random.next() % UInt64(open.count)))
        recorder.settled(one, .failure, message: random.next() % 16 == 0 ? "why" : nil)
      }
      let descriptor = Int32(random.next() % 8)
      if random.next() % 16 == 0 { recorder.watched(descriptor, "peer \(round)") }
      if random.next() % 16 == 0 { recorder.unwatched(descriptor) }
      recorder.ended()
      recorder.ended()
    }
  }
}

/// What is open, by the events alone.
private struct Model {
  private var operations: [OperationID: Event.Created] = [:]
  private var spans: [SpanID] = []
  private var descriptors: [Int32: String] = [:]
  private var names: [ChainID: String] = [:]

  init() {}

  init(_ checkpoint: Checkpoint) {
    for open in checkpoint.operations { operations[open.operation.id] = open.operation }
    spans = checkpoint.spans.map(\.span.id)
    for watched in checkpoint.descriptors { descriptors[watched.descriptor] = watched.label }
    for chain in checkpoint.chains { names[chain.id] = chain.name }
  }

  mutating func observe(_ event: Event, of batch: Batch) {
    switch event.body {
    case .created(let operation): operations[operation.id] = operation
    case .settled(let id, _, _): operations[id] = nil
    case .began(let span): spans.append(span.id)
    case .ended(let id, threw: _): if spans.last == id { spans.removeLast() }
    case .watched(let descriptor, let text): descriptors[descriptor] = batch.text(text)
    case .unwatched(let descriptor): descriptors[descriptor] = nil
    case .chainNamed(let id, let text): names[id] = batch.text(text)
    default: break
    }
  }

  /// In words, the first thing in which a checkpoint differs.
  func difference(from checkpoint: Checkpoint) -> String? {
    var listed: [OperationID: Event.Created] = [:]
    for open in checkpoint.operations {
      guard listed.updateValue(open.operation, forKey: open.operation.id) == nil else { return "twice: \(open)" }
      guard var known = operations[open.operation.id] else { return "not open: \(open)" }
      // The live table does not keep it.
      known.creator = open.operation.creator
      guard known == open.operation else { return "not as created: \(open) \(known)" }
    }
    if let missing = operations.keys.first(where: { listed[$0] == nil }) { return "missing: \(missing)" }
    if checkpoint.spans.map(\.span.id) != spans { return "spans: \(checkpoint.spans) \(spans)" }
    let watched = Dictionary(
      checkpoint.descriptors.map { ($0.descriptor, $0.label) }, uniquingKeysWith: { a, _ in a + " twice" })
    if watched != descriptors { return "descriptors: \(watched) \(descriptors)" }
    // A name may stay a little longer than its chain; what chains in flight are called must be known.
    for chain in checkpoint.chains where names[chain.id] != chain.name { return "name: \(chain)" }
    let named = Set(checkpoint.chains.map(\.id))
    let needed = operations.values.compactMap(\.chain).filter { names[$0] != nil }
    return needed.first { !named.contains($0) }.map { "no name for \($0)" }
  }
}
