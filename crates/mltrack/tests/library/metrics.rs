//! Metrics and everything else that a running run takes.

use mltrack::{Code, Level, Logged, WallTime};

use crate::support::{Store, code, log_ones};

#[test]
fn log_metric_counts_its_own_steps_for_each_name() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 3.0).unwrap();
    run.log_metric("acc", 0.1).unwrap();
    run.log_metric("loss", 2.0).unwrap();
    run.log_metric_at("loss", 1.0, 10).unwrap();
    run.log_metric("loss", 0.5).unwrap();
    let loss = store.tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!(
        (loss.steps, loss.values),
        (vec![0, 1, 10, 11], vec![3.0, 2.0, 1.0, 0.5])
    );
    assert_eq!(
        store
            .tracker
            .history(run.id(), "acc")
            .fetch()
            .unwrap()
            .steps,
        [0]
    );
    run.finish().unwrap();
}

#[test]
fn every_bit_of_a_value_is_kept() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let odd = [
        f64::NAN,
        f64::from_bits(0x7ff8_dead_beef_0001),
        -0.0,
        f64::INFINITY,
        f64::MIN_POSITIVE / 2.0,
    ];
    for value in odd {
        run.log_metric("odd", value).unwrap();
    }
    let kept = store
        .tracker
        .history(run.id(), "odd")
        .fetch()
        .unwrap()
        .values;
    let bits = |values: &[f64]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<u64>>()
    };
    assert_eq!(bits(&kept), bits(&odd));
    run.finish().unwrap();
}

#[test]
fn a_visible_call_carries_its_lsn_and_several_values_are_one_record() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let first = run
        .log_metrics(0, [("loss", 1.0), ("acc", 0.1)])
        .unwrap()
        .lsn()
        .unwrap();
    let second = run
        .log_metrics(1, [("loss".to_owned(), 0.5), ("acc".to_owned(), 0.2)])
        .unwrap();
    assert_eq!(
        second,
        Logged::Visible(first.plus(1)),
        "definitions come once"
    );
    let histories = store.tracker.histories(run.id()).fetch().unwrap();
    let names: Vec<&str> = histories
        .iter()
        .map(|history| history.name.as_str())
        .collect();
    assert_eq!(names, ["acc", "loss"]);
    run.finish().unwrap();
}

#[test]
fn the_same_name_in_another_context_is_another_metric() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 1.0).unwrap();
    run.metric("loss")
        .context("subset", "val")
        .time(WallTime(5))
        .log(2.0, 7)
        .unwrap();
    run.metrics()
        .context("subset", "val")
        .log(8, [("loss", 3.0), ("acc", 0.5)])
        .unwrap();
    let tracker = &store.tracker;
    assert_eq!(
        tracker.history(run.id(), "loss").fetch().unwrap().values,
        [1.0]
    );
    let val = tracker
        .history(run.id(), "loss")
        .context("subset", "val")
        .fetch()
        .unwrap();
    assert_eq!((val.values, val.times_ns[0]), (vec![2.0, 3.0], 5));
    let summary = tracker.run_summary(run.id()).unwrap();
    assert_eq!(
        summary.metrics.keys().collect::<Vec<_>>(),
        ["acc{subset=val}", "loss", "loss{subset=val}"]
    );
    run.finish().unwrap();
}

#[test]
fn a_batch_of_columns_and_single_calls_are_one_history() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let steps: Vec<i64> = (0..40_000).collect();
    let values: Vec<f64> = steps.iter().map(|step| *step as f64).collect();
    run.log_metric_batch("loss", &steps, &values).unwrap();
    run.log_metric("loss", -1.0).unwrap();
    let loss = store.tracker.history(run.id(), "loss").fetch().unwrap();
    assert_eq!((loss.len(), loss.steps[40_000]), (40_001, 40_000));
    assert_eq!(
        code(run.log_metric_batch("loss", &[1], &[])),
        Code::ValidationError
    );
    run.finish().unwrap();
}

#[test]
fn threads_share_a_run_and_no_point_is_lost() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let run = run.clone();
            let name = format!("thread{thread}");
            scope.spawn(move || log_ones(&run, &name, 500));
        }
    });
    run.finish().unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!((summary.points, summary.points_late), (2000, 0));
}

#[test]
fn words_distributions_and_any_json_are_kept() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.set_tag("paper", "v2").unwrap();
    run.set_tag("draft", "").unwrap();
    run.remove_tag("draft").unwrap();
    run.note("looks **good**").unwrap();
    run.log_line(Level::Warn, "slow").unwrap();
    run.log_histogram("gradient", 17, &[1.0, 2.0, f64::NAN])
        .unwrap();
    run.log_json("confusion", 17, &[[1, 2], [3, 4]]).unwrap();
    run.finish().unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(summary.tags, [("paper".to_owned(), "v2".to_owned())].into());
    assert_eq!(
        (summary.notes, summary.last_note.as_deref()),
        (1, Some("looks **good**"))
    );
    assert_eq!(summary.lines, 1);
}

#[test]
fn names_that_are_none_are_refused_with_the_rule() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let error = run.log_metric("", 1.0).unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert!(error.to_string().contains("1 to 500 bytes"), "{error}");
    assert_eq!(
        code(run.log_metrics(0, [("a", 1.0), ("a", 2.0)])),
        Code::ValidationError
    );
    assert_eq!(code(run.set_tag("", "x")), Code::ValidationError);
    run.log_metric("fine", 1.0).unwrap();
    run.finish().unwrap();
}

#[test]
fn a_child_belongs_to_its_parent_and_ends_by_itself() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("folds")
        .unwrap()
        .start_run()
        .unwrap();
    let child = run.child("fold-1").unwrap();
    run.finish().unwrap();
    child.log_metric("loss", 1.0).unwrap();
    child.finish().unwrap();
    let children = store.tracker.runs().parent(run.id()).fetch().unwrap().items;
    assert_eq!(
        (children.len(), children[0].id, children[0].parent),
        (1, child.id(), Some(run.id()))
    );
}
