import Trace
import TraceStore

/// Writes a trace in its text form, one event a line.
///
/// ```swift
/// try TextExport.write(TraceStore(path: "spike.looptrace")) { print($0, terminator: "") }
/// ```
public enum TextExport {
  /// Writes batch by batch. Throws `ExportError.trace`, and what `output` throws.
  public static func write(
    _ store: TraceStore, to output: (String) throws(ExportError) -> Void
  ) throws(ExportError) {
    var writer = TraceTextWriter()
    var text = ""
    writer.write(store.definitions, to: &text)
    try output(text)
    var cursor = TraceStore.Cursor()
    while let batch = try next(store, &cursor) {
      text = ""
      writer.write(batch, store.definitions, to: &text)
      try output(text)
    }
  }

  private static func next(_ store: TraceStore, _ cursor: inout TraceStore.Cursor) throws(ExportError) -> Batch? {
    do throws(TraceError) {
      return try store.next(&cursor)
    } catch {
      throw .trace(error)
    }
  }
}
