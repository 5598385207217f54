import CLinux
import Glibc
import Recorder
import Trace

/// Where tasks go on after a suspension, as far as the program's symbols tell: the function's name, without file and line.
///
/// A private function has no symbol that a running program can look up: the task's own site stands for it.
struct ResumeSites {
  /// By the function's address; `nil` for one whose name is not known or is none of the program's own.
  private var known: [UnsafeRawPointer: RingSite?] = [:]

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
    let name = ResumeSites.name(of: function)
    let site = name.map { recorder.site(Site(function: $0, file: "", line: 0)) }
    known[function] = .some(site)
    return site
  }

  private static func name(of function: UnsafeRawPointer) -> String? {
    guard let symbol = ll_symbol(function) else { return nil }
    let mangled = String(cString: symbol)
    // A module's name, with its length in front; Swift's own types have abbreviations there.
    guard mangled.hasPrefix("$s"), mangled.dropFirst(2).first?.isNumber == true, !mangled.hasPrefix("$s7Reactor"),
      let text = ll_demangle(symbol)
    else { return nil }
    defer { free(text) }
    return shortened(String(cString: text))
  }

  /// `(1) await resume partial function for Server.users(Swift.Int) async throws -> ()` → `Server.users(Swift.Int)`.
  static func shortened(_ demangled: String) -> String {
    let whole = demangled.split(separator: " resume partial function for ", maxSplits: 1).last ?? ""
    let parts = whole.split(separator: " in ").map { part in
      let end = [" async", " throws", " ->"].compactMap { part.firstRange(of: $0)?.lowerBound }.min()
      return String(part[..<(end ?? part.endIndex)])
    }
    return parts.joined(separator: " in ")
  }
}
