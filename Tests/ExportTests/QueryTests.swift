import Analysis
import Testing
import Trace
import TraceStore

@testable import Export

@Suite struct Query {
  @Test func `callbacks are rows with who made them ready and who registered them`() throws {
    expectText(
      try answer(
        """
        SELECT id - (1 << 48) AS id, function, kind, trigger, parent - (1 << 48) AS parent, begin_ns, duration_ns,
          self_ns, threw, ready_ns, queue_delay_ns, creator - (1 << 48) AS creator, chain - (1 << 48) AS chain
        FROM calls ORDER BY begin_ns
        """, of: trace(sample)),
      """
      id  function    kind      trigger   parent   begin_ns  duration_ns   self_ns  threw   ready_ns  queue_delay_ns  creator  chain
       6  accept(_:)  io        poll              100001000         9000      9000      0  100000000            1000               6
      11  accept(_:)  io        poll              100010000     80000000  80000000      0  100000000           10000              11
      14  query(_:)   ready     callback          180010000        10000     10000      0  100004000        80006000        6      6
      18  tick()      timer     timer             180050000        50000     20000      0  110000000        70050000        6      6
      21  render(_:)  deferred  callback      18  180060000        30000     30000      1                                   6      6

      """)
  }

  @Test func `blame is charged to spans, and to what else had the loop`() throws {
    expectText(
      try answer(
        "SELECT callback - (1 << 48) AS callback, span - (1 << 48) AS span, cause, ns FROM blame", of: trace(sample)),
      """
      callback  span  cause            ns
             6        overhead       1000
            11     6  callback       9000
            11        overhead       1000
            14     6  own-chain      6000
            14    11  callback   80000000
            18    11  callback   70010000
            18    14  own-chain     10000
            18        poll          10000
            18        overhead      20000

      """)
    expectText(
      try answer("SELECT * FROM harm", of: trace(sample)),
      """
      function    file                 line    harm_ns  victims
      accept(_:)  Server/Server.swift    10  150019000        3

      """)
  }

  @Test func `operations, chains, ticks and stalls are rows, those that are open at the end too`() throws {
    let store = try trace(sample)
    expectText(
      try answer(
        "SELECT id - (1 << 48) AS id, kind, standing, site, created_ns, settled_ns, outcome, due_ns FROM operations",
        of: store),
      """
      id  kind      standing  site  created_ns  settled_ns  outcome     due_ns
       8  timer            0     4   100003000   180051000  success  110000000
       7  deferred         0     2   100002000   180060000  success
       2  listener         1     1       10000
      12  deferred         0     3   100020000

      """)
    expectText(
      try answer(
        """
        SELECT id - (1 << 48) AS id, begin_ns, duration_ns, running_ns, queued_ns, waiting_ns, state,
          waiting_on - (1 << 48) AS waiting_on FROM chains
        """, of: store),
      """
      id   begin_ns  duration_ns  running_ns  queued_ns  waiting_ns  state      waiting_on
       6  100001000     80099000       69000   80030000           0  completed
      11  100010000   1080110000    80000000          0  1000110000  stalled            12

      """)
    expectText(
      try answer("SELECT * FROM ticks", of: store),
      """
      loop    begin_ns      end_ns  duration_ns  callbacks  at
         1   100000000   180030000     80030000          3  2001-09-09T01:46:40.350Z
         1   180040000   180110000        70000          2  2001-09-09T01:46:40.430Z
         1  1180110000  1180120000        10000          0  2001-09-09T01:46:41.430Z

      """)
    expectText(
      try answer(
        "SELECT begin_ns, duration_ns, ended, site, self_ns, callbacks, victims, harm_ns FROM stalls", of: store),
      """
       begin_ns  duration_ns  ended  site   self_ns  callbacks  victims    harm_ns
      100000000     80030000      1     1  80000000          3        3  150019000

      """)
  }

  @Test func `trace, loops, findings and gaps are rows`() throws {
    let store = try trace(
      sample + "1 11.500000000 gap from=11.200000000 to=11.500000000 events=7 reason=overwritten\n")
    expectText(
      try answer("SELECT * FROM trace", of: store),
      """
      started_at                      start_unix_ns  duration_ns  events  complete
      2001-09-09T01:46:40.250Z  1000000000250000000   1500000000      27         0

      """)
    expectText(
      try answer("SELECT * FROM gaps", of: store),
      """
      loop     from_ns       to_ns  events  reason
         1  1200000000  1500000000       7  overwritten

      """)
    expectText(
      try answer("SELECT name, pid, command, ticks, callbacks, lag_max_ns FROM loops", of: store),
      """
      name   pid  command  ticks  callbacks  lag_max_ns
      main  4711  server       3          5    70050000

      """)
    expectText(
      try answer(
        "SELECT findings.id, severity, function, at_ns, caused_by FROM findings JOIN sites ON sites.id = site",
        of: store),
      """
      id                 severity  function        at_ns  caused_by
      never-settled      error     render(_:)  100020000
      blocking-callback  warning   accept(_:)  100010000
      late-timers        info      tick()      110000000  blocking-callback
      stalled-chain      info      render(_:)  100010000  never-settled

      """)
  }

