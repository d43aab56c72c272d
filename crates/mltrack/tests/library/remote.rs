//! Runs that somebody elsewhere logs to.

use mltrack::{
    Code, EndState, Logged, ParamValue, ParamsDiffer, RemotePoint, RemoteRun, RemoteState,
    RemoteUpdate, RemoteWrite, RunState, Tracker, WallTime,
};

use crate::support::{Store, code};

fn new_run(tracker: &Tracker) -> RemoteRun {
    let experiment = tracker.experiment("resnet").unwrap();
    let new = tracker.new_remote_run(experiment.id());
    new.name("kind-elk").create().unwrap()
}

fn point(name: &str, step: i64, time_ns: i64, value: f64) -> RemotePoint<'_> {
    let time = WallTime(time_ns);
    RemotePoint {
        name,
        value,
        step,
        time,
    }
}

fn params(pairs: &[(&str, &str)]) -> RemoteWrite<'static> {
    let params = pairs.iter();
    let params = params.map(|(name, value)| ((*name).to_owned(), ParamValue::from(*value)));
    RemoteWrite {
        params: params.collect(),
        ..RemoteWrite::default()
    }
}

fn ends(state: EndState, time_ns: i64) -> RemoteUpdate {
    RemoteUpdate {
        state: Some(RemoteState::Ended(state)),
        time: Some(WallTime(time_ns)),
        ..RemoteUpdate::default()
    }
}

#[test]
fn a_run_of_somebody_elsewhere_has_the_times_that_he_gives_and_no_owner() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let new = store.tracker.new_remote_run(experiment.id());
    let new = new
        .started(WallTime(5_000))
        .user("ada")
        .tag("team", "vision");
    let run = new.param("lr", 0.5).create().unwrap();
    let told = store.another().run_summary(run.id()).unwrap();
    assert_eq!((told.state, told.is_detached), (RunState::Running, true));
    assert_eq!((told.started, told.number), (Some(WallTime(5_000)), 1));
    assert_eq!(
        (told.actor.as_str(), told.tags["team"].as_str()),
        ("ada", "vision")
    );
    assert_eq!(told.params["lr"], ParamValue::Float(0.5));
    let again = store.tracker.new_remote_run(experiment.id()).id(run.id());
    assert_eq!(code(again.create()), Code::Conflict);
}

#[test]
fn points_of_one_call_are_one_batch_with_their_steps_and_times() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    let points = [
        point("loss", 3, 30, 0.3),
        point("acc", 1, 10, 0.9),
        point("loss", 1, 10, 0.5),
        point("loss", -2, 20, f64::NAN),
    ];
    let logged = run.log_points(&points).unwrap();
    assert!(matches!(logged, Logged::Visible(_)));
    let history = store.another().history(run.id(), "loss").fetch().unwrap();
    assert_eq!(history.steps, [-2, 1, 3]);
    assert_eq!(history.times_ns, [20, 10, 30]);
    let told = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!((told.points, told.metrics["acc"].last.value), (4, 0.9));
    let wrong = [point("fine", 1, 1, 1.0), point("", 1, 1, 1.0)];
    assert_eq!(code(run.log_points(&wrong)), Code::ValidationError);
    assert_eq!(store.tracker.run_summary(run.id()).unwrap().points, 4);
    assert!(matches!(run.log_points(&[]), Ok(Logged::Disabled)));
}

#[test]
fn a_run_that_has_ended_takes_points_params_and_tags() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    run.update(&ends(EndState::Completed, 9_000)).unwrap();
    run.log_points(&[point("loss", 1, 10, 0.5)]).unwrap();
    let write = RemoteWrite {
        tags: vec![("team".into(), "vision".into())],
        points: &[point("acc", 1, 10, 0.5)],
        ..params(&[("lr", "0.1")])
    };
    run.write(&write).unwrap();
    let told = store.another().run_summary(run.id()).unwrap();
    assert_eq!(
        (told.state, told.ended),
        (RunState::Completed, Some(WallTime(9_000)))
    );
    assert_eq!((told.points, told.points_late), (2, 2));
    assert_eq!(told.params["lr"], "0.1".into());
    let untag = RemoteWrite {
        tags_removed: vec!["team".into(), "none".into()],
        ..RemoteWrite::default()
    };
    run.write(&untag).unwrap();
    assert!(store.tracker.run_summary(run.id()).unwrap().tags.is_empty());
}

#[test]
fn a_param_keeps_its_value_and_a_conflict_says_both_and_writes_nothing() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    run.write(&params(&[("lr", "0.1")])).unwrap();
    run.write(&params(&[("lr", "0.1")])).unwrap();
    let points = [point("loss", 1, 10, 0.5)];
    let write = RemoteWrite {
        points: &points,
        ..params(&[("new", "1"), ("lr", "0.2")])
    };
    let error = run.write(&write).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    let source = std::error::Error::source(&error).unwrap();
    let differ = source.downcast_ref::<ParamsDiffer>().unwrap();
    assert_eq!(differ.0.len(), 1);
    assert_eq!(
        (&differ.0[0].old, &differ.0[0].new),
        (&"0.1".into(), &"0.2".into())
    );
    let told = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!((told.points, told.params.len()), (0, 1));
}

