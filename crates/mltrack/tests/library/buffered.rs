//! Buffered handles: quick, ordered, complete at the end.

use mltrack::Code;

use crate::support::{Store, code};

#[test]
fn everything_pushed_is_there_in_order_after_a_flush() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 9.0).unwrap();
    let fast = run.buffered(64);
    for step in 0..10_000 {
        fast.log_metric("loss", f64::from(step)).unwrap();
        fast.log_metrics(step.into(), [("a", 1.0), ("b", 2.0)])
            .unwrap();
    }
    fast.flush().unwrap();
    let loss = store.tracker.history(run.id(), "loss").fetch().unwrap();
    assert!(
        loss.steps.iter().copied().eq(0..=10_000),
        "steps go on where the run's stood"
    );
    assert!(loss.lsns.is_sorted());
    assert_eq!(
        store.tracker.history(run.id(), "b").fetch().unwrap().len(),
        10_000
    );
    run.finish().unwrap();
}

#[test]
fn finishing_writes_what_is_buffered_first() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let fast = run.buffered(100_000);
    (0..5000).for_each(|step| fast.log_metric_at("loss", 1.0, step).unwrap());
    run.finish().unwrap();
    assert_eq!(code(fast.log_metric("loss", 1.0)), Code::InvalidState);
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!((summary.points, summary.points_late), (5000, 0));
}

#[test]
fn dropping_the_last_handle_writes_what_is_buffered() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let fast = run.buffered(100_000);
    let clone = fast.clone();
    fast.log_metric("loss", 1.0).unwrap();
    drop(fast);
    clone.log_metric("loss", 2.0).unwrap();
    drop(clone);
    assert_eq!(store.tracker.run_summary(run.id()).unwrap().points, 2);
    run.finish().unwrap();
}

#[test]
fn points_become_visible_without_a_flush() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let fast = run.buffered(4096);
    fast.log_metric("loss", 1.0).unwrap();
    let mut tail = store
        .tracker
        .tail()
        .run(run.id())
        .types(["metrics_logged"])
        .from(mltrack::Cursor::Start)
        .follow();
    assert_eq!(
        tail.next().unwrap().unwrap().points().next(),
        Some(("loss", 0, 1.0))
    );
    run.finish().unwrap();
}

#[test]
fn a_name_that_is_none_is_refused_by_the_push() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let fast = run.buffered(16);
    assert_eq!(code(fast.log_metric("", 1.0)), Code::ValidationError);
    fast.flush().unwrap();
    run.finish().unwrap();
}
