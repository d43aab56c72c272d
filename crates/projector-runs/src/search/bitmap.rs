//! One bit for each row.
//!
//! Invariant: the bits beyond the last row are zero, so counting and comparing need no mask.

/// Which rows are meant.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

const WORD_BITS: usize = 64;

impl Bitmap {
    /// No row of `len`.
    #[must_use]
    pub fn none(len: usize) -> Bitmap {
        Bitmap {
            words: vec![0; len.div_ceil(WORD_BITS)],
            len,
        }
    }

    /// Every row of `len`.
    #[must_use]
    pub fn all(len: usize) -> Bitmap {
        let mut bitmap = Bitmap {
            words: vec![u64::MAX; len.div_ceil(WORD_BITS)],
            len,
        };
        bitmap.cut();
        bitmap
    }

    /// The rows of `len` that `is_meant` says yes to. It is asked in order, and without branches in between when it
    /// is a plain comparison.
    #[must_use]
    pub fn of(len: usize, is_meant: impl Fn(usize) -> bool) -> Bitmap {
        let mut words = Vec::with_capacity(len.div_ceil(WORD_BITS));
        let whole = len / WORD_BITS;
        for word in 0..whole {
            let mut bits = 0;
            for bit in 0..WORD_BITS {
                bits |= u64::from(is_meant(word * WORD_BITS + bit)) << bit;
            }
            words.push(bits);
        }
        if !len.is_multiple_of(WORD_BITS) {
            let rest = whole * WORD_BITS..len;
            words.push(
                rest.zip(0..)
                    .fold(0, |bits, (row, bit)| bits | u64::from(is_meant(row)) << bit),
            );
        }
        Bitmap { words, len }
    }

    /// How many rows there are, meant or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a row is meant.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        let word = self.words.get(row / WORD_BITS);
        word.is_some_and(|word| word >> (row % WORD_BITS) & 1 == 1)
    }

    /// Says whether a row is meant. A row that does not exist cannot be.
    pub fn set(&mut self, row: usize, is_meant: bool) {
        assert!(row < self.len, "row {row} of {}", self.len);
        let bit = 1 << (row % WORD_BITS);
        if is_meant {
            self.words[row / WORD_BITS] |= bit;
        } else {
            self.words[row / WORD_BITS] &= !bit;
        }
    }

    /// One row more.
    pub fn push(&mut self, is_meant: bool) {
        if self.len.is_multiple_of(WORD_BITS) {
            self.words.push(0);
        }
        self.len += 1;
        self.set(self.len - 1, is_meant);
    }

    /// How many rows are meant.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words
            .iter()
            .map(|word| word.count_ones() as usize)
            .sum()
    }

    /// Leaves those that are meant in both.
    pub fn and(&mut self, other: &Bitmap) {
        assert_eq!(self.len, other.len, "bitmaps of one table");
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    /// Takes those in that are meant in the other.
    pub fn or(&mut self, other: &Bitmap) {
        assert_eq!(self.len, other.len, "bitmaps of one table");
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Turns each row's answer around.
    pub fn negate(&mut self) {
        for word in &mut self.words {
            *word = !*word;
        }
        self.cut();
    }

    /// The rows that are meant, in order.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                // Of zero nothing is left: the shift below would be by all bits.
                (rest != 0).then(|| {
                    rest &= rest - 1;
                    at * WORD_BITS + bit
                })
            })
        })
    }

    fn cut(&mut self) {
        let spare = self.words.len() * WORD_BITS - self.len;
        if let Some(last) = self.words.last_mut() {
            *last &= u64::MAX >> spare;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_make_a_bitmap_agrees_at_every_length() {
        for len in [0, 1, 63, 64, 65, 128, 200] {
            let odd = Bitmap::of(len, |row| row % 2 == 1);
            let mut pushed = Bitmap::none(0);
            (0..len).for_each(|row| pushed.push(row % 2 == 1));
            assert_eq!(odd, pushed);
            assert_eq!(odd.count(), len / 2);
            assert!(odd.rows().eq((0..len).filter(|row| row % 2 == 1)));
            let mut even = odd.clone();
            even.negate();
            assert_eq!(even.count() + odd.count(), len);
            let mut both = even.clone();
            both.or(&odd);
            assert_eq!(both, Bitmap::all(len));
            even.and(&odd);
            assert_eq!(even, Bitmap::none(len));
        }
    }

    #[test]
    fn a_row_beyond_the_end_is_not_meant() {
        let mut bitmap = Bitmap::all(3);
        bitmap.set(1, false);
        assert_eq!(
            (0..5).map(|row| bitmap.get(row)).collect::<Vec<_>>(),
            [true, false, true, false, false]
        );
    }
}
