//! Runs around closures.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mltrack::{Code, RunState};

use crate::support::Store;

#[test]
fn ok_completes_the_run_and_gives_the_value_back() {
    let store = Store::new();
    let value = store.tracker.run("resnet", |run| {
        run.log_metric("loss", 0.5)?;
        Ok(42)
    });
    assert_eq!(value.unwrap(), 42);
    assert_eq!(
        store.tracker.runs().fetch().unwrap().items[0].state,
        RunState::Completed
    );
}

#[test]
fn an_error_fails_the_run_and_comes_back_as_the_source() {
    let store = Store::new();
    let error = store
        .tracker
        .run("resnet", |_| Ok("x".parse::<i32>()?))
        .unwrap_err();
    assert_eq!(error.code(), Code::CommandFailed);
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<std::num::ParseIntError>());
    let run = &store.tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.state, RunState::Failed);
    assert_eq!(
        run.error.as_ref().unwrap().message,
        "invalid digit found in string"
    );
}

#[test]
fn an_error_of_ours_comes_back_as_it_is() {
    let store = Store::new();
    let error = store
        .tracker
        .run("resnet", |run| Ok(run.log_metric("", 1.0)?))
        .unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    let run = &store.tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.error.as_ref().unwrap().kind, "VALIDATION_ERROR");
}

#[test]
fn a_panic_fails_the_run_with_its_message_and_goes_on() {
    let store = Store::new();
    let step = store.tracker.path().map_or(0, |_| 7);
    let body = || {
        store
            .tracker
            .run::<()>("resnet", |_| panic!("step {step} is bad"))
    };
    let payload = catch_unwind(AssertUnwindSafe(body)).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().unwrap(), "step 7 is bad");
    let run = &store.tracker.runs().fetch().unwrap().items[0];
    let error = run.error.as_ref().unwrap();
    assert_eq!(
        (run.state, error.kind.as_str()),
        (RunState::Failed, "panic")
    );
    assert!(
        error.message.starts_with("step 7 is bad"),
        "{}",
        error.message
    );
}

#[test]
fn what_the_closure_ended_stays_as_it_is() {
    let store = Store::new();
    store
        .tracker
        .run("resnet", |run| Ok(run.cancel("enough")?))
        .unwrap();
    assert_eq!(
        store.tracker.runs().fetch().unwrap().items[0].state,
        RunState::Cancelled
    );
}
