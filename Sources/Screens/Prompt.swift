import Analysis
import Trace

/// A line that is being typed at the bottom of the screen.
struct Prompt: Hashable, Sendable {
  var purpose: Purpose
  var text: String

  /// What the line is for.
  enum Purpose: Hashable, Sendable {
    case search
    case filter
    case command
    case time
  }

  /// More than fits any screen is not typed but pasted by mistake.
  private static let limit = 200

  init(_ purpose: Purpose, text: String = "") {
    self.purpose = purpose
    self.text = text
  }

  /// What stands ahead of the text.
  var lead: String {
    switch purpose {
    case .search: "/"
    case .filter: "filter: "
    case .command: ":"
    case .time: "go to time: "
    }
  }

  /// What may be typed, while nothing is.
  var hint: String {
    switch purpose {
    case .search: "text to mark"
    case .filter: "site:query kind:io chain:GET loop:1 >10ms marked text; empty shows all"
    case .command: CommandEntry.all.map(\.word).prefix(8).joined(separator: " ") + " (Tab completes)"
    case .time: "1:23.5 from the begin, or +2s, -50ms from here"
    }
  }

  mutating func type(_ scalar: Unicode.Scalar) {
    if text.unicodeScalars.count < Self.limit { text.unicodeScalars.append(scalar) }
  }

  mutating func delete() { if !text.isEmpty { text.unicodeScalars.removeLast() } }

  /// The commands whose names begin as the text does.
  var candidates: [CommandEntry] {
    CommandEntry.all.filter { $0.word.hasPrefix(text.lowercased()) }
  }

  /// Completes the name of a command as far as it is certain.
  mutating func complete() {
    guard purpose == .command, var common = candidates.first?.word else { return }
    for entry in candidates { while !entry.word.hasPrefix(common) { common.removeLast() } }
    text = common
  }
}

extension ScreenState {
  /// A key while a line is being typed.
  mutating func type(_ key: Key, input: ScreenInput, size: Size) -> Effect? {
    switch key {
    case .escape, .control("g"): prompt = nil
    case .backspace: if prompt?.text.isEmpty == true { prompt = nil } else { prompt?.delete() }
    case .control("u"): prompt?.text = ""
    case .tab: prompt?.complete()
    case .character(let scalar): prompt?.type(scalar)
    case .enter:
      guard let line = prompt else { return nil }
      prompt = nil
      return accept(line, input: input, size: size)
    default: break
    }
    return nil
  }

  private mutating func accept(_ line: Prompt, input: ScreenInput, size: Size) -> Effect? {
    switch line.purpose {
    case .search:
      search = line.text.isEmpty ? nil : line.text
      if search != nil { return perform(.next, input: input, size: size) }
    case .filter:
      guard let filter = Filter(line.text) else {
        prompt = line
        say("a length of time is typed as >10ms, a loop as loop:1")
        return nil
      }
      self.filter = filter
    case .command:
      guard !line.text.isEmpty else { return nil }
      let exact = CommandEntry.all.first { $0.word == line.text.lowercased() }
      guard let entry = exact ?? (line.candidates.count == 1 ? line.candidates[0] : nil) else {
        say(line.candidates.isEmpty ? "there is no command \(line.text)" : "\(line.text) could be several commands")
        return nil
      }
      guard entry.places.contains(place) else {
        say("\(entry.word) means nothing here")
        return nil
      }
      return perform(entry.command, input: input, size: size)
    case .time: goTo(typed: line.text, shown(input), size)
    }
    return nil
  }

  private mutating func goTo(typed text: String, _ input: ScreenInput, _ size: Size) {
    guard !text.isEmpty else { return }
    let trace = input.report.trace
    let sign = text.first == "+" ? 1 : text.first == "-" ? -1 : 0
    guard let typed = typedTime(String(sign == 0 ? text[...] : text.dropFirst())) else {
      return say("a time is typed as 75.5, 1:15.5, 850ms, +2s or -50ms")
    }
    let here = time.cursor ?? trace.to
    let moment = sign > 0 ? here + typed : sign < 0 ? here - typed : input.origin + typed
    if moment < trace.from || moment > trace.to {
      say("there is what lies between \(clock(trace.from - input.origin)) and \(clock(trace.to - input.origin))")
    }
    time.go(to: moment, trace, isLive: input.source == .live, columns: Self.columns(size, input.report))
  }
}
