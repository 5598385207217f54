/// Writes a trace as text piece by piece, for traces that do not fit in memory; see `TraceText` for the form.
public struct TraceTextWriter {
  private var processes: [ProcessInfo] = []
  private var loops = 0
  /// The unknown site is never written.
  private var sites = 1
  private var hasHeader = false

  /// At the beginning of a text.
  public init() {}

  /// Writes what is defined and has not been written yet, and the form's header ahead of it all.
  public mutating func write(_ definitions: Definitions, to output: inout some TextOutputStream) {
    if !hasHeader {
      hasHeader = true
      output.write(TraceText.header + "\n")
    }
    for loop in definitions.loops.dropFirst(loops) {
      let process = number(of: loop.process, to: &output)
      var line = TextLine("loop \(loop.id.number)")
      line.field("process", "\(process)")
      line.field("name", loop.name.quoted)
      line.field("thread", "\(loop.thread)")
      line.field("poll", loop.poll.isTextWord ? loop.poll : loop.poll.quoted)
      output.write(line.text + "\n")
    }
    loops = max(loops, definitions.loops.count)
    for (index, site) in definitions.sites.enumerated().dropFirst(sites) {
      output.write("site \(index) \(site.function.quoted) \(site.file.quoted) \(site.line)\n")
    }
    sites = max(sites, definitions.sites.count)
  }

  private mutating func number(of process: ProcessInfo, to output: inout some TextOutputStream) -> Int {
    if let known = processes.firstIndex(of: process) { return known + 1 }
    processes.append(process)
    var line = TextLine("process \(processes.count)")
    line.field("pid", "\(process.pid)")
    line.field("started", "\(process.started)")
    line.field("command", process.command.quoted)
    line.field("runtime", process.runtime.quoted)
    output.write(line.text + "\n")
    return processes.count
  }

  /// Writes a batch, and ahead of it the definitions that it may refer to.
  public mutating func write(_ batch: Batch, _ definitions: Definitions, to output: inout some TextOutputStream) {
    write(definitions, to: &output)
    output.write("\n")
    for event in batch.events {
      var line = TextLine("\(batch.loop.number) \(TextSeconds.write(event.time.nanoseconds)) ", loop: batch.loop)
      line.write(event.body, of: batch)
      output.write(line.text + "\n")
    }
  }
}

extension String {
  /// Whether it can stand as a value without quotes.
  fileprivate var isTextWord: Bool {
    !isEmpty && utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 0x7f && $0 != UInt8(ascii: "\"") }
  }
}

/// One line of text as it grows.
struct TextLine {
  private(set) var text: String
  private let loop: LoopID

  init(_ start: String, loop: LoopID = LoopID(0)) {
    text = start
    self.loop = loop
  }

  mutating func field(_ name: String, _ value: String) { text += " \(name)=\(value)" }

  private mutating func field(_ name: String, _ id: (some RingIdentifier)?) {
    guard let id else { return }
    field(name, id.loop == loop ? "\(id.serial)" : "\(id.loop.number):\(id.serial)")
  }

  private mutating func field(_ name: String, _ time: Instant?) {
    if let time { field(name, TextSeconds.write(time.nanoseconds)) }
  }

  private mutating func field(_ name: String, _ number: (some FixedWidthInteger)?) {
    if let number { field(name, "\(number)") }
  }

  mutating func write(_ body: Event.Body, of batch: Batch) {
    switch body {
    case .loopBegan: text += "loop-begin"
    case .loopEnded: text += "loop-end"
    case .pollEntered(let timeout):
      text += "poll-enter"
      if let timeout { field("timeout", TextSeconds.write(timeout.count)) }
    case .pollReturned(let ready):
      text += "poll-return"
      field("ready", ready)
    case .created(let operation):
      text += "created"
      write(operation)
    case .queued(let entry):
      text += "queued"
      write(entry)
    case .began(let span):
      text += "begin"
      write(span)
    case .ended(let span, let threw):
      text += "end"
      field("span", span)
      if threw { text += " threw" }
    case .settled(let operation, let outcome, let reason):
      text += "settled"
      field("op", operation)
      field("outcome", "\(outcome)")
      if let reason { field("text", batch.text(reason).quoted) }
    case .awaits(let operation, let other):
      text += "awaits"
      field("op", operation)
      field("on", other)
    case .chainNamed(let chain, let name):
      text += "chain-named"
      field("chain", chain)
      field("name", batch.text(name).quoted)
    case .marked(let remark):
      text += "mark"
      field("text", batch.text(remark).quoted)
    default: writeSurroundings(body, of: batch)
    }
  }

