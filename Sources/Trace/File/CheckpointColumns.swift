// Checkpoints are few: their lists are plain columns, with ids and times as differences to the entry ahead.

extension ColumnWriter {
  /// Writes a checkpoint's numbers, then its four lists.
  mutating func append(_ checkpoint: Checkpoint, at time: Instant) {
    let numbers = [checkpoint.readyQueue, checkpoint.poolQueued, checkpoint.poolRunning, checkpoint.unlisted].map(
      Int.init)
    let counts = [
      checkpoint.operations.count, checkpoint.spans.count, checkpoint.chains.count, checkpoint.descriptors.count,
    ]
    for (field, number) in (numbers + counts).enumerated() {
      append(UInt64(number), to: ColumnID(.checkpoint, field + 1))
    }
    append(checkpoint.operations, at: time)
    append(checkpoint.spans, at: time)
    for chain in checkpoint.chains {
      append(signed: (time - chain.named).count, to: ColumnID(.namedChains, 0))
      append(chain.id.raw, to: ColumnID(.namedChains, 1))
      append(text: chain.name)
    }
    for descriptor in checkpoint.descriptors {
      append(signed: Int64(descriptor.descriptor), to: ColumnID(.watchedDescriptors, 1))
      append(text: descriptor.label)
    }
  }

  private mutating func append(_ operations: [OpenOperation], at time: Instant) {
    var id: UInt64 = 0
    for entry in operations {
      let operation = entry.operation
      let has: [Bool] = [
        operation.standing, operation.chain != nil, operation.creator != nil, operation.due != nil,
        operation.descriptor != nil,
      ]
      append(signed: (time - entry.created).count, to: ColumnID(.openOperations, 0))
      append(signed: Int64(bitPattern: operation.id.raw &- id), to: ColumnID(.openOperations, 1))
      append(has.bits, to: ColumnID(.openOperations, 2))
      append(UInt64(operation.kind.rawValue), to: ColumnID(.openOperations, 3))
      append(UInt64(operation.site.index), to: ColumnID(.openOperations, 4))
      id = operation.id.raw
      if let chain = operation.chain { append(id &- chain.raw, to: ColumnID(.openOperations, 5)) }
      if let creator = operation.creator { append(id &- creator.raw, to: ColumnID(.openOperations, 6)) }
      if let due = operation.due { append(signed: (due - time).count, to: ColumnID(.openOperations, 7)) }
      if let descriptor = operation.descriptor {
        append(signed: Int64(descriptor), to: ColumnID(.openOperations, 8))
      }
    }
  }

  private mutating func append(_ spans: [OpenSpan], at time: Instant) {
    for entry in spans {
      let span = entry.span
      append(signed: (time - entry.began).count, to: ColumnID(.openSpans, 0))
      append(span.id.raw, to: ColumnID(.openSpans, 1))
      append([span.startsChain, span.operation != nil, span.ready != nil].bits, to: ColumnID(.openSpans, 2))
      append(UInt64(span.kind.rawValue), to: ColumnID(.openSpans, 3))
      append(UInt64(span.trigger.rawValue), to: ColumnID(.openSpans, 4))
      append(UInt64(span.site.index), to: ColumnID(.openSpans, 5))
      if let operation = span.operation { append(operation.raw, to: ColumnID(.openSpans, 6)) }
      if let ready = span.ready { append(signed: (time - ready).count, to: ColumnID(.openSpans, 7)) }
    }
  }
}

extension [Bool] {
  /// The first as bit 0, and so on.
  fileprivate var bits: UInt64 { enumerated().reduce(0) { $0 | ($1.element ? 1 << UInt64($1.offset) : 0) } }
}

extension ColumnTable {
  /// Reads a checkpoint; `nil` where a list claims more entries than its columns have.
  func checkpoint(at time: Instant) -> Checkpoint? {
    func number(_ field: Int) -> UInt64 { self[ColumnID(.checkpoint, field)].pointee.next() }
    func count(_ field: Int, _ list: EventCode) -> Int? {
      let count = number(field)
      let column = self[ColumnID(list, 1)].pointee
      return count <= UInt64(column.count - column.at) ? Int(count) : nil
    }
    var checkpoint = Checkpoint(
      readyQueue: UInt32(truncatingIfNeeded: number(1)), poolQueued: UInt32(truncatingIfNeeded: number(2)),
      poolRunning: UInt32(truncatingIfNeeded: number(3)), unlisted: UInt32(truncatingIfNeeded: number(4)))
    guard let operations = count(5, .openOperations), let spans = count(6, .openSpans),
      let chains = count(7, .namedChains), let descriptors = count(8, .watchedDescriptors)
    else { return nil }
    var id: UInt64 = 0
    checkpoint.operations = (0..<operations).map { _ in operation(after: &id, at: time) }
    checkpoint.spans = (0..<spans).map { _ in span(at: time) }
    checkpoint.chains = (0..<chains).map { _ in
      let named = time - Nanoseconds(self[ColumnID(.namedChains, 0)].pointee.signed())
      return NamedChain(id: ChainID(raw: self[ColumnID(.namedChains, 1)].pointee.next()), named: named, name: text())
    }
    checkpoint.descriptors = (0..<descriptors).map { _ in
      let descriptor = self[ColumnID(.watchedDescriptors, 1)].pointee.signed()
      return WatchedDescriptor(descriptor: Int32(truncatingIfNeeded: descriptor), label: text())
    }
    return checkpoint
  }

  /// The next text; what is no UTF-8 in it is replaced.
  func text() -> String {
    String(decoding: self[.textBytes].pointee.bytes(self[.textLengths].pointee.next()), as: UTF8.self)
  }

  private func operation(after id: inout UInt64, at time: Instant) -> OpenOperation {
    func next(_ field: Int) -> UInt64 { self[ColumnID(.openOperations, field)].pointee.next() }
    let created = time - Nanoseconds(unzigzag(next(0)))
    id &+= UInt64(bitPattern: unzigzag(next(1)))
    let has = next(2)
    var operation = Event.Created(
      id: OperationID(raw: id), kind: OperationKind(rawValue: UInt8(truncatingIfNeeded: next(3))) ?? .unknown,
      standing: has & 1 != 0, site: SiteID(UInt32(truncatingIfNeeded: next(4))))
    if has & 2 != 0 { operation.chain = ChainID(raw: id &- next(5)) }
    if has & 4 != 0 { operation.creator = SpanID(raw: id &- next(6)) }
    if has & 8 != 0 { operation.due = time + Nanoseconds(unzigzag(next(7))) }
    if has & 16 != 0 { operation.descriptor = Int32(truncatingIfNeeded: unzigzag(next(8))) }
    return OpenOperation(created: created, operation: operation)
  }

  private func span(at time: Instant) -> OpenSpan {
    func next(_ field: Int) -> UInt64 { self[ColumnID(.openSpans, field)].pointee.next() }
    let began = time - Nanoseconds(unzigzag(next(0)))
    let id = SpanID(raw: next(1))
    let has = next(2)
    var span = Event.Began(
      id: id, kind: CallbackKind(rawValue: UInt8(truncatingIfNeeded: next(3))) ?? .unknown,
      trigger: Trigger(rawValue: UInt8(truncatingIfNeeded: next(4))) ?? .unknown,
      site: SiteID(UInt32(truncatingIfNeeded: next(5))), startsChain: has & 1 != 0)
    if has & 2 != 0 { span.operation = OperationID(raw: next(6)) }
    if has & 4 != 0 { span.ready = time - Nanoseconds(unzigzag(next(7))) }
    return OpenSpan(began: began, span: span)
  }
}
