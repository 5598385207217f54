import Trace

/// Some chunks of a trace in a file of their own, in which each loop's ordinals begin anew.
struct ChunkCopy {
  var file: ChunkFile
  /// Why it is not gone on with.
  private(set) var failure: TraceError?
  /// The ordinal that each loop's first event has in the trace.
  private var first: [LoopID: UInt64] = [:]

  init(file: ChunkFile) { self.file = file }

  /// Appends a chunk as it stands in its file, packed.
  mutating func add(_ range: Range<UInt64>, of source: TraceFile) throws(TraceError) {
    let bytes = try source.read(range.count, at: range.lowerBound)
    // Only the file that this process itself has written is read here.
    guard var header = bytes.withUnsafeBytes({ ChunkHeader($0) }) else { return }
    let begin = first[header.loop] ?? header.first
    first[header.loop] = begin
    header.first -= begin
    try file.copy(header, Array(bytes[ChunkHeader.size...]))
  }

  /// Appends what was just written, unless it was given up; what goes wrong here is nothing to the trace itself.
  mutating func follow(_ ranges: [Range<UInt64>], of source: TraceFile, _ definitions: Definitions) {
    guard failure == nil else { return }
    do throws(TraceError) {
      try file.write(definitions)
      for range in ranges { try add(range, of: source) }
    } catch {
      failure = error
    }
  }
}
