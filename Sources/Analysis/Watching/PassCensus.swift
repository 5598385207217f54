import Trace

/// Why a loop did not reach its poll in time.
enum Overrun: Hashable, Sendable {
  /// One callback was slow.
  case slowCallback
  /// Callbacks from the ready queue put others into it, and those ran before the loop could poll.
  case selfFeedingQueue
  /// Many callbacks ran, none of them slow.
  case manyCallbacks
  /// Callbacks took the lesser part of the time, or would have had they had a CPU.
  case other
}

/// What the callbacks of one pass of a loop come to.
struct PassCensus {
  /// The callbacks of one site in a pass.
  struct Share {
    var index: Int32
    var own: Nanoseconds
    var count: UInt32
  }

  /// Time in top-level spans that have ended, and how much of it in those that came from the ready queue.
  private(set) var spanTime = Nanoseconds.zero
  private(set) var queueTime = Nanoseconds.zero
  /// Callbacks that came from the ready queue, and those of them that were put into it after the first of them had begun:
  /// a loop that polls after each turn of its queue never has any.
  private var dequeued: UInt32 = 0
  private var bred: UInt32 = 0
  private var pass: UInt32 = 0
  /// By index into the counts of sites, with the pass that it is about.
  private var shares = Slab<(pass: UInt32, own: Nanoseconds, count: UInt32)>()

  /// Makes this value the only one that knows its memory.
  mutating func own() { shares.own() }

  /// A pass begins.
  mutating func begin() {
    spanTime = .zero
    queueTime = .zero
    dequeued = 0
    bred = 0
    pass &+= 1
  }

  /// What is put into the ready queue now carries this: the pass whose turn of the queue has begun, or 0.
  @inline(__always)
  var brood: UInt32 { dequeued > 0 ? pass : 0 }

  /// A callback from the ready queue begins, which was put into it with that brood.
  @inline(__always)
  mutating func dequeue(_ brood: UInt32) {
    dequeued &+= 1
    if brood == pass { bred &+= 1 }
  }

  /// A span ended.
  @inline(__always)
  mutating func end(_ span: ActiveSpan, own: Nanoseconds, total: Nanoseconds, isTopLevel: Bool) {
    let index = Int(span.counts)
    if index >= shares.count { shares.grow(to: index + 1, (0, .zero, 0)) }
    var share = shares[index]
    if share.pass != pass { share = (pass, .zero, 0) }
    share.own = share.own + own
    share.count &+= 1
    shares[index] = share
    guard isTopLevel else { return }
    spanTime = spanTime + total
    guard span.isFromQueue else { return }
    queueTime = queueTime + total
  }

  /// The site with the most self time. Looked for when a pass has taken too long: most have not.
  var heaviest: Share? {
    shares.indices.lazy.filter { shares[$0].pass == pass }.max { shares[$0].own < shares[$1].own }
      .map { Share(index: Int32($0), own: shares[$0].own, count: shares[$0].count) }
  }

  /// Why a pass of that duration was so long.
  func overrun(_ duration: Nanoseconds, worst: Nanoseconds, threshold: Nanoseconds) -> Overrun {
    if worst > threshold { return .slowCallback }
    if spanTime.count < duration.count / 2 || dequeued == 0 && heaviest == nil { return .other }
    return queueTime.count > duration.count / 2 && bred > 0 && bred >= dequeued / 2
      ? .selfFeedingQueue : .manyCallbacks
  }
}
