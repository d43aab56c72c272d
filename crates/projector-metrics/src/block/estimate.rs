//! How many bits a column's numbers would take, told from a few of them without compressing any.
//!
//! A sample is sorted, and the spaces between its neighbours say how dense the values lie, which is what entropy is.

/// Numbers looked at: stretches of neighbours, spread over the column.
const STRETCHES: usize = 8;
const STRETCH_LEN: usize = 12;
/// Over how many sorted neighbours a space is measured: more smooths, fewer sees detail.
const SPACING: usize = 4;
/// Taking differences makes reading slower, so each order has to save this many bits for each number.
const GAIN_MIN_BITS: f64 = 0.15;

/// An expectation.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Estimate {
    /// How often to take differences.
    pub order: usize,
    /// Then a number takes about this many bits.
    pub bits: f64,
}

/// The best of the orders up to `order_max`. Latents are unsigned numbers, ordered as what they stand for.
pub(super) fn best(latents: impl Fn(usize) -> u64, count: usize, order_max: usize) -> Estimate {
    let mut sample = Sample::take(latents, count, order_max);
    let bits = sample.bits();
    let mut best = Estimate { order: 0, bits };
    for order in 1..=order_max {
        sample.difference();
        let bits = sample.bits();
        if bits + GAIN_MIN_BITS < best.bits {
            best = Estimate { order, bits };
        }
    }
    best
}

/// Stretches of one length, one after another.
struct Sample {
    numbers: Vec<u64>,
    stretch_len: usize,
    /// What `bits` sorts; kept for its memory.
    sorted: Vec<u64>,
}

impl Sample {
    /// Stretches that have their length left when `order_max` differences were taken.
    fn take(latents: impl Fn(usize) -> u64, count: usize, order_max: usize) -> Sample {
        let stretch_len = (STRETCH_LEN + order_max).min(count);
        let stretches = STRETCHES.min(count / stretch_len.max(1)).max(1);
        let apart = count / stretches;
        let starts = (0..stretches).map(|stretch| stretch * apart);
        let places = starts.flat_map(|start| start..start + stretch_len);
        Sample {
            numbers: places.map(latents).collect(),
            stretch_len,
            sorted: Vec::new(),
        }
    }

    /// Replaces numbers by what they are more than the one before, which each stretch's first has not.
    fn difference(&mut self) {
        let stretches = self.numbers.chunks_exact(self.stretch_len.max(1));
        let differences = stretches.flat_map(|stretch| stretch.windows(2));
        let differences = differences.map(|pair| pair[1].wrapping_sub(pair[0]));
        self.numbers = differences.collect();
        self.stretch_len = self.stretch_len.saturating_sub(1);
    }

    fn bits(&mut self) -> f64 {
        // Differences are around 0, which must not tear them apart.
        let center = 1 << 63;
        let base = self.numbers.first().copied().unwrap_or_default();
        let near = |value: &u64| value.wrapping_sub(base).wrapping_add(center);
        self.sorted.clear();
        self.sorted.extend(self.numbers.iter().map(near));
        self.sorted.sort_unstable();
        let spaces = self.sorted.len().saturating_sub(SPACING);
        if spaces == 0 {
            return 64.0;
        }
        let scale = self.sorted.len() as f64 / SPACING as f64;
        let pairs = self.sorted.iter().zip(&self.sorted[SPACING..]);
        let costs = pairs.map(|(low, high)| (1.0 + (high - low) as f64 * scale).log2());
        costs.sum::<f64>() / spaces as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(at: usize) -> u64 {
        let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40
    }

    #[test]
    fn noise_is_left_alone_and_its_bits_are_told() {
        let estimate = best(noise, 1000, 2);
        assert_eq!(estimate.order, 0);
        assert!((22.0..26.0).contains(&estimate.bits), "{estimate:?}");
    }

    #[test]
    fn noise_on_a_slope_is_differenced_once() {
        let estimate = best(|at| noise(at) + ((at as u64) << 30), 1000, 2);
        assert_eq!(estimate.order, 1);
    }

    #[test]
    fn a_parabola_is_differenced_twice_and_costs_nothing() {
        let estimate = best(|at| (at * at) as u64 * 1000, 1000, 2);
        assert_eq!(estimate.order, 2);
        assert!(estimate.bits < 0.1, "{estimate:?}");
    }

    #[test]
    fn columns_shorter_than_a_stretch_have_an_answer() {
        for count in 1..30 {
            assert!(best(noise, count, 2).order <= 2);
        }
    }
}
