import Glibc
import Testing

private let root = String(#filePath.prefix(#filePath.count - "/Tests/EndToEndTests/DocExamplesTests.swift".count))

extension EndToEnd {
  @Suite("The examples in the public documentation") struct DocExamplesTests {
    /// The libraries that programs import; each example is the body of a function that has a reactor and may throw.
    private static let modules = [
      "Recorder", "Reactor", "ReactorTesting", "PostgreSQL", "Drain", "Trace", "TraceStore", "Analysis", "Export",
    ]

    @Test func theyCompile() throws {
      var program = Self.modules.map { "import \($0)\n" }.joined() + "import Glibc\n"
      var count = 0
      for module in Self.modules {
        let files = try run(["/usr/bin/find", "\(root)/Sources/\(module)", "-name", "*.swift"]).out
        for file in files.split(separator: "\n").sorted() {
          for (line, example) in examples(in: String(file)) {
            count += 1
            program += "func example\(count)(reactor: Reactor) throws {\n"
            program += "#sourceLocation(file: \"\(file)\", line: \(line))\n\(example)}\n#sourceLocation()\n"
          }
        }
      }
      #expect(count > 0)
      let folder = try TemporaryFolder()
      let libpq = try run(["/usr/bin/env", "pkg-config", "--cflags", "libpq"]).out.split { " \n".contains($0) }
      let compiled = try run(
        [
          "/usr/bin/env", "swiftc", "-typecheck", "-swift-version", "6", "-parse-as-library", "-suppress-warnings",
          "-module-cache-path", folder.file("cache"), "-I", "\(Built.folder)/Modules",
          "-Xcc", "-fmodule-map-file=\(Built.folder)/CLinux.build/module.modulemap",
          "-Xcc", "-fmodule-map-file=\(root)/Sources/CPostgreSQL/module.modulemap",
          "-Xcc", "-fmodule-map-file=\(root)/Sources/CZstd/module.modulemap",
          "-Xcc", "-fmodule-map-file=\(root)/Sources/CSQLite/module.modulemap", "-Xcc",
          "-fmodule-map-file=\(Built.folder)/../../checkouts/swift-system/Sources/CSystem/include/module.modulemap",
          folder.write("Examples.swift", Array(program.utf8)),
        ] + libpq.flatMap { ["-Xcc", String($0)] })
      #expect(compiled.status == 0, "\(compiled.err)")
    }

    /// The ```swift blocks of a file's documentation, with the line on which each begins.
    private func examples(in file: String) -> [(line: Int, text: String)] {
      var found: [(line: Int, text: String)] = []
      var isInside = false
      let lines = String(decoding: contents(file), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        let line = line.drop { $0 == " " }
        guard line.hasPrefix("///") else { continue }
        let text = line.dropFirst(3).drop { $0 == " " }
        if text == "```swift" {
          isInside = true
          found.append((index + 2, ""))
        } else if text.hasPrefix("```") {
          isInside = false
        } else if isInside {
          found[found.count - 1].text += text + "\n"
        }
      }
      return found
    }
  }
}
