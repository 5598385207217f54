import Analysis
import Trace

// How harm is told: with all of it that may be, since what waits in the kernel while a callback blocks is certain to have
// been ready only after it. A list has room for that alone, and marks it; whatever has room for more says both.

/// What a column of harm is sorted by: what stands in it.
func harmKey(_ harm: Nanoseconds, upTo: Nanoseconds) -> SortKey { SortKey(max(harm, upTo)) }

/// How long others waited for something at most, marked as such where not all of it is certain; nothing where nobody did.
func harmWords(_ harm: Nanoseconds, upTo: Nanoseconds, _ glyphs: Glyphs) -> String {
  let (certain, most) = (words(harm, glyphs), words(max(harm, upTo), glyphs))
  if max(harm, upTo) == .zero { return "" }
  return certain == most ? most : glyphs.atMost + most
}

/// How long others waited for something, and how many; who waits for what goes on is known in part only.
func harmFact(_ harm: Nanoseconds, upTo: Nanoseconds, victims: UInt64, isOver: Bool, _ setting: Setting) -> Line {
  func time(_ time: Nanoseconds) -> String { words(time, setting.glyphs) }
  guard victims > 0 else {
    return fact("harm", isOver ? "none: nobody waited" : "none yet: who waits in the kernel is known when it runs")
  }
  let range = upTo == harm ? time(harm) : harm == .zero ? "up to \(time(upTo))" : "\(time(harm)) to \(time(upTo))"
  return fact("harm", "\(range) of delay to \(words(victims, "callback"))", .warning)
}
