import Analysis
import Trace

/// Writes a trace as folded stacks, for flame graphs: `outer;inner 1234`, a line for each way in which sites were nested.
///
/// ```swift
/// let source = try ExportSource(TraceStore(path: "spike.looptrace"))
/// try FoldedStacks.write(source, weight: .harm) { print($0, terminator: "") }
/// ```
public enum FoldedStacks {
  /// What a stack's number counts, in nanoseconds.
  public enum Weight: String, CaseIterable, Sendable {
    /// The time that its innermost callbacks ran themselves.
    case own = "self"
    /// The time that they made callbacks of other chains wait.
    case harm
  }

  /// Writes the stacks in the order of their names. Memory is bounded by the number of different stacks.
  ///
  /// Throws `ExportError.trace`, and what `output` throws.
  public static func write(
    _ source: ExportSource, weight: Weight, to output: (String) throws(ExportError) -> Void
  ) throws(ExportError) {
    var stacks = StackTree()
    let subjects: Occurrence.Subjects = weight == .own ? .callbacks : [.callbacks, .blame]
    _ = try source.tell(subjects) { (occurrence) throws(ExportError) in
      switch occurrence {
      case .began(let callback): stacks.begin(callback)
      case .ended(let callback): stacks.end(callback, counting: weight == .own)
      case .blamed(_, _, let charges):
        for charge in charges where charge.cause == .callback {
          if let span = charge.span { stacks.add(charge.time, to: span) }
        }
      default: break
      }
    }
    for (stack, time) in stacks.folded(with: source.store.definitions) { try output("\(stack) \(time.count)\n") }
  }
}

/// All ways in which sites were nested, as a tree.
private struct StackTree {
  private struct Node {
    var parent: Int32
    var site: SiteID
    var time = Nanoseconds.zero
  }

  private struct Edge: Hashable {
    var parent: Int32
    var site: SiteID
  }

  private var nodes: [Node] = []
  private var children: [Edge: Int32] = [:]
  /// Where the spans stand that run, or ran so lately that blame may still come.
  private var places: [SpanID: Int32] = [:]
  /// Those that have ended, in that order.
  private var ended: [SpanID] = []
  /// The analysis looks back no farther.
  private static let remembered = 1 << 17
  /// Past so many stacks, what is nested is counted to what it is nested in.
  private static let limit = 1 << 20

  mutating func begin(_ callback: Occurrence.Callback) {
    let parent = callback.parent.flatMap { places[$0] } ?? -1
    let edge = Edge(parent: parent, site: callback.site)
    if let known = children[edge] {
      places[callback.id] = known
    } else if nodes.count < Self.limit {
      children[edge] = Int32(nodes.count)
      places[callback.id] = Int32(nodes.count)
      nodes.append(Node(parent: parent, site: callback.site))
    } else {
      places[callback.id] = parent
    }
  }

  mutating func end(_ callback: Occurrence.Callback, counting: Bool) {
    if counting {
      add(callback.own, to: callback.id)
      places[callback.id] = nil
      return
    }
    ended.append(callback.id)
    if ended.count >= 2 * Self.remembered {
      for span in ended.prefix(Self.remembered) { places[span] = nil }
      ended.removeFirst(Self.remembered)
    }
  }

  mutating func add(_ time: Nanoseconds, to span: SpanID) {
    guard let place = places[span], place >= 0 else { return }
    nodes[Int(place)].time = nodes[Int(place)].time + time
  }

  func folded(with definitions: Definitions) -> [(String, Nanoseconds)] {
    var sums: [String: Nanoseconds] = [:]
    for node in nodes where node.time > .zero {
      var frames = [Self.frame(definitions.site(node.site))]
      var parent = node.parent
      while parent >= 0 {
        frames.append(Self.frame(definitions.site(nodes[Int(parent)].site)))
        parent = nodes[Int(parent)].parent
      }
      sums[frames.reversed().joined(separator: ";"), default: .zero] += node.time
    }
    return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// `query(_:) Server/Users.swift:42`; what separates frames cannot stand in one.
  private static func frame(_ site: Site) -> String {
    let name = site.file.isEmpty ? Format.function(site) : "\(Format.function(site)) \(Format.place(site))"
    return String(name.map { $0 == ";" ? ":" : $0 })
  }
}
