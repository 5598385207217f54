import Analysis
import Trace

/// Fills a database's tables from a trace in one pass over it.
struct TableFiller {
  private let source: ExportSource
  private let tables: Set<Table>
  private var definitions: Definitions
  private var inserts: [Table: Statement] = [:]
  private var failChain: Statement?

  /// Makes all tables and views; only those named are going to be filled.
  init(_ source: ExportSource, into database: Database, filling tables: Set<Table>) throws(ExportError) {
    self.source = source
    self.tables = tables
    definitions = source.store.definitions
    for table in tables {
      let columns = try database.prepare("SELECT * FROM \(table.rawValue)").columns.count { $0 != "at" }
      let parameters = repeatElement("?", count: columns).joined(separator: ", ")
      inserts[table] = try database.prepare("INSERT INTO \(table.rawValue) VALUES (\(parameters))")
    }
    if tables.contains(.chains) {
      try database.execute("CREATE INDEX chains_id ON chains(id)")
      failChain = try database.prepare(
        "UPDATE chains SET state = 'failed' WHERE rowid = (SELECT max(rowid) FROM chains WHERE id = ?)")
    }
  }

  /// Reads what is needed of the trace.
  mutating func fill() throws(ExportError) {
    if tables.contains(.sites) { try fillSites() }
    guard tables.contains(where: \.needsEvents) else { return }
    let subjects = tables.reduce(into: Occurrence.Subjects()) { $0.formUnion($1.subjects) }
    let report = try source.tell(subjects) { (occurrence) throws(ExportError) in try add(occurrence) }
    if tables.contains(.trace) { try add(report.trace) }
    if tables.contains(.loops) { for loop in report.loops { try add(loop) } }
    if tables.contains(.findings) { for finding in report.findings { try add(finding) } }
  }

  private func insert(_ table: Table, _ values: SQLValue...) throws(ExportError) {
    try inserts[table]?.run(values)
  }

  private func fillSites() throws(ExportError) {
    for (index, site) in definitions.sites.enumerated() {
      try insert(.sites, .integer(Int64(index)), .text(site.function), .text(site.file), .integer(Int64(site.line)))
    }
  }

  private mutating func add(_ occurrence: Occurrence) throws(ExportError) {
    switch occurrence {
    case .ended(let callback): try add(callback)
    case .tick(let tick):
      try insert(
        .ticks, loop(tick.loop), time(tick.began), time(tick.ended), length(tick.ended - tick.began),
        count(tick.callbacks))
    case .blamed(let callback, _, let charges):
      for charge in charges {
        try insert(.blame, id(callback), id(charge.span), .text(charge.cause.rawValue), length(charge.time))
      }
    case .operation(let operation): try add(operation)
    case .chain(let chain): try add(chain)
    case .chainFailed(let chain): try failChain?.run([id(chain)])
    case .stall(let stall): try add(stall)
    case .gap(let gap):
      try insert(
        .gaps, loop(gap.loop), time(gap.gap.from), time(gap.gap.to), gap.gap.events.map(count) ?? .null,
        .text("\(gap.gap.reason)"))
    case .began, .registered, .readyQueue: break
    }
  }

  private func add(_ callback: Occurrence.Callback) throws(ExportError) {
    try insert(
      .callbacks, id(callback.id), loop(callback.id.loop), site(callback.site), .text("\(callback.kind)"),
      .text("\(callback.trigger)"), id(callback.parent), time(callback.began), time(callback.ended),
      length(callback.ended.map { $0 - callback.began }), length(callback.own), flag(callback.threw),
      time(callback.ready), time(callback.earliest), length(callback.queueDelay), id(callback.operation),
      id(callback.creator), id(callback.chain))
  }

  private func add(_ operation: Occurrence.OperationHistory) throws(ExportError) {
    try insert(
      .operations, id(operation.id), loop(operation.id.loop), .text("\(operation.kind)"), flag(operation.isStanding),
      site(operation.site), time(operation.created), time(operation.settled),
      operation.outcome.map { .text("\($0)") } ?? .null, time(operation.due), text(operation.label),
      id(operation.creator), id(operation.chain))
  }

  private mutating func add(_ chain: ChainReport) throws(ExportError) {
    try insert(
      .chains, id(chain.id), text(chain.name), site(definitions.id(of: chain.site)), time(chain.began),
      length(chain.duration), length(chain.running), length(chain.queued), length(chain.waiting),
      .text(chain.state.rawValue), id(chain.waitingOn?.id))
  }

  private mutating func add(_ stall: Stall) throws(ExportError) {
    try insert(
      .stalls, loop(stall.loop), time(stall.began), length(stall.duration), flag(stall.ended),
      site(definitions.id(of: stall.site)), .text("\(stall.kind)"), length(stall.own), count(stall.callbacks),
      .text(stall.cause.rawValue), count(stall.victims), length(stall.harm), length(stall.harmUpTo))
  }

  private func add(_ trace: TraceSummary) throws(ExportError) {
    try insert(
      .trace, text(source.startedAt.map { UTCDate.text(nanoseconds: $0) }),
      source.startedAt.map { .integer($0) } ?? .null, length(trace.to - source.origin), count(trace.events),
      flag(trace.complete))
  }

  private func add(_ loop: LoopReport) throws(ExportError) {
    try insert(
      .loops, self.loop(loop.info.id), .text(loop.info.name), .integer(Int64(loop.info.process.pid)),
      .text(loop.info.process.command), .text(loop.info.process.runtime), .integer(Int64(loop.info.thread)),
      .text(loop.info.poll), flag(loop.ended), count(loop.ticks), count(loop.callbacks), length(loop.busy),
      length(loop.idle), length(loop.onCPU), length(loop.tick?.p99), length(loop.tick?.max), length(loop.lag?.p99),
      length(loop.lag?.max))
  }

  private mutating func add(_ finding: Finding) throws(ExportError) {
    try insert(
      .findings, .text(finding.id), .text(finding.severity.rawValue), site(definitions.id(of: finding.site)),
      .text(finding.sentence), .text(finding.advice), count(finding.count), text(finding.causedBy), loop(finding.loop),
      time(finding.moment))
  }

  // MARK: Values

  private func loop(_ id: LoopID) -> SQLValue { .integer(Int64(id.number)) }
  private func site(_ id: SiteID) -> SQLValue { .integer(Int64(id.index)) }
  private func id(_ id: (some RingIdentifier)?) -> SQLValue { id.map { .integer(Int64(bitPattern: $0.raw)) } ?? .null }
  private func time(_ moment: Instant?) -> SQLValue { moment.map { .integer(source.time($0)) } ?? .null }
  private func length(_ length: Nanoseconds?) -> SQLValue { length.map { .integer($0.count) } ?? .null }
  private func count(_ count: UInt64) -> SQLValue { .integer(Int64(clamping: count)) }
  private func flag(_ flag: Bool) -> SQLValue { .integer(flag ? 1 : 0) }
  private func text(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
}
