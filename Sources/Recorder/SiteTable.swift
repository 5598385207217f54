import Trace

/// Finds a site's number by the addresses of its literals: no string is looked at after a site's first time.
struct SiteTable {
  private struct Entry {
    var function: UnsafePointer<UInt8>?
    var file: UnsafePointer<UInt8>?
    var line: UInt
    var number: UInt16
  }

  // Open addressing, at most half full.
  private var entries = [Entry](repeating: Entry(function: nil, file: nil, line: 0, number: 0), count: 256)
  private var used = 0
  // The same file can have several addresses, one in each module: what counts is the text.
  private var numbers: [Site: UInt16] = [:]

  /// The number of a site met before.
  @inline(__always)
  func find(_ function: UnsafePointer<UInt8>, _ file: UnsafePointer<UInt8>, _ line: UInt) -> RingSite? {
    entries.withUnsafeBufferPointer { entries in
      var index = hash(function, line)
      while let known = entries[index].function {
        if known == function, entries[index].line == line, entries[index].file == file {
          return RingSite(number: entries[index].number)
        }
        index = (index &+ 1) & (entries.count &- 1)
      }
      return nil
    }
  }

  /// Remembers the number of a site's literals.
  mutating func insert(
    _ function: UnsafePointer<UInt8>, _ file: UnsafePointer<UInt8>, _ line: UInt, _ site: RingSite
  ) {
    if 2 * (used + 1) > entries.count { grow() }
    place(Entry(function: function, file: file, line: line, number: site.number))
    used += 1
  }

  /// The site's number, a new one if `publish` finds room for its definition, else that of the unknown site.
  mutating func define(_ site: Site, publish: (UInt16) -> Bool) -> RingSite {
    if let known = numbers[site] { return RingSite(number: known) }
    guard numbers.count < Int(UInt16.max) else { return .none }
    let number = UInt16(numbers.count + 1)
    guard publish(number) else { return .none }
    numbers[site] = number
    return RingSite(number: number)
  }

  private func hash(_ function: UnsafePointer<UInt8>, _ line: UInt) -> Int {
    let mixed = (UInt(bitPattern: function) ^ line &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: mixed >> 32) & (entries.count &- 1)
  }

  private mutating func place(_ entry: Entry) {
    var index = hash(entry.function!, entry.line)
    while entries[index].function != nil { index = (index + 1) & (entries.count - 1) }
    entries[index] = entry
  }

  private mutating func grow() {
    let old = entries
    entries = [Entry](repeating: Entry(function: nil, file: nil, line: 0, number: 0), count: 2 * old.count)
    for entry in old where entry.function != nil { place(entry) }
  }
}
