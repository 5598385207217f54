import DequeModule

/// Elements on their way from who puts to who gets, in order; both wait where they have to.
///
/// ```swift
/// let jobs = DeferredQueue<String>(on: reactor, capacity: 100)
/// reactor.task { while true { print(try await jobs.get().value) } }
/// jobs.put("one").addCallback { print("there was room") }
/// ```
public final class DeferredQueue<Element> {
  private let reactor: Reactor
  /// How many elements it holds at most.
  public let capacity: Int
  private var elements = Deque<Element>()
  private var getting = Deque<Deferred<Element>>()
  private var putting = Deque<(element: Element, room: Deferred<Void>)>()

  /// An empty queue with room for `capacity` elements, which may be none: then each `put` waits for its `get`.
  public init(on reactor: Reactor, capacity: Int) {
    if capacity < 0 { misuse("a queue with room for \(capacity)") }
    self.reactor = reactor
    self.capacity = capacity
  }

  /// How many elements it holds.
  public var count: Int { elements.count }
  /// Whether a `put` would wait.
  public var isFull: Bool { elements.count >= capacity && getting.isEmpty }

  /// Adds an element; fires when there is room for it. That is back-pressure: whoever puts much waits before the next.
  ///
  /// Cancelling takes the element back while it waits for room.
  @discardableResult
  public func put(
    _ element: Element, function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Void> {
    let room = reactor.deferred(of: Void.self, function: function, file: file, line: line) { [weak self] room in
      self?.putting.removeAll { $0.room === room }
    }
    if isFull {
      putting.append((element, room))
      return room
    }
    if let getter = getting.popFirst() { getter.callback(element) } else { elements.append(element) }
    room.callback()
    return room
  }

  /// Fires with the first element once there is one; those who ask first have it first. Cancelling gives up the place.
  public func get(
    function: StaticString = #function, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Element> {
    let getter = reactor.deferred(of: Element.self, function: function, file: file, line: line) { [weak self] getter in
      self?.getting.removeAll { $0 === getter }
    }
    if let element = elements.popFirst() {
      takeIn()
      getter.callback(element)
    } else if let (element, room) = putting.popFirst() {
      room.callback()
      getter.callback(element)
    } else {
      getting.append(getter)
    }
    return getter
  }

  /// Moves the first element that waits for room into the room there is.
  private func takeIn() {
    guard let (element, room) = putting.popFirst() else { return }
    elements.append(element)
    room.callback()
  }
}
