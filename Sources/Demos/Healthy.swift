extension Demos.Demo {
  /// Nothing is wrong: the database is asked on the pool's threads, and every step on the loop is small.
  static let healthy = server("healthy", "a server as it should be")
}
