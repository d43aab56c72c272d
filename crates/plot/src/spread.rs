//! Several runs as one line with a band.
//!
//! 1. Only finite values count; with fewer than two there is no deviation and no band but that of their range.
//! 2. Where runs have values at other places, those between two of a run are on the straight line between them; nothing
//!    is made up before its first and after its last value.

/// What stands for the values of several runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Middle {
    /// Their sum by their number.
    #[default]
    Mean,
    /// The value in the middle.
    Median,
}

/// What a band shows of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// The standard deviation of a sample (n - 1).
    #[default]
    Deviation,
    /// The standard error of the mean.
    Error,
    /// The 95 % interval of the mean, by Student's t.
    Interval,
    /// From the lowest to the highest value.
    Range,
    /// Nothing.
    None,
}

/// The values of several runs at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ribbon {
    /// The place.
    pub x: f64,
    /// How many runs have a value there.
    pub n: usize,
    /// Their mean or median.
    pub middle: f64,
    /// The lower and the upper edge of the band; `None` where it cannot be told.
    pub band: Option<(f64, f64)>,
}

/// The 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157, 2.228_139, 2.200_985, 2.178_813, 2.160_369, 2.144_787, 2.131_450, 2.119_905,
    2.109_816, 2.100_922, 2.093_024, 2.085_963, 2.079_614, 2.073_873, 2.068_658, 2.063_899,
    2.059_539, 2.055_529, 2.051_831, 2.048_407, 2.045_230, 2.042_272,
];

/// Mean or median, and the band, of values at one place; `None` of nothing.
pub fn spread(values: &[f64], middle: Middle, kind: Spread) -> Option<(f64, Option<(f64, f64)>)> {
    let mut values: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (count, last) = (values.len(), *values.last()?);
    let n = count as f64;
    let mean = values.iter().map(|value| value / n).sum::<f64>();
    let at = match middle {
        Middle::Mean => mean,
        Middle::Median if count.is_multiple_of(2) => {
            f64::midpoint(values[count / 2 - 1], values[count / 2])
        }
        Middle::Median => values[count / 2],
    };
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (count > 1).then(|| (squares / (n - 1.0)).sqrt());
    // What is told of the mean lies around the mean, whatever the line is.
    let around = |half: f64| (mean - half, mean + half);
    let band = match kind {
        Spread::Deviation => deviation.map(around),
        Spread::Error => deviation.map(|it| around(it / n.sqrt())),
        Spread::Interval => deviation.map(|it| around(student(count - 1) * it / n.sqrt())),
        Spread::Range => Some((values[0], last)),
        Spread::None => None,
    };
    Some((at, band))
}

/// Beyond the table by the expansion of Cornish and Fisher around the normal distribution.
fn student(degrees: usize) -> f64 {
    if let Some(known) = STUDENT.get(degrees.wrapping_sub(1)) {
        return *known;
    }
    let (z, n) = (1.959_963_985_f64, degrees as f64);
    z + (z.powi(3) + z) / (4.0 * n)
        + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * n * n)
}

/// The band of several lines, at no more than about `parts` of the places that any of them has.
pub fn ribbon(
    lines: &[Vec<(f64, f64)>],
    parts: usize,
    middle: Middle,
    kind: Spread,
) -> Vec<Ribbon> {
    let lines: Vec<Vec<(f64, f64)>> = lines.iter().map(|line| in_order(line)).collect();
    let places = places(&lines, parts);
    let mut at = vec![0; lines.len()];
    let mut ribbons = Vec::new();
    for x in places {
        let values: Vec<f64> = lines
            .iter()
            .zip(&mut at)
            .filter_map(|(line, at)| value_at(line, at, x))
            .collect();
        if let Some((middle, band)) = spread(&values, middle, kind) {
            ribbons.push(Ribbon {
                x,
                n: values.len(),
                middle,
                band,
            });
        }
    }
    ribbons
}

fn in_order(line: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let is_number = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let mut line: Vec<(f64, f64)> = line.iter().filter(is_number).copied().collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    line
}

