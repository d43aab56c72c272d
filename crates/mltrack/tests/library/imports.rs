//! Runs that are brought in with times of their own.

use mltrack::{Code, EndState, PastEnd, PastRun, RunState, WallTime};

use crate::support::{Store, code};

const SECOND_NS: i64 = 1_000_000_000;

fn at(seconds: i64) -> WallTime {
    WallTime((1_700_000_000 + seconds) * SECOND_NS)
}

#[test]
fn an_imported_run_has_its_own_times_params_and_points() {
    let store = Store::new();
    let mut import = store.tracker.experiment("old").unwrap().import().unwrap();
    let both = import.columns(["loss", "acc"]).unwrap();
    let run = PastRun {
        params: vec![("lr".into(), 0.1.into())],
        tags: vec![("paper".into(), "v2".into())],
        seed: Some(7),
        host: "node-1".into(),
        pid: 4711,
        ..PastRun::new("kind-elk", at(0))
    };
    let id = import.begin(&run).unwrap();
    for step in 0..5000 {
        let values = [1.0 / (step + 1) as f64, f64::NAN];
        import.log(id, both, step, at(step), &values).unwrap();
    }
    import
        .end(id, at(6000), PastEnd::Ended(EndState::Completed, None))
        .unwrap();
    let told = store.tracker.run_summary(id).unwrap();
    assert_eq!((told.number, told.name.as_str()), (1, "kind-elk"));
    assert_eq!((told.created, told.ended), (at(0), Some(at(6000))));
    assert_eq!((told.points, told.points_late), (10_000, 0));
    assert_eq!((told.host.as_str(), told.pid), ("node-1", 4711));
    assert_eq!(told.params["lr"], 0.1.into());
    assert_eq!(told.state, RunState::Completed);
    let loss = store.tracker.history(id, "loss").fetch().unwrap();
    assert_eq!(loss.times_ns[17], at(17).0);
    assert_eq!(loss.values[4999].to_bits(), 2e-4_f64.to_bits());
}

#[test]
fn imported_runs_take_their_numbers_among_those_that_others_start() {
    let store = Store::new();
    let experiment = store.tracker.experiment("old").unwrap();
    let mut import = experiment.import().unwrap();
    let first = import.begin(&PastRun::new("a", at(0))).unwrap();
    let live = store
        .another()
        .experiment("old")
        .unwrap()
        .start_run()
        .unwrap();
    let third = import.begin(&PastRun::new("b", at(1))).unwrap();
    let number = |id| store.tracker.run_summary(id).unwrap().number;
    assert_eq!((number(first), live.number(), number(third)), (1, 2, 3));
    live.finish().unwrap();
    import.end(first, at(2), PastEnd::Lost).unwrap();
    assert_eq!(
        store.tracker.run_summary(first).unwrap().state,
        RunState::Lost
    );
}

#[test]
fn an_import_refuses_what_a_live_run_refuses() {
    let store = Store::new();
    let experiment = store.tracker.experiment("old").unwrap();
    let mut import = experiment.import().unwrap();
    let columns = import.columns(["loss"]).unwrap();
    let run = import.begin(&PastRun::new("a", at(0))).unwrap();
    let same = PastRun {
        id: Some(run),
        ..PastRun::new("b", at(0))
    };
    assert_eq!(code(import.begin(&same)), Code::Conflict);
    let wrong = import.log(run, columns, 0, at(0), &[1.0, 2.0]);
    assert_eq!(code(wrong), Code::ValidationError);
    assert_eq!(code(import.columns(["a", "a"])), Code::ValidationError);
    store
        .another()
        .end_run(run, EndState::Failed, None)
        .unwrap();
    let ended = import.end(run, at(1), PastEnd::Ended(EndState::Completed, None));
    assert_eq!(code(ended), Code::InvalidState);
    let after = import.log(run, columns, 0, at(0), &[1.0]);
    assert_eq!(code(after), Code::InvalidState);
    experiment.pause().unwrap();
    assert_eq!(
        code(import.begin(&PastRun::new("c", at(0)))),
        Code::InvalidState
    );
    assert_eq!(code(experiment.import()), Code::InvalidState);
}
