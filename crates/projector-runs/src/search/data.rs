//! The values of a column.
//!
//! Invariants: a column is as long as its table; where a bit of `present` is zero, the value means nothing; every code
//! of a text column but [`MISSING`] is a place in its dictionary. A dictionary can hold a text twice: equal texts are equal,
//! whatever their codes.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::bitmap::Bitmap;
use super::rank::{Ranks, Typed};
use super::text_list::TextList;

/// The code of a row that has no text.
pub const MISSING: u32 = u32::MAX;

/// Stands between the texts of a row that has several, in the columns that can have them.
pub const LIST_END: char = '\0';

/// The values of a column, one for each row.
#[derive(Clone, Debug)]
pub enum ColumnData {
    /// No row has a value.
    Missing,
    /// Floating-point numbers, bit for bit.
    Numbers {
        /// The numbers.
        values: Vec<f64>,
        /// Which rows have one.
        present: Bitmap,
    },
    /// Whole numbers, and times in ns since 1970.
    Integers {
        /// The numbers.
        values: Vec<i64>,
        /// Which rows have one.
        present: Bitmap,
    },
    /// Texts, and params of any type as the texts that tables show.
    Texts(Texts),
    /// Ids in their 16 bytes. Every row has one.
    Ids(Vec<[u8; 16]>),
}

/// Texts as numbers into a dictionary.
#[derive(Clone, Default, Debug)]
pub struct Texts {
    codes: Vec<u32>,
    dictionary: TextList,
    /// Made at the first use, like those below.
    lowered: OnceLock<TextList>,
    typed: OnceLock<Vec<Typed>>,
    text_ranks: OnceLock<Ranks>,
    typed_ranks: OnceLock<Ranks>,
}

impl Texts {
    /// A column of these codes into a dictionary. `None` when a code leads nowhere, as in a file that is damaged.
    #[must_use]
    pub fn new(codes: Vec<u32>, dictionary: TextList) -> Option<Texts> {
        let is_whole = codes
            .iter()
            .all(|code| *code == MISSING || (*code as usize) < dictionary.len());
        is_whole.then(|| Texts {
            codes,
            dictionary,
            ..Texts::default()
        })
    }

    /// The code of each row's text, or [`MISSING`].
    #[must_use]
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The texts, in no particular order. Some may be of no row any more.
    #[must_use]
    pub fn dictionary(&self) -> &TextList {
        &self.dictionary
    }

    /// A row's text.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&str> {
        let code = *self.codes.get(row)?;
        self.dictionary.get(code as usize)
    }

    /// Gives a row another text, or appends a row.
    pub fn put(&mut self, row: usize, text: Option<&str>) {
        let is_new = row == self.codes.len();
        if !is_new && self.get(row) == text {
            return;
        }
        let code = text.map_or(MISSING, |text| self.code_of(text));
        if is_new {
            self.codes.push(code);
        } else {
            self.codes[row] = code;
        }
        self.lowered = OnceLock::new();
        (self.typed, self.text_ranks, self.typed_ranks) = Default::default();
    }

    /// A code for a text. Only a short dictionary is searched for it: a long one takes the text once more.
    fn code_of(&mut self, text: &str) -> u32 {
        const SEARCHED_MAX: usize = 64;
        let known = self.dictionary.iter().take(SEARCHED_MAX);
        let code = known.into_iter().position(|known| known == text);
        let code = code.unwrap_or_else(|| {
            self.dictionary.push(text);
            self.dictionary.len() - 1
        });
        code as u32
    }

    /// Whether so many texts are of no row any more that the column is better made anew.
    pub(crate) fn is_bloated(&self) -> bool {
        self.dictionary.len() > self.codes.len() + self.codes.len() / 2 + 64
    }

    /// What each text of the dictionary spells.
    pub(crate) fn typed(&self) -> &[Typed] {
        self.typed.get_or_init(|| {
            let texts = self.dictionary.iter();
            texts.map(Typed::of).collect()
        })
    }

    /// Which texts of the dictionary contain another, whatever the case. The other is in lower case.
    pub(crate) fn containing(&self, wanted: &str) -> Vec<bool> {
        let lowered = self.lowered.get_or_init(|| self.dictionary.searchable());
        lowered.containing(wanted)
    }

    pub(crate) fn ranks(&self, is_typed: bool) -> &Ranks {
        if is_typed {
            self.typed_ranks
                .get_or_init(|| Ranks::typed(&self.dictionary, self.typed()))
        } else {
            self.text_ranks
                .get_or_init(|| Ranks::of_texts(&self.dictionary))
        }
    }

    /// The same rows with other texts for them, of which several may be equal.
    pub(crate) fn renamed(&self, name: impl Fn(&str) -> Option<&'static str>) -> Texts {
        let mut builder = TextsBuilder::default();
        let codes = self.dictionary.iter().map(|text| match name(text) {
            Some(name) => builder.code(name),
            None => MISSING,
        });
        let codes: Vec<u32> = codes.collect();
        let rows = self.codes.iter();
        builder.texts.codes = rows
            .map(|code| codes.get(*code as usize).copied().unwrap_or(MISSING))
            .collect();
        builder.texts
    }
}

