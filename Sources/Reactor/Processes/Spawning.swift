import CLinux
import Glibc

/// A descriptor of ours; closed when the last one that holds it lets go of it.
final class OwnedDescriptor {
  private(set) var descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Hands it over to whoever closes it from here on.
  func take() -> Int32 {
    defer { descriptor = -1 }
    return descriptor
  }
}

/// One of the standard streams of a child to be: what the child will have of it, and what stays here.
struct ChildStream {
  /// -1 where it has what this process has.
  let childEnd: OwnedDescriptor
  private let ownEnd: OwnedDescriptor?
  private let label: String

  init(_ stream: Child.Stream, isInput: Bool, _ label: String) throws(ReactorError) {
    self.label = label
    switch stream {
    case .inherited:
      childEnd = OwnedDescriptor(-1)
      ownEnd = nil
    case .null:
      let null = ll_open("/dev/null", (isInput ? O_RDONLY : O_WRONLY) | O_CLOEXEC, 0)
      if null < 0 { throw .failed(.open, at: "/dev/null", errno: errno) }
      childEnd = OwnedDescriptor(null)
      ownEnd = nil
    case .pipe:
      var ends: [Int32] = [-1, -1]
      if ll_pipe(&ends) != 0 { throw .failed(.pipe, at: label, errno: errno) }
      let (reads, writes) = (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
      childEnd = isInput ? reads : writes
      ownEnd = isInput ? writes : reads
      // Ours alone: the child's end is an open file of its own.
      _ = fcntl(isInput ? ends[1] : ends[0], F_SETFL, O_NONBLOCK)
    }
  }

  func connection(_ reactor: Reactor) -> Connection? {
    ownEnd.map { Connection(reactor, .pipe, $0.take(), .child(label)) }
  }
}

/// A program to be started, in the kernel's form.
struct Spawning {
  private let program: String
  private let arguments: [String]
  private let environment: [String]
  private let folder: String?

  init(_ program: String, _ arguments: [String], _ changes: [String: String?], _ folder: String?) {
    self.program = program
    self.arguments = [program] + arguments
    self.folder = folder
    environment = Self.environment(with: changes)
  }

  /// Returns its process id and a pidfd.
  func start(_ standard: [Int32]) throws(ReactorError) -> (id: pid_t, descriptor: Int32) {
    let folder = try openFolder()
    var id: pid_t = 0
    let failed = Self.withCStrings(arguments) { arguments in
      Self.withCStrings(environment) { environment in
        ll_spawn(&id, program, arguments, environment, standard, folder.descriptor)
      }
    }
    if failed != 0 { throw .failed(.spawn, at: program, errno: failed) }
    let descriptor = ll_pidfd_open(id)
    if descriptor >= 0 { return (id, descriptor) }
    let failure = ReactorError.failed(.pidfdOpen, at: program, errno: errno)
    // Nobody could hear of its end.
    kill(id, SIGKILL)
    Reaping.leave(id)
    throw failure
  }

  private func openFolder() throws(ReactorError) -> OwnedDescriptor {
    guard let folder else { return OwnedDescriptor(-1) }
    let descriptor = ll_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    if descriptor < 0 { throw .failed(.open, at: folder, errno: errno) }
    return OwnedDescriptor(descriptor)
  }

  private static func environment(with changes: [String: String?]) -> [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if changes[String(text.prefix { $0 != "=" })] == nil { result.append(text) }
      next += 1
    }
    for (name, value) in changes {
      if let value { result.append("\(name)=\(value)") }
    }
    return result
  }

  /// As C has them: an array of strings with a null pointer at its end.
  private static func withCStrings<R>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
