import Glibc
import SystemPackage
import Trace

/// `SEEK_DATA`, which Glibc's module leaves out: to the next byte that is in no hole.
private let seekData: Int32 = 3

/// Reads a file at places, into buffers of bounded size; never maps it, so that a file that shrinks is no signal.
struct TraceFileReader: ~Copyable {
  let name: String
  private let descriptor: FileDescriptor

  private init(_ descriptor: FileDescriptor, _ name: String) {
    self.descriptor = descriptor
    self.name = name
  }

  /// Opens a file; pipes, devices and folders are refused.
  static func open(_ path: FilePath) throws(TraceError) -> TraceFileReader {
    do {
      return try checked(FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]), path.string)
    } catch { throw Self.error("open", path.string, error) }
  }

  /// Reads a file that somebody else has opened, and goes on when they close it.
  static func duplicate(_ descriptor: FileDescriptor, name: String) throws(TraceError) -> TraceFileReader {
    do {
      return try checked(descriptor.duplicate(), name)
    } catch { throw Self.error("dup", name, error) }
  }

  private static func checked(_ descriptor: FileDescriptor, _ name: String) throws(TraceError) -> TraceFileReader {
    let file = TraceFileReader(descriptor, name)
    guard try file.status().st_mode & S_IFMT == S_IFREG else { throw .notAFile(name: name) }
    return file
  }

  deinit { try? descriptor.close() }

  private static func error(_ call: String, _ name: String, _ error: any Error) -> TraceError {
    error as? TraceError ?? .system(call: call, name: name, errno: (error as? Errno)?.rawValue ?? EIO)
  }

  private borrowing func status() throws(TraceError) -> stat {
    var status = stat()
    guard fstat(descriptor.rawValue, &status) == 0 else { throw .system(call: "fstat", name: name, errno: errno) }
    return status
  }

  /// How long the file is by now.
  borrowing func size() throws(TraceError) -> UInt64 { UInt64(clamping: try status().st_size) }

  /// `count` bytes from `offset` on, fewer where the file ends or cannot be read.
  borrowing func read(_ count: Int, at offset: UInt64) throws(TraceError) -> [UInt8] {
    guard let start = off_t(exactly: offset) else { return [] }
    var failure: Int32?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor.rawValue, buffer.baseAddress! + filled, count - filled, start + off_t(filled))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        filled += got
      }
    }
    if let failure { throw .system(call: "pread", name: name, errno: failure) }
    return bytes
  }

  /// The chunk header at `offset`, or `nil` where there is none that knows to stand there.
  borrowing func header(at offset: UInt64) throws(TraceError) -> ChunkHeader? {
    let header = try read(ChunkHeader.size, at: offset).withUnsafeBytes { ChunkHeader($0) }
    return header?.offset == offset ? header : nil
  }

  /// A chunk's payload, unpacked.
  borrowing func payload(of header: ChunkHeader) throws(TraceError) -> Result<[UInt8], Payload.Failure> {
    let stored = try read(Int(header.stored), at: header.offset &+ UInt64(ChunkHeader.size))
    return stored.withUnsafeBytes { bytes in
      Result { () throws(Payload.Failure) in try Payload.open(bytes, under: header) }
    }
  }

  /// The first header at or after `offset` and before `end`; holes are jumped over.
  borrowing func nextHeader(from offset: UInt64, before end: UInt64) throws(TraceError) -> ChunkHeader? {
    let window = 1 << 16
    var at = offset
    while at < end {
      if let data = off_t(exactly: at).map({ lseek(descriptor.rawValue, $0, seekData) }) {
        if data < 0 && errno == ENXIO { return nil }
        at = max(at, UInt64(clamping: data))
      }
      let bytes = try read(window, at: at)
      var from = 0
      while let found = bytes[from...].firstIndex(of: ChunkHeader.magic[0]) {
        if bytes[found...].starts(with: ChunkHeader.magic), let header = try header(at: at + UInt64(found)) {
          return header
        }
        from = found + 1
      }
      guard bytes.count == window else { return nil }
      // A magic may stand across the window's end.
      at += UInt64(window - ChunkHeader.magic.count + 1)
    }
    return nil
  }

  /// Whether the bytes there were punched out by a writer that keeps only the newest.
  borrowing func isHole(at offset: UInt64) throws(TraceError) -> Bool {
    let bytes = try read(ChunkHeader.magic.count, at: offset)
    return bytes.count == ChunkHeader.magic.count && bytes.allSatisfy { $0 == 0 }
  }
}
