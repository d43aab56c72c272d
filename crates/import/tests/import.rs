//! Imports into real stores, from a source whose every move is chosen by the test.
//!
//! Invariant tested: what is in the store is what the source has, once, whatever happened on the way.

#[path = "import/files.rs"]
mod files;
#[path = "import/mlflow.rs"]
mod mlflow;
#[path = "import/scripted.rs"]
mod scripted;
#[path = "import/wandb.rs"]
mod wandb;

use mltrack::{Code, RunState, Tracker};
use mltrack_import::{Options, Report, Stop, UntakenKind, import};
use scripted::{Scripted, Step};

fn tracker() -> (tempfile::TempDir, Tracker) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let tracker = Tracker::open(folder.path()).expect("a store can be made there");
    (folder, tracker)
}

fn bring(tracker: &Tracker, source: &mut Scripted) -> Report {
    import(tracker, source, &Options::default(), &mut |_| ()).expect("nothing is in the way")
}

/// Steps of `loss` in the only run.
fn steps(tracker: &Tracker) -> Vec<i64> {
    let page = tracker.runs().fetch().expect("the store can be read");
    let run = &page.items[0];
    let history = tracker.history(run.id, "loss").fetch();
    history.expect("the history can be read").steps
}

fn events(tracker: &Tracker) -> Option<mltrack::Lsn> {
    tracker.next_lsn().expect("the store can be read")
}

#[test]
fn an_import_that_is_repeated_adds_what_is_new_and_nothing_else() {
    let (_folder, tracker) = tracker();
    let first = bring(&tracker, &mut Scripted::with_chunks(3));
    assert_eq!((first.runs_new, first.points), (1, 30));
    let before = events(&tracker);
    let again = bring(&tracker, &mut Scripted::with_chunks(3));
    assert_eq!(
        (again.runs_new, again.runs_grown, again.runs_same),
        (0, 0, 1)
    );
    assert_eq!(events(&tracker), before, "not one record more");
    let more = bring(&tracker, &mut Scripted::with_chunks(5));
    assert_eq!((more.runs_grown, more.points), (1, 20));
    assert_eq!(steps(&tracker), (0..50).collect::<Vec<_>>());
}

#[test]
fn an_import_that_fails_anywhere_goes_on_to_the_same_result() {
    for failing in 0..4 {
        let (_folder, tracker) = tracker();
        let mut source = Scripted::with_chunks(4);
        source.steps.insert(failing, Step::Fail);
        let options = Options::default();
        let failed = import(&tracker, &mut source, &options, &mut |_| ()).unwrap_err();
        assert_eq!(failed.code(), Code::Network, "{failed}");
        bring(&tracker, &mut Scripted::with_chunks(4));
        assert_eq!(
            steps(&tracker),
            (0..40).collect::<Vec<_>>(),
            "failed at {failing}"
        );
        let run = &tracker.runs().fetch().unwrap().items[0];
        assert_eq!(run.state, RunState::Completed);
    }
}