impl ColumnData {
    /// How many rows it has; `None` when it stands for any number of missing values.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            ColumnData::Missing => None,
            ColumnData::Numbers { values, .. } => Some(values.len()),
            ColumnData::Integers { values, .. } => Some(values.len()),
            ColumnData::Texts(texts) => Some(texts.codes.len()),
            ColumnData::Ids(ids) => Some(ids.len()),
        }
    }

    /// Whether it has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// Which of `len` rows have a value.
    #[must_use]
    pub fn present(&self, len: usize) -> Bitmap {
        match self {
            ColumnData::Missing => Bitmap::none(len),
            ColumnData::Numbers { present, .. } | ColumnData::Integers { present, .. } => {
                present.clone()
            }
            ColumnData::Texts(texts) => {
                Bitmap::of(texts.codes.len(), |row| texts.codes[row] != MISSING)
            }
            ColumnData::Ids(ids) => Bitmap::all(ids.len()),
        }
    }
}

/// Makes a text column row by row.
#[derive(Clone, Default, Debug)]
pub struct TextsBuilder {
    texts: Texts,
    codes: HashMap<Box<str>, u32>,
}

impl TextsBuilder {
    /// One row more.
    pub fn push(&mut self, text: Option<&str>) {
        let code = text.map_or(MISSING, |text| self.code(text));
        self.texts.codes.push(code);
    }

    /// The column.
    #[must_use]
    pub fn build(self) -> Texts {
        self.texts
    }

    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.texts.dictionary.len() as u32;
        self.texts.dictionary.push(text);
        self.codes.insert(text.into(), code);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_column_is_made_row_by_row_and_taken_up_again() {
        let mut builder = TextsBuilder::default();
        for text in [Some("a"), None, Some("b"), Some("a")] {
            builder.push(text);
        }
        let texts = builder.build();
        assert_eq!(
            (texts.get(0), texts.get(1), texts.get(9)),
            (Some("a"), None, None)
        );
        assert_eq!(texts.dictionary().len(), 2);
        let mut again = texts.clone();
        again.put(1, Some("b"));
        again.put(4, Some("c"));
        assert_eq!(again.get(1), Some("b"));
        assert_eq!(again.get(4), Some("c"));
        assert_eq!(again.dictionary().len(), 3);
    }

    #[test]
    fn codes_that_lead_nowhere_are_refused() {
        let dictionary: TextList = ["a"].into_iter().collect();
        assert!(Texts::new(vec![0, MISSING], dictionary.clone()).is_some());
        assert!(Texts::new(vec![1], dictionary).is_none());
    }
}
