import Analysis
import Trace

/// What is known of an operation that somebody waits for; `nil` where nobody does.
func operationLines(_ id: OperationID, _ input: ScreenInput) -> [DetailLine]? {
  let chains = input.report.chainList.filter { $0.waitingOn?.id == id }
  guard let operation = chains.first?.waitingOn else { return nil }
  let setting = Setting(input)
  var lines = [DetailLine([Run(operation.title, .title)])]
  lines += operationFacts(operation, setting).map { DetailLine($0) }
  lines.append(creatorLine(input))
  if let awaited = input.answer?.awaits, !awaited.isEmpty {
    let ids = awaited.prefix(8).map { "\($0.loop.number).\($0.serial)" }.joined(separator: ", then ")
    lines.append(DetailLine(fact("settles after", "operation \(ids)")))
  }
  lines += [
    DetailLine([]), DetailLine([Run("See it created", .title)]),
    DetailLine([Run("  at \(clock(operation.created - setting.start))")], target: .moment(id.loop, operation.created)),
    DetailLine([]), DetailLine([Run("Chains that wait for it", .title)]),
  ]
  return lines
    + chains.map { chain in
      DetailLine(
        [Run("  \(chain.title)  \(chain.state.rawValue)", chain.state.weight.role)], target: .thing(chain.thing))
    }
}

private func creatorLine(_ input: ScreenInput) -> DetailLine {
  guard let creator = input.answer?.creator else {
    return DetailLine(fact("within", input.looking == nil ? "no callback that is known" : "looking through the trace"))
  }
  let known = input.report.sites.first { $0.site == creator }
  return DetailLine(
    fact("within", "\(creator.function)  \(creator.place)"), target: known.map { .thing($0.thing) })
}

/// What is known of an operation that is pending.
func operationFacts(_ pending: PendingOperation, _ setting: Setting) -> [Line] {
  var lines: [Line] = [
    fact("kind", "\(pending.kind)" + (pending.label.map { ", \($0)" } ?? "")),
    fact("created at", "\(pending.site.function)  \(pending.site.place)"),
    fact(
      "age", "\(words(setting.now - pending.created, setting.glyphs)), since \(clock(pending.created - setting.start))"),
  ]
  if let due = pending.due {
    let left = due - setting.now
    let words = words(Nanoseconds(Int64(clamping: left.count.magnitude)), setting.glyphs)
    lines.append(left < .zero ? fact("due", "\(words) ago", .warning) : fact("due", "in \(words)"))
  }
  return lines
}
