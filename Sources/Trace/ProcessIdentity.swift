import Glibc

/// What tells a process from a later one with the same pid.
public struct ProcessIdentity: Hashable, Sendable {
  /// Its pid.
  public var pid: Int32
  /// Its start, in clock ticks since boot.
  public var started: UInt64

  /// An identity from its parts.
  public init(pid: Int32, started: UInt64) {
    self.pid = pid
    self.started = started
  }

  /// The process that has this pid now; `nil` if there is none.
  public init?(running pid: Int32) {
    // The second field is the command in parentheses, which may itself hold spaces and parentheses: count from the last.
    guard let text = readSmallFile("/proc/\(pid)/stat"), let close = text.lastIndex(of: UInt8(ascii: ")")) else {
      return nil
    }
    let fields = text[(close + 1)...].split(separator: UInt8(ascii: " "))
    // A zombie has run its last instruction; for whoever waits for more events it is gone.
    guard fields.count > 19, fields[0].first != UInt8(ascii: "Z") else { return nil }
    guard let started = UInt64(String(decoding: fields[19], as: UTF8.self)) else { return nil }
    self.init(pid: pid, started: started)
  }

  /// Whether it is still running.
  public var isRunning: Bool { ProcessIdentity(running: pid) == self }

  /// The pid namespace that this process lives in, as its inode; 0 where /proc does not say.
  public static let namespace: UInt64 = {
    var status = stat()
    return stat("/proc/self/ns/pid", &status) == 0 ? UInt64(status.st_ino) : 0
  }()

  /// The boot's id as 16 bytes; zeros where /proc does not say.
  public static let bootID: [UInt8] = {
    let digits = (readSmallFile("/proc/sys/kernel/random/boot_id") ?? []).compactMap {
      Character(UnicodeScalar($0)).hexDigitValue
    }
    guard digits.count == 32 else { return [UInt8](repeating: 0, count: 16) }
    return (0..<16).map { UInt8(digits[2 * $0] << 4 | digits[2 * $0 + 1]) }
  }()

  /// The command line of this process, arguments parted by spaces.
  public static var commandLine: String {
    let bytes = readSmallFile("/proc/self/cmdline") ?? []
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}

/// The first 16 KiB of a file; `nil` where it cannot be read.
func readSmallFile(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
    count = max(0, read(descriptor, buffer.baseAddress!, buffer.count))
  }
  return bytes.isEmpty ? nil : bytes
}
