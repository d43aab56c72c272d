//! Summaries of metrics, against a fold that keeps every point and counts it all again.

use std::cmp::Ordering;

use mltrack_event::{ColumnsId, EndState, Event, HistogramLogged, Line, LogLine, MetricId, RunKey};
use mltrack_event::{Level, MetricBatchLogged};
use mltrack_projector_runs::{MetricSummary, Point};
use proptest::prelude::*;

use crate::support::*;

fn summary(world: &World, run: RunKey, name: &str) -> MetricSummary {
    world
        .state
        .run(run)
        .unwrap()
        .metrics
        .get(key(name).id())
        .unwrap()
        .clone()
}

/// What a summary must say, from all points in the order of the log.
fn expected(metric: MetricId, points: &[Point]) -> MetricSummary {
    let mut by_step = points.to_vec();
    by_step.sort_by_key(|point| point.step);
    let numbers = || points.iter().filter(|point| !point.value.is_nan());
    let extreme = |wins: fn(f64, f64) -> bool| {
        numbers()
            .find(|point| !numbers().any(|other| wins(other.value, point.value)))
            .copied()
    };
    MetricSummary {
        metric,
        count: points.len() as u64,
        nan_count: points.len() as u64 - numbers().count() as u64,
        first: by_step[0],
        last: latest(points),
        min: extreme(|other, value| other < value),
        max: extreme(|other, value| other > value),
        sum: numbers().map(|point| point.value).sum::<f64>() + 0.0,
    }
}

/// The one with the highest step, of those the latest, of those the largest, of those the one logged last.
fn latest(points: &[Point]) -> Point {
    let mut points = points.to_vec();
    points.sort_by(|a, b| {
        let times = (a.step, a.time_ns).cmp(&(b.step, b.time_ns));
        let nans = (!a.value.is_nan()).cmp(&!b.value.is_nan());
        let values = a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal);
        times.then(nans).then(values)
    });
    points[points.len() - 1]
}

#[test]
fn of_several_values_at_one_step_the_latest_and_of_those_the_largest_is_the_last() {
    let mut world = World::new();
    let run = world.run(1, "a");
    world.add(metric("loss"));
    for (time, value) in [
        (10, 1.0),
        (30, f64::NAN),
        (30, 2.0),
        (20, 9.0),
        (30, 1.5),
        (30, f64::NAN),
    ] {
        let batch = MetricBatchLogged {
            run,
            columns: key("loss").id().into(),
            steps: vec![5],
            times: vec![time],
            values: vec![value],
        };
        world.add(batch);
    }
    let last = summary(&world, run, "loss").last;
    assert_eq!((last.value, last.time_ns), (2.0, 30));
}

/// Equal to the bit, NaN included.
fn bits(summary: &MetricSummary) -> impl PartialEq + std::fmt::Debug + use<> {
    let point = |point: &Point| (point.value.to_bits(), point.step, point.time_ns);
    (
        (
            summary.metric,
            summary.count,
            summary.nan_count,
            summary.sum.to_bits(),
        ),
        (point(&summary.first), point(&summary.last)),
        (
            summary.min.as_ref().map(point),
            summary.max.as_ref().map(point),
        ),
    )
}

#[test]
fn the_last_value_is_the_one_at_the_highest_step_even_when_it_is_nan() {
    let mut world = World::new();
    let run = world.run(1, "a");
    world.add(metric("loss"));
    for (step, value) in [(0, 3.0), (2, f64::NAN), (1, 0.5), (1, 0.25)] {
        world.add(point(run, "loss", step, value));
    }
    let loss = summary(&world, run, "loss");
    assert!(loss.last.value.is_nan());
    assert_eq!((loss.last.step, loss.first.value), (2, 3.0));
    assert_eq!(loss.min.map(|min| (min.value, min.step)), Some((0.25, 1)));
    assert_eq!(loss.max.map(|max| (max.value, max.step)), Some((3.0, 0)));
    assert_eq!(
        (loss.count, loss.nan_count, loss.mean()),
        (4, 1, Some(1.25))
    );
}

#[test]
fn a_metric_of_nothing_but_nan_has_no_extremes_and_no_mean() {
    let mut world = World::new();
    let run = world.run(1, "a");
    world.add(metric("loss"));
    world.add(point(run, "loss", 0, f64::NAN));
    let loss = summary(&world, run, "loss");
    assert_eq!((loss.min, loss.max, loss.mean()), (None, None, None));
    assert_eq!((loss.count, loss.nan_count), (1, 1));
}

#[test]
fn a_set_and_its_members_are_the_same_metrics() {
    let mut world = World::new();
    let run = world.run(1, "a");
    for name in ["loss", "acc"] {
        world.add(metric(name));
    }
    let both = set(&["loss", "acc"]);
    world.add(both.clone());
    world.add(row(run, both.id, 0, &[1.0, 0.1]));
    world.add(point(run, "loss", 1, 0.5));
    world.add(batch(run, both.id, &[2, 3], &[0.4, 0.3, 0.2, 0.9]));
    world.add(row(run, both.id, 4, &[0.2, 0.8]));
    let (loss, acc) = (summary(&world, run, "loss"), summary(&world, run, "acc"));
    assert_eq!(
        (loss.count, loss.last.value, loss.min.unwrap().value),
        (5, 0.2, 0.2)
    );
    assert_eq!(
        (acc.count, acc.last.value, acc.max.unwrap().value),
        (4, 0.8, 0.9)
    );
    let run = world.state.run(run).unwrap();
    assert_eq!(
        (run.points, run.points_undefined, run.points_late),
        (9, 0, 0)
    );
    assert_eq!(world.state.dictionary().label(acc.metric), "acc");
}

