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
    let mut stretches = sample(latents, count, order_max);
    let bits = bits(&stretches);
    let mut best = Estimate { order: 0, bits };
    for order in 1..=order_max {
        stretches.iter_mut().for_each(difference);
        let bits = self::bits(&stretches);
        if bits + GAIN_MIN_BITS < best.bits {
            best = Estimate { order, bits };
        }
    }
    best
}

/// Stretches that have their length left when `order_max` differences were taken.
fn sample(latents: impl Fn(usize) -> u64, count: usize, order_max: usize) -> Vec<Vec<u64>> {
    let len = STRETCH_LEN + order_max;
    let stretches = STRETCHES.min(count / len).max(1);
    let apart = count / stretches;
    (0..stretches)
        .map(|stretch| {
            let start = stretch * apart;
            (start..count.min(start + len)).map(&latents).collect()
        })
        .collect()
}

fn difference(stretch: &mut Vec<u64>) {
    for at in (1..stretch.len()).rev() {
        stretch[at] = stretch[at].wrapping_sub(stretch[at - 1]);
    }
    if !stretch.is_empty() {
        stretch.remove(0);
    }
}

fn bits(stretches: &[Vec<u64>]) -> f64 {
    // Differences are around 0, which must not tear them apart.
    let center = 1 << 63;
    let first = stretches.first().and_then(|stretch| stretch.first());
    let base = first.copied().unwrap_or_default();
    let near = |value: &u64| value.wrapping_sub(base).wrapping_add(center);
    let mut sorted: Vec<u64> = stretches.iter().flatten().map(near).collect();
    sorted.sort_unstable();
    let spaces = sorted.len().saturating_sub(SPACING);
    if spaces == 0 {
        return 64.0;
    }
    let scale = sorted.len() as f64 / SPACING as f64;
    let cost = |at: usize| (1.0 + (sorted[at + SPACING] - sorted[at]) as f64 * scale).log2();
    (0..spaces).map(cost).sum::<f64>() / spaces as f64
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
