import Analysis
import Glibc

/// Standard output and error: data to the one, words to the other.
enum Standard {
  case output, error

  /// Writes all of a text; what the other side refuses is dropped.
  func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(self == .output ? STDOUT_FILENO : STDERR_FILENO, rest.baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }
}

/// A text of somebody else's, with whatever a terminal would obey made visible.
func visible(_ text: String) -> String { Format.visible(text) }
