//! Distributions and JSON values as histories of their own kinds.

use crate::support::Store;

#[test]
fn values_come_back_by_name_step_and_moment() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_histogram("grad/conv", 20, &[1.0, 2.0, f64::NAN])
        .unwrap();
    let before = run
        .log_histogram("grad/conv", 10, &[5.0])
        .unwrap()
        .lsn()
        .unwrap();
    run.log_histogram("grad/head", 10, &[7.0]).unwrap();
    run.log_json("confusion", 1, &[[1, 2], [3, 4]]).unwrap();
    run.log_json("table", 1, &["a", "b"]).unwrap();
    run.log_metric("grad/conv", 1.0).unwrap();
    run.finish().unwrap();

    let histograms = |pattern: &str| store.tracker.histograms(run.id(), pattern);
    let steps = |pattern: &str| -> Vec<(String, i64)> {
        let points = histograms(pattern).fetch().unwrap();
        points
            .into_iter()
            .map(|point| (point.name, point.step))
            .collect()
    };
    assert_eq!(
        steps("grad/conv"),
        [("grad/conv".into(), 10), ("grad/conv".into(), 20)]
    );
    assert_eq!(steps("*").len(), 3);
    assert_eq!(steps("confusion"), []);
    let late = histograms("*").steps(11..).fetch().unwrap();
    assert_eq!(
        (late.len(), late[0].value.count, late[0].value.not_finite),
        (1, 2, 1)
    );
    assert_eq!(histograms("*").at(before).fetch().unwrap().len(), 2);
    assert_eq!(histograms("*").times_ns(..0).fetch().unwrap().len(), 0);

    let json = store.tracker.json_values(run.id(), "confusion");
    let found = json.fetch().unwrap();
    assert_eq!(
        (found.len(), found[0].value.json.as_str()),
        (1, "[[1,2],[3,4]]")
    );
    let both = store.tracker.json_values(run.id(), "confusion").name("t*");
    assert_eq!(both.fetch().unwrap().len(), 2);
    let in_context = store
        .tracker
        .json_values(run.id(), "*")
        .context("subset", "val");
    assert_eq!(in_context.fetch().unwrap().len(), 0);
}

#[test]
fn values_of_a_run_that_is_not_there_are_an_error() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.finish().unwrap();
    let other = Store::new();
    let error = other.tracker.histograms(run.id(), "*").fetch().unwrap_err();
    assert_eq!(error.code(), mltrack::Code::NotFound);
}
