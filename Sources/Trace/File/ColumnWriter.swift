/// Collects the numbers of all columns of one chunk, and of one after the other in the same memory.
///
/// It owns that memory by itself and is never copied: a number costs a comparison and a store.
struct ColumnWriter: ~Copyable {
  /// The numbers of one column.
  private struct Numbers {
    var base: UnsafeMutablePointer<UInt64>?
    var count = 0
    var capacity = 0

    mutating func grow() {
      let more = max(64, 2 * capacity)
      let room = UnsafeMutablePointer<UInt64>.allocate(capacity: more)
      if let base {
        room.update(from: base, count: count)
        base.deallocate()
      }
      (base, capacity) = (room, more)
    }

    /// Writes that byte of every number; returns where the next one goes.
    func write(plane: Int, to buffer: UnsafeMutableBufferPointer<UInt8>, at: Int) -> Int {
      precondition(at + count <= buffer.count)
      guard let base, let target = buffer.baseAddress else { return at }
      let shift = UInt64(8 * plane)
      for index in 0..<count { target[at &+ index] = UInt8(truncatingIfNeeded: base[index] &>> shift) }
      return at + count
    }

    /// How many bytes the largest needs.
    var width: Int {
      let all = UnsafeBufferPointer(start: base, count: count).reduce(0, |)
      return max(1, (64 - all.leadingZeroBitCount + 7) / 8)
    }
  }

  /// By column.
  private let columns: UnsafeMutablePointer<Numbers>
  private(set) var textBytes: [UInt8] = []

  init() {
    columns = .allocate(capacity: ColumnID.limit)
    columns.initialize(repeating: Numbers(), count: ColumnID.limit)
  }

  deinit {
    for number in 0..<ColumnID.limit { columns[number].base?.deallocate() }
    columns.deallocate()
  }

  /// Forgets all numbers; their memory is used again.
  mutating func clear() {
    for number in 0..<ColumnID.limit { columns[number].count = 0 }
    textBytes.removeAll(keepingCapacity: true)
  }

  /// Appends to a column.
  @inline(__always) mutating func append(_ value: UInt64, to column: ColumnID) {
    let numbers = columns + column.number
    if numbers.pointee.count == numbers.pointee.capacity { numbers.pointee.grow() }
    numbers.pointee.base.unsafelyUnwrapped[numbers.pointee.count] = value
    numbers.pointee.count &+= 1
  }

  /// Puts another number in the place of one that a column has.
  mutating func set(_ value: UInt64, of column: ColumnID, at index: Int) {
    precondition(index < columns[column.number].count)
    columns[column.number].base.unsafelyUnwrapped[index] = value
  }

  /// Appends a number with a sign to a column.
  @inline(__always) mutating func append(signed value: Int64, to column: ColumnID) {
    append(zigzag(value), to: column)
  }

  /// Appends a text to the texts' two columns.
  mutating func append(text: String) {
    append(UInt64(text.utf8.count), to: .textLengths)
    textBytes.append(contentsOf: text.utf8)
  }

  /// The directory (number, packing, width and count of each column), then the columns.
  var bytes: [UInt8] {
    let used = (0..<ColumnID.limit).filter { columns[$0].count > 0 }.map { (number: $0, width: columns[$0].width) }
    var head: [UInt8] = []
    head.append(number: UInt16(used.count + (textBytes.isEmpty ? 0 : 1)))
    head.append(number: UInt16(0))
    for (number, width) in used { head.append(column: number, width: width, count: columns[number].count) }
    if !textBytes.isEmpty { head.append(column: ColumnID.textBytes.number, width: 1, count: textBytes.count) }
    let size = used.reduce(head.count + textBytes.count) { $0 + $1.width * columns[$1.number].count }
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      var at = buffer.initialize(fromContentsOf: head)
      for (number, width) in used {
        for plane in 0..<width { at = columns[number].write(plane: plane, to: buffer, at: at) }
      }
      filled = buffer[at...].initialize(fromContentsOf: textBytes)
    }
  }
}

extension [UInt8] {
  /// Appends a column's entry in the directory.
  fileprivate mutating func append(column number: Int, width: Int, count: Int) {
    append(number: UInt16(number))
    append(0)
    append(UInt8(width))
    append(number: UInt32(count))
  }
}
