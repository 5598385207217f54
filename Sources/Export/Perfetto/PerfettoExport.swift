import Analysis
import Trace

/// Writes a trace as Perfetto's packets, to be opened in its UI: a track a loop with its callbacks as nested slices, an
/// arrow from each callback to those that it registered, and counters for lag and ready queue.
///
/// ```swift
/// let source = try ExportSource(TraceStore(path: "spike.looptrace"))
/// try PerfettoExport.write(source) { bytes in print(bytes.count) }
/// ```
public enum PerfettoExport {
  /// Writes packet by packet. Throws `ExportError.trace`, and what `output` throws.
  public static func write(
    _ source: ExportSource, to output: ([UInt8]) throws(ExportError) -> Void
  ) throws(ExportError) {
    var packets = PerfettoPackets(source)
    try output(packets.take())
    let subjects: Occurrence.Subjects = [.callbacks, .registrations, .readyQueue]
    _ = try source.tell(subjects) { (occurrence) throws(ExportError) in
      packets.add(occurrence)
      try output(packets.take())
    }
  }
}

/// The packets of a trace as they come.
private struct PerfettoPackets {
  private let definitions: Definitions
  private var trace = Protobuf()
  private var processes: [ProcessInfo: UInt64] = [:]
  /// What has been written of each loop.
  private var sequences: [LoopID: PerfettoSequence] = [:]
  private var flows = PerfettoFlows()

  init(_ source: ExportSource) {
    definitions = source.store.definitions
    trace.add(TraceField.packet) { packet in
      packet.add(PacketField.sequence, 1 << 16)
      packet.add(PacketField.clockSnapshot) { snapshot in
        snapshot.addClock(BuiltinClock.monotonic, source.origin.nanoseconds)
        if let startedAt = source.startedAt { snapshot.addClock(BuiltinClock.realtime, startedAt) }
        snapshot.add(ClockSnapshotField.primary, BuiltinClock.monotonic)
      }
    }
  }

  /// What has been made since this was last called.
  mutating func take() -> [UInt8] {
    defer { trace = Protobuf() }
    return trace.bytes
  }

  mutating func add(_ occurrence: Occurrence) {
    switch occurrence {
    case .registered(let operation, let creator): flows.register(operation, by: creator)
    case .began(let callback): begin(callback)
    case .ended(let callback): end(callback)
    case .readyQueue(let loop, let time, let count):
      addCounter(PerfettoTrack.readyQueue(loop), of: loop, at: time, Int64(count))
    default: break
    }
  }

  private mutating func begin(_ callback: Occurrence.Callback) {
    let loop = callback.id.loop
    describe(loop)
    let site = definitions.site(callback.site)
    let flow = flows.begin(callback)
    let (isNewKind, isNewSite) = sequences[loop]!.intern(callback.kind, callback.site)
    addPacket(of: loop, at: callback.began) { packet in
      if isNewKind || isNewSite {
        packet.add(PacketField.internedData) { data in
          if isNewKind { data.addName(InternedField.categories, callback.kind.iid, "\(callback.kind)") }
          if isNewSite { data.addSite(callback.site.iid, site) }
        }
      }
      packet.add(PacketField.trackEvent) { event in
        event.add(EventField.type, EventType.sliceBegin)
        event.add(EventField.track, PerfettoTrack.callbacks(loop))
        event.add(EventField.categories, callback.kind.iid)
        event.add(EventField.name, callback.site.iid)
        event.add(EventField.sourceLocation, callback.site.iid)
        event.addAnnotation("trigger", "\(callback.trigger)")
        if let delay = callback.queueDelay { event.addAnnotation("queue_delay_ns", delay.count) }
        if let chain = callback.chain { event.addAnnotation("chain", "\(chain.loop.number):\(chain.serial)") }
        if let flow { event.add(EventField.terminatingFlows, fixed: flow.raw) }
      }
    }
    if callback.kind == .timer, let lag = callback.queueDelay {
      addCounter(PerfettoTrack.lag(loop), of: loop, at: callback.began, lag.count)
    }
  }

  private mutating func end(_ callback: Occurrence.Callback) {
    let registered = flows.end(callback.id)
    // One that never ended is shown so.
    guard let ended = callback.ended else { return }
    addPacket(of: callback.id.loop, at: ended) { packet in
      packet.add(PacketField.trackEvent) { event in
        event.add(EventField.type, EventType.sliceEnd)
        event.add(EventField.track, PerfettoTrack.callbacks(callback.id.loop))
        for operation in registered { event.add(EventField.flows, fixed: operation.raw) }
        if callback.threw { event.addAnnotation("threw", 1) }
      }
    }
  }

  private mutating func addCounter(_ track: UInt64, of loop: LoopID, at time: Instant, _ value: Int64) {
    describe(loop)
    addPacket(of: loop, at: time) { packet in
      packet.add(PacketField.trackEvent) { event in
        event.add(EventField.type, EventType.counter)
        event.add(EventField.track, track)
        event.add(EventField.counterValue, value)
      }
    }
  }

  private mutating func addPacket(of loop: LoopID, at time: Instant, _ fill: (inout Protobuf) -> Void) {
    trace.add(TraceField.packet) { packet in
      packet.add(PacketField.timestamp, max(time.nanoseconds, 0))
      packet.add(PacketField.clock, BuiltinClock.monotonic)
      packet.add(PacketField.sequence, loop.number)
      packet.add(PacketField.sequenceFlags, SequenceFlag.needed)
      fill(&packet)
    }
  }

