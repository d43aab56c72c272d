//! Random numbers that depend on nothing but their seed: the generator `SplitMix64`.
//!
//! The same seed gives the same sequence on every machine and in every version of this program;
//! the test pins it to the published values. Not for secrets.

#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..limit`. Its bias is below `limit / 2^64`, which no demo can see.
    pub fn below(&mut self, limit: usize) -> usize {
        assert!(limit > 0, "there is no number below zero");
        ((u128::from(self.next_u64()) * limit as u128) >> 64) as usize
    }

    /// A number in `-limit..limit`, evenly spread.
    pub fn symmetric(&mut self, limit: f64) -> f64 {
        // 53 bits are all that a double can tell apart in 0..1.
        let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        (2.0 * unit - 1.0) * limit
    }

    /// Puts `items` in an order of which each is equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(published.map(|_| random.next_u64()), published);
    }

    #[test]
    fn a_shuffle_keeps_every_item_and_moves_them() {
        let mut items: Vec<usize> = (0..1000).collect();
        Random::new(1).shuffle(&mut items);
        let at_home = items.iter().enumerate().filter(|(i, item)| i == *item);
        assert!(at_home.count() < 10);
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_stay_below_their_limit_and_reach_all_of_it() {
        let mut random = Random::new(2);
        let mut counts = [0; 7];
        for _ in 0..7000 {
            counts[random.below(7)] += 1;
        }
        assert!(
            counts.iter().all(|count| (900..1100).contains(count)),
            "{counts:?}"
        );
        let numbers: Vec<f64> = (0..1000).map(|_| random.symmetric(0.5)).collect();
        assert!(numbers.iter().all(|number| (-0.5..0.5).contains(number)));
        assert!(numbers.iter().any(|number| *number < -0.4));
        assert!(numbers.iter().any(|number| *number > 0.4));
    }
}
