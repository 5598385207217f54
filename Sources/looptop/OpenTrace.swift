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

/// Opens several as one.
func openTraces(_ files: [String]) throws(Failure) -> TraceStore {
  var stores: [TraceStore] = []
  for file in files { stores.append(try openTrace(file)) }
  if stores.count == 1 { return stores[0] }
  do throws(TraceError) {
    return try TraceStore(joining: stores)
  } catch {
    throw .trace(error)
  }
}
