import Glibc

extension RingError {
  /// What is wrong and what to do about it, for a person: without a capital and without a full stop.
  public var sentence: String {
    switch self {
    case .folder(let path, let problem): "the folder of rings \(path) \(problem.words)"
    case .ring(let file, let problem): "the ring \(file) \(problem.words)"
    }
  }
}

extension RingError.Problem {
  fileprivate var words: String {
    switch self {
    case .errno(ENOENT): "is not there: no program of yours records into it"
    case .errno(let code): "cannot be used (\(String(cString: strerror(code)))); LOOPTOP_DIR may name another folder"
    case .owner(let user): "belongs to user \(user); set LOOPTOP_DIR to a folder of your own"
    case .writableByOthers: "may be written to by others; take that right away with chmod go-w"
    case .notARing: "does not begin as a ring does"
    case .laterVersion(let major, let minor):
      "is of version \(major).\(minor), and this looptop reads up to \(RingLayout.major); use a newer one"
    case .inconsistent: "contradicts itself or its own size and cannot be trusted"
    }
  }
}
