//! The points of a run's metrics, exact or thinned.
//!
//! Invariant: thinned points are points that were logged: of every bucket its first, lowest, highest and
//! last, so an extreme is never averaged away.

use std::ops::RangeInclusive;

use mltrack::{History, Series, Tracker};

use super::{At, Point};
use crate::context::Context;
use crate::failure::Outcome;
use crate::runs::row::RunRow;

/// Which points are wanted.
#[derive(Clone, Debug)]
pub struct CurveWish<'a> {
    /// All metrics when empty.
    pub globs: &'a [String],
    pub steps: RangeInclusive<i64>,
    /// Of each metric.
    pub max_points: Option<u32>,
    pub at: At,
}

#[derive(Clone, Debug)]
pub struct Curve {
    pub name: String,
    pub context: Vec<(String, String)>,
    pub points: Vec<CurvePoint>,
    /// Points logged, of which `points` may be a choice.
    pub logged: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    pub step: i64,
    pub time_ns: i64,
    pub value: f64,
}

impl Curve {
    /// The name, with its context when it has one.
    pub fn label(&self) -> String {
        label(&self.name, &self.context)
    }
}

/// `loss`, or `loss{subset=val}`.
pub fn label(name: &str, context: &[(String, String)]) -> String {
    if context.is_empty() {
        return name.to_owned();
    }
    let pairs: Vec<String> = context
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    format!("{name}{{{}}}", pairs.join(","))
}

/// Sorted by name and context.
pub fn curves(
    tracker: &Tracker,
    row: &RunRow,
    wish: &CurveWish<'_>,
    context: &Context,
) -> Outcome<Vec<Curve>> {
    let mut query = tracker.histories(row.run_id).steps(wish.steps.clone());
    for glob in wish.globs {
        query = query.metric(glob);
    }
    query = match wish.at.point(context) {
        Point::Now => query,
        Point::Lsn(lsn) => query.at(lsn),
        Point::Time(time) => query.at_time(time),
    };
    Ok(query
        .fetch()?
        .into_iter()
        .map(|history| curve(history, wish.max_points))
        .collect())
}

fn curve(history: History, count_max: Option<u32>) -> Curve {
    let mut points = Vec::new();
    if let Series::Points(columns) = &history.series {
        let rows = columns
            .steps
            .iter()
            .zip(&columns.times_ns)
            .zip(&columns.values);
        points.extend(rows.map(|((step, time_ns), value)| CurvePoint {
            step: *step,
            time_ns: *time_ns,
            value: *value,
        }));
    }
    let logged = points.len() as u64;
    if let Some(count_max) = count_max {
        points = thinned(points, count_max);
    }
    Curve {
        name: history.name,
        context: history.context,
        points,
        logged,
    }
}

/// At most `count_max` of the points, in their order: of every stretch its lowest and highest, and of all
/// the first and the last.
fn thinned(points: Vec<CurvePoint>, count_max: u32) -> Vec<CurvePoint> {
    let count_max = count_max as usize;
    if points.len() <= count_max {
        return points;
    }
    let last = points.len() - 1;
    if count_max < 4 {
        return [0, last]
            .iter()
            .take(count_max)
            .map(|at| points[*at])
            .collect();
    }
    let stretches = (count_max - 2) / 2;
    let inner = last - 1;
    let mut kept = vec![0];
    for stretch in 0..stretches {
        let range = 1 + stretch * inner / stretches..1 + (stretch + 1) * inner / stretches;
        let by_value = |a: &usize, b: &usize| points[*a].value.total_cmp(&points[*b].value);
        let extremes = [range.clone().min_by(by_value), range.max_by(by_value)];
        kept.extend(extremes.into_iter().flatten());
    }
    kept.push(last);
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|at| points[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(values: impl Iterator<Item = f64>) -> Vec<CurvePoint> {
        values
            .enumerate()
            .map(|(step, value)| CurvePoint {
                step: step as i64,
                time_ns: 0,
                value,
            })
            .collect()
    }

    #[test]
    fn thinning_keeps_ends_and_extremes_and_the_number_asked_for() {
        let all = points((0..5000).map(|step| {
            if step == 1234 {
                99.0
            } else {
                f64::from(step % 7)
            }
        }));
        for count_max in [1, 2, 3, 4, 5, 100, 4999] {
            let kept = thinned(all.clone(), count_max);
            assert!(
                kept.len() <= count_max as usize,
                "{count_max}: {}",
                kept.len()
            );
            assert!(kept.windows(2).all(|pair| pair[0].step < pair[1].step));
            assert_eq!(kept[0].step, 0);
            if count_max >= 4 {
                assert_eq!(kept[kept.len() - 1].step, 4999);
                assert!(
                    kept.iter()
                        .any(|point| point.value.to_bits() == 99.0_f64.to_bits()),
                    "{count_max}"
                );
            }
        }
        assert_eq!(thinned(all.clone(), 5000), all);
    }

    #[test]
    fn a_label_has_the_context_when_there_is_one() {
        assert_eq!(label("loss", &[]), "loss");
        let context = [
            ("a".to_owned(), "1".to_owned()),
            ("b".to_owned(), "2".to_owned()),
        ];
        assert_eq!(label("loss", &context), "loss{a=1,b=2}");
    }
}