#[test]
fn a_run_that_is_deleted_by_itself_or_with_its_experiment_takes_nothing() {
    let store = Store::new();
    let (tracker, run) = (&store.tracker, new_run(&store.tracker));
    let points = [point("loss", 1, 10, 0.5)];
    let tries = || {
        let logged = run.log_points(&points);
        let written = run.write(&params(&[("lr", "0.1")]));
        let again = tracker.remote_run(run.id());
        [logged.is_ok(), written.is_ok(), again.is_ok()]
    };
    assert_eq!(tries(), [true; 3]);
    tracker.delete_run(run.id()).unwrap();
    assert_eq!(tries(), [false; 3]);
    assert_eq!(code(run.log_points(&points)), Code::InvalidState);
    tracker.restore_run(run.id()).unwrap();
    assert_eq!(tries(), [true; 3]);
    let experiment = tracker.experiment("resnet").unwrap();
    experiment.delete().unwrap();
    assert_eq!(tries(), [false; 3]);
    experiment.restore().unwrap();
    assert_eq!(tries(), [true; 3]);
}

#[test]
fn what_another_process_deleted_takes_nothing_after_the_next_look() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    let points = [point("loss", 1, 10, 0.5)];
    run.log_points(&points).unwrap();
    store.another().delete_run(run.id()).unwrap();
    let began = mltrack::door::monotonic();
    while run.log_points(&points).is_ok() {
        assert!(began.elapsed().as_secs() < 10, "nobody noticed");
    }
    assert_eq!(code(store.tracker.remote_run(run.id())), Code::InvalidState);
}

#[test]
fn a_run_goes_on_and_ends_otherwise_and_has_another_name() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    run.update(&ends(EndState::Completed, 9)).unwrap();
    let before = store.tracker.run_summary(run.id()).unwrap();
    let runs = RemoteUpdate {
        name: Some("calm-owl".into()),
        state: Some(RemoteState::Running),
        tags: vec![("a".into(), "b".into())],
        ..RemoteUpdate::default()
    };
    let logged = run.update(&runs).unwrap();
    let told = store.another().run_summary(run.id()).unwrap();
    assert_eq!((told.state, told.ended), (RunState::Running, None));
    assert_eq!((told.name.as_str(), told.tags.len()), ("calm-owl", 1));
    assert_eq!(store.tracker.find_run("calm-owl").unwrap(), run.id());
    store.tracker.undo(logged.lsn().unwrap()).apply().unwrap();
    let undone = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(
        (undone.name.as_str(), undone.state),
        ("kind-elk", before.state)
    );
    run.update(&ends(EndState::Failed, 11)).unwrap();
    let told = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(
        (told.state, told.ended),
        (RunState::Failed, Some(WallTime(11)))
    );
    let nothing = RemoteUpdate {
        time: None,
        ..ends(EndState::Failed, 0)
    };
    assert!(matches!(run.update(&nothing), Ok(Logged::Disabled)));
}

#[test]
fn another_name_is_an_operation_that_can_be_undone() {
    let store = Store::new();
    let run = new_run(&store.tracker);
    run.update(&RemoteUpdate {
        name: Some("calm-fox".into()),
        ..RemoteUpdate::default()
    })
    .unwrap();
    let operations = store.tracker.operations().limit(1).fetch().unwrap();
    assert_eq!(operations[0].kind, "run_renamed");
    store.tracker.undo(operations[0].first).apply().unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(summary.name, "kind-elk");
}

#[test]
fn a_run_that_waits_is_started_when_it_is_to_run_or_has_ended() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let new = || store.tracker.new_remote_run(experiment.id()).queued(true);
    let (one, two) = (new().create().unwrap(), new().create().unwrap());
    let state = |run: &RemoteRun| store.tracker.run_summary(run.id()).unwrap().state;
    assert_eq!(state(&one), RunState::Queued);
    one.update(&ends(EndState::Completed, 9)).unwrap();
    assert_eq!(state(&one), RunState::Completed);
    let runs = RemoteUpdate {
        state: Some(RemoteState::Running),
        ..RemoteUpdate::default()
    };
    two.update(&runs).unwrap();
    assert_eq!(state(&two), RunState::Running);
}

#[test]
fn many_threads_make_runs_and_log_to_them_at_once() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let run = store.tracker.new_remote_run(experiment.id());
                    let run = run.create().unwrap();
                    let run = store.tracker.remote_run(run.id()).unwrap();
                    run.log_points(&[point("loss", 1, 1, 1.0)]).unwrap();
                }
            });
        }
    });
    let page = store.another().runs().fetch().unwrap();
    assert_eq!(page.total, 100);
    let mut numbers: Vec<u64> = page.items.iter().map(|run| run.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<u64>>());
    assert!(page.items.iter().all(|run| run.metrics["loss"].count == 1));
}
