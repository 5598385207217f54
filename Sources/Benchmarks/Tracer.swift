/// Another tracer that runs here: a program under `Scripts/peers`.
struct Tracer {
  let name: String
  /// What reads its trace back; `nil` for what keeps none.
  let reader: String?
  private let id: String

  private init(_ id: String, _ name: String, reader: String?) {
    (self.id, self.name, self.reader) = (id, name, reader)
  }

  static let floor = Tracer("floor", "C floor", reader: nil)
  static let lttng = Tracer("lttng", "LTTng-UST", reader: "babeltrace2")
  static let uftrace = Tracer("uftrace", "uftrace", reader: "uftrace report")
  static let all = [floor, lttng, uftrace]

  /// Starts a program under it, with its trace in the folder; `nil` and a line that says why where that cannot be.
  func start(in folder: TemporaryFolder) -> Peer? {
    let program = ".build/peers/\(id)"
    return Peer(name, reader == nil ? [program] : ["Scripts/peers/\(id)", program, folder.make(id)])
  }
}
