//! Stores of `MLflow`'s, written by hand here: what real ones hold is compared by `tests/peers`.
//!
//! Invariant tested: whatever a store holds, there is a report or an error with a code, never a panic, and what is right
//! in it is taken once.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack::{Code, RunState, RunSummary, Tracker};
use mltrack_import::{Mlflow, Options, Report, UntakenKind, import};
use rusqlite::Connection;

const META: &str = "artifact_uri: ART\nend_time: 1700000005000\nentry_point_name: ''\nexperiment_id: '7'\n\
    lifecycle_stage: active\nrun_id: ID\nrun_name: 'kind: elk'\nsource_name: train.py\nsource_type: 4\n\
    source_version: ''\nstart_time: 1700000000123\nstatus: 3\ntags: []\nuser_id: ada\n";

/// An experiment with one finished run, and a store elsewhere.
fn files() -> (tempfile::TempDir, PathBuf, (tempfile::TempDir, Tracker)) {
    let outside = tempfile::tempdir().unwrap();
    let root = outside.path().join("mlruns");
    write(
        &root,
        "7/meta.yaml",
        "experiment_id: '7'\nlifecycle_stage: active\nname: resnet\n",
    );
    write(&root, "7/tags/team", "x: y");
    run(&root, "7/a", META);
    write(&root, "7/a/params/lr", "0.001");
    write(&root, "7/a/params/opt/name", "adam\nx");
    write(
        &root,
        "7/a/metrics/loss",
        "1700000000000 0.5 -1\n1700000000001 nan 1\n1700000000002 -inf 2\n",
    );
    write(&root, "7/a/metrics/val/acc ", "1700000000003 0.25 3\n");
    write(&root, "7/a/tags/multi", "a\nb");
    (outside, root, super::tracker())
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(root: &Path, name: &str, meta: &str) {
    let id = name.rsplit('/').next().unwrap();
    let artifacts = root.join(name).join("artifacts");
    let meta = meta
        .replace("ID", id)
        .replace("ART", &artifacts.to_string_lossy());
    write(root, &format!("{name}/meta.yaml"), &meta);
}

fn open(place: &Path, copies: bool) -> mltrack::Result<Mlflow> {
    Mlflow::open(&place.to_string_lossy(), copies)
}

fn bring(tracker: &Tracker, place: &Path) -> Report {
    let mut source = open(place, false).unwrap();
    import(tracker, &mut source, &Options::default(), &mut |_| ()).unwrap()
}

fn one(tracker: &Tracker) -> RunSummary {
    tracker.runs().fetch().unwrap().items.pop().unwrap()
}

fn events(tracker: &Tracker) -> Option<mltrack::Lsn> {
    tracker.next_lsn().unwrap()
}

#[test]
fn a_folder_comes_in_whole_and_again_adds_only_what_is_new() {
    let (_outside, root, (_folder, tracker)) = files();
    let report = bring(&tracker, &root);
    assert_eq!(
        (report.runs_new, report.points, report.params),
        (1, 4, 2),
        "{report:?}"
    );
    assert_eq!(report.untaken_count, 0, "{:?}", report.untaken);
    let run = one(&tracker);
    assert_eq!(
        (run.name.as_str(), run.experiment_name.as_str()),
        ("kind: elk", "resnet")
    );
    assert_eq!(
        (run.state, run.started.unwrap().0),
        (RunState::Completed, 1_700_000_000_123_000_000)
    );
    assert_eq!(run.params["opt/name"], "adam\nx".into());
    assert_eq!(
        (
            run.tags["multi"].as_str(),
            run.tags["mlflow.source.name"].as_str()
        ),
        ("a\nb", "train.py")
    );
    let history = tracker.history(run.id, "loss").fetch().unwrap();
    assert_eq!(history.steps, [-1, 1, 2]);
    assert!(history.values[1].is_nan() && history.values[2] == f64::NEG_INFINITY);
    assert_eq!(
        tracker.history(run.id, "val/acc ").fetch().unwrap().values,
        [0.25]
    );
    let facts = tracker.experiment_facts_of_name("resnet").unwrap();
    assert_eq!(facts.tags["team"], "x: y");

    let before = events(&tracker);
    let again = bring(&tracker, &root);
    assert_eq!(
        (again.runs_same, again.points, events(&tracker)),
        (1, 0, before)
    );
    let mut loss = fs::read_to_string(root.join("7/a/metrics/loss")).unwrap();
    loss.push_str("1700000000009 1.5 9\n");
    write(&root, "7/a/metrics/loss", &loss);
    write(&root, "7/a/params/depth", "3");
    let grown = bring(&tracker, &root);
    assert_eq!(
        (grown.runs_grown, grown.points, grown.params, grown.tags),
        (1, 1, 1, 0)
    );
}

/// A run of this name in experiment 7, with a status as `MLflow`'s store writes it.
fn run_of(root: &Path, name: &str, status: u8) {
    let meta = META.replace("status: 3", &format!("status: {status}"));
    run(root, &format!("7/{name}"), &meta.replace("kind: elk", name));
}

fn state_of(tracker: &Tracker, name: &str) -> Option<RunState> {
    let runs = tracker.runs().fetch().unwrap().items;
    let found = runs.iter().find(|run| run.name == name);
    found.map(|run| run.state)
}

#[test]
fn states_are_as_they_are_there_and_go_on() {
    let (_outside, root, (_folder, tracker)) = files();
    for (name, status) in [("failed", 4), ("killed", 5), ("running", 1), ("waiting", 2)] {
        run_of(&root, name, status);
    }
    assert_eq!(bring(&tracker, &root).runs_new, 5);
    let state = |name: &str| state_of(&tracker, name);
    assert_eq!(state("failed"), Some(RunState::Failed));
    assert_eq!(state("killed"), Some(RunState::Cancelled));
    assert_eq!(state("running"), Some(RunState::Running));
    assert_eq!(state("waiting"), Some(RunState::Queued));
    // One that waited begins, and one that ran ends.
    run_of(&root, "waiting", 1);
    run_of(&root, "running", 3);
    bring(&tracker, &root);
    assert_eq!(
        (state("waiting"), state("running")),
        (Some(RunState::Running), Some(RunState::Completed))
    );
}

#[test]
fn parents_and_what_was_deleted_are_as_they_are_there() {
    let (_outside, root, (_folder, tracker)) = files();
    // The child was begun before its parent.
    let child = META.replace("kind: elk", "child").replace("123\n", "122\n");
    run(&root, "7/child", &child);
    write(&root, "7/child/tags/mlflow.parentRunId", "a");
    let deleted = |name: &str| META.replace("kind: elk", name).replace("active", "deleted");
    run(&root, "7/gone", &deleted("gone"));
    let old = "experiment_id: '8'\nlifecycle_stage: deleted\nname: old\n";
    write(&root, ".trash/8/meta.yaml", old);
    run(&root, ".trash/8/b", &deleted("in old"));
    let report = bring(&tracker, &root);
    assert_eq!(
        (report.experiments, report.runs_new, report.untaken_count),
        (2, 4, 0),
        "{report:?}"
    );
    let runs = tracker.runs().fetch().unwrap().items;
    assert!(
        runs.iter()
            .all(|run| run.name != "gone" && run.name != "in old")
    );
    let named = |name: &str| runs.iter().find(|run| run.name == name).unwrap();
    assert_eq!(named("child").parent, Some(named("kind: elk").id));
    assert_eq!(
        named("child").tags["mlflow.parentRunId"],
        named("kind: elk").id.to_string()
    );
    let experiments = tracker.experiments().only_deleted().fetch().unwrap();
    assert_eq!(experiments.items[0].name, "old");

    let before = events(&tracker);
    assert_eq!(bring(&tracker, &root).runs_new, 0);
    assert_eq!(events(&tracker), before, "nothing is deleted twice");
}

#[test]
fn a_meta_yaml_that_is_cut_anywhere_keeps_its_run_and_is_said() {
    let whole = META.replace("ID", "a").replace("ART", "/nowhere");
    for cut in (0..whole.len()).step_by(7) {
        let (_outside, root, (_folder, tracker)) = files();
        write(&root, "7/a/meta.yaml", &whole[..cut]);
        let report = bring(&tracker, &root);
        assert_eq!((report.runs_new, report.points), (1, 4), "cut at {cut}");
        assert_eq!(report.untaken[0].kind, UntakenKind::Damaged, "cut at {cut}");
        assert!(one(&tracker).tags["import.damaged"].contains("meta.yaml"));
    }
}

#[test]
fn artifacts_are_linked_and_copied_when_that_is_wished() {
    let (_outside, root, (_folder, tracker)) = files();
    write(&root, "7/a/artifacts/notes/a.txt", "hello");
    let report = bring(&tracker, &root);
    assert_eq!(
        (report.artifacts, report.artifacts_linked),
        (0, 1),
        "{report:?}"
    );
    assert_eq!(bring(&tracker, &root).artifacts_linked, 0);
    let run = one(&tracker).id;
    assert!(
        tracker
            .newest_artifact(run, "notes/a.txt")
            .unwrap()
            .is_none()
    );
    for (copies, wanted) in [(true, 1), (true, 0)] {
        let mut source = open(&root, copies).unwrap();
        let report = import(&tracker, &mut source, &Options::default(), &mut |_| ()).unwrap();
        assert_eq!((report.artifacts, report.artifacts_linked), (wanted, 0));
    }
    assert_eq!(
        tracker
            .newest_artifact(run, "notes/a.txt")
            .unwrap()
            .unwrap()
            .len,
        5
    );
}

#[test]
fn datasets_are_known_to_the_library_and_experiments_get_other_names() {
    let (_outside, root, (_folder, tracker)) = files();
    write(
        &root,
        "7/datasets/d/meta.yaml",
        "digest: abc\nname: digits\nprofile: '{\"n\":5}'\nsource: /x.csv\nsource_type: local\n",
    );
    write(
        &root,
        "7/a/inputs/i/meta.yaml",
        "source_id: d\nsource_type: DATASET\ntags:\n  mlflow.data.context: test\n",
    );
    let options = Options {
        names: vec![
            ("resnet".into(), "old".into()),
            ("nowhere".into(), "x".into()),
        ],
        ..Options::default()
    };
    let report = import(
        &tracker,
        &mut open(&root, false).unwrap(),
        &options,
        &mut |_| (),
    )
    .unwrap();
    assert_eq!(
        (report.datasets, report.untaken_count),
        (1, 1),
        "{report:?}"
    );
    assert!(
        report.untaken[0].what.contains("nowhere"),
        "{:?}",
        report.untaken
    );
    assert_eq!(one(&tracker).experiment_name, "old");
    let found = tracker
        .runs()
        .filter("dataset.name = 'digits' and dataset.context = 'test'")
        .fetch();
    assert_eq!(found.unwrap().items.len(), 1);
}

/// The tables of which something is read, as `MLflow` has them, with one run.
fn database(path: &Path) -> Connection {
    let database = Connection::open(path).unwrap();
    database.execute_batch(include_str!("mlflow.sql")).unwrap();
    database
}

fn log(database: &Connection, key: &str, points: std::ops::Range<i64>) {
    let query = "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, 'r1', ?4, ?5)";
    let mut insert = database.prepare(query).unwrap();
    for step in points {
        let is_nan = step % 10 == 7;
        let value = if is_nan { 0.0 } else { step as f64 / 3.0 };
        insert
            .execute((key, value, 1_700_000_000_000_i64 + step, step, is_nan))
            .unwrap();
    }
}

#[test]
fn a_database_comes_in_whole_and_again_adds_only_what_is_new() {
    let outside = tempfile::tempdir().unwrap();
    let (path, (_folder, tracker)) = (outside.path().join("mlflow.db"), super::tracker());
    let database = database(&path);
    // More than a chunk holds.
    database.execute_batch("BEGIN").unwrap();
    log(&database, "loss", 0..70_000);
    log(&database, "acc", 0..5);
    database.execute_batch("COMMIT").unwrap();
    let report = bring(&tracker, &path);
    assert_eq!(
        (
            report.runs_new,
            report.points,
            report.params,
            report.untaken_count
        ),
        (1, 70_005, 1, 0)
    );
    let run = one(&tracker);
    assert_eq!(
        (run.name.as_str(), run.state),
        ("kind-elk", RunState::Failed)
    );
    let history = tracker.history(run.id, "loss").fetch().unwrap();
    assert_eq!(history.steps, (0..70_000).collect::<Vec<_>>());
    assert!(history.values[7].is_nan() && history.values[8].to_bits() == (8.0_f64 / 3.0).to_bits());
    assert_eq!(
        (
            bring(&tracker, &path).runs_same,
            bring(&tracker, &path).points
        ),
        (1, 0)
    );

    // Rows have other numbers afterwards, in the same order.
    database
        .execute_batch("DELETE FROM metrics WHERE run_uuid = 'other'; VACUUM")
        .unwrap();
    log(&database, "loss", 70_000..70_010);
    assert_eq!(bring(&tracker, &path).points, 10);
    database
        .execute("DELETE FROM metrics WHERE step > 69_000", ())
        .unwrap();
    let report = bring(&tracker, &path);
    assert_eq!(
        (report.points, report.untaken[0].kind),
        (0, UntakenKind::Refused)
    );
}

#[test]
fn an_infinity_of_a_database_is_the_number_that_it_keeps_and_is_said() {
    let outside = tempfile::tempdir().unwrap();
    let (path, (_folder, tracker)) = (outside.path().join("mlflow.db"), super::tracker());
    let database = database(&path);
    database
        .execute(
            "INSERT INTO metrics VALUES ('loss', ?1, 1, 'r1', 1, 0)",
            [f64::MAX],
        )
        .unwrap();
    let report = bring(&tracker, &path);
    assert_eq!(
        (report.points, report.untaken[0].kind),
        (1, UntakenKind::Noted)
    );
    assert_eq!(
        tracker
            .history(one(&tracker).id, "loss")
            .fetch()
            .unwrap()
            .values,
        [f64::MAX]
    );
}

#[test]
fn what_is_no_store_of_mlflows_is_refused_with_what_to_do() {
    let (outside, root, _) = files();
    let place = |name: &str| outside.path().join(name);
    fs::create_dir(place("empty")).unwrap();
    fs::write(place("picture.db"), b"\x89PNG\r\n\x1a\n and so on").unwrap();
    Connection::open(place("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE experiments (a)")
        .unwrap();
    let strange = database(&place("strange.db"));
    strange
        .execute_batch("ALTER TABLE metrics RENAME COLUMN is_nan TO nan")
        .unwrap();
    for (name, code, hint) in [
        ("empty", Code::NotFound, "meta.yaml"),
        ("nowhere", Code::NotFound, ""),
        ("picture.db", Code::ValidationError, "sqlite:///"),
        ("other.db", Code::ValidationError, "backend-store-uri"),
        ("strange.db", Code::ValidationError, "mlflow db upgrade"),
        ("/dev/null", Code::ValidationError, "mlruns"),
    ] {
        let error = open(&place(name), false).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(
            error.hint().unwrap_or_default().contains(hint),
            "{name}: {:?}",
            error.hint()
        );
    }
    let error = Mlflow::open("http://localhost:5000", false).unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert!(Mlflow::open(&format!("file://{}", root.display()), false).is_ok());
}

#[test]
fn a_database_cut_anywhere_is_an_error_or_a_report() {
    let outside = tempfile::tempdir().unwrap();
    let whole = outside.path().join("whole.db");
    let database = database(&whole);
    log(&database, "loss", 0..2000);
    drop(database);
    let (bytes, cut) = (fs::read(&whole).unwrap(), outside.path().join("cut.db"));
    for len in (0..bytes.len()).step_by(4099) {
        fs::write(&cut, &bytes[..len]).unwrap();
        let (_folder, tracker) = super::tracker();
        let opened = open(&cut, false);
        let ended = opened
            .and_then(|mut source| import(&tracker, &mut source, &Options::default(), &mut |_| ()));
        match ended {
            Ok(report) => assert!(report.has_failed(), "cut at {len}: {report:?}"),
            Err(error) => assert!(
                matches!(
                    error.code(),
                    Code::Corrupt | Code::ValidationError | Code::IoError
                ),
                "cut at {len}: {error}"
            ),
        }
    }
}
