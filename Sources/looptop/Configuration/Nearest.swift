/// The name that is spelt most like the word; of equals the first.
func nearest(to word: String, _ names: [String]) -> String? {
  let word = Array(word.prefix(64))
  return names.min { editDistance(word, Array($0)) < editDistance(word, Array($1)) }
}

/// How many letters have to be added, left out or changed to make one word of the other (Levenshtein).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let changed = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
