import Testing

@testable import Screens

@Suite struct CommandTests {
  @Test(arguments: Place.allCases)
  func aKeyMeansOneThing(in place: Place) {
    let keys = CommandEntry.all.filter { $0.places.contains(place) }.flatMap(\.keys)
    #expect(Set(keys).count == keys.count)
  }

  @Test func aCommandStandsInTheTableOnce() {
    let commands = CommandEntry.all.map(\.command)
    #expect(Set(commands).count == commands.count)
    for entry in CommandEntry.all { #expect(!entry.keys.isEmpty && !entry.places.isEmpty) }
  }

  @Test func everyCommandIsInTheHelp() {
    let help = helpLines().map { $0.map(\.text).joined() }
    for entry in CommandEntry.all {
      let lines = help.filter { $0.contains(entry.sentence) }
      #expect(lines.count == 1)
      for key in entry.keys { #expect(lines.allSatisfy { $0.contains(key.name) }) }
    }
  }

  @Test func theHelpFitsAPlainTerminal() {
    for line in helpLines() { #expect(line.reduce(0) { $0 + Pieces($1.text).width } <= 80) }
  }

  @Test func everyViewHasItsDigit() {
    for view in View.allCases {
      #expect(CommandEntry.command(for: .character(view.digit), in: .list) == .show(view))
    }
    #expect(View.ticks.next(-1) == .help && View.help.next(1) == .ticks)
  }

  @Test func aCommandsWordIsItsOwn() {
    let words = CommandEntry.all.map(\.word)
    #expect(Set(words).count == words.count)
    for word in words { #expect(word.allSatisfy { $0.isLowercase || $0 == "-" }, "\(word)") }
  }
}
