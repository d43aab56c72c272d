//! Hash maps for keys that are numbers or already hashes: one multiplication per word instead of the rounds
//! of the standard hasher.
//!
//! Invariant: iteration order is a function of the keys and their order of insertion only, so folds stay
//! deterministic. Keys come from a store that its owner writes, so floods of chosen keys are no concern here.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map keyed by an id or another number.
pub type IntMap<K, V> = HashMap<K, V, BuildHasherDefault<IntHasher>>;

/// A multiplicative hasher.
#[derive(Clone, Copy, Default, Debug)]
pub struct IntHasher(u64);

/// 2^64 divided by the golden ratio: odd, and its bits are spread well.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl IntHasher {
    fn add(&mut self, word: u64) {
        // A table takes its slot from the low bits and a tag from the high ones: folding the product fills both.
        let product = u128::from(self.0.rotate_left(5) ^ word) * u128::from(MULTIPLIER);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for IntHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.add(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.add(value);
    }

    /// Lengths of arrays are the same for all keys of a map.
    fn write_usize(&mut self, _len: usize) {}
}

#[cfg(test)]
mod tests {
    use std::hash::Hash;

    use mltrack_event::{MetricId, RunKey};

    use super::*;

    fn hash(key: &impl Hash) -> u64 {
        let mut hasher = IntHasher::default();
        key.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn keys_that_count_up_spread_over_the_slots_of_a_table() {
        for shift in [0, 8, 32, 56] {
            let mut slots = [0u32; 256];
            for number in 0..256u64 {
                slots[(hash(&MetricId(number << shift)) & 0xff) as usize] += 1;
            }
            let fullest = slots.iter().max().expect("there are slots");
            assert!(
                *fullest <= 8,
                "{fullest} keys share a slot, shifted by {shift}"
            );
        }
    }

    #[test]
    fn a_map_of_run_keys_finds_each_of_them() {
        let keys = (0..1000u64).map(|number| RunKey::from_bytes(number.to_be_bytes()));
        let map: IntMap<RunKey, u64> = keys.clone().zip(0..).collect();
        assert_eq!(map.len(), 1000);
        for (key, number) in keys.zip(0..) {
            assert_eq!(map.get(&key), Some(&number));
        }
    }
}
