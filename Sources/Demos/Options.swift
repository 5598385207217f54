import Glibc

/// What stands on the command line of a demo.
struct Options: Sendable {
  /// Which demo.
  var name: String?
  /// Which of its ways, where it has some.
  var way: String?
  /// When it ends; a demo that has no end of its own goes on until then.
  var seconds: Double?
  /// `sqlite`, `postgresql` for a server of the demo's own, or a connection string.
  var database: String?
  /// How many requests, where a demo counts them.
  var requests: Int?
  /// For the processes that a demo starts itself: the port of the one that did, and which of several this is.
  var port: UInt16?
  var worker: Int?
  /// Whether to say what there is.
  var list = false

  /// Something that cannot be meant.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  init(_ arguments: some Sequence<String>) throws(Failure) {
    var rest = Array(arguments)[...]
    while let word = rest.popFirst() {
      switch word {
      case "--list": list = true
      case "--way": way = try Options.value(&rest, of: word) { $0 }
      case "--database": database = try Options.value(&rest, of: word) { $0 }
      case "--seconds": seconds = try Options.value(&rest, of: word) { Double($0).within(0...86_400) }
      case "--requests": requests = try Options.value(&rest, of: word) { Int($0).within(1...1_000_000) }
      case "--port": port = try Options.value(&rest, of: word) { UInt16($0) }
      case "--worker": worker = try Options.value(&rest, of: word) { Int($0) }
      case _ where word.hasPrefix("-") || name != nil: throw Failure(description: "\(word) is not understood")
      default: name = word
      }
    }
  }

  private static func value<Value>(
    _ rest: inout ArraySlice<String>, of option: String, _ parse: (String) -> Value?
  ) throws(Failure) -> Value {
    guard let word = rest.popFirst(), let value = parse(word) else {
      throw Failure(description: "\(option) wants a value")
    }
    return value
  }

  /// As they would be typed.
  var arguments: [String] {
    var words = name.map { [$0] } ?? []
    if let way { words += ["--way", way] }
    if let seconds { words += ["--seconds", "\(seconds)"] }
    if let database { words += ["--database", database] }
    if let requests { words += ["--requests", "\(requests)"] }
    if let port { words += ["--port", "\(port)"] }
    if let worker { words += ["--worker", "\(worker)"] }
    return words
  }
}

extension Optional where Wrapped: Comparable {
  fileprivate func within(_ range: ClosedRange<Wrapped>) -> Wrapped? { flatMap { range.contains($0) ? $0 : nil } }
}
