//! Histories against a brute-force fold: exact and in buckets, filtered and whole, from a log and from entries.

use std::num::NonZeroUsize;

use mltrack_event::{ColumnsId, MetricDefined, RunKey};
use mltrack_projector::{Dictionary, Lsn};
use mltrack_projector_metrics::{Bucket, History, Query, Start, read};
use proptest::prelude::*;

use crate::world::{Logged, OTHER, RUN, World, action, keys, pair, random_world, step};

fn check_exact(world: &World, histories: &[History], passes: impl Fn(&Logged) -> bool + Copy) {
    let mut with_points = 0;
    for (metric, key) in keys().iter().enumerate() {
        let expected = world.expected(metric, passes);
        let found = histories.iter().find(|history| history.metric == key.id());
        let Some(found) = found else {
            assert!(expected.is_empty(), "{key} is missing");
            continue;
        };
        with_points += 1;
        assert_eq!(
            (found.name.as_str(), &found.context[..]),
            (key.name(), key.context())
        );
        let points = found.series.points().unwrap();
        let bits = |values: &[f64]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        let column = |field: fn(&Logged) -> i64| expected.iter().map(field).collect::<Vec<_>>();
        assert_eq!(points.steps, column(|point| point.step));
        assert_eq!(points.times_ns, column(|point| point.time_ns));
        let values: Vec<f64> = expected.iter().map(|point| point.value).collect();
        assert_eq!(bits(&points.values), bits(&values));
        let lsns: Vec<u64> = points.lsns.iter().map(|lsn| lsn.get()).collect();
        assert_eq!(
            lsns,
            expected.iter().map(|point| point.lsn).collect::<Vec<_>>()
        );
    }
    assert_eq!(with_points, histories.len());
}

/// The buckets hold the points of their steps, in order, and say about them what counting again says.
fn check_buckets(buckets: &[Bucket], points: &[Logged], count_max: usize) {
    assert!(buckets.len() <= count_max);
    assert!(
        buckets
            .windows(2)
            .all(|pair| pair[0].step_last < pair[1].step_first)
    );
    let mut rest = points;
    for bucket in buckets {
        let len = rest.partition_point(|point| point.step <= bucket.step_last);
        let (inside, after) = rest.split_at(len);
        rest = after;
        let (first, last) = (inside[0], inside[len - 1]);
        assert_eq!(
            (bucket.step_first, bucket.step_last),
            (first.step, last.step)
        );
        assert_eq!(bucket.first.to_bits(), first.value.to_bits());
        assert_eq!(bucket.last.to_bits(), last.value.to_bits());
        let numbers: Vec<&Logged> = inside
            .iter()
            .filter(|point| !point.value.is_nan())
            .collect();
        let min = numbers.iter().map(|point| point.value).reduce(f64::min);
        let max = numbers.iter().map(|point| point.value).reduce(f64::max);
        let at = |value: Option<f64>| {
            value.map(|value| {
                let hit = numbers
                    .iter()
                    .find(|point| point.value.total_cmp(&value).is_eq())
                    .unwrap();
                (value, hit.step)
            })
        };
        assert_eq!(bucket.min.map(|min| (min.value, min.step)), at(min));
        assert_eq!(bucket.max.map(|max| (max.value, max.step)), at(max));
        assert_eq!(
            (bucket.count, bucket.nan_count),
            (len as u64, (len - numbers.len()) as u64)
        );
        // Small whole numbers add up exactly in any order.
        let sum: f64 = numbers.iter().map(|point| point.value).sum();
        assert!((bucket.sum - sum).abs() < 1e-9);
        assert_eq!(bucket.mean().is_some(), !numbers.is_empty());
    }
    assert!(rest.is_empty(), "every point is in a bucket");
}

fn names(histories: &[History]) -> Vec<&str> {
    histories
        .iter()
        .map(|history| history.name.as_str())
        .collect()
}

fn busy_world() -> World {
    let mut world = World::new();
    let [loss, _, valid] = keys();
    world.row(RUN, pair().id, 0, 10, &[1.0, 0.1]);
    world.row(OTHER, pair().id, 0, 10, &[9.0, 9.0]);
    world.row(RUN, loss.id().into(), 2, 30, &[0.5]);
    world.row(RUN, loss.id().into(), 1, 40, &[f64::NAN]);
    world.row(RUN, loss.id().into(), 1, 20, &[f64::INFINITY]);
    world.row(RUN, valid.id().into(), 0, 50, &[2.0]);
    world.batch(pair().id, &[3, 1], &[], &[0.4, 0.6, 0.9, 0.8]);
    world.batch(valid.id().into(), &[4], &[60], &[-0.0]);
    world
}

#[test]
fn every_point_is_there_in_the_order_of_steps_and_then_of_the_log() {
    let world = busy_world();
    let histories = world.read(&Query::new(RUN));
    assert_eq!(names(&histories), ["train/acc", "train/loss", "valid/loss"]);
    check_exact(&world, &histories, |_| true);
}

