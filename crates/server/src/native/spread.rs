//! How the values of several runs lie: what a band around a line shows.
//!
//! Invariants: only finite values count; with fewer than two there is no deviation, and nothing is told for it.

use serde::Serialize;
use utoipa::ToSchema;

use super::number::Number;

/// How the values lie at each place: columns of one length.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = SpreadColumns)]
pub struct Spread {
    /// The lowest step that counts.
    pub step_first: Vec<i64>,
    /// The highest.
    pub step_last: Vec<i64>,
    /// How many runs have a finite value there.
    pub n: Vec<u64>,
    /// The mean of their values.
    pub mean: Vec<Number>,
    /// The value in the middle.
    pub median: Vec<Number>,
    /// The standard deviation of a sample, with n - 1; null for one run.
    pub std: Vec<Option<Number>>,
    /// The standard error of the mean: std / sqrt(n); null for one run.
    pub stderr: Vec<Option<Number>>,
    /// Where the 95 % interval of the mean begins, by Student's t with n - 1 degrees; null for one run.
    pub low95: Vec<Option<Number>>,
    /// Where it ends.
    pub high95: Vec<Option<Number>>,
    /// The smallest value.
    pub min: Vec<Number>,
    /// The largest value.
    pub max: Vec<Number>,
}

impl Spread {
    /// Takes in the finite values of the runs at a place, of which there is at least one. Leaves them sorted.
    pub fn push(&mut self, steps: (i64, i64), values: &mut [f64]) {
        values.sort_unstable_by(f64::total_cmp);
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        let stderr = std.map(|std| std / n.sqrt());
        let half = stderr.map(|stderr| stderr * student95(values.len() - 1));
        self.step_first.push(steps.0);
        self.step_last.push(steps.1);
        self.n.push(values.len() as u64);
        self.mean.push(Number(mean));
        self.median.push(Number(median));
        self.std.push(std.map(Number));
        self.stderr.push(stderr.map(Number));
        self.low95.push(half.map(|half| Number(mean - half)));
        self.high95.push(half.map(|half| Number(mean + half)));
        self.min.push(Number(values[0]));
        self.max.push(Number(values[values.len() - 1]));
    }
}

/// The 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
const STUDENT95: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// The 97.5 % quantile of Student's t: by table, and above it by the expansion around that of the normal distribution
/// (Abramowitz and Stegun 26.7.5), which is right to five digits there.
fn student95(degrees: usize) -> f64 {
    if let Some(known) = degrees.checked_sub(1).and_then(|at| STUDENT95.get(at)) {
        return *known;
    }
    let z = 1.959_963_985_f64;
    let degrees = degrees as f64;
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / degrees + second / degrees.powi(2) + third / degrees.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_definitions() {
        let mut spread = Spread::default();
        spread.push((0, 3), &mut [4.0, 1.0, 3.0, 2.0]);
        let number = |of: &[Option<Number>]| of[0].expect("there are several").0;
        assert_eq!(
            (spread.n[0], spread.mean[0].0, spread.median[0].0),
            (4, 2.5, 2.5)
        );
        assert!((number(&spread.std) - 1.290_994_448_7).abs() < 1e-9);
        assert!((number(&spread.stderr) - 0.645_497_224_4).abs() < 1e-9);
        // 2.5 -+ 3.182446 * 0.6454972
        assert!((number(&spread.low95) - 0.445_74).abs() < 1e-4);
        assert!((number(&spread.high95) - 4.554_26).abs() < 1e-4);
        assert_eq!((spread.min[0].0, spread.max[0].0), (1.0, 4.0));
    }

    #[test]
    fn one_run_has_a_mean_and_no_deviation() {
        let mut spread = Spread::default();
        spread.push((7, 7), &mut [2.0]);
        assert_eq!((spread.n[0], spread.median[0].0), (1, 2.0));
        assert!(spread.std[0].is_none() && spread.low95[0].is_none());
    }

    #[test]
    fn quantiles_beyond_the_table_go_on_from_it() {
        assert!((student95(30) - 2.042_272).abs() < 1e-9);
        assert!((student95(31) - 2.039_513).abs() < 2e-5);
        assert!((student95(100) - 1.983_972).abs() < 1e-5);
        assert!((student95(1_000_000) - 1.959_966).abs() < 1e-5);
    }
}
