//! Parameters: typed, nested, and never overwritten.

use std::collections::BTreeMap;

use mltrack::{Code, ParamValue};

use crate::support::{Store, code};

#[test]
fn types_and_nesting_survive_the_log() {
    let store = Store::new();
    let run = store.tracker.experiment("resnet").unwrap().run();
    let optimizer = BTreeMap::from([("lr", 3e-4), ("limit", f64::INFINITY)]);
    let run = run
        .param("optimizer", &optimizer)
        .param("layers", [1, 2])
        .start()
        .unwrap();
    run.log_param("amp", true).unwrap();
    run.log_param("seed", u64::MAX).unwrap();
    run.log_param("epochs", 90_u8).unwrap();
    run.log_param("name", "adam").unwrap();
    run.finish().unwrap();
    let params = store.tracker.run_summary(run.id()).unwrap().params;
    let expected = [
        ("amp", ParamValue::Bool(true)),
        ("epochs", ParamValue::Int(90)),
        ("layers", ParamValue::Json("[1,2]".into())),
        ("name", ParamValue::Text("adam".into())),
        ("optimizer.limit", ParamValue::Float(f64::INFINITY)),
        ("optimizer.lr", ParamValue::Float(3e-4)),
        ("seed", ParamValue::Json(u64::MAX.to_string())),
    ];
    assert_eq!(
        params,
        expected
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    );
}

#[test]
fn an_equal_value_is_fine_and_another_or_another_type_is_refused() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .run()
        .param("lr", 1.0)
        .start()
        .unwrap();
    run.log_param("lr", 1.0).unwrap();
    run.log_param("nan", f64::NAN).unwrap();
    run.log_param("nan", f64::NAN).unwrap();
    let error = run.log_param("lr", 1).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(
        error.to_string(),
        "the parameter \"lr\" is 1.0 (float) and cannot become 1 (int)"
    );
    assert_eq!(
        code(run.log_params(&BTreeMap::from([("new", 1.0), ("lr", 2.0)]))),
        Code::Conflict
    );
    let params = store.tracker.run_summary(run.id()).unwrap().params;
    assert!(!params.contains_key("new"), "all or none");
    run.finish().unwrap();
}

#[test]
fn of_two_owners_with_different_values_one_is_refused() {
    let store = Store::new();
    let other = store.another();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let rank = other.attach(run.id()).unwrap();
    for name in (0..50).map(|at| format!("param{at}")) {
        let (a, b) = std::thread::scope(|scope| {
            let a = scope.spawn(|| run.log_param(&name, 1));
            let b = scope.spawn(|| rank.log_param(&name, 2));
            (a.join().unwrap(), b.join().unwrap())
        });
        assert!(a.is_ok() != b.is_ok(), "{name}: {a:?} {b:?}");
        let kept = &store.tracker.run_summary(run.id()).unwrap().params[&name];
        assert_eq!(*kept, ParamValue::Int(if a.is_ok() { 1 } else { 2 }));
    }
    run.finish().unwrap();
    assert_eq!(
        code(rank.log_param("late", 1)),
        Code::InvalidState,
        "checked exactly, not lazily"
    );
}

#[test]
fn a_resumed_run_knows_its_params() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .run()
        .param("lr", 1.0)
        .start()
        .unwrap();
    run.finish().unwrap();
    let again = store.another().resume(run.id()).unwrap();
    assert_eq!(code(again.log_param("lr", 2.0)), Code::Conflict);
    again.finish().unwrap();
}

#[test]
fn a_wrong_name_or_value_is_refused_before_the_run_starts() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    assert_eq!(
        code(experiment.run().param("", 1).start()),
        Code::SerializationError
    );
    assert_eq!(
        code(experiment.run().param("a\nb", 1).start()),
        Code::ValidationError
    );
    assert_eq!(
        code(experiment.run().param("a", 1).param("a", 2).start()),
        Code::Conflict
    );
    assert_eq!(store.tracker.runs().fetch().unwrap().total, 0);
}
