import Testing

@testable import Trace

@Suite struct IDPlacesTests {
  @Test func everyIDHasItsPlace() {
    var places = IDPlaces()
    #expect(places[0] == nil)
    let ids = (0..<5_000).map { UInt64($0) << 40 | UInt64($0 % 7) } + [.max, 1 << 63]
    for (place, id) in ids.enumerated() { places.set(id, to: place) }
    for (place, id) in ids.enumerated() { #expect(places[id] == place) }
    #expect(places[12_345] == nil)
    places.set(.max, to: 3)
    #expect(places[.max] == 3)
    places.clear()
    #expect(ids.allSatisfy { places[$0] == nil })
  }
}
