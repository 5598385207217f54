import CLinux
import Trace

// Events with a text, and those so rare that their cost does not matter: never inlined.
extension Recorder {
  /// From here on the running span is in a new chain of this name (cut to 240 bytes).
  public func nameChain(_ name: String) -> RingChain {
    guard isOn else { return .none }
    let counter = state.pointee.readCounter()
    let position = writeText(.chainNamed, counter: counter, second: 0, name)
    let label = state.pointee.enterLabel(.chain, id: position, detail: counter, name)
    let chain = position | label << 48
    let left = state.pointee.chain
    state.pointee.chain = chain
    if left >> 48 != 0 { state.pointee.leaveNamedChain(left) }
    return RingChain(raw: chain)
  }

  /// The number of a site that the program's literals do not name: defined in the ring the first time.
  public func site(_ site: Site) -> RingSite {
    guard isOn, let ring = state.pointee.ring else { return .none }
    return ring._withUnsafeGuaranteedRef { $0.define(site, in: state) }
  }

  /// A failure reached the end of its chain and nobody handled it; `message` is cut to 240 bytes.
  public func unhandled(_ operation: RingOperation, message: String) {
    guard isOn else { return }
    _ = writeText(.unhandled, counter: state.pointee.readCounter(), second: operation.position, message)
  }

  /// A remark, cut to 240 bytes.
  public func mark(_ text: String) {
    guard isOn else { return }
    _ = writeText(.marked, counter: state.pointee.readCounter(), second: 0, text)
  }

  /// The descriptor is watched from here on; `label` says what it is, cut to 240 bytes (40 in the live table).
  public func watched(_ descriptor: Int32, _ label: String) {
    guard isOn else { return }
    let number = UInt64(UInt32(bitPattern: descriptor))
    _ = writeText(.watched, counter: state.pointee.readCounter(), second: number, label)
    let place = state.pointee.enterLabel(.descriptor, id: number, detail: number, label)
    let earlier = state.pointee.ring?._withUnsafeGuaranteedRef {
      $0.descriptorLabels.updateValue(place, forKey: descriptor)
    }
    // Watched twice is the program's business, but must not use up the table.
    if let earlier, earlier != 0 { state.pointee.leaveLabel(earlier) }
  }

  /// The descriptor is no longer watched.
  public func unwatched(_ descriptor: Int32) {
    guard isOn else { return }
    state.pointee.store(
      SlotWord(.unwatched, counter: state.pointee.readCounter()), UInt64(UInt32(bitPattern: descriptor)))
    state.pointee.publish(state.pointee.head &+ 1)
    let place = state.pointee.ring?._withUnsafeGuaranteedRef { $0.descriptorLabels.removeValue(forKey: descriptor) }
    if let place, place != 0 { state.pointee.leaveLabel(place) }
  }

  @usableFromInline @inline(never)
  func settled(_ operation: RingOperation, _ outcome: Outcome, text: String) {
    let counter = state.pointee.readCounter()
    _ = writeText(.settled, flags: outcome.rawValue | 0x80, counter: counter, second: operation.position, text)
    state.pointee.leave(operation)
  }

  /// Writes an event with a text behind it; its length stands in the second word's upper 16 bits. Returns its position.
  private func writeText(
    _ kind: SlotKind, flags: UInt8 = 0, counter: UInt64, second: UInt64, _ text: String
  ) -> UInt64 {
    let position = state.pointee.head
    var text = text
    let count = text.withUTF8 { bytes -> Int in
      let count = min(bytes.count, RingLayout.maximumTextLength)
      for index in 0..<(count + 14) / 15 {
        let piece = bytes[(index * 15)..<min(index * 15 + 15, count)]
        var words = (UInt64(0), UInt64(0))
        for (offset, byte) in piece.enumerated() {
          if offset < 7 {
            words.0 |= UInt64(byte) << (8 * UInt64(offset))
          } else {
            words.1 |= UInt64(byte) << (8 * UInt64(offset - 7))
          }
        }
        state.pointee.storeMore(at: UInt64(index + 1), words.0, words.1)
      }
      return count
    }
    state.pointee.store(SlotWord(kind, flags: flags, counter: counter), second | UInt64(count) << 48)
    state.pointee.publishLong(position &+ 1 &+ UInt64((count + 14) / 15))
    return position
  }

  /// What the thread used so far, and every tenth time an anchor.
  @usableFromInline @inline(never)
  func writeUsage(_ counter: UInt64) {
    state.pointee.lastUsage = counter
    // A virtual clock has no thread whose time would be worth knowing, and its traces are the same every time.
    guard state.pointee.manualClock == nil else { return }
    var usage = ll_usage()
    if ll_thread_usage(&usage) == 0 {
      let position = state.pointee.head
      state.pointee.store(
        SlotWord(.used, counter: counter), UInt64(bitPattern: usage.user_ns &+ usage.system_ns))
      state.pointee.storeMore(at: 1, 0, pack(usage.voluntary_switches, usage.involuntary_switches))
      state.pointee.storeMore(at: 2, 0, pack(usage.minor_faults, usage.major_faults))
      state.pointee.publishLong(position &+ 3)
    }
    let due = state.pointee.ring?._withUnsafeGuaranteedRef { $0.anchorIsDue() } ?? false
    if due { writeAnchor() }
  }

  func writeAnchor() {
    let anchor = state.pointee.anchor()
    let position = state.pointee.head
    state.pointee.store(SlotWord(.anchor, counter: anchor.counter), anchor.counter)
    state.pointee.storeMore(at: 1, 0, UInt64(bitPattern: anchor.monotonic.nanoseconds))
    state.pointee.storeMore(at: 2, 0, UInt64(bitPattern: anchor.boottime))
    state.pointee.storeMore(at: 3, 0, UInt64(bitPattern: anchor.realtime))
    state.pointee.publishLong(position &+ 4)
  }

  func writeLoop(_ kind: SlotKind) {
    let counter = state.pointee.readCounter()
    state.pointee.lastStamp = counter
    state.pointee.store(SlotWord(kind, counter: counter), counter)
    state.pointee.publish(state.pointee.head &+ 1)
  }
}

private func pack(_ low: Int64, _ high: Int64) -> UInt64 {
  UInt64(UInt32(truncatingIfNeeded: low)) | UInt64(UInt32(truncatingIfNeeded: high)) << 32
}

extension RecorderState {
  /// All clocks, read together; the manual clock stands for all of them.
  func anchor() -> Anchor {
    if let manualClock {
      let now = manualClock.pointee
      return Anchor(counter: UInt64(bitPattern: now), monotonic: Instant(now), boottime: now, realtime: now)
    }
    let (counter, monotonic) = readTogether { readCounter() }
    return Anchor(counter: counter, monotonic: monotonic, boottime: ll_boottime(), realtime: ll_realtime())
  }
}
