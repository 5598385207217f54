import Drain
import Export
import Glibc
import SystemPackage
import Trace
import TraceStore

/// A trace's text form in a file: read line by line, so that its length does not matter.
struct TextTrace {
  private let file: String

  /// The text in that file; `nil` where it does not begin as one does.
  init?(_ file: String) {
    // A pipe would wait for its writer.
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, let stream = fopen(file, "re") else {
      return nil
    }
    defer { fclose(stream) }
    var start = [UInt8](repeating: 0, count: 64)
    let count = fread(&start, 1, start.count, stream)
    guard TraceTextReader.isText(start[..<count]) else { return nil }
    self.file = file
  }

  /// Makes a trace's file of it; there is none if that fails.
  func write(to path: String, force: Bool) throws(Failure) {
    let output = try ExportOutput.file(path, force: force)
    let writer = try Self.make { () throws(TraceError) in
      try TraceWriter(creating: FilePath(output.temporary ?? path), force: true)
    }
    try copy(into: writer)
    writer.close()
    if let failure = writer.failure { throw .trace(failure) }
    do throws(ExportError) { try output.commit() } catch { throw .export(error) }
  }

  /// A trace without a name, to be read as any other.
  func spooled() throws(Failure) -> TraceStore {
    let writer = try Self.make { () throws(TraceError) in try TraceWriter(spool: nil) }
    // Closed before it is read, as any other: else it would seem to be cut off.
    let descriptor = writer.descriptor.map { dup($0.rawValue) } ?? -1
    guard descriptor >= 0 else { throw .trace(.system(call: "dup", name: file, errno: errno)) }
    defer { close(descriptor) }
    try copy(into: writer)
    writer.close()
    if let failure = writer.failure { throw .trace(failure) }
    return try Self.make { () throws(TraceError) in
      try TraceStore(descriptor: FileDescriptor(rawValue: descriptor), name: file)
    }
  }

  private static func make<T>(_ body: () throws(TraceError) -> T) throws(Failure) -> T {
    do throws(TraceError) { return try body() } catch { throw .trace(error) }
  }

  private func copy(into writer: TraceWriter) throws(Failure) {
    guard let stream = fopen(file, "re") else { throw .trace(.system(call: "open", name: file, errno: errno)) }
    defer { fclose(stream) }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var reader = TraceTextReader()
    var copied = (loops: 0, sites: 0)
    func copy(_ batches: [Batch]) {
      for loop in reader.definitions.loops.dropFirst(copied.loops) { _ = writer.add(loop: loop) }
      for site in reader.definitions.sites.dropFirst(copied.sites) { _ = writer.id(of: site) }
      copied = (reader.definitions.loops.count, reader.definitions.sites.count)
      for batch in batches { writer.append(batch) }
    }
    do throws(TraceTextError) {
      while case let count = fread(&piece, 1, piece.count, stream), count > 0 {
        try reader.read(Array(piece[..<count]))
        copy(reader.takeBatches())
      }
      copy(try reader.finish())
    } catch {
      throw .badText(file, error)
    }
  }
}
