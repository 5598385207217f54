import CLinux
import Glibc
import Recorder
import Trace

/// Where tasks go on after a suspension, as far as the program's symbols tell: the function's name, without file and line.
struct ResumeSites {
  /// By the function's address; `nil` for one whose name is not known or is none of the program's own.
  private var known: [UnsafeRawPointer: RingSite?] = [:]

  private lazy var symbols = ResumeSymbols()

  private static let depth = 8

  /// The innermost function of the program's own that the job goes on in, if it is known.
  mutating func site(of job: Job, _ recorder: Recorder) -> RingSite? {
    guard recorder.isOn else { return nil }
    for function in job.resumeFunctions(atMost: ResumeSites.depth) {
      if let site = site(of: function, recorder) { return site }
    }
    return nil
  }

  private mutating func site(of function: UnsafeRawPointer, _ recorder: Recorder) -> RingSite? {
    if let known = known[function] { return known }
    let site = name(of: function).map { recorder.site(Site(function: $0, file: "", line: 0)) }
    known[function] = .some(site)
    return site
  }

  private mutating func name(of function: UnsafeRawPointer) -> String? {
    guard let symbol = symbols.name(at: function) else { return nil }
    let mangled = String(cString: symbol)
    // A module's name, with its length in front; Swift's own types have abbreviations there.
    guard mangled.hasPrefix("$s"), mangled.dropFirst(2).first?.isNumber == true, !mangled.hasPrefix("$s7Reactor"),
      let text = ll_demangle(symbol)
    else { return nil }
    defer { free(text) }
    return ResumeSites.shortened(String(cString: text))
  }

  /// `(1) await resume partial function for Server.(users in _1D66)(Swift.Int) async throws -> ()` → `Server.users`.
  private static func shortened(_ demangled: String) -> String {
    let whole = demangled.split(separator: " resume partial function for ", maxSplits: 1).last.map(String.init) ?? ""
    let parts = withoutDiscriminators(whole).split(separator: " in ").map { part in
      let end = ["(", " async", " throws", " ->"].compactMap { part.firstRange(of: $0)?.lowerBound }.min()
      let name = part[..<(end ?? part.endIndex)]
      return name.last == " " ? name.dropLast() : name
    }
    return parts.joined(separator: " in ")
  }

  /// `(users in _1D66)`, as private functions are called, → `users`.
  private static func withoutDiscriminators(_ name: String) -> String {
    var name = name
    while let mark = name.firstRange(of: " in _"), let end = name[mark.upperBound...].firstIndex(of: ")"),
      let start = name[..<mark.lowerBound].lastIndex(of: "(")
    {
      name.removeSubrange(mark.lowerBound...end)
      name.remove(at: start)
    }
    return name
  }
}
