/// A stack with its top at hand: where things do not nest, as most callbacks do not, no array is touched.
struct Nesting<Element> {
  /// The innermost, to be changed but neither put nor taken off by hand.
  var top: Element?
  private var outer: [Element] = []

  /// All of them, outermost first.
  var all: [Element] { top.map { outer + [$0] } ?? [] }

  /// How many there are.
  var count: Int { top == nil ? 0 : outer.count + 1 }

  @inline(__always) mutating func push(_ element: Element) {
    if let top { outer.append(top) }
    top = element
  }

  @inline(__always) mutating func pop() {
    top = outer.isEmpty ? nil : outer.removeLast()
  }

  @inline(__always) mutating func removeAll() {
    top = nil
    if !outer.isEmpty { outer.removeAll(keepingCapacity: true) }
  }

  /// Puts others around those that there are.
  mutating func surround(by elements: [Element]) {
    outer = elements + outer
    if top == nil { pop() }
  }

  /// Takes the innermost off that is meant, with all within it; none where there is no such one.
  @inline(__always) mutating func pop(through isMeant: (Element) -> Bool) {
    guard let top else { return }
    if isMeant(top) { return pop() }
    popOuter(through: isMeant)
  }

  private mutating func popOuter(through isMeant: (Element) -> Bool) {
    guard let index = outer.lastIndex(where: isMeant) else { return }
    outer.removeSubrange(index...)
    pop()
  }
}
