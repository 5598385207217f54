import Terminal
import Testing

@testable import looptop

@Suite("The config file") struct SettingsTests {
  @Test func itsLinesAreNamesAndValues() throws {
    var expected = Settings()
    expected.theme = .light
    expected.ascii = true
    #expect(try Settings("# mine\n\ntheme = light  # bright room\r\n ascii=yes", of: "config") == expected)
    #expect(try Settings("", of: "config") == Settings())
    #expect(try Settings("ascii yes\nascii no\n", of: "config") == Settings())
  }

  @Test(arguments: ["theme = pink", "colour = red", "ascii", "theme = dark light", "\u{1B}[2J"])
  func whatIsNotUnderstoodIsNamedWithItsLine(_ line: String) {
    #expect {
      try Settings("theme = dark\n\(line)\n", of: "/home/config")
    } throws: { error in
      guard let failure = error as? Failure else { return false }
      return failure.exitCode == 2 && failure.sentence.hasPrefix("/home/config, line 2: ")
        && failure.sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 }
    }
  }
}
