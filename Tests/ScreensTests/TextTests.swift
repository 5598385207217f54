import Analysis
import Testing
import Trace

@testable import Screens

@Suite struct TextTests {
  private func shown(_ text: String, _ width: Int, cut: Cut = .end) -> String {
    let size = Size(width: width, height: 1)
    var canvas = Canvas(size, glyphs: .unicode)
    canvas.draw(text, canvas.grid.area, cut: cut)
    return canvas.grid.lines[0]
  }

  @Test func widthsAreThoseOfATerminal() {
    let widths: [(Unicode.Scalar, Int)] = [
      ("a", 1), ("é", 1), ("\u{301}", 0), ("漢", 2), ("한", 2), ("カ", 2), ("🙂", 2), ("█", 1), ("…", 1), ("µ", 1),
      ("Ａ", 2), ("ｱ", 1), ("\u{20000}", 2), ("\u{3099}", 0),
    ]
    for (scalar, width) in widths { #expect(scalar.terminalWidth == width, "\(scalar)") }
  }

  @Test func whatIsTooLongLosesItsLeastTellingEnd() {
    #expect(shown("answer(_:)", 10) == "answer(_:)")
    #expect(shown("answer(_:)", 6) == "answe…")
    #expect(shown("Sources/Server/Users.swift:42", 20, cut: .start) == "…/Users.swift:42")
    #expect(shown("AVeryLongNameOfAFile.swift:42", 10, cut: .start) == "….swift:42".suffix(10))
    #expect(shown("漢字カナ", 6) == "漢字…")
    #expect(shown("漢字カナ", 5, cut: .start) == "…カナ")
    #expect(shown("x", 0) == "")
  }

  @Test func controlsAreSpelledOut() {
    #expect(shown("a\u{1B}[2J\n\u{7F}\u{9B}\u{202E}b", 40) == "a^[[2J^J^?<U+009B><U+202E>b")
  }

  @Test func combiningMarksShareTheirLettersCellUpToThree() {
    let marks = String(repeating: "\u{301}", count: 50)
    let pieces = Pieces("e" + marks + "x").pieces
    #expect(pieces.map(\.text.unicodeScalars.count) == [4, 1])
    #expect(Pieces("\u{301}a").pieces.map(\.text) == ["a"])
  }

  @Test func lengthsOfTimeHaveThreeDigitsAndSevenColumns() {
    let lengths: [(Int64, String)] = [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1.00 µs"), (12_340, "12.3 µs"), (999_499, "999 µs"),
      (999_500, "1.00 ms"), (212_000_000, "212 ms"), (3_200_000_000, "3.20 s"), (59_940_000_000, "59.9 s"),
      (59_950_000_000, "1m00s"), (125_000_000_000, "2m05s"), (3_599_500_000_000, "1h00m"),
      (11_520_000_000_000, "3h12m"), (864_000_000_000_000, "10d"), (-5_000_000, "-5.00 ms"),
    ]
    for (length, text) in lengths { #expect(words(Nanoseconds(length), .unicode) == text) }
    #expect(words(Nanoseconds(Int64.min), .ascii).hasPrefix("-"))
    #expect(words(Nanoseconds(1_500), .ascii) == "1.50 us")
  }

  @Test func countsAndSharesAreShort() {
    #expect(words(UInt64(1_234)) == "1,234")
    #expect(words(UInt64(999_999)) == "999,999")
    #expect(words(UInt64(1_230_000)) == "1.23 M")
    #expect(words(UInt64.max) == "18.4 E")
    #expect([0, 0.001, 0.25, 0.995, 1].map(Format.percent) == ["0 %", "<1 %", "25 %", ">99 %", "100 %"])
    #expect(clock(.milliseconds(3_723_004)) == "1:02:03.004")
  }

  @Test func halfAWideCharacterIsNeverLeft() {
    var grid = Grid(Size(width: 4, height: 1))
    grid.put([Piece(text: "漢", width: 2), Piece(text: "字", width: 2)], x: 0, y: 0, end: 4, style: .normal)
    grid.put([Piece(text: "x", width: 1)], x: 1, y: 0, end: 4, style: .normal)
    #expect(grid.lines == [" x字"])
    grid.put([Piece(text: "y", width: 1)], x: 2, y: 0, end: 4, style: .normal)
    #expect(grid.lines == [" xy"])
    grid.put([Piece(text: "漢", width: 2)], x: 3, y: 0, end: 4, style: .normal)
    #expect(grid.lines == [" xy"])
  }
}
