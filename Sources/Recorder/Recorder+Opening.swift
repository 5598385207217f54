import CLinux
import Glibc
import Trace

extension Recorder {
  /// How a recorder is opened.
  public struct Options: Sendable {
    /// Whether to record at all.
    public var enabled: Bool
    /// What the events' times are read from.
    public var clock: Clock
    /// What the trace says recorded it.
    public var runtime: String
    /// The folder of rings; `nil` is `RingFolder.path`.
    public var folder: String?

    /// Recording on, unless `LOOPTOP=off` is in the environment; the cheapest clock; the user's folder.
    public init(
      enabled: Bool = Options.enabledByEnvironment, clock: Clock = .fastest, runtime: String = "looptop-recorder 1",
      folder: String? = nil
    ) {
      self.enabled = enabled
      self.clock = clock
      self.runtime = runtime
      self.folder = folder
    }

    /// `false` where the environment says `LOOPTOP=off`.
    public static var enabledByEnvironment: Bool {
      guard let set = getenv("LOOPTOP") else { return true }
      return String(cString: set) != "off"
    }
  }

  /// What the events' times are read from.
  public enum Clock: @unchecked Sendable {
    /// The processor's counter where it runs at a constant rate, else `CLOCK_MONOTONIC`.
    case fastest
    /// `CLOCK_MONOTONIC`.
    case monotonic
    /// A cell that somebody else moves: nanoseconds of a virtual `CLOCK_MONOTONIC`; it must outlive the recorder.
    case manual(UnsafePointer<Int64>)

    var counter: RingCounter {
      switch self {
      case .fastest: Clock.processorCounterIsTrusted ? .processor : .nanoseconds
      case .monotonic: .nanoseconds
      case .manual: .virtual
      }
    }

    private static let processorCounterIsTrusted = ll_counter_is_invariant()
  }

  /// Opens a ring for the calling thread's loop.
  ///
  /// A ring that cannot be made leaves the recorder off, and says so once for the process on stderr: the traced program
  /// goes on either way.
  public init(loop name: String, poll: String, options: Options = Options()) {
    guard options.enabled else {
      self = .off
      return
    }
    self.init(state: RecorderState.makePages())
    control.initialize(to: RecorderControl(name: name, poll: poll, options: options, pid: getpid()))
    open()
  }

  /// The loop ends in good order; recording is off from here on.
  public func close() {
    guard state != Recorder.off.state else { return }
    if isOn {
      writeLoop(.loopEnded)
      ll_store_release(state.pointee.live(RingLayout.Live.state), RingState.ended.rawValue)
      state.pointee.events = nil
      state.pointee.ring?.release()
      state.pointee.ring = nil
    }
    control.pointee.pid = 0
  }

  /// The site's number: found by the addresses of its literals, defined in the ring the first time.
  @inlinable public func site(_ function: StaticString, _ file: StaticString, _ line: UInt) -> RingSite {
    isOn ? findSite(function.utf8Start, file.utf8Start, line) : .none
  }

  /// As `site` of literals, of their texts: zero-terminated, and where they are for as long as the program runs.
  @inlinable public func site(
    _ function: UnsafePointer<UInt8>, _ file: UnsafePointer<UInt8>, _ line: UInt
  ) -> RingSite {
    isOn ? findSite(function, file, line) : .none
  }

  @usableFromInline
  func findSite(_ function: UnsafePointer<UInt8>, _ file: UnsafePointer<UInt8>, _ line: UInt) -> RingSite {
    state.pointee.ring.unsafelyUnwrapped._withUnsafeGuaranteedRef {
      $0.sites.find(function, file, line) ?? defineSite(function, file, line, in: $0)
    }
  }

  /// A site's first time. Never inlined: finding it, ever after, should be a few instructions.
  @inline(never)
  private func defineSite(
    _ function: UnsafePointer<UInt8>, _ file: UnsafePointer<UInt8>, _ line: UInt, in ring: Ring
  ) -> RingSite {
    let site = Site(
      function: String(cString: function), file: String(cString: file), line: UInt32(clamping: line))
    let number = ring.define(site, in: state)
    ring.sites.insert(function, file, line, number)
    return number
  }

  /// In a forked child the state's page was wiped: open a ring of the child's own.
  @usableFromInline @inline(never)
  func reopenAfterFork() {
    guard control.pointee.pid != 0, control.pointee.pid != getpid() else { return }
    control.pointee.pid = getpid()
    open()
  }

  private var control: UnsafeMutablePointer<RecorderControl> {
    (UnsafeMutableRawPointer(state) + RecorderState.controlOffset).assumingMemoryBound(to: RecorderControl.self)
  }

  private func open() {
    let options = control.pointee.options
    state.pointee.usesProcessorCounter = options.clock.counter == .processor
    if case .manual(let cell) = options.clock { state.pointee.manualClock = cell }
    do {
      let before = state.pointee.anchor()
      let ring = try Ring(name: control.pointee.name, poll: control.pointee.poll, options: options) { before }
      let after = state.pointee.anchor()
      state.pointee.attach(ring)
      state.pointee.usageInterval = interval(.milliseconds(10), between: before, and: after)
      writeLoop(.loopBegan)
      writeAnchor()
      ll_store_release(state.pointee.live(RingLayout.Live.state), RingState.open.rawValue)
    } catch {
      // Off for good: to find out at each poll whether this is a child that might try again is a system call.
      control.pointee.pid = 0
      Recorder.warnOnce(error)
    }
  }

  /// A length of time in counts, by two anchors; making a ring took long enough to tell the rate well enough for this.
  private func interval(_ length: Nanoseconds, between before: Anchor, and after: Anchor) -> UInt64 {
    guard state.pointee.usesProcessorCounter else { return UInt64(length.count) }
    let elapsed = max((after.monotonic - before.monotonic).count, 1)
    let rate = Double(after.counter &- before.counter) / Double(elapsed)
    return UInt64(min(max(rate, 0.001), 100) * Double(length.count))
  }
}

/// What a recorder remembers through a fork.
struct RecorderControl {
  var name: String
  var poll: String
  var options: Recorder.Options
  /// The process that opened the recorder last; 0 once it was closed, or could not be opened.
  var pid: pid_t
}

extension RecorderState {
  /// From here on events go into this ring.
  mutating func attach(_ ring: Ring) {
    base = ring.base
    mask = ring.regions.events.count * RingLayout.slotSize - 1
    operations = base + ring.regions.operations.offset
    labels = base + ring.regions.labels.offset
    freeOperations = ring.freeOperations
    freeOperationCount = ring.regions.operations.count
    operationLabels = ring.operationLabels
    freeLabels = ring.freeLabels
    freeLabelCount = ring.regions.labels.count
    chains = ring.chains
    chain = 0
    lastUsage = 0
    self.ring = .passRetained(ring)
    events = base + ring.regions.events.offset
  }
}