  // MARK: Tracks

  /// Says what a loop's tracks are, ahead of their first use.
  private mutating func describe(_ loop: LoopID) {
    guard sequences[loop] == nil else { return }
    sequences[loop] = PerfettoSequence()
    let nobody = ProcessInfo(pid: 0, started: 0, command: "", runtime: "")
    let unknown = LoopInfo(id: loop, process: nobody, name: "loop \(loop.number)", thread: 0, poll: "")
    let info = definitions.loop(loop) ?? unknown
    let process = describe(info.process)
    addTrack(PerfettoTrack.callbacks(loop), of: loop, clearing: true) { track in
      track.add(TrackField.parent, process)
      track.add(TrackField.name, info.name)
      track.add(TrackField.thread) { thread in
        thread.add(ThreadField.pid, info.process.pid)
        thread.add(ThreadField.tid, info.thread)
        thread.add(ThreadField.name, info.name)
      }
    }
    addCounterTrack(PerfettoTrack.lag(loop), of: loop, "lag of \(info.name)", CounterField.nanoseconds, process)
    let queue = PerfettoTrack.readyQueue(loop)
    addCounterTrack(queue, of: loop, "ready queue of \(info.name)", CounterField.count, process)
  }

  private mutating func describe(_ process: ProcessInfo) -> UInt64 {
    if let known = processes[process] { return known }
    let uuid = PerfettoTrack.process(processes.count)
    processes[process] = uuid
    addTrack(uuid, of: LoopID(0), clearing: false) { track in
      track.add(TrackField.process) { descriptor in
        descriptor.add(ProcessField.pid, process.pid)
        descriptor.add(ProcessField.name, process.command)
      }
    }
    return uuid
  }

  private mutating func addCounterTrack(
    _ uuid: UInt64, of loop: LoopID, _ name: String, _ unit: Int, _ process: UInt64
  ) {
    addTrack(uuid, of: loop, clearing: false) { track in
      track.add(TrackField.parent, process)
      track.add(TrackField.name, name)
      track.add(TrackField.counter) { $0.add(CounterField.unit, unit) }
    }
  }

  private mutating func addTrack(
    _ uuid: UInt64, of loop: LoopID, clearing: Bool, _ fill: (inout Protobuf) -> Void
  ) {
    trace.add(TraceField.packet) { packet in
      packet.add(PacketField.sequence, loop.number == 0 ? 1 << 16 : UInt32(loop.number))
      if clearing { packet.add(PacketField.sequenceFlags, SequenceFlag.cleared) }
      packet.add(PacketField.trackDescriptor) { track in
        track.add(TrackField.uuid, uuid)
        fill(&track)
      }
    }
  }
}

/// The numbers of tracks, each its own in the trace.
private enum PerfettoTrack {
  static func callbacks(_ loop: LoopID) -> UInt64 { 1 << 16 | UInt64(loop.number) }
  static func lag(_ loop: LoopID) -> UInt64 { 2 << 16 | UInt64(loop.number) }
  static func readyQueue(_ loop: LoopID) -> UInt64 { 3 << 16 | UInt64(loop.number) }
  static func process(_ index: Int) -> UInt64 { 1 << 32 | UInt64(index) }
}

/// Which names the packets of one loop have given already.
private struct PerfettoSequence {
  private var kinds: Set<CallbackKind> = []
  private var sites: Set<SiteID> = []

  /// Whether each is new.
  mutating func intern(_ kind: CallbackKind, _ site: SiteID) -> (kind: Bool, site: Bool) {
    (kinds.insert(kind).inserted, sites.insert(site).inserted)
  }
}

extension CallbackKind {
  /// Its number among interned names, which may not be 0.
  fileprivate var iid: Int { Int(rawValue) + 1 }
}

extension SiteID {
  /// Its number among interned names, which may not be 0.
  fileprivate var iid: UInt64 { UInt64(index) + 1 }
}

extension Protobuf {
  fileprivate mutating func addClock(_ clock: Int, _ time: Int64) {
    add(ClockSnapshotField.clocks) { entry in
      entry.add(ClockSnapshotField.clockID, clock)
      entry.add(ClockSnapshotField.clockTime, max(time, 0))
    }
  }

  fileprivate mutating func addName(_ field: UInt32, _ iid: some BinaryInteger, _ name: String) {
    add(field) { entry in
      entry.add(InternedField.id, iid)
      entry.add(InternedField.text, name)
    }
  }

  fileprivate mutating func addSite(_ iid: UInt64, _ site: Site) {
    addName(InternedField.eventNames, iid, Format.function(site))
    add(InternedField.sourceLocations) { location in
      location.add(InternedField.id, iid)
      location.add(LocationField.file, site.file)
      location.add(LocationField.function, site.function)
      location.add(LocationField.line, site.line)
    }
  }

  fileprivate mutating func addAnnotation(_ name: String, _ value: Int64) {
    add(EventField.annotations) { annotation in
      annotation.add(AnnotationField.name, name)
      annotation.add(AnnotationField.integer, value)
    }
  }

  fileprivate mutating func addAnnotation(_ name: String, _ value: String) {
    add(EventField.annotations) { annotation in
      annotation.add(AnnotationField.name, name)
      annotation.add(AnnotationField.text, value)
    }
  }
}
