/// Summaries by index, in blocks that never move.
///
/// An array that has no room left is there twice while it moves, and then half empty: with tens of thousands of chunks that
/// is what one sees of a watcher's memory. Here one more takes what one more needs, and the memory of the first is free
/// as soon as a block of them is given up.
public struct Chunks: RandomAccessCollection, Sendable {
  private var blocks: [[ChunkSummary]] = []
  /// The index of the first one in the first block, which may be given up.
  private var base = 0
  /// The first one's index: rises as the first are given up.
  public private(set) var startIndex = 0
  /// The index of the next one to come.
  public private(set) var endIndex = 0

  private static let blockSize = 256

  /// The chunk of that index, from `startIndex` on.
  public internal(set) subscript(index: Int) -> ChunkSummary {
    get {
      let (block, place) = place(of: index)
      return blocks[block][place]
    }
    set {
      let (block, place) = place(of: index)
      blocks[block][place] = newValue
    }
  }

  private func place(of index: Int) -> (block: Int, place: Int) {
    precondition(index >= startIndex && index < endIndex, "there is no chunk \(index) in \(startIndex)..<\(endIndex)")
    return ((index - base) / Self.blockSize, (index - base) % Self.blockSize)
  }

  mutating func append(_ chunk: ChunkSummary) {
    if endIndex - base == blocks.count * Self.blockSize {
      blocks.append([])
      blocks[blocks.count - 1].reserveCapacity(Self.blockSize)
    }
    blocks[blocks.count - 1].append(chunk)
    endIndex += 1
  }

  /// Gives up those ahead of an index; the others keep theirs.
  mutating func removeAll(before index: Int) {
    precondition(index >= startIndex && index <= endIndex)
    startIndex = index
    let empty = (index - base) / Self.blockSize
    blocks.removeFirst(empty)
    base += empty * Self.blockSize
  }
}
