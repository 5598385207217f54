import CLinux
import Trace

// An entry of the table of labels: a word of id and kind (`LabelKind` in its upper 16 bits), stored last and cleared
// first; the raw counter when it was named, or the descriptor; a count of the chain's open operations and the text's
// length; 40 bytes of text.
extension RecorderState {
  /// Takes a place for a label; returns it plus one, or 0 where the table is full.
  mutating func enterLabel(_ kind: LabelKind, id: UInt64, detail: UInt64, _ text: String) -> UInt64 {
    guard freeLabelCount > 0 else { return 0 }
    freeLabelCount -= 1
    let place = Int(freeLabels[freeLabelCount])
    if place >= Int(truncatingIfNeeded: live(RingLayout.Live.labelsUsed).pointee) {
      ll_store_release(live(RingLayout.Live.labelsUsed), UInt64(place + 1))
    }
    let entry = labels + place * RingLayout.labelSize
    let bytes = text.utf8.prefix(RingLayout.maximumLabelLength)
    entry.storeBytes(of: detail, toByteOffset: 8, as: UInt64.self)
    entry.storeBytes(of: 0, toByteOffset: 16, as: UInt32.self)
    entry.storeBytes(of: UInt32(bytes.count), toByteOffset: 20, as: UInt32.self)
    for (index, byte) in bytes.enumerated() { entry.storeBytes(of: byte, toByteOffset: 24 + index, as: UInt8.self) }
    ll_store_release(entry.assumingMemoryBound(to: UInt64.self), id | kind.rawValue << 48)
    return UInt64(place + 1)
  }

  /// Gives a label's place back.
  mutating func leaveLabel(_ label: UInt64) {
    let place = Int(label) - 1
    ll_store_release((labels + place * RingLayout.labelSize).assumingMemoryBound(to: UInt64.self), 0)
    freeLabels[freeLabelCount] = UInt16(place)
    freeLabelCount += 1
  }

  /// One open operation more in a named chain; returns its label, or 0 where the name was left.
  ///
  /// A chain that waits for nothing may go on all the same: when the last operation of it was settled by another
  /// chain, and then a step of it runs. Its place may be somebody else's by then.
  @usableFromInline @inline(never)
  func countOperation(of chain: UInt64) -> UInt16 {
    guard let entry = label(of: chain) else { return 0 }
    entry.storeBytes(of: entry.load(fromByteOffset: 16, as: Int32.self) &+ 1, toByteOffset: 16, as: Int32.self)
    return UInt16(truncatingIfNeeded: chain >> 48)
  }

  /// One open operation less in the chain of a label, which was counted; the last one takes the name along unless the
  /// chain runs.
  @usableFromInline @inline(never)
  mutating func uncountOperation(of label: UInt64) {
    let entry = labels + (Int(label) - 1) * RingLayout.labelSize
    let count = entry.load(fromByteOffset: 16, as: Int32.self) &- 1
    entry.storeBytes(of: count, toByteOffset: 16, as: Int32.self)
    let chain = entry.load(as: UInt64.self) & 0xFFFF_FFFF_FFFF
    if count <= 0, chain != self.chain & 0xFFFF_FFFF_FFFF { leaveLabel(label) }
  }

  /// The entry of a named chain, unless its name was left.
  private func label(of chain: UInt64) -> UnsafeMutableRawPointer? {
    let entry = labels + (Int(chain >> 48) - 1) * RingLayout.labelSize
    let expected = chain & 0xFFFF_FFFF_FFFF | LabelKind.chain.rawValue << 48
    return entry.load(as: UInt64.self) == expected ? entry : nil
  }

  /// A span of a named chain ended: without open operations its name is no longer needed.
  @usableFromInline @inline(never)
  mutating func leaveNamedChain(_ chain: UInt64) {
    guard let entry = label(of: chain), entry.load(fromByteOffset: 16, as: Int32.self) <= 0 else { return }
    leaveLabel(chain >> 48)
  }
}
