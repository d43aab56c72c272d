//! The random numbers of samples and splits: the same on every machine and for ever.
//!
//! xoshiro256++ 1.0 (Blackman and Vigna, public domain), its four words filled by `SplitMix64` from the seed. Whole
//! numbers below a bound are drawn by multiplication with rejection (Lemire), so none is likelier than another.
//!
//! Invariant: the numbers of a seed never change: samples that were recorded are drawn again from them. No floating-point
//! function that machines may round differently is used.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random([u64; 4]);

/// One step of `SplitMix64`.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut word = *state;
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Random {
        let mut state = seed;
        Random(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// The stream of a seed for one part of the whole, such as one stratum: independent of every other part's.
    pub fn of_part(seed: u64, part: &[u8]) -> Random {
        let hash = mltrack_event::BlobId::of(part).to_bytes();
        let mut low = [0; 8];
        low.copy_from_slice(&hash[..8]);
        let mut state = seed;
        Random::new(split_mix(&mut state) ^ u64::from_le_bytes(low))
    }

    /// Any of the 2^64 numbers.
    pub fn word(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let word = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        word
    }

    /// Any number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "nothing is below 0");
        let mut product = u128::from(self.word()) * u128::from(bound);
        if (product as u64) < bound {
            let least = bound.wrapping_neg() % bound;
            while (product as u64) < least {
                product = u128::from(self.word()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Puts things in any order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            things.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_generators() {
        let mut state = 0;
        let first: Vec<u64> = (0..3).map(|_| split_mix(&mut state)).collect();
        assert_eq!(
            first,
            [
                0xe220_a839_7b1d_cdaf,
                0x6e78_9e6a_a1b9_65f4,
                0x06c4_5d18_8009_454f
            ]
        );
        let mut random = Random([1, 2, 3, 4]);
        let first: Vec<u64> = (0..5).map(|_| random.word()).collect();
        let published = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
        ];
        assert_eq!(first, published);
    }

    #[test]
    fn the_numbers_of_a_seed_are_frozen() {
        let mut random = Random::new(7);
        let drawn: Vec<u64> = (0..8).map(|_| random.below(1000)).collect();
        assert_eq!(drawn, [55, 172, 717, 427, 963, 465, 723, 329]);
        let mut part = Random::of_part(7, b"cat");
        assert_ne!(part.word(), Random::of_part(7, b"dog").word());
        assert_ne!(part.word(), Random::of_part(8, b"cat").word());
    }

    #[test]
    fn every_number_below_a_bound_is_as_likely_as_another() {
        let mut random = Random::new(1);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[random.below(6) as usize] += 1;
        }
        let chi_square: f64 = counts
            .iter()
            .map(|count| (f64::from(*count) - 10_000.0).powi(2) / 10_000.0)
            .sum();
        assert!(chi_square < 20.5, "{counts:?}: 1 in 1000 by chance");
        assert_eq!(random.below(1), 0);
        let mut order: Vec<u32> = (0..100).collect();
        random.shuffle(&mut order);
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }
}