#[test]
fn the_run_that_is_made_has_the_same_id_in_every_store() {
    let ids = [(), ()].map(|()| {
        let (_folder, tracker) = tracker();
        bring(&tracker, &mut Scripted::with_chunks(1));
        tracker.runs().fetch().unwrap().items[0].id
    });
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_run_that_was_deleted_here_stays_so_and_one_that_was_purged_comes_again() {
    let (_folder, tracker) = tracker();
    bring(&tracker, &mut Scripted::with_chunks(1));
    let run = tracker.runs().fetch().unwrap().items[0].id;
    tracker.delete_run(run).unwrap();
    let report = bring(&tracker, &mut Scripted::with_chunks(2));
    assert_eq!(
        (report.points, report.untaken[0].kind),
        (0, UntakenKind::Deleted)
    );
    assert!(!report.has_failed());
    tracker.restore_run(run).unwrap();
    assert_eq!(bring(&tracker, &mut Scripted::with_chunks(2)).points, 10);
}

#[test]
fn what_the_store_refuses_is_said_and_the_rest_taken() {
    let (_folder, tracker) = tracker();
    let mut source = Scripted::with_chunks(1);
    source.metric = "x".repeat(501);
    source.params = vec![("lr".into(), 0.5.into())];
    let report = bring(&tracker, &mut source);
    assert_eq!((report.runs_new, report.points, report.params), (1, 0, 1));
    assert_eq!(report.untaken[0].kind, UntakenKind::Refused);
    assert!(report.has_failed());
    // A parameter keeps its value.
    let mut source = Scripted::with_chunks(2);
    source.params = vec![("lr".into(), 0.7.into()), ("depth".into(), 3_i64.into())];
    let report = bring(&tracker, &mut source);
    assert_eq!((report.params, report.points), (1, 10));
    assert!(
        report.untaken[0].what.contains("lr"),
        "{:?}",
        report.untaken
    );
}

#[test]
fn a_dry_run_writes_nothing_and_counts_the_same() {
    let (_folder, tracker) = tracker();
    let before = events(&tracker);
    let options = Options {
        is_dry: true,
        ..Options::default()
    };
    let dry = import(
        &tracker,
        &mut Scripted::with_chunks(3),
        &options,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(events(&tracker), before);
    let mut wet = bring(&tracker, &mut Scripted::with_chunks(3));
    wet.new_runs.clear();
    assert_eq!(dry, wet);
}

#[test]
fn all_runs_go_into_the_experiment_that_is_wished() {
    let (_folder, tracker) = tracker();
    let options = Options {
        into: Some("elsewhere".into()),
        ..Options::default()
    };
    import(
        &tracker,
        &mut Scripted::with_chunks(1),
        &options,
        &mut |_| (),
    )
    .unwrap();
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(
        (run.experiment_name.as_str(), run.name.as_str()),
        ("elsewhere", "kind-elk")
    );
    assert_eq!(run.tags["import.source"], "scripted");
}

#[test]
fn a_store_that_is_followed_ends_its_runs_when_nobody_follows_any_more() {
    let (_folder, tracker) = tracker();
    let stop = Stop::default();
    let options = Options {
        follow: Some(stop.clone()),
        ..Options::default()
    };
    let mut source = Scripted::with_chunks(2);
    source.grows_by = 1;
    let (mut looks, mut states) = (0, Vec::new());
    let report = import(&tracker, &mut source, &options, &mut |at| {
        let run = tracker
            .runs()
            .fetch()
            .unwrap()
            .items
            .pop()
            .expect("a chunk was taken");
        states.push(run.state);
        if at.points >= 40 {
            looks += 1;
            stop.set();
        }
    });
    assert_eq!(report.unwrap().points, 40);
    assert!(
        looks > 0 && states.iter().all(|state| *state == RunState::Running),
        "{states:?}"
    );
    let run = &tracker.runs().fetch().unwrap().items[0];
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(steps(&tracker), (0..40).collect::<Vec<_>>());
}

#[test]
fn somebody_who_imports_the_same_at_the_same_time_is_refused() {
    let (_folder, tracker) = tracker();
    let mut source = Scripted::with_chunks(2);
    let other = tracker.clone();
    source.before_chunk = Some(Box::new(move |at| {
        if at == 1 {
            // The first chunk is written by another thread.
            while other
                .runs()
                .fetch()
                .unwrap()
                .items
                .iter()
                .all(|run| run.points < 10)
            {
                std::thread::yield_now();
            }
            bring(&other, &mut Scripted::with_chunks(2));
        }
    }));
    let refused = import(&tracker, &mut source, &Options::default(), &mut |_| ());
    assert_eq!(refused.unwrap_err().code(), Code::Conflict);
    assert_eq!(steps(&tracker), (0..20).collect::<Vec<_>>());
}
