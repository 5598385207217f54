import Trace
import TraceStore

/// A part of a trace to look at: some of its time, some of its loops.
///
/// What was pending or running at its begin is known from the first checkpoint in it, as with a trace that begins there, or
/// at once where `LoopReplay.opening(at:)` is taken in first.
public struct TracePart: Hashable, Sendable {
  /// Events before it are left out; `nil` leaves out none.
  public var from: Instant?
  /// Events after it are left out; `nil` leaves out none.
  public var to: Instant?
  /// Other loops are left out; `nil` leaves out none.
  public var loops: Set<LoopID>?

  /// A part by its bounds; without any it is the whole trace.
  public init(from: Instant? = nil, to: Instant? = nil, loops: Set<LoopID>? = nil) {
    self.from = from
    self.to = to
    self.loops = loops
  }

  /// Whether nothing is left out.
  public var isWhole: Bool { from == nil && to == nil && loops == nil }

  /// Whether events of the chunk can lie in it: what has to be read.
  public func overlaps(_ chunk: ChunkSummary) -> Bool {
    (loops?.contains(chunk.loop) ?? true) && (from.map { chunk.to >= $0 } ?? true)
      && (to.map { chunk.from <= $0 } ?? true)
  }

  /// The batch without the events that lie outside.
  public func cut(_ batch: Batch) -> Batch {
    var part = batch
    part.events.removeAll { event in
      !(loops?.contains(batch.loop) ?? true) || (from.map { event.time < $0 } ?? false)
        || (to.map { event.time > $0 } ?? false)
    }
    return part
  }
}
