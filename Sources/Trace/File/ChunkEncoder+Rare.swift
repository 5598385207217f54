extension ChunkEncoder {
  /// Writes what is rare.
  mutating func encodeRare(_ body: Event.Body, of batch: Batch, _ time: Instant) {
    switch body {
    case .marked(let text):
      _ = begin(Shape(.marked), .marked, time)
      write(text, of: batch)
    case .watched(let descriptor, let text):
      _ = begin(Shape(.watched), .watched, time)
      columns.append(signed: Int64(descriptor), to: ColumnID(.watched, 1))
      write(text, of: batch)
    case .unwatched(let descriptor):
      _ = begin(Shape(.unwatched), .unwatched, time)
      columns.append(signed: Int64(descriptor), to: ColumnID(.unwatched, 1))
    case .pool(let queued, let running):
      _ = begin(Shape(.pool), .pool, time)
      columns.append(UInt64(queued), to: ColumnID(.pool, 1))
      columns.append(UInt64(running), to: ColumnID(.pool, 2))
    case .used(let usage):
      _ = begin(Shape(.used), .used, time)
      for (field, (now, before)) in zip(usage.numbers, context.usage.numbers).enumerated() {
        columns.append(signed: now &- before, to: ColumnID(.used, field + 1))
      }
      context.usage = usage
    case .anchor(let anchor):
      _ = begin(Shape(.anchor), .anchor, time)
      let monotonic = anchor.monotonic.nanoseconds
      let counter = Int64(bitPattern: anchor.counter &- context.anchor.counter)
      let numbers = [
        counter, monotonic &- time.nanoseconds, anchor.boottime &- monotonic, anchor.realtime &- monotonic,
      ]
      for (field, number) in numbers.enumerated() { columns.append(signed: number, to: ColumnID(.anchor, field + 1)) }
      context.anchor = anchor
    case .gap(let gap):
      _ = begin(Shape(.gap, flags: gap.events == nil ? 0 : 1, gap.reason.rawValue), .gap, time)
      columns.append(signed: (time - gap.from).count, to: ColumnID(.gap, 1))
      columns.append(signed: (time - gap.to).count, to: ColumnID(.gap, 2))
      if let events = gap.events { columns.append(events, to: ColumnID(.gap, 3)) }
    case .checkpoint(let index):
      _ = begin(Shape(.checkpoint), .checkpoint, time)
      let exists = batch.checkpoints.indices.contains(Int(index))
      write(exists ? batch.checkpoints[Int(index)] : Checkpoint(), at: time)
    default: preconditionFailure("a kind of event without a number: \(body)")
    }
  }
  private mutating func write(_ checkpoint: Checkpoint, at time: Instant) {
    columns.append(checkpoint, at: time)
    extra += 48 * (checkpoint.operations.count + checkpoint.spans.count)
    extra += checkpoint.chains.reduce(0) { $0 + 16 + $1.name.utf8.count }
    extra += checkpoint.descriptors.reduce(0) { $0 + 8 + $1.label.utf8.count }
  }
}

extension Usage {
  /// Its five numbers in the order of the file's columns.
  var numbers: [Int64] {
    [cpu.count] + [voluntarySwitches, involuntarySwitches, minorFaults, majorFaults].map(Int64.init)
  }
}
