import CFuzz
import Glibc

/// The readers of what is hostile until bounded, under libFuzzer: `Fuzz chunk|trace|ring [LIBFUZZER OPTION…] [CORPUS]`, and
/// `Fuzz seeds FOLDER TRACE…` to begin a corpus of each from recorded traces. See Scripts/fuzz.
@main enum Fuzz {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else { return usage() }
    switch arguments[1] {
    case "chunk": run { ChunkTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "trace": run { TraceTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "ring": run { RingTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
    case "seeds" where arguments.count > 3: Seeds.write(into: arguments[2], from: Array(arguments[3...]))
    default: usage()
    }
  }

  private static func usage() {
    print("Fuzz chunk|trace|ring [LIBFUZZER OPTION…] [CORPUS]\nFuzz seeds FOLDER TRACE…")
    exit(2)
  }

  /// libFuzzer gets the arguments but for the target's name.
  private static func run(_ body: @escaping @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32) {
    let kept = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
    let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: kept.count + 1)
    for (index, argument) in kept.enumerated() { copies[index] = strdup(argument) }
    copies[kept.count] = nil
    var count = Int32(kept.count)
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = copies
    exit(LLVMFuzzerRunDriver(&count, &arguments, body))
  }
}
