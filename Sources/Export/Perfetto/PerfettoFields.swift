// The numbers of the fields that are written, as Perfetto's .proto files (protos/perfetto/trace/…) give them.

enum TraceField {
  static let packet: UInt32 = 1
}

enum PacketField {
  static let clockSnapshot: UInt32 = 6
  static let timestamp: UInt32 = 8
  static let sequence: UInt32 = 10
  static let trackEvent: UInt32 = 11
  static let internedData: UInt32 = 12
  static let sequenceFlags: UInt32 = 13
  static let clock: UInt32 = 58
  static let trackDescriptor: UInt32 = 60
}

/// What a packet says of the names that it refers to.
enum SequenceFlag {
  /// Those before are forgotten.
  static let cleared = 1
  /// They are needed.
  static let needed = 2
}

enum ClockSnapshotField {
  static let clocks: UInt32 = 1
  static let primary: UInt32 = 2
  static let clockID: UInt32 = 1
  static let clockTime: UInt32 = 2
}

/// Perfetto's numbers of the kernel's clocks.
enum BuiltinClock {
  static let realtime = 1
  static let monotonic = 3
}

enum TrackField {
  static let uuid: UInt32 = 1
  static let name: UInt32 = 2
  static let process: UInt32 = 3
  static let thread: UInt32 = 4
  static let parent: UInt32 = 5
  static let counter: UInt32 = 8
}

enum ProcessField {
  static let pid: UInt32 = 1
  static let name: UInt32 = 6
}

enum ThreadField {
  static let pid: UInt32 = 1
  static let tid: UInt32 = 2
  static let name: UInt32 = 5
}

enum CounterField {
  static let unit: UInt32 = 3
  /// The unit's values.
  static let nanoseconds = 1
  static let count = 2
}

enum EventField {
  static let categories: UInt32 = 3
  static let annotations: UInt32 = 4
  static let type: UInt32 = 9
  static let name: UInt32 = 10
  static let track: UInt32 = 11
  static let counterValue: UInt32 = 30
  static let sourceLocation: UInt32 = 34
  static let flows: UInt32 = 47
  static let terminatingFlows: UInt32 = 48
}

enum EventType {
  static let sliceBegin = 1
  static let sliceEnd = 2
  static let counter = 4
}

enum AnnotationField {
  static let integer: UInt32 = 4
  static let text: UInt32 = 6
  static let name: UInt32 = 10
}

enum InternedField {
  static let categories: UInt32 = 1
  static let eventNames: UInt32 = 2
  static let sourceLocations: UInt32 = 4
  /// Of each of them.
  static let id: UInt32 = 1
  static let text: UInt32 = 2
}

enum LocationField {
  static let file: UInt32 = 2
  static let function: UInt32 = 3
  static let line: UInt32 = 4
}
