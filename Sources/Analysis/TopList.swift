import Trace

/// The elements of the longest duration among any number, longest first; of equals, the earlier.
struct TopList<Element> {
  private(set) var elements: [(duration: Nanoseconds, element: Element)] = []
  private let limit: Int

  /// An empty one that keeps at most `limit`.
  init(limit: Int) { self.limit = limit }

  /// Whether one of that duration would be among the longest.
  @inline(__always)
  func admits(_ duration: Nanoseconds) -> Bool {
    guard elements.count >= limit, let last = elements.last else { return true }
    return duration > last.duration
  }

  /// Adds the element if it is among the longest; it is made only then.
  @inline(__always)
  mutating func insert(_ duration: Nanoseconds, _ element: @autoclosure () -> Element) {
    if admits(duration) { place(duration, element()) }
  }

  private mutating func place(_ duration: Nanoseconds, _ element: Element) {
    if elements.count >= limit { elements.removeLast() }
    var low = 0
    var high = elements.count
    while low < high {
      let middle = (low + high) / 2
      if elements[middle].duration >= duration { low = middle + 1 } else { high = middle }
    }
    elements.insert((duration, element), at: low)
  }

  /// Changes the first element that `matches`.
  mutating func change(where matches: (Element) -> Bool, _ change: (inout Element) -> Void) {
    guard let index = elements.firstIndex(where: { matches($0.element) }) else { return }
    change(&elements[index].element)
  }
}

extension TopList: Sendable where Element: Sendable {}
