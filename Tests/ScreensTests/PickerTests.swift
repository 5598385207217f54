import Screens
import Testing

@Suite struct PickerTests {
  private func row(_ pid: Int32, _ command: String, _ state: String = "running") -> PickerRow {
    PickerRow(pid: pid, state: state, isRunning: state == "running", loops: ["main"], command: command)
  }

  private func picker() -> Picker {
    var picker = Picker()
    picker.rows = [
      row(4711, "server --port 80"), row(4712, "worker\u{1B}[2J " + String(repeating: "long ", count: 100)),
      row(99, "old", "died 5m ago"),
    ]
    return picker
  }

  @Test func programsAreListedWithTheirState() throws {
    try expect(picker().draw(size: Samples.terminal), is: "picker")
    try expect(Picker().draw(size: Samples.terminal), is: "picker-empty")
    for size in [Size(width: 0, height: 0), Size(width: 1, height: 1), Size(width: 10, height: 3)] {
      #expect(picker().draw(size: size).cells.count == size.width * size.height)
    }
  }

  @Test func theSelectedProgramStaysSelectedWhileOthersComeAndGo() {
    var picker = picker()
    #expect(picker.handle(.down) == nil)
    picker.rows.insert(row(5000, "new"), at: 0)
    #expect(picker.handle(.enter) == .open([picker.rows[2]], sideBySide: false))
    picker.rows.removeAll { $0.pid == 4712 }
    #expect(picker.handle(.enter) == .open([picker.rows[0]], sideBySide: false))
    picker.rows = []
    #expect(picker.handle(.enter) == nil && picker.handle(.end) == nil && picker.handle("q") == .quit)
  }

  @Test func severalAreWatchedTogetherOrSideBySide() throws {
    var picker = picker()
    let rows = picker.rows
    #expect(picker.handle("a") == .open(rows, sideBySide: false))
    #expect(picker.handle("c") == .open(rows, sideBySide: true))
    for key: Key in [" ", .down, " "] { #expect(picker.handle(key) == nil) }
    #expect(picker.handle(.enter) == .open([rows[0], rows[2]], sideBySide: false))
    #expect(picker.handle("c") == .open([rows[0], rows[2]], sideBySide: true))
    try expect(picker.draw(size: Samples.terminal), is: "picker-marked")
    for key: Key in [.home, " "] { #expect(picker.handle(key) == nil) }
    #expect(picker.handle(.enter) == .open([rows[2]], sideBySide: false))
    var none = Picker()
    #expect(none.handle("a") == nil && none.handle("c") == nil && none.handle(" ") == nil)
  }
}
