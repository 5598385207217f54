import Analysis
import Trace

/// What rows must have to be listed: all of its terms.
struct Filter: Hashable, Sendable {
  /// As it was typed.
  private(set) var text = ""
  private var terms: [Term] = []
  /// The things that the term `marked` lets pass.
  private var marked: Set<Thing> = []

  private enum Term: Hashable, Sendable {
    case site(String)
    case kind(String)
    case chain(String)
    case loop(UInt16)
    case longer(Nanoseconds)
    case shorter(Nanoseconds)
    case marked
    case text(String)
  }

  /// Lets everything pass.
  init() {}

  /// `nil` where a term is not understood.
  init?(_ text: String) {
    self.text = String(text.drop { $0 == " " })
    for word in text.split(separator: " ") {
      guard let term = Self.term(String(word).lowercased()) else { return nil }
      terms.append(term)
    }
  }

  var isEmpty: Bool { terms.isEmpty }

  private static func term(_ word: String) -> Term? {
    func value(_ name: String) -> String? { word.hasPrefix(name) ? String(word.dropFirst(name.count)) : nil }
    if word == "marked" { return .marked }
    if let site = value("site:") { return .site(site) }
    if let kind = value("kind:") { return .kind(kind) }
    if let chain = value("chain:") { return .chain(chain) }
    if let loop = value("loop:") { return UInt16(loop).map(Term.loop) }
    if let length = value(">") { return typedTime(length).map(Term.longer) }
    if let length = value("<") { return typedTime(length).map(Term.shorter) }
    return .text(word)
  }

  func with(_ marked: Set<Thing>) -> Filter {
    guard terms.contains(.marked) else { return self }
    var filter = self
    filter.marked = marked
    return filter
  }

  /// Whether a row passes.
  func admits(_ facts: @autoclosure () -> RowFacts) -> Bool {
    guard !terms.isEmpty else { return true }
    let facts = facts()
    func has(_ whole: String?, _ part: String) -> Bool { whole?.lowercased().contains(part) ?? false }
    return terms.allSatisfy { term in
      switch term {
      case .site(let part): has(facts.site.function, part) || has(facts.site.place, part)
      case .kind(let part): has(facts.kind, part)
      case .chain(let part): has(facts.chain, part)
      case .loop(let number): facts.loops.contains(LoopID(number))
      case .longer(let length): facts.duration.map { $0 > length } ?? false
      case .shorter(let length): facts.duration.map { $0 < length } ?? false
      case .marked: marked.contains(facts.thing)
      case .text(let part): has(facts.text, part) || has(facts.site.function, part) || has(facts.site.place, part)
      }
    }
  }
}

/// What a filter can ask of a row.
struct RowFacts {
  var thing: Thing
  var site: Site
  var kind = ""
  var chain: String?
  /// The loops it is known to belong to.
  var loops: [LoopID] = []
  /// How long, at worst.
  var duration: Nanoseconds?
  /// Whatever else it says.
  var text = ""
}
