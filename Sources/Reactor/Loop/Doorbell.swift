import CLinux
import Glibc

/// Says without a system call whether an epoll may have something to report.
///
/// io_uring polls the epoll's descriptor, once; when something becomes ready there, the kernel sets a flag in memory that it
/// shares with us. Looking at it takes a nanosecond, where a poll that finds nothing takes a hundred and more; but setting it
/// takes two system calls (half a microsecond to one), and its ring as much as the kernel's next poll.
///
/// The work that its ringing makes is deferred until it is set again, so that the loop is never interrupted for it, and a
/// loop that sleeps pays for it once. That needs Linux 6.1; and who runs us may withhold io_uring, as containers often do.
/// The format of the rings: io_uring_setup(2), io_uring_enter(2), `linux/io_uring.h`.
///
/// For one thread, that which made it.
final class Doorbell {
  private let ring: Int32
  private let rings: UnsafeMutableRawBufferPointer
  private let submission: UnsafeMutableRawBufferPointer
  /// Written by the kernel too, as the others that end in `Word`.
  private let flagsWord: UnsafeMutablePointer<UInt32>
  private let submittedWord: UnsafeMutablePointer<UInt32>
  private let completedWord: UnsafeMutablePointer<UInt32>
  private let takenWord: UnsafeMutablePointer<UInt32>
  /// Whether the kernel has a poll of ours, which has rung or will.
  @exclusivity(unchecked) private var isSet = false

  /// `nil` where there is no io_uring that can do this, or no descriptor left.
  init?() {
    var parameters = io_uring_params()
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG
    let ring = ll_uring_setup(1, &parameters)
    if ring < 0 { return nil }
    let (out, back) = (parameters.sq_off, parameters.cq_off)
    let length = max(
      Int(out.array) + Int(parameters.sq_entries) * MemoryLayout<UInt32>.size,
      Int(back.cqes) + Int(parameters.cq_entries) * MemoryLayout<io_uring_cqe>.size)
    guard let rings = Self.map(ring, length, at: IORING_OFF_SQ_RING) else {
      close(ring)
      return nil
    }
    guard let submission = Self.map(ring, MemoryLayout<io_uring_sqe>.size, at: IORING_OFF_SQES) else {
      munmap(rings.baseAddress, rings.count)
      close(ring)
      return nil
    }
    func word(_ offset: UInt32) -> UnsafeMutablePointer<UInt32> {
      (rings.baseAddress! + Int(offset)).assumingMemoryBound(to: UInt32.self)
    }
    self.ring = ring
    self.rings = rings
    self.submission = submission
    flagsWord = word(out.flags)
    submittedWord = word(out.tail)
    completedWord = word(back.tail)
    takenWord = word(back.head)
    // One entry, which every place of the queue means.
    word(out.array).pointee = 0
  }

  deinit {
    munmap(rings.baseAddress, rings.count)
    munmap(submission.baseAddress, submission.count)
    close(ring)
  }

  private static func map(_ ring: Int32, _ length: Int, at offset: UInt64) -> UnsafeMutableRawBufferPointer? {
    let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, ring, off_t(offset))
    return start == MAP_FAILED ? nil : UnsafeMutableRawBufferPointer(start: start, count: length)
  }

  /// Whether nothing has become ready since it was set.
  @inline(__always)
  var isSilent: Bool { isSet && ll_load_acquire_32(flagsWord) & IORING_SQ_TASKRUN == 0 }

  /// Sets it for the next time that something becomes ready in `epoll`; if something is ready now, it does not stay set.
  ///
  /// Returns `false` where the kernel refuses, and always will: in a forked child.
  func set(_ epoll: Int32) -> Bool {
    if isSilent { return true }
    if isSet {
      if ll_uring_enter(ring, 0) < 0 { return false }
      isSet = !takeCompletion()
      // It rang for what was gone again, and the kernel polls on.
      if isSet { return true }
    }
    var entry = io_uring_sqe()
    entry.opcode = UInt8(IORING_OP_POLL_ADD.rawValue)
    entry.fd = epoll
    entry.poll32_events = UInt32(POLLIN)
    submission.storeBytes(of: entry, as: io_uring_sqe.self)
    ll_store_release_32(submittedWord, submittedWord.pointee &+ 1)
    if ll_uring_enter(ring, 1) != 1 { return false }
    isSet = !takeCompletion()
    return true
  }

  /// Takes the poll's completion; `false` where it is still under way.
  private func takeCompletion() -> Bool {
    let completed = ll_load_acquire_32(completedWord)
    if completed == takenWord.pointee { return false }
    ll_store_release_32(takenWord, completed)
    return true
  }
}
