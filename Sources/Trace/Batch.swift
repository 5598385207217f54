/// Consecutive events of one loop, with the texts and checkpoints that they refer to.
///
/// The unit in which events travel: from ring to file, from file to analysis. Values of `TextID` and
/// `Event.Body.checkpoint` hold within their batch only.
public struct Batch: Hashable, Sendable {
  /// The loop that they happened on.
  public var loop: LoopID
  /// In the order of their writing.
  public var events: [Event]
  /// What `TextID` refers to; unescaped, as the program gave it.
  public var texts: [String]
  /// What `Event.Body.checkpoint` refers to.
  public var checkpoints: [Checkpoint]

  /// A batch from its parts.
  public init(loop: LoopID, events: [Event] = [], texts: [String] = [], checkpoints: [Checkpoint] = []) {
    self.loop = loop
    self.events = events
    self.texts = texts
    self.checkpoints = checkpoints
  }

  /// The text, or an empty one where the index lies outside the batch.
  public func text(_ id: TextID) -> String {
    texts.indices.contains(Int(id.index)) ? texts[Int(id.index)] : ""
  }

  /// Adds a text and returns its id.
  public mutating func add(text: String) -> TextID {
    texts.append(text)
    return TextID(UInt32(texts.count - 1))
  }

  /// Adds a checkpoint as an event.
  public mutating func add(_ checkpoint: Checkpoint, at time: Instant) {
    checkpoints.append(checkpoint)
    events.append(Event(time, .checkpoint(Int32(checkpoints.count - 1))))
  }
}
