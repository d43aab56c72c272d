//! Fewer points that look the same.
//!
//! Invariant: of every stretch of the axis its first, lowest, highest and last value stay, where they are, and one value
//! that is no number if it has any.

/// At most about four points in each of `parts` equal stretches of the axis. The points are in the order of their places.
pub fn thinned(points: &[(f64, f64)], parts: usize) -> Vec<(f64, f64)> {
    let parts = parts.max(1);
    if points.len() <= parts * 4 {
        return points.to_vec();
    }
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    let part_of = |x: f64| ((x - first) / (last - first) * parts as f64).floor();
    let mut kept = Vec::new();
    for stretch in points.chunk_by(|a, b| part_of(a.0).to_bits() == part_of(b.0).to_bits()) {
        keep(&mut kept, stretch);
    }
    kept
}

fn keep(kept: &mut Vec<(f64, f64)>, stretch: &[(f64, f64)]) {
    let numbers = || {
        stretch
            .iter()
            .enumerate()
            .filter(|(_, point)| !point.1.is_nan())
    };
    let lowest = numbers().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
    let highest = numbers().max_by(|a, b| a.1.1.total_cmp(&b.1.1));
    let none = stretch.iter().position(|point| point.1.is_nan());
    let mut chosen = vec![0, stretch.len() - 1];
    chosen.extend(lowest.map(|(index, _)| index));
    chosen.extend(highest.map(|(index, _)| index));
    chosen.extend(none);
    chosen.sort_unstable();
    chosen.dedup();
    kept.extend(chosen.into_iter().map(|index| stretch[index]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spike_is_lost() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|step| (f64::from(step), 0.5)).collect();
        points[33_333].1 = 9.0;
        points[66_666].1 = -9.0;
        points[77_777].1 = f64::NAN;
        let few = thinned(&points, 100);
        assert!(few.len() <= 500, "{}", few.len());
        for index in [33_333, 66_666] {
            assert!(few.contains(&points[index]));
        }
        assert!(
            few.iter()
                .any(|point| point.1.is_nan() && (point.0 - 77_777.0).abs() < 0.5)
        );
        assert!(few.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [(0.0, 1.0), (1.0, 2.0)];
        assert_eq!(thinned(&points, 1), points);
    }
}
