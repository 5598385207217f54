import Testing

@testable import Trace

@Suite struct NestingTests {
  @Test func theLastOneInIsOnTop() {
    var nesting = Nesting<Int>()
    #expect(nesting.top == nil)
    for number in 1...3 { nesting.push(number) }
    #expect(nesting.all == [1, 2, 3])
    #expect(nesting.count == 3)
    nesting.pop()
    #expect(nesting.top == 2)
    nesting.pop()
    nesting.pop()
    nesting.pop()
    #expect(nesting.all == [])
  }

  @Test func whatIsMeantGoesWithAllWithinIt() {
    var nesting = Nesting<Int>()
    for number in 1...5 { nesting.push(number) }
    nesting.pop { $0 == 7 }
    #expect(nesting.all == [1, 2, 3, 4, 5])
    nesting.pop { $0 == 3 }
    #expect(nesting.all == [1, 2])
  }

  @Test func othersAreOutsideOfThoseThatAreThere() {
    var nesting = Nesting<Int>()
    nesting.surround(by: [2])
    nesting.surround(by: [])
    #expect(nesting.top == 2)
    nesting.push(3)
    nesting.surround(by: [0, 1])
    #expect(nesting.all == [0, 1, 2, 3])
    nesting.removeAll()
    #expect(nesting.count == 0)
  }
}
