import Trace

/// Several files as one trace: whose chunk comes next, and what each file's numbers and moments become.
struct JointTrace {
  /// What the ids of all stand for.
  private(set) var definitions = Definitions()
  /// By file.
  private(set) var renumberings: [Renumbering] = []
  /// In the order of their begins, those of one file in its own order.
  private(set) var chunks = Chunks()
  /// By chunk: its file, and its index there.
  private(set) var places: [(file: Int, chunk: Int)] = []
  /// Whether some files were recorded at other times than the others.
  let isLaidOver: Bool

  init(_ files: [StoredFile]) throws(TraceError) {
    let shifts = Self.shifts(files)
    isLaidOver = shifts.isLaidOver
    for (file, shift) in zip(files, shifts.all) { renumberings.append(try add(file, later: shift)) }
    merge(files)
  }

  /// Numbers what a file defines, and loops that it does not define and has chunks of.
  private mutating func add(_ file: StoredFile, later shift: Nanoseconds) throws(TraceError) -> Renumbering {
    let known = file.list.definitions
    let unknown = Set(file.list.chunks.map(\.loop)).filter { known.loop($0) == nil }.sorted()
    let nobody = ProcessInfo(pid: 0, started: 0, command: "", runtime: "")
    let others = unknown.map { LoopInfo(id: $0, process: nobody, name: "", thread: 0, poll: "") }
    var loops: [LoopID: LoopID] = [:]
    for loop in known.loops + others {
      guard let number = definitions.add(loop: loop) else { throw .tooManyLoops(name: file.name) }
      loops[loop.id] = number
    }
    return Renumbering(loops: loops, sites: known.sites.map { definitions.id(of: $0) }, later: shift)
  }

  private mutating func merge(_ files: [StoredFile]) {
    var next = files.map { _ in 0 }
    func head(_ file: Int) -> ChunkSummary? {
      let chunks = files[file].list.chunks
      return next[file] < chunks.count ? chunks[next[file]] : nil
    }
    var heads = files.indices.map { file in head(file).map { renumberings[file].applied(to: $0) } }
    while let file = heads.indices.filter({ heads[$0] != nil }).min(by: { heads[$0]!.from < heads[$1]!.from }) {
      chunks.append(heads[file]!)
      places.append((file, next[file]))
      next[file] += 1
      heads[file] = head(file).map { renumberings[file].applied(to: $0) }
    }
  }

  // MARK: Time

  /// How much later than in its file everything is in the whole, for each file.
  private static func shifts(_ files: [StoredFile]) -> (all: [Nanoseconds], isLaidOver: Bool) {
    let clocks = files.map { clockShift($0, to: files[0]) }
    let times = zip(files, clocks).map { file, shift in shift.flatMap { file.time(later: $0) } }
    let together = recordedWithTheFirst(times)
    let begin = together.compactMap { times[$0]?.from }.min()
    let shifts = files.indices.map { file -> Nanoseconds in
      if together.contains(file) { return clocks[file] ?? .zero }
      guard let begin, let own = files[file].time(later: .zero) else { return .zero }
      return begin - own.from
    }
    return (shifts, together.count < files.count)
  }

  /// The files whose time overlaps that of the first, or that of another such.
  private static func recordedWithTheFirst(_ times: [(from: Instant, to: Instant)?]) -> Set<Int> {
    var together: Set = [0]
    func belongs(_ file: Int) -> Bool {
      together.contains { other in
        guard let a = times[file], let b = times[other] else { return false }
        return a.from <= b.to && b.from <= a.to
      }
    }
    while let file = times.indices.first(where: { !together.contains($0) && belongs($0) }) { together.insert(file) }
    return together
  }

  /// From one file's monotonic clock to another's: none within one boot, else by what wall time each stood at; `nil` where
  /// that is not known.
  private static func clockShift(_ file: StoredFile, to other: StoredFile) -> Nanoseconds? {
    if file.header.bootID == other.header.bootID { return .zero }
    func wall(_ file: StoredFile) -> Int64? {
      file.list.chunks.lazy.compactMap { $0.opening ?? $0.closing }.first.map {
        $0.realtime &- $0.monotonic.nanoseconds
      }
    }
    guard let mine = wall(file), let others = wall(other) else { return nil }
    return Nanoseconds(mine &- others)
  }
}

extension StoredFile {
  /// From its first event to its last, later by so much; `nil` where it has none.
  fileprivate func time(later shift: Nanoseconds) -> (from: Instant, to: Instant)? {
    guard let from = list.chunks.map(\.from).min(), let to = list.chunks.map(\.to).max() else { return nil }
    return (from + shift, to + shift)
  }
}