  @Test(arguments: ["blocking-query", "healthy", "never-fires", "hang"])
  func `sums are those of the report`(_ name: String) throws {
    let store = try recording(name)
    var analyzer = Analyzer()
    var cursor = TraceStore.Cursor()
    while let batch = try store.next(&cursor) { analyzer.consume(batch, definitions: store.definitions) }
    let report = analyzer.report(at: nil)
    func number(_ sql: String) throws -> Int64 {
      let row = try TraceQuery(sql, of: ExportSource(store)).next()
      guard case .integer(let number) = row?.first else { return 0 }
      return number
    }
    #expect(try number("SELECT count(*) FROM callbacks") == Int64(report.callbacks))
    #expect(try number("SELECT count(*) FROM ticks") == report.loops.reduce(0) { $0 + Int64($1.ticks) })
    #expect(try number("SELECT sum(self_ns) FROM callbacks") == report.sites.reduce(0) { $0 + $1.own.count })
    let harm = report.sites.reduce(0) { $0 + $1.harm.count }
    let blame = try number("SELECT sum(ns) FROM blame WHERE cause = 'callback'")
    // The report charges too what is still waited for, and only here a loop hangs.
    #expect(name == "hang" ? blame < harm : blame == harm)
    #expect(try number("SELECT count(*) FROM stalls") == Int64(report.stallCount))
    #expect(try number("SELECT sum(harm_ns) FROM stalls") == report.stalls.reduce(0) { $0 + $1.harm.count })
    #expect(try number("SELECT count(*) FROM chains WHERE state = 'completed'") == Int64(report.chains.completed))
    #expect(try number("SELECT count(*) FROM chains WHERE state = 'failed'") == Int64(report.chains.failed))
    #expect(
      try number("SELECT count(*) FROM chains WHERE state NOT IN ('completed', 'failed')")
        == Int64(report.chains.inFlight))
    #expect(try number("SELECT count(*) FROM chains WHERE state = 'stalled'") == Int64(report.chains.stalled))
    #expect(try number("SELECT count(*) FROM chains WHERE running_ns + queued_ns + waiting_ns <> duration_ns") == 0)
    #expect(try number("SELECT count(*) FROM operations") == Int64(report.operations.created))
    #expect(try number("SELECT count(*) FROM operations WHERE settled_ns IS NULL") == Int64(report.operations.pending))
    #expect(try number("SELECT count(*) FROM findings") == Int64(report.findings.count))
    #expect(
      try number(
        """
        SELECT count(*) FROM (SELECT c.queue_delay_ns AS delay, sum(b.ns) AS blame
          FROM callbacks c LEFT JOIN blame b ON b.callback = c.id GROUP BY c.id)
        WHERE ifnull(delay, 0) <> ifnull(blame, 0)
        """) == 0)
  }

  @Test func `a chain whose failure turns up after its end has failed`() throws {
    let store = try trace(
      """
      1 1.000000000 loop-begin
      1 1.000000000 poll-return ready=1
      1 1.000001000 begin span=3 kind=io trigger=poll site=1 starts-chain
      1 1.000002000 created op=4 kind=deferred site=2 chain=3 by=3
      1 1.000003000 settled op=4 outcome=failure text="no"
      1 1.000004000 end span=3
      1 1.000005000 poll-enter
      1 1.000006000 poll-return ready=0
      1 1.000007000 unhandled op=4 text="no"
      1 1.000008000 poll-enter

      """)
    #expect(try answer("SELECT state FROM chains", of: store) == "state\nfailed\n")
  }

  @Test func `only the tables that are named are filled`() throws {
    let source = try ExportSource(trace(sample))
    func tables(_ sql: String) throws -> Set<Table> { try TraceQuery(sql, of: source).tables }
    #expect(try tables("SELECT 1") == [])
    #expect(try tables("SELECT count(*) FROM ticks") == [.ticks])
    #expect(try tables("SELECT 1 WHERE EXISTS (SELECT 1 FROM Stalls)") == [.stalls])
    #expect(try tables("SELECT * FROM harm") == [.blame, .callbacks, .sites])
    #expect(try tables("WITH t AS (SELECT id FROM chains) SELECT count(*) FROM t, gaps") == [.chains, .gaps])
  }

  @Test func `a part of the trace is what overlaps it`() throws {
    let store = try recording("blocking-query")
    let (since, until) = (Nanoseconds.seconds(2), Nanoseconds.seconds(2.5))
    for (table, columns) in [("callbacks", "id, self_ns"), ("ticks", "begin_ns, callbacks"), ("blame", "callback, ns")]
    {
      let (begin, end) =
        table == "blame"
        ? (
          "(SELECT begin_ns FROM callbacks WHERE id = callback)", "(SELECT begin_ns FROM callbacks WHERE id = callback)"
        ) : ("begin_ns", "end_ns")
      let part = try answer("SELECT \(columns) FROM \(table) ORDER BY 1, 2", of: store, since: since, until: until)
      let filtered = try answer(
        "SELECT \(columns) FROM \(table) WHERE \(begin) <= 2500000000 AND \(end) >= 2000000000 ORDER BY 1, 2", of: store
      )
      #expect(part == filtered)
      #expect(part.split(separator: "\n").count > 50)
    }
    #expect(try answer("SELECT count(*) FROM callbacks", of: store, since: .seconds(3_000)) == "count(*)\n       0\n")
  }

  @Test(arguments: [
    "DELETE FROM ticks", "DROP TABLE ticks", "INSERT INTO ticks VALUES (1)", "ATTACH '/tmp/x' AS x",
    "PRAGMA user_version",
    "CREATE TEMP TABLE t AS SELECT 1", "VACUUM INTO '/tmp/x'", "BEGIN", "UPDATE ticks SET loop = 1", "ANALYZE",
    "DETACH main",
  ])
  func `nothing but reading is allowed`(_ sql: String) throws {
    #expect(throws: ExportError.notAQuery) { try TraceQuery(sql, of: ExportSource(trace(sample))) }
  }

  @Test func `what is no question is told apart`() throws {
    let source = try ExportSource(trace(sample))
    #expect(throws: ExportError.query("no such table: nonsense")) {
      try TraceQuery("SELECT * FROM nonsense", of: source)
    }
    #expect(throws: ExportError.query("near \"SELEC\": syntax error")) { try TraceQuery("SELEC 1", of: source) }
    #expect(throws: ExportError.severalStatements) { try TraceQuery("SELECT 1; SELECT 2", of: source) }
    #expect(throws: ExportError.severalStatements) { try TraceQuery("SELECT 1; nonsense", of: source) }
    #expect(throws: ExportError.noStatement) { try TraceQuery(" -- nothing", of: source) }
    #expect(throws: ExportError.query("not authorized to use function: load_extension")) {
      try TraceQuery("SELECT load_extension('x')", of: source)
    }
    #expect(throws: ExportError.self) { _ = try TraceQuery("SELECT zeroblob(1000000000)", of: source).next() }
    #expect(try TraceQuery("SELECT 1 ; -- and no more\n", of: source).next() == [.integer(1)])
    #expect(throws: ExportError.noEvents(name: "sample")) { try ExportSource(trace("")) }
  }

  @Test func `names are values, whatever they say`() throws {
    let store = try trace(sample, loop: "'); DROP TABLE loops; --", site: #"a\",\n\u{1b}[31m;'b"#)
    #expect(try answer("SELECT name FROM loops", of: store) == "name\n'); DROP TABLE loops; --\n")
    #expect(
      try answer("SELECT function FROM sites WHERE id = 1", of: store) == "function\na\",␊␛[31m;'b\n")
    #expect(
      try answer("SELECT function FROM sites WHERE id = 1", of: store, as: .csv)
        == "function\r\n\"a\"\",\n␛[31m;'b\"\r\n")
    #expect(
      try answer("SELECT function FROM sites WHERE id = 1", of: store, as: .json)
        == "[\n{\"function\": \"a\\\",\\n\\u001b[31m;'b\"}\n]\n")
  }

  @Test func `rows come as a table, as CSV and as JSON`() throws {
    let sql = "SELECT 1 AS a, -2.5 AS a, NULL AS c, '' AS \"d,\", x'00ff' AS e UNION ALL SELECT 100, 3, 4, 'tür', NULL"
    let store = try trace(sample)
    expectText(
      try answer(sql, of: store),
      """
        a     a  c  d,   e
        1  -2.5          00ff
      100     3  4  tür

      """)
    #expect(try answer(sql, of: store, as: .csv) == "a,a,c,\"d,\",e\r\n1,-2.5,,\"\",00ff\r\n100,3,4,tür,\r\n")
    #expect(
      try answer(sql, of: store, as: .json)
        == """
        [
        {"a": 1, "a_2": -2.5, "c": null, "d,": "", "e": "00ff"},
        {"a": 100, "a_2": 3, "c": 4, "d,": "tür", "e": null}
        ]

        """)
    #expect(try answer("SELECT 1 AS a WHERE 0", of: store, as: .json) == "[]\n")
    #expect(try answer("SELECT 1 AS a WHERE 0", of: store) == "a\n")
  }

  @Test func `the schema that is shown is the one that is asked`() throws {
    let source = try ExportSource(trace(sample))
    let schema = TraceQuery.schema(of: source)
    for table in Table.allCases {
      #expect(schema.contains("CREATE TABLE \(table.rawValue) ("))
      for column in try TraceQuery("SELECT * FROM \(table.rawValue)", of: source).columns {
        #expect(schema.contains("  \(column) "), "\(table.rawValue).\(column)")
      }
    }
  }
}
