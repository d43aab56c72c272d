//! "Did you mean": the name that is the fewest edits away.

/// The candidate with the smallest edit distance to `text`, when at most a third of it, and at least one edit, is wrong.
/// Of several, the first.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance_max = (text.chars().count() / 3).max(1);
    let near = candidates.map(|candidate| (distance(text, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= distance_max).then_some(candidate)
}

/// Insertions, deletions and replacements of characters, and swaps of neighbours, that turn one text into the other.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut above = vec![0; to.len() + 1];
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for line in 1..=from.len() {
        let mut next = vec![line];
        for column in 1..=to.len() {
            let is_same = from[line - 1] == to[column - 1];
            let replaced = row[column - 1] + usize::from(!is_same);
            let mut fewest = replaced.min(row[column] + 1).min(next[column - 1] + 1);
            let is_swapped = line > 1
                && column > 1
                && from[line - 1] == to[column - 2]
                && from[line - 2] == to[column - 1];
            if is_swapped {
                fewest = fewest.min(above[column - 2] + 1);
            }
            next.push(fewest);
        }
        above = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_recognised_and_another_word_is_not() {
        let names = ["resnet", "bert", "gpt"];
        let find = |text| nearest(text, names.into_iter());
        assert_eq!(find("resnt"), Some("resnet"));
        assert_eq!(find("brt"), Some("bert"));
        assert_eq!(find("unrelated"), None);
        assert_eq!(nearest("x", std::iter::empty()), None);
    }

    #[test]
    fn distance_counts_edits() {
        for (from, to, expected) in [
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("é", "e", 1),
            ("nmae", "name", 1),
        ] {
            assert_eq!(distance(from, to), expected);
            assert_eq!(distance(to, from), expected);
        }
    }
}
