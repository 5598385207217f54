import Analysis
import Terminal
import Trace

/// One thing that can be set in `looptop.toml`.
struct Setting: Sendable {
  /// The `[table]` that it stands in.
  var table: String
  var key: String
  /// What its value has to be.
  var expects: String
  /// Its value, as a file would say it; `nil` where it is not set.
  var value: @Sendable (Settings) -> TOMLValue?
  /// Sets it; false for a value that is none for it.
  var set: @Sendable (inout Settings, TOMLValue) -> Bool

  /// As it is spoken of: `thresholds.slow`.
  var name: String { "\(table).\(key)" }

  /// All that there are.
  static let all: [Setting] = [
    duration("thresholds", "slow", { $0.thresholds.slow }, { $0.thresholds.slow = $1 }),
    duration("thresholds", "stalled", { $0.thresholds.stalled }, { $0.thresholds.stalled = $1 }),
    duration("thresholds", "late", { $0.thresholds.late }, { $0.thresholds.late = $1 }),
    duration("thresholds", "pool-wait", { $0.thresholds.poolWait }, { $0.thresholds.poolWait = $1 }),
    duration("thresholds", "spinning", { $0.thresholds.spinning }, { $0.thresholds.spinning = $1 }),
    Setting(
      table: "thresholds", key: "growing", expects: "a number of callbacks, as 100",
      value: { .integer(Int64($0.thresholds.growing)) },
      set: { settings, value in
        guard case .integer(let number) = value, let count = UInt32(exactly: number), count > 0 else { return false }
        settings.thresholds.growing = count
        return true
      }),
    duration("check", "max-callback", { $0.budgets.maxCallback }, { $0.budgets.maxCallback = $1 }),
    duration("check", "max-tick", { $0.budgets.maxTick }, { $0.budgets.maxTick = $1 }),
    duration("check", "max-lag-p99", { $0.budgets.maxLagP99 }, { $0.budgets.maxLagP99 = $1 }),
    duration(
      "check", "max-queue-delay-p99", { $0.budgets.maxQueueDelayP99 }, { $0.budgets.maxQueueDelayP99 = $1 }),
    flag("check", "cpu-time", { $0.budgets.byCPUTime }, { $0.budgets.byCPUTime = $1 }),
    Setting(
      table: "check", key: "no", expects: "a list of findings, of \(Budgets.findings.joined(separator: ", "))",
      value: { .array($0.budgets.forbidden.map(TOMLValue.string)) },
      set: { settings, value in
        guard case .array(let values) = value else { return false }
        let names = values.compactMap { if case .string(let name) = $0 { name } else { nil } }
        guard names.count == values.count, names.allSatisfy(Budgets.findings.contains) else { return false }
        settings.budgets.forbidden = names
        return true
      }),
    Setting(
      table: "check", key: "worse-than", expects: "a share, as \"10%\"",
      value: { .string(TypedShare($0.worseThan).text) },
      set: { settings, value in
        guard case .string(let text) = value, let typed = TypedShare(argument: text) else { return false }
        settings.worseThan = typed.share
        return true
      }),
    Setting(
      table: "screen", key: "theme",
      expects: "one of " + Theme.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "),
      value: { $0.theme.map { .string($0.rawValue) } },
      set: { settings, value in
        guard case .string(let name) = value, let theme = Theme(rawValue: name) else { return false }
        settings.theme = theme
        return true
      }),
    flag("screen", "ascii", { $0.ascii }, { $0.ascii = $1 }),
  ]

  private static func duration(
    _ table: String, _ key: String, _ get: @escaping @Sendable (Settings) -> Nanoseconds?,
    _ set: @escaping @Sendable (inout Settings, Nanoseconds) -> Void
  ) -> Setting {
    Setting(
      table: table, key: key, expects: "a length of time, as \"50ms\"",
      value: { get($0).map { .string(TypedDuration($0).text) } },
      set: { settings, value in
        guard case .string(let text) = value, let typed = TypedDuration(argument: text) else { return false }
        set(&settings, typed.length)
        return true
      })
  }

  private static func flag(
    _ table: String, _ key: String, _ get: @escaping @Sendable (Settings) -> Bool,
    _ set: @escaping @Sendable (inout Settings, Bool) -> Void
  ) -> Setting {
    Setting(
      table: table, key: key, expects: "true or false", value: { .bool(get($0)) },
      set: { settings, value in
        guard case .bool(let isTrue) = value else { return false }
        set(&settings, isTrue)
        return true
      })
  }
}
