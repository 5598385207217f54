import Reactor
import ReactorTesting
import Recorder

/// What a step of a test throws.
enum Oops: Error, Equatable {
  case first, second
}

/// A place that closures can write to.
final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

extension Box where Value == [String] {
  func add(_ text: String) { value.append(text) }
}

/// Calls back when it goes away.
final class Canary {
  private let onDeinit: () -> Void
  init(_ onDeinit: @escaping () -> Void) { self.onDeinit = onDeinit }
  deinit { onDeinit() }
}

extension Recorder.Options {
  static let off = Recorder.Options(enabled: false)
}

/// A virtual reactor that does not record and keeps its failures.
final class Unrecorded {
  let virtual: VirtualReactor
  let failures = Box<[String]>([])
  var reactor: Reactor { virtual.reactor }

  init(threads: Int = 4) throws {
    virtual = try VirtualReactor(threads: threads, recording: .off)
    virtual.reactor.onUnhandledFailure = { [failures] in failures.add("\($0.error)") }
  }

  deinit { virtual.end() }
}
