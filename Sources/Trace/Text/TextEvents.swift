extension TextFields {
  /// The event's name and what belongs to it; texts go into the batch.
  mutating func body(in batch: inout Batch) throws(TraceTextError) -> Event.Body {
    let failure = error(.oneOf(Self.eventNames))
    let name = try word(failure.expected)
    if let body = try workBody(name, in: &batch) { return body }
    if let body = try surroundingBody(name, in: &batch) { return body }
    throw failure
  }

  private static let eventNames = [
    "loop-begin", "loop-end", "poll-enter", "poll-return", "created", "queued", "begin", "end", "settled", "awaits",
    "chain-named", "mark", "watched", "unwatched", "pool", "pool-begin", "pool-end", "unhandled", "used", "anchor",
    "gap", "checkpoint",
  ]

  /// What is about loops, spans, operations and chains.
  private mutating func workBody(_ name: String, in batch: inout Batch) throws(TraceTextError) -> Event.Body? {
    let loop = batch.loop
    switch name {
    case "loop-begin": return .loopBegan
    case "loop-end": return .loopEnded
    case "poll-enter": return .pollEntered(timeout: try secondsIfAny("timeout").map(Nanoseconds.init))
    case "poll-return": return .pollReturned(ready: try number(named: "ready"))
    case "created": return .created(try created(in: loop))
    case "queued": return .queued(try queued(in: loop))
    case "begin": return .began(try began(in: loop))
    case "end": return .ended(try id("span", in: loop), threw: try flag("threw"))
    case "settled":
      return .settled(
        try id("op", in: loop), try choice("outcome"), try textIfAny("text").map { batch.add(text: $0) })
    case "awaits": return .awaits(try id("op", in: loop), on: try id("on", in: loop))
    case "chain-named": return .chainNamed(try id("chain", in: loop), batch.add(text: try text(named: "name")))
    case "mark": return .marked(batch.add(text: try text(named: "text")))
    default: return nil
    }
  }

  private mutating func surroundingBody(_ name: String, in batch: inout Batch) throws(TraceTextError) -> Event.Body? {
    switch name {
    case "watched":
      return .watched(descriptor: try number(named: "fd"), batch.add(text: try text(named: "label")))
    case "unwatched": return .unwatched(descriptor: try number(named: "fd"))
    case "pool": return .pool(queued: try number(named: "queued"), running: try number(named: "running"))
    case "pool-begin": return .poolBegan(try id("op", in: batch.loop), at: try instant(named: "at"))
    case "pool-end": return .poolEnded(try id("op", in: batch.loop), at: try instant(named: "at"))
    case "unhandled": return .unhandled(try id("op", in: batch.loop), batch.add(text: try text(named: "text")))
    case "used":
      return .used(
        Usage(
          cpu: Nanoseconds(try instant(named: "cpu").nanoseconds), voluntarySwitches: try number(named: "voluntary"),
          involuntarySwitches: try number(named: "involuntary"), minorFaults: try number(named: "minor"),
          majorFaults: try number(named: "major")))
    case "anchor":
      return .anchor(
        Anchor(
          counter: try number(named: "counter"), monotonic: try instant(named: "monotonic"),
          boottime: try instant(named: "boottime").nanoseconds, realtime: try instant(named: "realtime").nanoseconds))
    case "gap":
      return .gap(
        Gap(
          from: try instant(named: "from"), to: try instant(named: "to"), events: try numberIfAny("events"),
          reason: try choice("reason")))
    case "checkpoint":
      batch.checkpoints.append(
        Checkpoint(
          readyQueue: try numberIfAny("ready-queue") ?? 0, poolQueued: try numberIfAny("pool-queued") ?? 0,
          poolRunning: try numberIfAny("pool-running") ?? 0, unlisted: try numberIfAny("unlisted") ?? 0))
      return .checkpoint(Int32(clamping: batch.checkpoints.count - 1))
    default: return nil
    }
  }

  /// Adds the row to its checkpoint.
  mutating func row(into checkpoint: inout Checkpoint, of loop: LoopID) throws(TraceTextError) {
    let failure = error(.oneOf(["op", "span", "chain", "fd"]))
    switch try word(failure.expected) {
    case "op":
      checkpoint.operations.append(
        OpenOperation(created: try instant(named: "created"), operation: try created(in: loop)))
    case "span":
      checkpoint.spans.append(OpenSpan(began: try instant(named: "began"), span: try began(in: loop)))
    case "chain":
      checkpoint.chains.append(
        NamedChain(
          id: try id("chain", in: loop), named: try instant(named: "named"), name: try text(named: "name")))
    case "fd":
      checkpoint.descriptors.append(
        WatchedDescriptor(descriptor: try number(named: "fd"), label: try text(named: "label")))
    default: throw failure
    }
  }

  private mutating func created(in loop: LoopID) throws(TraceTextError) -> Event.Created {
    Event.Created(
      id: try id("op", in: loop), kind: try choice("kind"), standing: try flag("standing"), site: try site(),
      chain: try idIfAny("chain", in: loop), creator: try idIfAny("by", in: loop),
      due: try secondsIfAny("due").map(Instant.init), descriptor: try numberIfAny("fd"))
  }

  private mutating func queued(in loop: LoopID) throws(TraceTextError) -> Event.Queued {
    Event.Queued(
      id: try id("op", in: loop), moment: try instant(named: "at"), kind: try choice("kind"),
      trigger: try choiceIfAny("trigger") ?? .unknown, site: try site(), chain: try idIfAny("chain", in: loop),
      creator: try idIfAny("by", in: loop))
  }

  private mutating func began(in loop: LoopID) throws(TraceTextError) -> Event.Began {
    Event.Began(
      id: try id("span", in: loop), kind: try choiceIfAny("kind") ?? .unknown,
      trigger: try choiceIfAny("trigger") ?? .unknown, site: try site(), operation: try idIfAny("op", in: loop),
      ready: try secondsIfAny("ready").map(Instant.init), startsChain: try flag("starts-chain"))
  }

  private mutating func site() throws(TraceTextError) -> SiteID {
    SiteID(try numberIfAny("site") ?? 0)
  }
}