#[test]
fn names_patterns_and_contexts_choose_metrics() {
    let world = busy_world();
    let query = || Query::new(RUN);
    for (query, expected) in [
        (query().metric("train/loss"), &["train/loss"][..]),
        (query().metric("*loss"), &["train/loss", "valid/loss"]),
        (
            query().metric("train/acc").metric("valid/*"),
            &["train/acc", "valid/loss"],
        ),
        (query().context("subset", "val"), &["valid/loss"]),
        (query().context("subset", "test"), &[]),
        (query().metric("train/*").context("subset", "val"), &[]),
    ] {
        assert_eq!(names(&world.read(&query)), expected, "{query:?}");
    }
}

#[test]
fn steps_and_times_choose_points() {
    let world = busy_world();
    let histories = world.read(&Query::new(RUN).steps(1..=2));
    check_exact(&world, &histories, |point| (1..=2).contains(&point.step));
    let histories = world.read(&Query::new(RUN).times_ns(20..40));
    check_exact(&world, &histories, |point| {
        (20..40).contains(&point.time_ns)
    });
    assert!(world.read(&Query::new(RUN).steps(100..)).is_empty());
    assert!(
        world
            .read(&Query::new(RunKey::from_bytes([0; 8])))
            .is_empty()
    );
}

#[test]
fn a_pass_can_begin_at_the_run_and_end_at_a_moment() {
    let world = busy_world();
    let mut dictionary = Dictionary::default();
    for key in keys() {
        dictionary.apply(&MetricDefined::new(&key).into());
    }
    dictionary.apply(&pair().into());
    let mut reader = world.log.reader().unwrap();
    let (created, last) = (Lsn::new(5).unwrap(), Lsn::new(8).unwrap());
    let start = Start::Run {
        created,
        dictionary: &dictionary,
    };
    let histories = read(&mut reader, &Query::new(RUN), start, Some(last)).unwrap();
    check_exact(&world, &histories, |point| point.lsn <= 8);
    // Without the definitions, a set of two has no names, and a single metric only its id.
    let nothing = Dictionary::default();
    let start = Start::Run {
        created,
        dictionary: &nothing,
    };
    let histories = read(&mut reader, &Query::new(RUN), start, Some(last)).unwrap();
    assert_eq!(names(&histories), [keys()[0].id().to_string()]);
}

#[test]
fn a_spike_is_never_hidden_in_a_bucket() {
    let mut world = World::new();
    let loss = ColumnsId::from(keys()[0].id());
    let steps: Vec<i64> = (0..10_000).collect();
    let mut values = vec![1.0; steps.len()];
    values[4321] = 99.0;
    values[8765] = -99.0;
    for (steps, values) in steps.chunks(100).zip(values.chunks(100)) {
        world.batch(loss, steps, &[], values);
    }
    let histories = world.read(&Query::new(RUN).buckets(NonZeroUsize::new(20).unwrap()));
    let buckets = histories[0].series.buckets().unwrap();
    assert!(
        (10..=20).contains(&buckets.len()),
        "not fewer than half of what was asked for"
    );
    check_buckets(buckets, &world.expected(0, |_| true), 20);
    let max = buckets
        .iter()
        .filter_map(|bucket| bucket.max)
        .find(|max| max.value > 98.0);
    assert_eq!(max.map(|max| max.step), Some(4321));
    assert!(
        buckets
            .iter()
            .any(|bucket| bucket.min.is_some_and(|min| min.step == 8765))
    );
}

#[test]
fn steps_at_both_ends_of_the_world_fit_into_few_buckets() {
    let mut world = World::new();
    let loss = ColumnsId::from(keys()[0].id());
    world.batch(
        loss,
        &[i64::MAX, -1, 0, i64::MIN],
        &[],
        &[1.0, 2.0, 3.0, f64::NAN],
    );
    for count_max in 1..5 {
        let query = Query::new(RUN).buckets(NonZeroUsize::new(count_max).unwrap());
        let histories = world.read(&query);
        let buckets = histories[0].series.buckets().unwrap();
        check_buckets(buckets, &world.expected(0, |_| true), count_max);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn exact_histories_equal_a_brute_force_fold(
        actions in prop::collection::vec(action(), 0..20),
        steps in (step(), step()),
        times in (0i64..100, 0i64..100),
    ) {
        let world = random_world(actions);
        check_exact(&world, &world.read(&Query::new(RUN)), |_| true);
        let (steps, times) = (steps.0..=steps.1, times.0..times.1);
        let query = Query::new(RUN).steps(steps.clone()).times_ns(times.clone());
        let passes = |point: &Logged| steps.contains(&point.step) && times.contains(&point.time_ns);
        check_exact(&world, &world.read(&query), passes);
    }

    #[test]
    fn buckets_equal_a_brute_force_fold(
        actions in prop::collection::vec(action(), 0..30),
        count_max in 1usize..12,
    ) {
        let world = random_world(actions);
        let query = Query::new(RUN).buckets(NonZeroUsize::new(count_max).unwrap());
        let histories = world.read(&query);
        for (metric, key) in keys().iter().enumerate() {
            let expected = world.expected(metric, |_| true);
            match histories.iter().find(|history| history.metric == key.id()) {
                Some(found) => check_buckets(found.series.buckets().unwrap(), &expected, count_max),
                None => prop_assert!(expected.is_empty()),
            }
        }
    }
}
