import Glibc

/// What a server used to serve: its own processes', not the database's nor the load's.
struct Usage {
  /// Bytes of its own, and its part of what it shares with others; without the rings of its recording.
  private(set) var memory: Int
  /// How often a thread of it had to leave the processor, to wait or for another.
  private(set) var switches: Int

  /// This process's, so far.
  init() {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    switches = usage.ru_nvcsw + usage.ru_nivcsw
    memory = Usage.residentBytes()
  }

  /// As another process printed it.
  init?(line: String) {
    let numbers = line.split(separator: " ").compactMap { Int($0) }
    guard numbers.count == 2 else { return nil }
    (memory, switches) = (numbers[0], numbers[1])
  }

  var line: String { "\(memory) \(switches)" }

  /// The memory as it is now, and what happened since.
  func since(_ begin: Usage) -> Usage {
    var usage = self
    usage.switches -= begin.switches
    return usage
  }

  mutating func add(_ other: Usage) {
    memory += other.memory
    switches += other.switches
  }

  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/smaps_rollup", "r") else { return 0 }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
      .filter { $0.hasPrefix("Pss_Anon:") || $0.hasPrefix("Pss_File:") }
      .compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
      .reduce(0, +) * 1_024
  }
}

/// What came of one way of serving.
struct Figures {
  private let usage: Usage
  private let requests: Double
  private let p50: Double
  private let p99: Double

  /// With what the load printed, which has ended then.
  init(_ usage: Usage, _ load: ChildProcess, requests: Int) throws {
    let numbers = load.readLine()?.split(separator: " ").compactMap { Double($0) } ?? []
    guard load.wait() == 0, numbers.count == 3, numbers[0] > 0 else {
      throw ChildProcess.Failure(description: "the load failed")
    }
    self.usage = usage
    self.requests = Double(requests) / numbers[0]
    (p50, p99) = (numbers[1] * 1e3, numbers[2] * 1e3)
  }

  /// A line of the table, in which every figure says what it is.
  func row(_ way: String) -> String {
    let cells = [
      pad(tenths(requests), 7) + " requests/s", "p50 " + pad(tenths(p50), 6) + " ms",
      "p99 " + pad(tenths(p99), 6) + " ms",
      pad(tenths(Double(usage.memory) / 1_048_576), 6) + " MiB", pad("\(usage.switches)", 6) + " context switches",
    ]
    return way + String(repeating: " ", count: max(0, 12 - way.count)) + cells.joined(separator: "   ")
  }

  private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  private func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