  /// What is not about spans, operations and chains.
  private mutating func writeSurroundings(_ body: Event.Body, of batch: Batch) {
    switch body {
    case .watched(let descriptor, let label):
      text += "watched"
      field("fd", descriptor)
      field("label", batch.text(label).quoted)
    case .unwatched(let descriptor):
      text += "unwatched"
      field("fd", descriptor)
    case .pool(let queued, let running):
      text += "pool"
      field("queued", queued)
      field("running", running)
    case .poolBegan(let operation, let moment):
      text += "pool-begin"
      field("op", operation)
      field("at", moment)
    case .poolEnded(let operation, let moment):
      text += "pool-end"
      field("op", operation)
      field("at", moment)
    case .unhandled(let operation, let reason):
      text += "unhandled"
      field("op", operation)
      field("text", batch.text(reason).quoted)
    case .used(let usage): write(usage)
    case .anchor(let anchor): write(anchor)
    case .gap(let gap): write(gap)
    case .checkpoint(let index):
      let isKnown = batch.checkpoints.indices.contains(Int(index))
      write(isKnown ? batch.checkpoints[Int(index)] : Checkpoint())
    default: break
    }
  }

  private mutating func write(_ operation: Event.Created) {
    field("op", operation.id)
    field("kind", "\(operation.kind)")
    field("site", operation.site.index)
    field("chain", operation.chain)
    field("by", operation.creator)
    field("due", operation.due)
    field("fd", operation.descriptor)
    if operation.standing { text += " standing" }
  }

  private mutating func write(_ entry: Event.Queued) {
    field("op", entry.id)
    field("at", entry.moment)
    field("kind", "\(entry.kind)")
    field("trigger", "\(entry.trigger)")
    field("site", entry.site.index)
    field("chain", entry.chain)
    field("by", entry.creator)
  }

  private mutating func write(_ span: Event.Began) {
    field("span", span.id)
    field("kind", "\(span.kind)")
    field("trigger", "\(span.trigger)")
    field("site", span.site.index)
    field("op", span.operation)
    field("ready", span.ready)
    if span.startsChain { text += " starts-chain" }
  }

  private mutating func write(_ usage: Usage) {
    text += "used"
    field("cpu", TextSeconds.write(usage.cpu.count))
    field("voluntary", usage.voluntarySwitches)
    field("involuntary", usage.involuntarySwitches)
    field("minor", usage.minorFaults)
    field("major", usage.majorFaults)
  }

  private mutating func write(_ anchor: Anchor) {
    text += "anchor"
    field("counter", anchor.counter)
    field("monotonic", anchor.monotonic)
    field("boottime", TextSeconds.write(anchor.boottime))
    field("realtime", TextSeconds.write(anchor.realtime))
  }

  private mutating func write(_ gap: Gap) {
    text += "gap"
    field("from", gap.from)
    field("to", gap.to)
    field("events", gap.events)
    field("reason", "\(gap.reason)")
  }

  private mutating func write(_ checkpoint: Checkpoint) {
    text += "checkpoint"
    field("ready-queue", checkpoint.readyQueue)
    field("pool-queued", checkpoint.poolQueued)
    field("pool-running", checkpoint.poolRunning)
    field("unlisted", checkpoint.unlisted)
    for row in checkpoint.operations {
      text += "\n  op"
      field("created", row.created)
      write(row.operation)
    }
    for row in checkpoint.spans {
      text += "\n  span"
      field("began", row.began)
      write(row.span)
    }
    for row in checkpoint.chains {
      text += "\n  chain"
      field("chain", row.id)
      field("named", row.named)
      field("name", row.name.quoted)
    }
    for row in checkpoint.descriptors {
      text += "\n  fd"
      field("fd", row.descriptor)
      field("label", row.label.quoted)
    }
  }
}
