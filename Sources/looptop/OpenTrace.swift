import SystemPackage
import Trace
import TraceStore

/// Opens a trace's file, or its text form.
func openTrace(_ file: String) throws(Failure) -> TraceStore {
  if let text = TextTrace(file) { return try text.spooled() }
  do throws(TraceError) {
    return try TraceStore(path: FilePath(file))
  } catch {
    throw .trace(error)
  }
}
