import Glibc

/// `Scripts/bench truth [--seconds S] [--seed N] [--json]`: whether the report finds all that was planted and nothing else.
///
/// Records the truth program, lets looptop report on it, and holds the one against the other: once as it is, once beside a
/// program that keeps more threads busy than there are CPUs.
enum TruthTest {
  /// Runs what `arguments` say, if they are `truth …`, and ends the program: with 1 where the report is wrong.
  static func judge(_ arguments: [String]) {
    guard arguments.first == "truth" else { return }
    func value(_ option: String) -> UInt64? {
      arguments.firstIndex(of: option).flatMap { $0 + 1 < arguments.count ? UInt64(arguments[$0 + 1]) : nil }
    }
    let seed = value("--seed") ?? UInt64.random(in: 1...999_999)
    let seconds = value("--seconds") ?? 60
    var isGood = true
    for isHogged in [false, true] {
      guard let verdict = verdict(seconds: seconds, seed: seed, isHogged: isHogged) else { exit(2) }
      isGood = isGood && verdict.isGood
      let table = TruthTable(verdict, seconds: seconds, seed: seed, isHogged: isHogged)
      let text = arguments.contains("--json") ? table.json : table.text
      _ = write(STDOUT_FILENO, text, text.utf8.count)
    }
    exit(isGood ? 0 : 1)
  }

  private static func verdict(seconds: UInt64, seed: UInt64, isHogged: Bool) -> TruthVerdict? {
    let folder = TemporaryFolder()
    let program = path(of: "/proc/self/exe")
    let looptop = program.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/looptop"
    let (trace, log) = (folder.path + "/truth.looptrace", folder.path + "/deeds")
    let hog = isHogged ? start([program, "--truth-hog", "\(2 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))"]) : nil
    let recorded = shell(
      "\(looptop) record -o \(trace) -- \(program) --truth-program \(seconds) \(seed) \(log) 2>&1", folder)
    if let hog {
      kill(hog, SIGKILL)
      waitpid(hog, nil, 0)
    }
    guard recorded != nil, let deeds = contents(log).map({ String(decoding: $0, as: UTF8.self) }) else {
      complain("the truth program could not be recorded")
      return nil
    }
    let lines = deeds.split(separator: "\n")
    let clocks = lines.first?.split(separator: " ").compactMap { Int64($0) } ?? []
    guard clocks.count == 2,
      let report = shell("\(looptop) report --json \(trace)", folder).flatMap(JSONValue.init),
      let blame = shell("\(looptop) query \(trace) \"\(TruthReport.question)\" --json", folder).flatMap(JSONValue.init),
      let first = shell("\(looptop) query \(trace) 'SELECT start_unix_ns FROM trace' --json", folder)
        .flatMap(JSONValue.init)?.elements.first?["start_unix_ns"]?.integer,
      let told = TruthReport(report: report, blame: blame, origin: first - clocks[1] + clocks[0])
    else {
      complain("the truth program's trace has gaps, or its report cannot be read")
      return nil
    }
    return TruthVerdict(lines.dropFirst().compactMap { TruthDeed(line: $0) }, told)
  }

  private static func path(of link: String) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      readlink(link, bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  /// What a command prints; `nil` where it fails.
  private static func shell(_ command: String, _ folder: TemporaryFolder) -> String? {
    let output = folder.path + "/output"
    guard run(["/bin/sh", "-c", "\(command) > \(output)"]) != nil else { return nil }
    return contents(output).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func start(_ command: [String]) -> pid_t? {
    let arguments = command.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    var pid: pid_t = 0
    return posix_spawn(&pid, command[0], nil, nil, arguments, environ) == 0 ? pid : nil
  }
}
