//! Owners: who is gone loses the run, who resumes it takes it over, detached runs have none.

use std::time::Duration;

use mltrack::{Code, Cursor, EndState, RunId, RunState};

use crate::support::{Process, Store, code, log_ones, role, say, wait_for_the_end};

/// Starts a run in another process and leaves it running there.
fn trainer(store: &Store, test: &str) -> (Process, RunId) {
    let mut process = Process::start(test, "trainer", store.path());
    let id = process.hear().parse().unwrap();
    (process, id)
}

fn train() {
    let (_, tracker) = role().expect("only a trainer comes here");
    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    for step in 0..10 {
        run.log_metric_at("loss", 1.0, step).unwrap();
    }
    say(run.id());
    wait_for_the_end();
}

#[test]
fn a_run_whose_process_was_killed_is_lost_and_can_be_resumed() {
    if role().is_some() {
        return train();
    }
    let store = Store::new();
    let (process, id) = trainer(
        &store,
        "owners::a_run_whose_process_was_killed_is_lost_and_can_be_resumed",
    );
    assert_eq!(
        store.tracker.run_summary(id).unwrap().state,
        RunState::Running
    );
    process.kill();
    assert_eq!(
        store.tracker.run_summary(id).unwrap().state,
        RunState::Lost,
        "seen at once"
    );
    assert_eq!(code(store.tracker.attach(id)), Code::InvalidState);

    let run = store.tracker.resume(id).unwrap();
    assert_eq!(run.state().unwrap(), RunState::Running);
    run.log_metric("loss", 0.5).unwrap();
    run.finish().unwrap();
    let points = store.tracker.history(id, "loss").fetch().unwrap();
    assert_eq!(
        points.steps,
        (0..=10).collect::<Vec<i64>>(),
        "the steps go on where they were"
    );
    let moves = types_of(&store, id);
    assert_eq!(
        moves,
        [
            "run_created",
            "run_started",
            "run_lost",
            "run_resumed",
            "run_ended"
        ]
    );
}

/// The events of a run's life, in order.
fn types_of(store: &Store, id: RunId) -> Vec<&'static str> {
    let names = [
        "run_created",
        "run_started",
        "run_resumed",
        "run_ended",
        "run_lost",
        "run_attached",
    ];
    let mut tail = store
        .tracker
        .tail()
        .from(Cursor::Start)
        .run(id)
        .types(names)
        .follow();
    let mut types = Vec::new();
    while let Some(event) = tail.next_within(Duration::ZERO).unwrap() {
        types.push(event.type_name());
    }
    types
}

#[test]
fn the_next_writer_records_that_a_run_is_lost() {
    if role().is_some() {
        return train();
    }
    let store = Store::new();
    let (process, id) = trainer(&store, "owners::the_next_writer_records_that_a_run_is_lost");
    process.kill();
    let next = store.another();
    next.experiment("resnet").unwrap();
    assert_eq!(
        types_of(&store, id),
        ["run_created", "run_started", "run_lost"]
    );
    store.another().experiment("resnet").unwrap();
    assert_eq!(types_of(&store, id).len(), 3, "once");
}

#[test]
fn a_run_with_another_living_owner_is_not_lost() {
    if role().is_some() {
        return train();
    }
    let store = Store::new();
    let (process, id) = trainer(
        &store,
        "owners::a_run_with_another_living_owner_is_not_lost",
    );
    let rank = store.tracker.attach(id).unwrap();
    rank.log_metric("rank.loss", 0.5).unwrap();
    process.kill();
    assert_eq!(
        store.tracker.run_summary(id).unwrap().state,
        RunState::Running
    );
    drop(rank);
    assert_eq!(
        store.tracker.run_summary(id).unwrap().state,
        RunState::Running,
        "who joined just leaves"
    );
    let last = store.tracker.resume(id).unwrap();
    last.finish().unwrap();
    assert_eq!(
        types_of(&store, id),
        ["run_created", "run_started", "run_attached", "run_ended"]
    );
}

#[test]
fn what_two_owners_log_is_in_one_run() {
    let store = Store::new();
    let other = store.another();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let rank = other.attach(run.id()).unwrap();
    std::thread::scope(|scope| {
        for (name, run) in [("rank0", &run), ("rank1", &rank)] {
            scope.spawn(move || log_ones(run, name, 2000));
        }
    });
    run.finish().unwrap();
    let error = loop {
        if let Err(error) = rank.log_metric("rank1", 1.0) {
            break error;
        }
    };
    assert_eq!(error.code(), Code::InvalidState, "ended for all");
    for name in ["rank0", "rank1"] {
        let points = store.tracker.history(run.id(), name).fetch().unwrap();
        assert!(
            points.steps.iter().copied().take(2000).eq(0..2000),
            "{name}"
        );
    }
}

#[test]
fn a_detached_run_outlives_its_process_and_its_handles() {
    let store = Store::new();
    let other = store.another();
    let run = other
        .experiment("shell")
        .unwrap()
        .run()
        .detached(true)
        .start()
        .unwrap();
    let id = run.id();
    run.log_metric("loss", 1.0).unwrap();
    drop(run);
    other.close().unwrap();
    let summary = store.tracker.run_summary(id).unwrap();
    assert_eq!(summary.state, RunState::Running);
    assert!(summary.silent_ns.is_some());
    store
        .tracker
        .attach(id)
        .unwrap()
        .log_metric("loss", 0.5)
        .unwrap();
    store
        .tracker
        .end_run(id, EndState::Completed, None)
        .unwrap();
    let points = store.tracker.history(id, "loss").fetch().unwrap();
    assert_eq!(points.steps, [0, 1]);
    assert_eq!(
        types_of(&store, id),
        ["run_created", "run_started", "run_ended"]
    );
}

#[test]
fn a_run_out_of_time_is_recorded_so_by_the_next_writer() {
    let store = Store::new();
    let other = store.another();
    let run = other.experiment("shell").unwrap().run().detached(true);
    let id = run.timeout(Duration::from_secs(1)).start().unwrap().id();
    // Conditions, not a sleep: the state turns when the clock has moved on.
    while store.tracker.run_summary(id).unwrap().state == RunState::Running {
        std::thread::yield_now();
    }
    store.another().experiment("shell").unwrap();
    assert_eq!(
        types_of(&store, id),
        ["run_created", "run_started", "run_ended"]
    );
    let summary = store.tracker.run_summary(id).unwrap();
    assert_eq!(summary.state, RunState::TimedOut);
    let resumed = store.tracker.resume(id).unwrap();
    assert_eq!(resumed.state().unwrap(), RunState::Running);
}

#[test]
fn an_ended_run_can_be_resumed_and_fails_when_it_is_abandoned_again() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.finish().unwrap();
    let again = store.tracker.resume(run.id()).unwrap();
    again.log_metric("loss", 0.1).unwrap();
    drop(again);
    assert_eq!(
        store.tracker.run_summary(run.id()).unwrap().state,
        RunState::Failed
    );
}