fn places(lines: &[Vec<(f64, f64)>], parts: usize) -> Vec<f64> {
    let mut places: Vec<f64> = lines.iter().flatten().map(|point| point.0).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    if places.len() <= parts.max(2) {
        return places;
    }
    let last = places.len() - 1;
    let mut chosen: Vec<usize> = (0..parts).map(|part| part * last / (parts - 1)).collect();
    chosen.dedup();
    chosen.into_iter().map(|index| places[index]).collect()
}

/// Places rise from call to call, so the search goes on where it was.
fn value_at(line: &[(f64, f64)], at: &mut usize, x: f64) -> Option<f64> {
    while line.get(*at + 1).is_some_and(|next| next.0 <= x) {
        *at += 1;
    }
    let here = line.get(*at).filter(|here| here.0 <= x)?;
    if here.0 >= x {
        return Some(here.1);
    }
    let next = line.get(*at + 1)?;
    let share = (x - here.0) / (next.0 - here.0);
    Some(here.1 * (1.0 - share) + next.1 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_has_the_band_that_is_asked_for() {
        let values = [1.0, 2.0, 3.0, 4.0];
        let half = |kind| {
            let (middle, band) = spread(&values, Middle::Mean, kind).unwrap();
            assert!((middle - 2.5).abs() < 1e-12);
            band.unwrap().1 - middle
        };
        // numpy.std(ddof=1), scipy.stats.sem, scipy.stats.t.interval(0.95, 3, ..)
        assert!((half(Spread::Deviation) - 1.290_994_448_7).abs() < 1e-9);
        assert!((half(Spread::Error) - 0.645_497_224_4).abs() < 1e-9);
        assert!((half(Spread::Interval) - 2.054_260_3).abs() < 1e-5);
        assert!((half(Spread::Range) - 1.5).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_the_mean_lies_around_it_and_not_around_the_median() {
        let (median, band) = spread(&[0.0, 1.0, 5.0], Middle::Median, Spread::Error).unwrap();
        let (low, high) = band.unwrap();
        assert!((median - 1.0).abs() < 1e-12);
        assert!(
            (f64::midpoint(low, high) - 2.0).abs() < 1e-12,
            "{low} {high}"
        );
    }

    #[test]
    fn a_single_value_has_no_deviation() {
        assert_eq!(
            spread(&[7.0], Middle::Median, Spread::Deviation),
            Some((7.0, None))
        );
        assert_eq!(spread(&[f64::NAN], Middle::Mean, Spread::Range), None);
        let (median, _) = spread(&[1.0, 9.0, 2.0], Middle::Median, Spread::None).unwrap();
        assert!((median - 2.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_go_on_where_the_table_ends() {
        // scipy.stats.t.ppf(0.975, [31, 60, 1000])
        for (degrees, expected) in [(31, 2.039_513), (60, 2.000_298), (1000, 1.962_339)] {
            assert!((student(degrees) - expected).abs() < 2e-4, "{degrees}");
        }
    }

    #[test]
    fn runs_that_logged_elsewhere_count_by_the_line_between_and_not_beyond() {
        let lines = [
            vec![(0.0, 0.0), (10.0, 10.0)],
            vec![(5.0, 7.0), (20.0, 7.0)],
        ];
        let ribbons = ribbon(&lines, 100, Middle::Mean, Spread::Range);
        let told: Vec<(f64, usize, f64)> =
            ribbons.iter().map(|it| (it.x, it.n, it.middle)).collect();
        assert_eq!(
            told,
            [(0.0, 1, 0.0), (5.0, 2, 6.0), (10.0, 2, 8.5), (20.0, 1, 7.0)]
        );
    }

    #[test]
    fn many_places_become_few() {
        let line: Vec<(f64, f64)> = (0..10_000).map(|x| (f64::from(x), 1.0)).collect();
        let ribbons = ribbon(&[line], 200, Middle::Mean, Spread::Deviation);
        assert_eq!(ribbons.len(), 200);
        assert!((ribbons[199].x - 9999.0).abs() < 1e-9);
    }
}
