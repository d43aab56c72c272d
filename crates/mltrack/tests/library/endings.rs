//! Every way a run can end, and what happens afterwards.

use std::io;
use std::sync::{Arc, Mutex};

use mltrack::{Code, EndState, Error, RunState, Tracker};

use crate::support::{Store, code};

#[test]
fn finish_completes_the_run_for_all_its_handles() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let clone = run.clone();
    run.finish().unwrap();
    assert_eq!(clone.state().unwrap(), RunState::Completed);
    let error = clone.log_metric("loss", 1.0).unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(error.to_string().contains("completed"), "{error}");
    assert!(error.hint().unwrap().contains("resume"), "{error:?}");
    assert_eq!(code(clone.finish()), Code::InvalidState);
    assert_eq!(code(clone.log_param("lr", 1)), Code::InvalidState);
    assert_eq!(code(clone.set_tag("a", "b")), Code::InvalidState);
    assert_eq!(code(clone.note("late")), Code::InvalidState);
}

#[test]
fn a_failed_run_has_the_error_and_its_causes() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let cause = io::Error::other("the disk is on fire");
    run.fail(&Error::new(Code::IoError, "cannot read the data").with_source(cause))
        .unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    let error = summary.error.unwrap();
    assert_eq!(summary.state, RunState::Failed);
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("Error", "cannot read the data")
    );
    assert_eq!(error.cause.as_deref(), Some("the disk is on fire"));
}

#[test]
fn a_cancelled_run_says_why() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.cancel("the loss exploded").unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(summary.state, RunState::Cancelled);
    assert_eq!(summary.error.unwrap().message, "the loss exploded");
}

#[test]
fn a_run_whose_last_handle_is_dropped_was_abandoned() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let (id, clone) = (run.id(), run.clone());
    drop(run);
    assert_eq!(
        store.tracker.run_summary(id).unwrap().state,
        RunState::Running
    );
    drop(clone);
    let summary = store.tracker.run_summary(id).unwrap();
    assert_eq!(
        (summary.state, summary.error.unwrap().kind.as_str()),
        (RunState::Failed, "abandoned")
    );
}

#[test]
fn a_run_dropped_by_a_panicking_thread_failed_with_its_message() {
    mltrack::record_panics();
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let id = run.id();
    let thread = std::thread::spawn(move || {
        let _run = run;
        panic!("the gradient is NaN");
    });
    assert!(thread.join().is_err());
    let error = store.tracker.run_summary(id).unwrap().error.unwrap();
    assert_eq!(error.kind, "panic");
    assert!(
        error.message.starts_with("the gradient is NaN at "),
        "{}",
        error.message
    );
    assert!(error.trace.is_some());
}

#[test]
fn an_end_by_another_tracker_is_noticed_by_the_next_calls() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 1.0).unwrap();
    store
        .another()
        .end_run(run.id(), EndState::Cancelled, None)
        .unwrap();
    let mut accepted = 0;
    let error = loop {
        match run.log_metric("loss", 0.5) {
            Ok(_) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::InvalidState);
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(summary.state, RunState::Cancelled);
    assert_eq!(
        (summary.points, summary.points_late),
        (1 + accepted, accepted)
    );
    assert_eq!(code(run.finish()), Code::InvalidState);
}

#[test]
fn an_end_is_noticed_also_behind_much_that_others_wrote() {
    let store = Store::new();
    let other = store.another();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let busy = other.experiment("busy").unwrap().start_run().unwrap();
    for step in 0..20_000 {
        busy.log_metric_at("loss", 0.5, step).unwrap();
    }
    other.end_run(run.id(), EndState::Failed, None).unwrap();
    let error = loop {
        if let Err(error) = run.log_metric("loss", 0.5) {
            break error;
        }
    };
    assert_eq!(error.code(), Code::InvalidState);
    busy.finish().unwrap();
}

#[test]
fn a_run_ends_once_however_many_want_to_end_it() {
    let store = Store::new();
    let other = store.another();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let ended: usize = std::thread::scope(|scope| {
        let end = |at: usize| {
            let (run, other) = (&run, &other);
            scope.spawn(move || {
                if at.is_multiple_of(2) {
                    run.finish().is_ok()
                } else {
                    other.end_run(run.id(), EndState::Completed, None).is_ok()
                }
            })
        };
        let threads: Vec<_> = (0..8).map(end).collect();
        threads
            .into_iter()
            .map(|thread| usize::from(thread.join().unwrap()))
            .sum()
    });
    assert_eq!(ended, 1);
}

#[test]
fn ending_a_run_that_is_not_there_is_not_found() {
    let store = Store::new();
    let id = mltrack::RunId::from_bytes([7; 16]);
    assert_eq!(
        code(store.tracker.end_run(id, EndState::Failed, None)),
        Code::NotFound
    );
    assert_eq!(code(store.tracker.resume(id)), Code::NotFound);
    assert_eq!(code(store.tracker.run_summary(id)), Code::NotFound);
}

#[test]
fn a_handle_whose_run_was_resumed_after_its_end_ends_nothing_when_it_is_dropped() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let run = experiment.start_run().unwrap();
    run.finish().unwrap();
    let resumed = store.tracker.resume(run.id()).unwrap();
    drop(run);
    resumed.log_metric("loss", 1.0).unwrap();
    assert_eq!(resumed.state().unwrap(), RunState::Running);
    resumed.finish().unwrap();
    assert_eq!(resumed.state().unwrap(), RunState::Completed);
}

#[test]
fn a_handle_whose_run_others_ended_ends_nothing_and_warns_of_nothing_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&warnings);
    let builder = Tracker::builder(folder.path());
    let builder = builder.on_warning(move |warning| told.lock().unwrap().push(warning.to_string()));
    let tracker = builder.open().unwrap();
    let other = Tracker::open(folder.path()).unwrap();
    let experiment = tracker.experiment("resnet").unwrap();

    let run = experiment.start_run().unwrap();
    let ended = run.id();
    other.end_run(ended, EndState::Cancelled, None).unwrap();
    drop(run);
    assert_eq!(other.run_summary(ended).unwrap().state, RunState::Cancelled);

    let run = experiment.start_run().unwrap();
    other.end_run(run.id(), EndState::Cancelled, None).unwrap();
    let resumed = tracker.resume(run.id()).unwrap();
    drop(run);
    assert_eq!(resumed.state().unwrap(), RunState::Running);
    resumed.finish().unwrap();
    assert_eq!(*warnings.lock().unwrap(), [""; 0]);
}

#[test]
fn of_programs_that_begin_the_one_run_of_a_tag_at_once_one_makes_it() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let earlier = experiment.run().tag("job", "17").start().unwrap();
    let since = store.tracker.next_lsn().unwrap().unwrap();
    let begin = |tracker: &Tracker| {
        let experiment = tracker.experiment("resnet").unwrap();
        experiment.run().unique_tag("job", "17", since).start()
    };
    let runs: Vec<Result<mltrack::Run, Error>> = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(|| begin(&store.another())));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (made, refused): (Vec<_>, Vec<_>) = runs.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 3));
    for refused in refused {
        assert_eq!(code(refused), Code::Conflict);
    }
    let made = made.into_iter().next().unwrap().unwrap();
    assert_ne!(made.id(), earlier.id(), "one made before does not count");
    made.finish().unwrap();
    store.tracker.delete_run(made.id()).unwrap();
    begin(&store.tracker).unwrap().finish().unwrap();
    earlier.finish().unwrap();
}