#[test]
fn values_without_a_metric_to_belong_to_are_counted_and_kept_out() {
    let mut world = World::new();
    let run = world.run(1, "a");
    let both = set(&["loss", "acc"]);
    world.add(row(run, both.id, 0, &[1.0, 2.0]));
    world.add(both.clone());
    world.add(row(run, both.id, 1, &[1.0, 2.0, 3.0]));
    world.add(row(run, both.id, 2, &[1.0, 2.0]));
    world.add(row(run, both.id, 3, &[1.0]));
    world.add(batch(run, both.id, &[1, 2], &[1.0, 2.0, 3.0]));
    world.add(batch(run, both.id, &[], &[]));
    let times = vec![1];
    world.add(MetricBatchLogged {
        times,
        ..batch(run, both.id, &[1, 2], &[1.0; 4])
    });
    let folded = world.state.run(run).unwrap();
    assert_eq!(
        (folded.points, folded.points_undefined),
        (2 + 3 + 2 + 1 + 3 + 4, 2 + 3 + 1 + 3 + 4)
    );
    assert_eq!(summary(&world, run, "loss").count, 1);
}

#[test]
fn a_metric_without_a_name_is_summed_up_under_its_id() {
    let mut world = World::new();
    let run = world.run(1, "a");
    world.add(row(run, ColumnsId(5), 3, &[2.0]));
    let metrics = &world.state.run(run).unwrap().metrics;
    assert_eq!(metrics.get(MetricId(5)).map(|five| five.last.step), Some(3));
}

#[test]
fn points_after_the_end_count_and_are_told_apart() {
    let mut world = World::new();
    let run = world.run(1, "a");
    world.add(metric("loss"));
    world.add(point(run, "loss", 0, 1.0));
    world.add(ended(run, EndState::Completed, None));
    world.add(point(run, "loss", 1, 0.5));
    assert_eq!(summary(&world, run, "loss").last.step, 1);
    assert_eq!(world.state.run(run).unwrap().points_late, 1);
}

#[test]
fn points_of_an_unknown_run_are_counted() {
    let mut world = World::new();
    world.add(point(RunKey::from_bytes([1; 8]), "loss", 0, 1.0));
    assert_eq!(world.state.oddities().orphaned, 1);
}

#[test]
fn lines_histograms_and_json_values_are_counted() {
    let mut world = World::new();
    let run = world.run(1, "a");
    let line = Line {
        level: Level::Info,
        source: String::new(),
        text: "x".into(),
        time: None,
    };
    world.add(LogLine {
        run,
        lines: vec![line.clone(), line],
    });
    world.add(HistogramLogged {
        run,
        metric: MetricId(1),
        step: 0,
        edges: vec![0.0, 1.0],
        counts: vec![1],
        count: 1,
        not_finite: 0,
        sum: 0.5,
        sum_of_squares: 0.25,
        min: 0.5,
        max: 0.5,
        quantiles: Vec::new(),
    });
    let unknown = Event::Unknown {
        type_id: mltrack_event::TypeId(0x7000),
        version: mltrack_event::Version(1),
        payload: Vec::new(),
    };
    world.add(unknown);
    let run = world.state.run(run).unwrap();
    assert_eq!((run.lines, run.histograms), (2, 1));
    assert_eq!(world.state.oddities().unknown, 1);
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -3i8..3,
        1 => Just(i8::MAX),
    ]
    .prop_map(|small| match small {
        i8::MAX => f64::NAN,
        small => f64::from(small),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn summaries_equal_those_of_all_points_counted_again(
        rows in prop::collection::vec((0u8..4, -4i64..4, value(), value()), 1..60),
    ) {
        let mut world = World::new();
        let run = world.run(1, "a");
        world.add(metric("loss"));
        world.add(metric("acc"));
        let both = set(&["loss", "acc"]);
        world.add(both.clone());
        let mut points: [Vec<Point>; 2] = [Vec::new(), Vec::new()];
        for (form, step, loss, acc) in rows {
            let lsn = match form {
                0 => world.add(point(run, "loss", step, loss)),
                1 => world.add(point(run, "acc", step, acc)),
                2 => world.add(row(run, both.id, step, &[loss, acc])),
                _ => {
                    let logged = batch(run, both.id, &[step, step + 1], &[loss, acc, acc, loss]);
                    world.add(MetricBatchLogged { times: vec![7, 8], ..logged })
                }
            };
            let time = time_ns(lsn);
            let at = |value, step, time_ns| Point { value, step, time_ns };
            match form {
                0 => points[0].push(at(loss, step, time)),
                1 => points[1].push(at(acc, step, time)),
                2 => {
                    points[0].push(at(loss, step, time));
                    points[1].push(at(acc, step, time));
                }
                _ => {
                    points[0].extend([at(loss, step, 7), at(acc, step + 1, 8)]);
                    points[1].extend([at(acc, step, 7), at(loss, step + 1, 8)]);
                }
            }
        }
        for (name, points) in ["loss", "acc"].into_iter().zip(&points) {
            let found = world.state.run(run).unwrap().metrics.get(key(name).id());
            if points.is_empty() {
                prop_assert!(found.is_none());
            } else {
                let expected = expected(key(name).id(), points);
                prop_assert_eq!(bits(found.unwrap()), bits(&expected));
            }
        }
    }
}
