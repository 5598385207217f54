/// A traced process.
public struct ProcessInfo: Hashable, Sendable {
  /// Its process id in its own pid namespace.
  public var pid: Int32
  /// When it started, in clock ticks since boot: with the pid, its identity for as long as the machine is up.
  public var started: UInt64
  /// Its command line, cut to what the ring holds.
  public var command: String
  /// What recorded it, `looptop-reactor 1`.
  public var runtime: String

  /// A process from its parts.
  public init(pid: Int32, started: UInt64, command: String, runtime: String) {
    self.pid = pid
    self.started = started
    self.command = command
    self.runtime = runtime
  }
}

/// A traced loop.
public struct LoopInfo: Hashable, Sendable {
  /// Its number in the trace.
  public var id: LoopID
  /// The process it ran in.
  public var process: ProcessInfo
  /// Its name, given by the program.
  public var name: String
  /// The kernel's id of its thread.
  public var thread: Int32
  /// How it polls: `epoll`, `virtual`, …
  public var poll: String

  /// A loop from its parts.
  public init(id: LoopID, process: ProcessInfo, name: String, thread: Int32, poll: String) {
    self.id = id
    self.process = process
    self.name = name
    self.thread = thread
    self.poll = poll
  }
}

/// What a trace's ids stand for: grows as the trace does, never changes.
public struct Definitions: Hashable, Sendable {
  /// Loops by number, the first at index 0 being loop 1.
  public private(set) var loops: [LoopInfo] = []
  /// Sites by index; index 0 is the unknown one.
  public private(set) var sites: [Site] = [.unknown]
  private var siteIDs: [Site: SiteID] = [.unknown: .unknown]

  /// Only the unknown site.
  public init() {}

  /// The id of a site, a new one where it is not known yet.
  public mutating func id(of site: Site) -> SiteID {
    if let known = siteIDs[site] { return known }
    let id = SiteID(UInt32(sites.count))
    sites.append(site)
    siteIDs[site] = id
    return id
  }

  /// Adds a site under the next free id whether or not it has one already, as a reader must to keep to a file's ids.
  mutating func append(site: Site) {
    let id = SiteID(UInt32(sites.count))
    sites.append(site)
    if siteIDs[site] == nil { siteIDs[site] = id }
  }

  /// Adds a loop under the next free number, whatever number it carries, and returns it; `nil` past 65535 loops.
  public mutating func add(loop: LoopInfo) -> LoopID? {
    guard loops.count < Int(UInt16.max) else { return nil }
    var loop = loop
    loop.id = LoopID(UInt16(loops.count + 1))
    loops.append(loop)
    return loop.id
  }

  /// The site, or the unknown one where the id lies outside the table.
  public func site(_ id: SiteID) -> Site {
    sites.indices.contains(Int(id.index)) ? sites[Int(id.index)] : .unknown
  }

  /// The loop, if there is one of that number.
  public func loop(_ id: LoopID) -> LoopInfo? {
    loops.indices.contains(Int(id.number) - 1) ? loops[Int(id.number) - 1] : nil
  }
}
