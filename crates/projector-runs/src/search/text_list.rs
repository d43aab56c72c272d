//! Texts one behind the other in one piece of memory, so that looking at all of them is looking at one stretch.
//!
//! Invariant: `ends` rises, and each end lies on a character's boundary of `text`; the last is its length.

use std::ops::Index;

/// A list of texts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TextList {
    text: String,
    ends: Vec<usize>,
}

/// Stands behind each text where many are searched at once.
const SEPARATOR: char = '\0';

impl TextList {
    /// Texts as they may be stored: all of them in a row, and where each ends. `None` when the ends do not fit, as in a
    /// file that is damaged.
    #[must_use]
    pub fn from_parts(text: String, ends: Vec<usize>) -> Option<TextList> {
        let rises = ends.is_sorted() && ends.last().copied().unwrap_or_default() == text.len();
        let is_whole = rises && ends.iter().all(|end| text.is_char_boundary(*end));
        is_whole.then_some(TextList { text, ends })
    }

    /// All texts in a row, and where each ends.
    #[must_use]
    pub fn parts(&self) -> (&str, &[usize]) {
        (&self.text, &self.ends)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| &self[at])
    }

    /// Appends one.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    /// The same texts in lower case, ready for [`containing`](TextList::containing).
    pub(crate) fn searchable(&self) -> TextList {
        let mut lowered = TextList {
            text: String::with_capacity(self.text.len() + self.len()),
            ends: Vec::with_capacity(self.len()),
        };
        for text in self.iter() {
            if text.is_ascii() {
                let start = lowered.text.len();
                lowered.text.push_str(text);
                lowered.text[start..].make_ascii_lowercase();
            } else {
                lowered.text.push_str(&text.to_lowercase());
            }
            lowered.text.push(SEPARATOR);
            lowered.ends.push(lowered.text.len());
        }
        lowered
    }

    /// Which texts of a searchable list contain another, which is in lower case.
    pub(crate) fn containing(&self, wanted: &str) -> Vec<bool> {
        if wanted.is_empty() || wanted.contains(SEPARATOR) {
            return self.iter().map(|text| text.contains(wanted)).collect();
        }
        let mut found = vec![false; self.len()];
        let mut at = 0;
        for (start, _) in self.text.match_indices(wanted) {
            // No match goes over a separator, so it lies in the first text that ends behind its start.
            at += self.ends[at..].partition_point(|end| *end <= start);
            found[at] = true;
        }
        found
    }
}

impl Index<usize> for TextList {
    type Output = str;

    fn index(&self, at: usize) -> &str {
        self.get(at).expect("the list has so many texts")
    }
}

impl<T: AsRef<str>> FromIterator<T> for TextList {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> TextList {
        let mut list = TextList::default();
        for text in texts {
            list.push(text.as_ref());
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_bad_parts_are_refused() {
        let list: TextList = ["a", "", "é", "bc"].into_iter().collect();
        assert!(list.iter().eq(["a", "", "é", "bc"]));
        assert_eq!((list.get(4), &list[2]), (None, "é"));
        let (text, ends) = list.parts();
        let again = TextList::from_parts(text.to_owned(), ends.to_vec());
        assert_eq!(again.as_ref(), Some(&list));
        for ends in [vec![1], vec![2, 1], vec![2, 3], vec![9], Vec::new()] {
            assert!(
                TextList::from_parts("aé".to_owned(), ends.clone()).is_none(),
                "{ends:?}"
            );
        }
    }

    #[test]
    fn parts_are_found_in_the_texts_that_have_them_and_in_no_two_together() {
        let list: TextList = ["ResNet", "net", "", "ne", "t", "Élan net", "xx\0y"]
            .into_iter()
            .collect();
        let lowered = list.searchable();
        let found = |wanted: &str| -> Vec<usize> {
            let found = lowered.containing(wanted);
            (0..found.len()).filter(|at| found[*at]).collect()
        };
        assert_eq!(found("net"), [0, 1, 5]);
        assert_eq!(found("él"), [5]);
        assert_eq!(found("x"), [6]);
        assert_eq!(found(""), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(found("x\0y"), [6]);
        assert!(found("zzz").is_empty());
    }
}
