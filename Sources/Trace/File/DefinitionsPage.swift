/// The payload of a definitions chunk: what was defined since the last one.
package struct DefinitionsPage: Hashable, Sendable {
  /// Index into `Definitions.loops` of the first.
  package var firstLoop: Int
  /// Consecutive loops.
  package var loops: [LoopInfo]
  /// Index into `Definitions.sites` of the first; never 0, which everybody knows.
  package var firstSite: Int
  /// Consecutive sites.
  package var sites: [Site]

  /// How many sites a trace may have; those past it are read as the unknown one.
  package static let siteLimit = 1 << 20

  /// What `definitions` has from these indices on, cut to what one chunk should hold.
  package init(of definitions: Definitions, loopsFrom firstLoop: Int, sitesFrom firstSite: Int) {
    self.firstLoop = firstLoop
    self.firstSite = firstSite
    loops = Array(definitions.loops.dropFirst(firstLoop).prefix(256))
    sites = Array(definitions.sites.prefix(Self.siteLimit).dropFirst(firstSite).prefix(4096))
  }

  /// How many bytes of a text are written: a definition is a name, not a document.
  private static let textLimit = 1024

  /// The payload.
  package var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt32(firstLoop))
    bytes.append(number: UInt32(loops.count))
    bytes.append(number: UInt32(firstSite))
    bytes.append(number: UInt32(sites.count))
    for loop in loops {
      bytes.append(number: loop.process.pid)
      bytes.append(number: loop.process.started)
      bytes.append(number: loop.thread)
      for text in [loop.process.command, loop.process.runtime, loop.name, loop.poll] {
        bytes.append(counted: cut(text))
      }
    }
    for site in sites {
      bytes.append(number: site.line)
      bytes.append(counted: cut(site.function))
      bytes.append(counted: cut(site.file))
    }
    return bytes
  }

  private func cut(_ text: String) -> String {
    text.utf8.count <= Self.textLimit ? text : String(decoding: text.utf8.prefix(Self.textLimit - 2), as: UTF8.self)
  }

  /// What a payload defines; bytes after it are a later minor version's.
  package init(_ payload: [UInt8]) throws(Payload.Failure) {
    guard let page = payload.withUnsafeBytes({ Self.read(ByteReader($0)) }) else { throw .damaged }
    self = page
  }

  private init(firstLoop: Int, firstSite: Int) {
    self.firstLoop = firstLoop
    self.firstSite = firstSite
    loops = []
    sites = []
  }

  private static func read(_ bytes: consuming ByteReader) -> DefinitionsPage? {
    guard let firstLoop: UInt32 = bytes.number(), let loops: UInt32 = bytes.number(),
      let firstSite: UInt32 = bytes.number(), let sites: UInt32 = bytes.number(),
      Int(firstLoop) + Int(loops) <= Int(UInt16.max), Int(firstSite) + Int(sites) <= siteLimit
    else { return nil }
    var page = DefinitionsPage(firstLoop: Int(firstLoop), firstSite: Int(firstSite))
    for _ in 0..<loops {
      guard let pid: Int32 = bytes.number(), let started: UInt64 = bytes.number(), let thread: Int32 = bytes.number(),
        let command = bytes.text(), let runtime = bytes.text(), let name = bytes.text(), let poll = bytes.text()
      else { return nil }
      let process = ProcessInfo(pid: pid, started: started, command: command, runtime: runtime)
      let id = LoopID(UInt16(page.firstLoop + page.loops.count + 1))
      page.loops.append(LoopInfo(id: id, process: process, name: name, thread: thread, poll: poll))
    }
    for _ in 0..<sites {
      guard let line: UInt32 = bytes.number(), let function = bytes.text(), let file = bytes.text() else { return nil }
      page.sites.append(Site(function: function, file: file, line: line))
    }
    return page
  }
}

extension Definitions {
  /// Adds a page's definitions at their numbers; what is missing ahead of them is filled with the unknown, and what is
  /// there already stays.
  package mutating func add(_ page: DefinitionsPage) {
    let nobody = ProcessInfo(pid: 0, started: 0, command: "", runtime: "")
    for (index, loop) in zip(page.firstLoop..., page.loops) where index >= loops.count {
      while loops.count < index {
        guard add(loop: LoopInfo(id: LoopID(0), process: nobody, name: "", thread: 0, poll: "")) != nil else { return }
      }
      _ = add(loop: loop)
    }
    for (index, site) in zip(page.firstSite..., page.sites) where index >= sites.count {
      while sites.count < index { append(site: .unknown) }
      append(site: site)
    }
  }
}
