/// A trace as text, one event a line, both ways: for tests that write traces by hand and for people who grep.
///
///     looptop-text 1
///     process 1 pid=4711 started=99 command="server" runtime="looptop-reactor 1"
///     loop 1 process=1 name="main" thread=4711 poll=epoll
///     site 1 "query(_:)" "Server/Users.swift" 42
///
///     1 0.000000000 poll-return ready=1
///     1 0.000012000 begin span=5 site=1 kind=io trigger=poll op=2
///     1 0.200012000 end span=5
///
/// The first line names the form and its version. `process`, `loop` and `site` lines define numbers, each counting up
/// from 1, ahead of their first use; site 0 is the unknown one. Every other line is an event: the number of its loop, its
/// time, its name, then `key=value` fields and flags in any order. An empty line, or another loop, begins a new batch. A
/// line that begins with `#` is a remark.
///
/// Times and lengths of time are seconds with up to nine decimals. The id of a span, operation or chain is its position
/// in its loop, with `LOOP:` ahead of it where that is not the line's own loop. Texts stand in double quotes, with `\"`,
/// `\\`, `\n`, `\r`, `\t` and `\u{HEX}` for what would end or garble a line; other values are bare words. Fields in
/// brackets may be left out:
///
///     loop-begin                         loop-end
///     poll-enter [timeout]               poll-return ready
///     created op kind [site] [chain] [by] [due] [fd] [standing]
///     queued op at kind [trigger] [site] [chain] [by]
///     begin span [kind] [trigger] [site] [op] [ready] [starts-chain]
///     end span [threw]                   settled op outcome [text]
///     awaits op on                       chain-named chain name
///     mark text                          unhandled op text
///     watched fd label                   unwatched fd
///     pool queued running                pool-begin op at            pool-end op at
///     used cpu voluntary involuntary minor major
///     anchor counter monotonic boottime realtime
///     gap from to reason [events]
///     checkpoint [ready-queue] [pool-queued] [pool-running] [unlisted]
///
/// The rows of a checkpoint follow it, indented: `op created=TIME` and `span began=TIME` with the fields of `created` and
/// `begin`, `chain chain named name`, and `fd fd label`.
///
/// What is parsed is written again the same and the other way round, but for what a text cannot hold: batches without
/// events, and texts and checkpoints of a batch that no event refers to.
public enum TraceText {
  /// The first line of every text.
  static let header = "looptop-text 1"

  /// The whole of a trace as text.
  public static func write(definitions: Definitions, batches: some Sequence<Batch>) -> String {
    var text = ""
    var writer = TraceTextWriter()
    writer.write(definitions, to: &text)
    for batch in batches { writer.write(batch, definitions, to: &text) }
    return text
  }

  /// Reads what `write` wrote or what somebody typed; its cost is proportional to the text's length.
  ///
  /// - Throws: `TraceTextError` at the first place that is no trace.
  public static func parse(_ text: String) throws(TraceTextError) -> (Definitions, [Batch]) {
    var reader = TraceTextReader()
    try reader.read(Array(text.utf8))
    let batches = try reader.finish()
    return (reader.definitions, batches)
  }
}
