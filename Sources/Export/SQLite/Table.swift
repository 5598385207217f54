import Analysis

/// What a trace is as tables.
///
/// Times are nanoseconds since the trace's first event. An id holds its loop in its high 16 bits (`id >> 48`) and is the
/// same in every table.
enum Table: String, CaseIterable {
  case trace, loops, sites, ticks, callbacks, blame, operations, chains, stalls, findings, gaps

  /// What has to be told to fill it.
  var subjects: Occurrence.Subjects {
    switch self {
    case .trace, .loops, .sites, .findings: []
    case .ticks: .ticks
    case .callbacks: .callbacks
    case .blame: .blame
    case .operations: .operations
    case .chains: .chains
    case .stalls: .stalls
    case .gaps: .gaps
    }
  }

  /// Whether the names that a trace defines are enough to fill it.
  var needsEvents: Bool { self != .sites }

  /// The statement that makes it.
  func definition(startedAt: Int64?) -> String {
    // Milliseconds, which is what SQLite's dates have; the nanoseconds stand beside it.
    func wall(_ column: String) -> String {
      let moment = startedAt.map { start in
        "strftime('%Y-%m-%dT%H:%M:%fZ', (\(column) + \(start)) / 1e9, 'unixepoch')"
      }
      return "at TEXT AS (\(moment ?? "NULL"))"
    }
    return "CREATE TABLE \(rawValue) (\(columns(wall)));"
  }

