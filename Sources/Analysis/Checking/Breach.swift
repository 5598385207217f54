import Trace

/// A budget that a trace does not keep.
public struct Breach: Hashable, Sendable {
  /// Why a breach is told and not counted.
  public enum Excuse: String, CaseIterable, Sendable {
    /// It was slow only because the machine gave it no CPU.
    case noCPU = "no-cpu"
    /// Chance makes such a difference.
    case noise
    /// There is too little of it to be told from chance.
    case tooFew = "too-few"
  }

  /// Its name, `max-callback` or `no-never-settled`.
  public var budget: String
  /// Where in the code, where it is about one place.
  public var site: Site?
  /// What was found, in a line.
  public var sentence: String
  /// What was measured; `nil` for a finding.
  public var measured: Nanoseconds?
  /// What was allowed; `nil` for a finding.
  public var allowed: Nanoseconds?
  /// Why it does not count; `nil` where it does.
  public var excuse: Excuse?
}
