/// Builds a trace from lines of text.
struct TextParser {
  private(set) var definitions = Definitions()
  private var batches: [Batch] = []
  /// Events in them; 0 while rows may follow that belong to the last.
  var eventsHeld: Int { checkpointIsOpen ? 0 : count }
  private var count = 0
  private(set) var sawHeader = false
  private var processes: [ProcessInfo] = []
  /// Whether the next event of the same loop goes into the last batch.
  private var batchIsOpen = false
  /// Whether rows may follow: the last line was a checkpoint or a row of one.
  private var checkpointIsOpen = false

  /// The batches so far; what follows begins new ones.
  mutating func takeBatches() -> [Batch] {
    defer {
      batches = []
      batchIsOpen = false
      count = 0
    }
    return batches
  }

  /// Reads one line.
  mutating func consume(_ line: TextFields) throws(TraceTextError) {
    if line.isRemark { return }
    var fields = line
    guard sawHeader else { return try header(&fields) }
    if fields.isIndented && !fields.isEmpty { return try row(&fields) }
    checkpointIsOpen = false
    if fields.isEmpty {
      batchIsOpen = false
      return
    }
    let failure = fields.error(.line)
    let word = try fields.word(.line)
    switch word {
    case "process": try process(&fields)
    case "loop": try loop(&fields)
    case "site": try site(&fields)
    default:
      guard let number = UInt16(word) else { throw failure }
      try event(of: LoopID(number), &fields)
    }
    try fields.finish()
  }

  private mutating func header(_ fields: inout TextFields) throws(TraceTextError) {
    if fields.isEmpty { return }
    let start = fields.error(.header)
    guard try "\(fields.word(.header)) \(fields.word(.header))" == TraceText.header else { throw start }
    try fields.finish()
    sawHeader = true
  }

  private func number(_ expected: Int, _ fields: inout TextFields) throws(TraceTextError) {
    let failure = fields.error(.number(expected))
    guard try fields.word(failure.expected) == "\(expected)" else { throw failure }
  }

  private mutating func process(_ fields: inout TextFields) throws(TraceTextError) {
    try number(processes.count + 1, &fields)
    processes.append(
      ProcessInfo(
        pid: try fields.number(named: "pid"), started: try fields.number(named: "started"),
        command: try fields.text(named: "command"), runtime: try fields.text(named: "runtime")))
  }

  private mutating func loop(_ fields: inout TextFields) throws(TraceTextError) {
    let id = definitions.loops.count + 1
    try number(id, &fields)
    let failure = fields.error(.defined("process"))
    let process: Int = try fields.number(named: "process")
    guard processes.indices.contains(process - 1) else { throw failure }
    let info = LoopInfo(
      id: LoopID(0), process: processes[process - 1], name: try fields.text(named: "name"),
      thread: try fields.number(named: "thread"), poll: try fields.name(named: "poll"))
    guard definitions.add(loop: info) != nil else { throw failure }
  }

  private mutating func site(_ fields: inout TextFields) throws(TraceTextError) {
    let failure = fields.error(.number(definitions.sites.count))
    try number(definitions.sites.count, &fields)
    let site = Site(function: try fields.text(), file: try fields.text(), line: try fields.number("line"))
    let count = definitions.sites.count
    _ = definitions.id(of: site)
    // A place that is defined twice would shift the numbers of all that follow.
    guard definitions.sites.count == count + 1 else { throw failure }
  }

  private mutating func event(of loop: LoopID, _ fields: inout TextFields) throws(TraceTextError) {
    let time = try fields.instant("time")
    if !batchIsOpen || batches.last?.loop != loop { batches.append(Batch(loop: loop)) }
    batchIsOpen = true
    let last = batches.count - 1
    let body = try fields.body(in: &batches[last])
    if case .checkpoint = body { checkpointIsOpen = true }
    batches[last].events.append(Event(time, body))
    count += 1
  }

  private mutating func row(_ fields: inout TextFields) throws(TraceTextError) {
    guard checkpointIsOpen else { throw fields.error(.checkpoint) }
    let last = batches.count - 1
    try fields.row(into: &batches[last].checkpoints[batches[last].checkpoints.count - 1], of: batches[last].loop)
    try fields.finish()
  }
}
