import Glibc
import Synchronization
import Trace

/// What all rings of this process may take together, of the open loops and of those that have ended.
///
/// An ended loop's ring stays as long as there is room: it is what a reader that comes late has of that loop. It is not
/// written over by the next loop, though that would save making a file (2 ms): whoever reads it would see it change
/// into another's. It gives back what its loop never used, and goes when a new ring needs the room, the oldest first.
enum RingBudget {
  /// In bytes; past it a new ring is made small.
  private static let limit = 64 << 20
  private static let owner = Atomic<pid_t>(0)
  private static let open = Atomic<Int>(0)
  private static let ended = Atomic<Int>(0)

  /// Whether this is the first that it hears of this process; in a forked child it forgets what the parent has.
  static func isNew(_ process: pid_t) -> Bool {
    let before = owner.exchange(process, ordering: .relaxed)
    if before != 0, before != process {
      open.store(0, ordering: .relaxed)
      ended.store(0, ordering: .relaxed)
    }
    return before != process
  }

  /// Whether there is room for a ring of that size, made by removing ended ones of this process if need be.
  static func hasRoom(for size: Int, in folder: Int32, of process: ProcessIdentity) -> Bool {
    let room = limit - open.load(ordering: .relaxed) - size
    guard room >= 0 else { return false }
    guard ended.load(ordering: .relaxed) > room else { return true }
    // More than is needed now, so that not every new loop has to look at all files.
    ended.store(removeEnded(in: folder, of: process, downTo: room / 4 * 3), ordering: .relaxed)
    return true
  }

  static func opened(_ size: Int) { open.add(size, ordering: .relaxed) }

  /// A loop ended; `kept` bytes of its ring are still there.
  static func closed(_ size: Int, kept: Int) {
    open.subtract(size, ordering: .relaxed)
    ended.add(kept, ordering: .relaxed)
  }

  /// Removes the oldest ended rings of a process until the others take no more than `size`; returns what they take.
  private static func removeEnded(in folder: Int32, of process: ProcessIdentity, downTo size: Int) -> Int {
    let rings = RingFile.all(in: folder).filter { $0.process == process }.sorted { $0.ordinal < $1.ordinal }
    let ended = rings.filter { $0.reader(in: folder)?.state == .ended }
    var kept = ended.reduce(0) { $0 + $1.size }
    for ring in ended where kept > size {
      unlinkat(folder, ring.name, 0)
      kept -= ring.size
    }
    return kept
  }
}
