/// The first 64 bytes of a trace file.
package struct FileHeader: Hashable, Sendable {
  /// Who can read it.
  package var version: FormatVersion
  /// The boot during which it was recorded: monotonic times of two files compare only where it is the same.
  package var bootID: [UInt8]
  /// When it was created, in nanoseconds since 1970.
  package var created: Int64

  /// A header from its parts; `bootID` is cut or filled to 16 bytes.
  package init(version: FormatVersion = .current, bootID: [UInt8], created: Int64) {
    self.version = version
    self.bootID = Array((bootID + [UInt8](repeating: 0, count: 16)).prefix(16))
    self.created = created
  }

  /// How long it is.
  package static let size = 64
  /// How a trace begins: no text file does, and a transfer that mangles line ends is found out.
  package static let magic: [UInt8] = [0x89, 0x4C, 0x54, 0x52, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Its bytes.
  package var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(number: version.major)
    bytes.append(number: version.minor)
    bytes.append(number: UInt32(0))
    bytes += bootID
    bytes.append(number: created)
    bytes += [UInt8](repeating: 0, count: Self.size - 4 - bytes.count)
    bytes.append(number: bytes.withUnsafeBytes(crc32))
    return bytes
  }

  /// What stands in `bytes`, the first 64 of a file or fewer; `nil` where they do not begin with the magic. `intact` is
  /// false where they are damaged, and then nothing in the header is to be believed.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> (header: FileHeader, intact: Bool)? {
    guard bytes.count >= size, bytes.starts(with: magic) else { return nil }
    var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[magic.count..<size]))
    guard let major: UInt16 = reader.number(), let minor: UInt16 = reader.number(), reader.take(4) != nil,
      let boot = reader.take(16), let created: Int64 = reader.number(), reader.take(size - 44) != nil,
      let crc: UInt32 = reader.number()
    else { return nil }
    let version = FormatVersion(major: major, minor: minor)
    let intact = crc32(UnsafeRawBufferPointer(rebasing: bytes[..<(size - 4)])) == crc
    return (FileHeader(version: version, bootID: Array(boot), created: created), intact)
  }
}
