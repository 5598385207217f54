import Glibc
import Screens
import Testing

/// Holds a screen against the text in `Baselines/NAME.txt`. Where there is none it is recorded, and the test fails: look
/// at it, and run again. To record one anew, delete it.
func expect(_ grid: Grid, is name: String, _ location: SourceLocation = #_sourceLocation) throws {
  let screen = grid.lines.map { $0 + "\n" }.joined()
  let path = "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Baselines/\(name).txt"
  if let baseline = try? read(path) {
    let differing = zip(lines(screen), lines(baseline)).enumerated().filter { $0.element.0 != $0.element.1 }
    let report = differing.map { "line \($0.offset + 1):\n  is   \($0.element.0)\n  not  \($0.element.1)" }
    #expect(screen == baseline, "\(name): \(report.joined(separator: "\n"))", sourceLocation: location)
  } else {
    try write(screen, to: path)
    Issue.record("recorded a new baseline: \(path)", sourceLocation: location)
  }
}

private func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

private struct FileError: Error {
  var path: String
  var number = errno
}

private func read(_ path: String) throws -> String {
  guard let file = fopen(path, "re") else { throw FileError(path: path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
  return String(decoding: bytes, as: UTF8.self)
}

private func write(_ text: String, to path: String) throws {
  guard let file = fopen(path, "we") else { throw FileError(path: path) }
  defer { fclose(file) }
  guard fputs(text, file) >= 0 else { throw FileError(path: path) }
}
