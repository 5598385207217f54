import CLinux
import Glibc

/// The names of the program's async functions' parts, each of which begins where a task goes on after an `await`.
///
/// They are local symbols, which the dynamic linker does not know: they are read from the program's own file, once, where
/// it was not stripped. That takes some milliseconds, at the first task's first job that is recorded.
final class ResumeSymbols {
  private struct Entry {
    let start: UInt64
    let end: UInt64
    let name: UnsafePointer<CChar>
  }

  private let file: UnsafeRawBufferPointer
  private let bias: UInt64
  private var entries: [Entry] = []

  init() {
    file = ResumeSymbols.map("/proc/self/exe")
    bias = UInt64(ll_load_bias())
    readSections()
    entries.sort { $0.start < $1.start }
  }

  deinit {
    if let base = file.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), file.count) }
  }

  /// The mangled name of the part that the address lies in; `nil` for all other code.
  func name(at address: UnsafeRawPointer) -> UnsafePointer<CChar>? {
    let address = UInt64(UInt(bitPattern: address)) &- bias
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].end <= address { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].start <= address ? entries[low].name : nil
  }

  private static func map(_ path: String) -> UnsafeRawBufferPointer {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0, let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(start: base, count: size)
  }

  // MARK: ELF, 64 bits, little endian

  private func readSections() {
    guard file.count >= 64, file.load(as: UInt32.self) == 0x464C_457F, file[4] == 2, file[5] == 1,
      let headers: UInt64 = value(at: 0x28), let size: UInt16 = value(at: 0x3A), let count: UInt16 = value(at: 0x3C),
      headers < file.count
    else { return }
    func section(_ index: Int) -> Int { Int(headers) + index * Int(size) }
    for index in 0..<Int(count) {
      // A symbol table, and the strings that its names stand in.
      let symbols = section(index)
      guard let kind: UInt32 = value(at: symbols + 4), kind == 2, let link: UInt32 = value(at: symbols + 40),
        link < count, let table = contents(of: symbols), let strings = contents(of: section(Int(link))),
        strings.last == 0
      else { continue }
      readSymbols(table, strings)
    }
  }

  private func readSymbols(_ table: UnsafeRawBufferPointer, _ strings: UnsafeRawBufferPointer) {
    for offset in stride(from: 0, through: table.count - 24, by: 24) {
      let name = Int(table.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      guard table[offset + 4] & 0xF == 2, name < strings.count, let base = strings.baseAddress else { continue }
      let text = (base + name).assumingMemoryBound(to: CChar.self)
      guard ResumeSymbols.isPart(text) else { continue }
      let start = table.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
      let size = table.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
      entries.append(Entry(start: start, end: start &+ size, name: text))
    }
  }

  /// `$s…TQ1_` and `$s…TY0_`: what follows an `await`, and what follows a hop to another executor.
  private static func isPart(_ name: UnsafePointer<CChar>) -> Bool {
    guard name[0] == 0x24, name[1] == 0x73 else { return false }
    var index = strlen(name) - 1
    guard index > 4, name[index] == 0x5F else { return false }
    index -= 1
    while index > 3, isdigit(Int32(name[index])) != 0 { index -= 1 }
    return name[index - 1] == 0x54 && (name[index] == 0x51 || name[index] == 0x59)
  }

  private func contents(of section: Int) -> UnsafeRawBufferPointer? {
    guard let offset: UInt64 = value(at: section + 24), let size: UInt64 = value(at: section + 32),
      size <= file.count, offset <= UInt64(file.count) - size
    else { return nil }
    return UnsafeRawBufferPointer(rebasing: file[Int(offset)..<Int(offset + size)])
  }

  private func value<Value: FixedWidthInteger>(at offset: Int) -> Value? {
    guard offset >= 0, offset <= file.count - MemoryLayout<Value>.size else { return nil }
    return file.loadUnaligned(fromByteOffset: offset, as: Value.self)
  }
}
