//! Comparing the metrics of two runs, bit by bit.

use mltrack::reproduce::{Comparison, Difference, Sameness, compare};
use mltrack::{Code, Run, Tracker};

use tempfile::tempdir;

fn runs(tracker: &Tracker) -> (Run, Run) {
    let experiment = tracker.experiment("twins").unwrap();
    (
        experiment.start_run().unwrap(),
        experiment.start_run().unwrap(),
    )
}

fn compared(tracker: &Tracker, (old, new): &(Run, Run), tolerance: f64) -> Comparison {
    compare((tracker, old.id()), (tracker, new.id()), tolerance).unwrap()
}

fn sameness(comparison: &Comparison, metric: &str) -> Sameness {
    let found = comparison.metrics.iter().find(|one| one.metric == metric);
    found.expect("the metric was compared").sameness.clone()
}

#[test]
fn equal_bits_are_equal_whatever_they_mean_and_however_they_were_logged() {
    let folder = tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    let pair = runs(&tracker);
    let values = [0.5, f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324];
    for (step, value) in values.into_iter().enumerate() {
        pair.0
            .log_metrics(step as i64, [("loss", value), ("grad", -value)])
            .unwrap();
    }
    let steps: Vec<i64> = (0..values.len() as i64).collect();
    pair.1
        .log_metric_batch("grad", &steps, &values.map(|value| -value))
        .unwrap();
    pair.1.log_metric_batch("loss", &steps, &values).unwrap();
    pair.0.log_metric_at("system/cpu.percent", 1.0, 0).unwrap();
    let comparison = compared(&tracker, &pair, 0.0);
    assert!(comparison.is_reproduced());
    assert_eq!(comparison.metrics.len(), 2, "{comparison:?}");
    assert_eq!(sameness(&comparison, "grad"), Sameness::BitEqual);
    assert_eq!(sameness(&comparison, "loss"), Sameness::BitEqual);
    assert_eq!(comparison.metrics[0].points, (5, 5));
}

#[test]
fn the_first_step_that_differs_is_named_and_a_tolerance_forgives() {
    let folder = tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    let pair = runs(&tracker);
    for step in 0..1000 {
        let value = 100.0 + step as f64;
        let off = if step >= 300 { 1e-9 * value } else { 0.0 };
        pair.0.log_metric_at("loss", value, step).unwrap();
        pair.1.log_metric_at("loss", value + off, step).unwrap();
    }
    let strict = compared(&tracker, &pair, 0.0);
    assert!(!strict.is_reproduced());
    let Sameness::Diverges { first } = sameness(&strict, "loss") else {
        panic!("{strict:?}");
    };
    assert_eq!((first.index, first.step()), (300, 300));
    assert_eq!(first.old, Some((300, 400.0)));
    assert_eq!(first.new, Some((300, 400.0 + 1e-9 * 400.0)));
    let lenient = compared(&tracker, &pair, 1e-8);
    assert!(lenient.is_reproduced());
    let Sameness::Within {
        max_abs,
        max_rel,
        first,
    } = sameness(&lenient, "loss")
    else {
        panic!("{lenient:?}");
    };
    assert_eq!(first.step(), 300);
    assert!((1e-6..1.2e-6).contains(&max_abs), "{max_abs}");
    assert!((0.9e-9..1.1e-9).contains(&max_rel), "{max_rel}");
}

#[test]
fn a_history_that_ends_early_has_other_steps_or_is_missing_diverges() {
    let folder = tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    let pair = runs(&tracker);
    for step in 0..10 {
        pair.0
            .log_metrics(step, [("short", 1.0), ("steps", 1.0)])
            .unwrap();
        pair.0.log_metric_at("gone", 0.0, step).unwrap();
        pair.1
            .log_metric_at("steps", 1.0, if step < 4 { step } else { step + 1 })
            .unwrap();
        if step < 6 {
            pair.1.log_metric_at("short", 1.0, step).unwrap();
        }
    }
    pair.1.log_metric_at("new", 0.0, 0).unwrap();
    let comparison = compared(&tracker, &pair, 1.0);
    assert_eq!(sameness(&comparison, "gone"), Sameness::Missing);
    assert_eq!(sameness(&comparison, "new"), Sameness::Extra);
    let ends = Difference {
        index: 6,
        old: Some((6, 1.0)),
        new: None,
    };
    assert_eq!(
        sameness(&comparison, "short"),
        Sameness::Diverges { first: ends }
    );
    let parts = Difference {
        index: 4,
        old: Some((4, 1.0)),
        new: Some((5, 1.0)),
    };
    assert_eq!(
        sameness(&comparison, "steps"),
        Sameness::Diverges { first: parts }
    );
}

#[test]
fn infinity_is_near_nothing_and_a_tolerance_must_be_one() {
    let folder = tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    let pair = runs(&tracker);
    pair.0.log_metric("loss", f64::INFINITY).unwrap();
    pair.1.log_metric("loss", 1e300).unwrap();
    assert!(!compared(&tracker, &pair, 0.5).is_reproduced());
    for tolerance in [f64::NAN, -1.0, f64::INFINITY] {
        let refused = compare((&tracker, pair.0.id()), (&tracker, pair.1.id()), tolerance);
        assert_eq!(refused.unwrap_err().code(), Code::ValidationError);
    }
}

#[test]
fn runs_of_two_stores_compare_after_the_older_one_was_compacted() {
    let (folder, other) = (tempdir().unwrap(), tempdir().unwrap());
    let tracker = Tracker::builder(folder.path())
        .segment_size(64 << 10)
        .open()
        .unwrap();
    let elsewhere = Tracker::open(other.path()).unwrap();
    let (old, new) = (runs(&tracker).0, runs(&elsewhere).0);
    for step in 0..20_000 {
        let value = (step as f64).sin();
        old.log_metrics(step, [("a", value), ("b", -value)])
            .unwrap();
        new.log_metric_at("b", -value, step).unwrap();
        new.log_metric_at("a", value, step).unwrap();
    }
    old.finish().unwrap();
    let packed = tracker.compact().run().unwrap().unwrap().packed;
    assert!(packed > 0);
    let comparison = compare((&tracker, old.id()), (&elsewhere, new.id()), 0.0).unwrap();
    assert_eq!(comparison.metrics.len(), 2);
    assert!(comparison.is_reproduced(), "{comparison:?}");
    assert_eq!(comparison.metrics[1].points, (20_000, 20_000));
}
