//! "Did you mean": the name that is the fewest edits away.

/// The candidate with the smallest edit distance to `text`, when at most a third of it, and at least one edit, is wrong.
/// Of several, the first.
pub fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance_max = (text.chars().count() / 3).max(1);
    let near = candidates.map(|candidate| (distance(text, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= distance_max).then_some(candidate)
}

/// Insertions, deletions and replacements of characters that turn one text into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
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
        for (from, to, expected) in [("", "abc", 3), ("kitten", "sitting", 3), ("é", "e", 1)] {
            assert_eq!(distance(from, to), expected);
            assert_eq!(distance(to, from), expected);
        }
    }
}
