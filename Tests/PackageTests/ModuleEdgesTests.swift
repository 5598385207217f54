import Glibc
import Testing

/// The plan of the house: which module may import which. The traced side and the tool's side meet only in Trace.
private let plan: [String: Set<String>] = [
  "CLinux": [], "CNcurses": [], "CZstd": [], "CSQLite": [], "CPostgreSQL": [],
  "Trace": ["CLinux", "CZstd"],
  "Recorder": ["Trace", "CLinux"],
  "Reactor": ["Recorder", "CLinux", "Trace"],
  "ReactorTesting": ["Reactor", "Recorder", "Trace", "CLinux"],
  "PostgreSQL": ["Reactor", "CPostgreSQL"],
  "Drain": ["Trace", "CLinux"],
  "TraceStore": ["Trace", "CLinux"],
  "Analysis": ["Trace", "TraceStore"],
  "Export": ["Analysis", "Trace", "TraceStore", "CSQLite"],
  "Screens": ["Analysis", "Trace"],
  "Terminal": ["Screens", "CNcurses", "CLinux"],
  "looptop": ["Trace", "Drain", "TraceStore", "Analysis", "Export", "Screens", "Terminal", "CLinux"],
  "Demos": ["Reactor", "Recorder", "PostgreSQL", "CLinux", "CSQLite"],
  "Benchmarks": ["Recorder", "Reactor", "CLinux", "Trace", "Drain", "TraceStore", "Analysis"],
]

@Suite("The modules keep to the plan") struct ModuleEdgesTests {
  private let root = String(#filePath.prefix(#filePath.count - "/Tests/PackageTests/ModuleEdgesTests.swift".count))

  @Test func theManifestHasNoOtherEdges() {
    let manifest = text(root + "/Package.swift")
    var found: Set<String> = []
    // From one target's beginning to the next one's: its name, then what it depends on.
    for block in manifest.split(separator: "arget(").dropFirst()
      + manifest.split(separator: "systemLibrary(").dropFirst()
    {
      let strings = quoted(String(block))
      guard let name = strings.first, plan[name] != nil else { continue }
      found.insert(name)
      let own = String(block).split(separator: "\n    .").first.map(String.init) ?? ""
      let edges = Set(quoted(own).dropFirst()).intersection(plan.keys)
      #expect(edges.isSubset(of: plan[name]!), "\(name) may depend on \(plan[name]!.sorted()) only")
    }
    #expect(found == Set(plan.keys))
  }

  @Test func theSourcesHaveNoOtherImports() {
    for (module, allowed) in plan {
      for file in files(in: root + "/Sources/" + module) where file.hasSuffix(".swift") {
        for line in text(file).split(separator: "\n") where line.contains("import ") && !line.contains("//") {
          let imported = String(line.split(separator: " ").last!)
          guard plan[imported] != nil else { continue }
          #expect(allowed.contains(imported), "\(file) imports \(imported)")
        }
      }
    }
  }

  @Test func onlyTheTerminalKnowsNcurses() {
    for module in plan.keys where module != "Terminal" {
      for file in files(in: root + "/Sources/" + module) where file.hasSuffix(".swift") {
        #expect(!text(file).contains("import CNcurses"), "\(file)")
      }
    }
  }

  private func quoted(_ text: String) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  private func text(_ path: String) -> String {
    guard let stream = fopen(path, "r") else { return "" }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func files(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var found: [String] = []
    while let entry = readdir(stream) {
      let isFolder = entry.pointee.d_type == UInt8(DT_DIR)
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard !name.hasPrefix(".") else { continue }
      let path = folder + "/" + name
      if isFolder { found += files(in: path) } else { found.append(path) }
    }
    return found
  }
}
