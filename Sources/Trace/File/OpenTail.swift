/// The end of a trace that is still being written: what has been recorded and stands in no chunk yet.
///
/// Safe to ask from any thread.
public protocol OpenTail: AnyObject, Sendable {
  /// Everything defined so far, sealed or not.
  var definitions: Definitions { get }
  /// The events of each loop that no chunk has yet, with the ordinal of the first; loops without any are left out.
  func openBatches() -> [(firstEvent: UInt64, batch: Batch)]
  /// Where in the file the oldest chunk of events begins that was not given up for newer ones; 0 where all are kept.
  var keptFrom: UInt64 { get }
}