  private func columns(_ wall: (String) -> String) -> String {
    switch self {
    case .trace:
      """
       -- one row
        started_at TEXT, -- wall time of the first event, where the trace tells it
        start_unix_ns INTEGER, -- the same in nanoseconds since 1970
        duration_ns INTEGER, -- to the last event
        events INTEGER,
        complete INTEGER -- 1 where nothing is missing and the trace was closed in good order

      """
    case .loops:
      """
       -- a row a loop, its sums over the time that was read
        id INTEGER,
        name TEXT,
        pid INTEGER,
        command TEXT,
        runtime TEXT, -- what recorded it
        thread INTEGER,
        poll TEXT, -- how it polls: epoll, …
        ended INTEGER, -- 1 where it ended in good order
        ticks INTEGER,
        callbacks INTEGER,
        busy_ns INTEGER, -- outside of the poll
        idle_ns INTEGER, -- inside
        on_cpu_ns INTEGER, -- CPU time of its thread, where it was recorded
        tick_p99_ns INTEGER,
        tick_max_ns INTEGER,
        lag_p99_ns INTEGER, -- of its timers' delays
        lag_max_ns INTEGER

      """
    case .sites:
      """
       -- the places in the code that other tables' `site` refers to
        id INTEGER,
        function TEXT,
        file TEXT,
        line INTEGER -- 0 where it is not known

      """
    case .ticks:
      """
       -- whole passes of a loop, from a poll's return to the next poll
        loop INTEGER,
        begin_ns INTEGER,
        end_ns INTEGER,
        duration_ns INTEGER,
        callbacks INTEGER, -- spans begun in it
        \(wall("begin_ns"))

      """
    case .callbacks:
      """
       -- every span
        id INTEGER,
        loop INTEGER,
        site INTEGER,
        kind TEXT, -- timer, io, ready, thread, signal, child, task, deferred, runtime, unknown
        trigger TEXT, -- what made it ready: callback, poll, timer, thread, signal, start, unknown
        parent INTEGER, -- the span that it ran inside of
        begin_ns INTEGER,
        end_ns INTEGER, -- NULL where it never ended
        duration_ns INTEGER,
        self_ns INTEGER, -- less the spans nested in it
        threw INTEGER,
        ready_ns INTEGER, -- since when it was certainly ready; NULL for one that was never queued
        earliest_ns INTEGER, -- since when it may have been
        queue_delay_ns INTEGER, -- from ready to begin
        operation INTEGER, -- that called back, or the entry of the ready queue
        creator INTEGER, -- the callback that registered it
        chain INTEGER,
        \(wall("begin_ns"))

      """
    case .blame:
      """
       -- who had the loop while a callback waited that has begun: adds up to its queue_delay_ns
        callback INTEGER, -- who waited
        span INTEGER, -- the callback that ran; NULL where none did
        cause TEXT, -- callback, own-chain, poll, overhead, gap, unknown
        ns INTEGER

      """
    case .operations:
      """
       -- what was pending and what became of it
        id INTEGER,
        loop INTEGER,
        kind TEXT, -- deferred, timer, thread, read, write, listener, connect, child, signal, task, unknown
        standing INTEGER, -- 1 where it delivers again and again
        site INTEGER,
        created_ns INTEGER,
        settled_ns INTEGER, -- NULL while it is pending
        outcome TEXT, -- success, failure, cancelled, dropped
        due_ns INTEGER,
        label TEXT, -- what its descriptor is
        creator INTEGER, -- the callback that created it
        chain INTEGER,
        \(wall("created_ns"))

      """
    case .chains:
      """
       -- running + queued + waiting = duration
        id INTEGER,
        name TEXT, -- that the program gave it
        site INTEGER, -- of its first callback
        begin_ns INTEGER,
        duration_ns INTEGER, -- to its end, or to the trace's
        running_ns INTEGER,
        queued_ns INTEGER,
        waiting_ns INTEGER,
        state TEXT, -- running, queued, waiting, stalled, completed, failed
        waiting_on INTEGER, -- the operation that it waits for, followed to the leaf
        \(wall("begin_ns"))

      """
    case .stalls:
      """
       -- intervals of more than 50 ms without a poll
        loop INTEGER,
        begin_ns INTEGER,
        duration_ns INTEGER,
        ended INTEGER, -- 0 where it goes on at the trace's end
        site INTEGER, -- of the span with the largest self time in it
        kind TEXT,
        self_ns INTEGER, -- of that span
        callbacks INTEGER, -- spans that ran in it
        cause TEXT, -- computing, syscall, lock, cpu-wait, page-fault, suspended, unknown
        victims INTEGER,
        harm_ns INTEGER, -- blame that its spans got
        harm_up_to_ns INTEGER, -- the same from when the victims may have been ready
        \(wall("begin_ns"))

      """
    case .findings:
      """
       -- what is wrong, worst first
        id TEXT,
        severity TEXT, -- error, warning, info
        site INTEGER,
        sentence TEXT,
        advice TEXT,
        count INTEGER,
        caused_by TEXT, -- the id of the finding that explains it
        loop INTEGER,
        at_ns INTEGER, -- where it can be seen
        \(wall("at_ns"))

      """
    case .gaps:
      """
       -- what is missing
        loop INTEGER,
        from_ns INTEGER,
        to_ns INTEGER,
        events INTEGER, -- NULL where it cannot be known
        reason TEXT -- overwritten, unwritable, damaged, unknown

      """
    }
  }

  /// What is often asked for.
  static let views = """
    CREATE VIEW calls AS -- callbacks with the names of their places and loops
      SELECT c.*, s.function, s.file, s.line, l.name AS loop_name
      FROM callbacks c LEFT JOIN sites s ON s.id = c.site LEFT JOIN loops l ON l.id = c.loop;

    CREATE VIEW harm AS -- how long the callbacks of a site made those of other chains wait for certain
      SELECT s.function, s.file, s.line, sum(b.ns) AS harm_ns, count(DISTINCT b.callback) AS victims
      FROM blame b JOIN callbacks c ON c.id = b.span JOIN sites s ON s.id = c.site
      WHERE b.cause = 'callback' GROUP BY s.id ORDER BY harm_ns DESC;

    """

  /// For who looks things up in a database that stays.
  static let indexes = """
    CREATE INDEX callbacks_id ON callbacks(id);
    CREATE INDEX callbacks_begin ON callbacks(begin_ns);
    CREATE INDEX callbacks_chain ON callbacks(chain);
    CREATE INDEX blame_callback ON blame(callback);
    CREATE INDEX blame_span ON blame(span);
    CREATE INDEX operations_id ON operations(id);
    """

  /// All of it as SQL, with remarks.
  static func schema(startedAt: Int64?) -> String {
    allCases.map { $0.definition(startedAt: startedAt) + "\n\n" }.joined() + views
  }
}
