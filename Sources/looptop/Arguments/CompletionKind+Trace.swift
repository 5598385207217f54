import ArgumentParser

extension CompletionKind {
  /// A trace's file.
  static var trace: CompletionKind { .file(extensions: ["looptrace"]) }
}
