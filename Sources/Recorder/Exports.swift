// The units of this module's interface, for programs that import nothing else.
@_exported import struct Trace.Instant
@_exported import struct Trace.Nanoseconds
