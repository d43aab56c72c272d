//! What slipped into a run is taken away, and no byte of it is left anywhere in the store.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use mltrack::{Code, Level, ParamValue, RunError, RunId, Tracker, Verify};
use tempfile::{TempDir, tempdir};

const SECRET: &str = "hunter2-correct-horse";

/// Every place of a folder that holds `needle`, compressed ones included: whatever zstd unpacks, wherever it begins.
pub fn places_of(folder: &Path, needle: &str) -> Vec<String> {
    let mut places = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            places.extend(places_of(&path, needle));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let frames = find(&bytes, &[0x28, 0xb5, 0x2f, 0xfd]);
        let unpacked = frames.into_iter().map(|at| {
            let mut out = Vec::new();
            let decoder = zstd::Decoder::new(&bytes[at..]);
            // Noise that looks like a beginning ends somewhere, and what came before is looked at.
            let _ = decoder.map(|decoder| decoder.single_frame().read_to_end(&mut out));
            out
        });
        let mut texts = vec![bytes.clone()];
        texts.extend(unpacked);
        if texts
            .iter()
            .any(|text| !find(text, needle.as_bytes()).is_empty())
        {
            places.push(path.display().to_string());
        }
    }
    places
}

fn find(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let starts = bytes.iter().enumerate();
    let starts = starts.filter(|(_, byte)| **byte == needle[0]);
    let found = starts.filter(|(at, _)| bytes[*at..].starts_with(needle));
    found.map(|(at, _)| at).collect()
}

fn store() -> (TempDir, Tracker) {
    let folder = tempdir().unwrap();
    let tracker = Tracker::builder(folder.path())
        .segment_size(64 << 10)
        .actor("me")
        .open()
        .unwrap();
    (folder, tracker)
}

/// A run that says the secret in every way there is.
fn leaky(tracker: &Tracker) -> RunId {
    let experiment = tracker.experiment("leaky").unwrap();
    let run = experiment
        .run()
        .name("kind-elk")
        .param("token", SECRET)
        .param("lr", 0.5)
        .tag("note", format!("see {SECRET}"))
        .start()
        .unwrap();
    run.log_param(
        "config",
        serde_json::json!([{ "password": SECRET, "port": 80 }]),
    )
    .unwrap();
    run.set_tag("later", SECRET).unwrap();
    run.log_line(Level::Info, format!("logging in with {SECRET} at once"))
        .unwrap();
    run.log_json("answer", 3, &serde_json::json!({ SECRET: [1, SECRET] }))
        .unwrap();
    for step in 0..500 {
        run.log_metrics(step, [("loss", 1.0 / (step + 1) as f64)])
            .unwrap();
    }
    run.fail_with(RunError {
        kind: "Refused".into(),
        message: format!("{SECRET} was refused"),
        trace: Some(format!("at login({SECRET})")),
        cause: None,
        recoverable: false,
    })
    .unwrap();
    tracker
        .edit_run(run.id())
        .note(format!("do not use {SECRET}"))
        .save()
        .unwrap();
    run.id()
}

#[test]
fn a_text_is_gone_from_every_record_and_file_and_everything_else_stays() {
    let (folder, tracker) = store();
    let id = leaky(&tracker);
    let other = tracker.experiment("leaky").unwrap().start_run().unwrap();
    for step in 0..5000 {
        other
            .log_metrics(step, [("loss", f64::from(step as i32))])
            .unwrap();
    }
    tracker.snapshot().unwrap();
    tracker.compact().free_at_once(true).run().unwrap();
    let before = tracker.run_summary(id).unwrap();
    assert!(!places_of(folder.path(), SECRET).is_empty());

    let said = tracker.scrub(id).text(SECRET).dry_run(true).run().unwrap();
    assert_eq!(tracker.run_summary(id).unwrap().params, before.params);
    let done = tracker.scrub(id).text(SECRET).run().unwrap();
    assert_eq!(said.records, done.records);
    let kinds: Vec<&str> = done.records.iter().map(|record| record.kind).collect();
    let expected = [
        "run_created",
        "params_logged",
        "tags_set",
        "log_line",
        "json_logged",
        "run_ended",
        "note_added",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(places_of(folder.path(), SECRET), Vec::<String>::new());

    let after = tracker.run_summary(id).unwrap();
    assert_eq!(after.params["token"], ParamValue::Text("***".into()));
    assert_eq!(after.params["lr"], before.params["lr"]);
    assert_eq!(after.tags["note"], "see ***");
    assert_eq!(after.error.unwrap().message, "*** was refused");
    assert_eq!(after.metrics, before.metrics);
    assert_eq!(
        (after.points, after.number, after.state),
        (before.points, before.number, before.state)
    );
    let again = tracker.scrub(id).text(SECRET).run().unwrap();
    assert!(
        again.records.is_empty() && again.left.is_empty(),
        "{again:?}"
    );
    let verified = tracker.verify(Verify::Deep);
    assert!(verified.unwrap().damages.is_empty());
    assert!(
        tracker
            .check_snapshots()
            .unwrap()
            .iter()
            .all(|check| check.differences.is_empty())
    );
}

#[test]
fn processes_that_knew_the_text_forget_it_and_never_write_it_again() {
    let (folder, tracker) = store();
    let id = leaky(&tracker);
    let watching = Tracker::open(folder.path()).unwrap();
    let indexer = watching
        .index()
        .unwrap()
        .expect("nobody else keeps the index");
    let end = watching.log().unwrap().end().unwrap();
    assert!(
        indexer
            .wait_for(end, std::time::Duration::from_secs(20))
            .unwrap()
    );
    assert_eq!(
        watching.run_summary(id).unwrap().params["token"],
        ParamValue::Text(SECRET.into())
    );
    tracker
        .scrub(id)
        .pattern("hunter[0-9][a-z-]*")
        .run()
        .unwrap();
    assert_eq!(
        watching.run_summary(id).unwrap().params["token"],
        ParamValue::Text("***".into())
    );
    let found = watching
        .runs()
        .filter(format!("params.token = '{SECRET}'"))
        .fetch()
        .unwrap();
    assert!(found.items.is_empty());
    let end = watching.log().unwrap().end().unwrap();
    assert!(
        indexer
            .wait_for(end, std::time::Duration::from_secs(20))
            .unwrap()
    );
    drop(indexer);
    watching.snapshot().unwrap();
    assert_eq!(places_of(folder.path(), SECRET), Vec::<String>::new());
}

#[test]
fn a_part_is_emptied_without_a_pattern_and_others_stay() {
    let (folder, tracker) = store();
    let id = leaky(&tracker);
    tracker.scrub(id).lines().run().unwrap();
    assert_eq!(tracker.run_summary(id).unwrap().lines, 0);
    tracker.scrub(id).params().run().unwrap();
    let params = tracker.run_summary(id).unwrap().params;
    assert!(
        params
            .values()
            .all(|value| !format!("{value:?}").contains(SECRET)),
        "{params:?}"
    );
    assert_eq!(params["lr"], ParamValue::Text("***".into()));
    assert!(
        !places_of(folder.path(), SECRET).is_empty(),
        "notes are no part of it"
    );
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_happens() {
    let (folder, tracker) = store();
    let id = leaky(&tracker);
    let end = tracker.log().unwrap().end().unwrap();
    for refused in [
        tracker.scrub(id).run(),
        tracker.scrub(id).text("").run(),
        tracker.scrub(id).pattern("x*").run(),
        tracker.scrub(id).pattern("(").run(),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::ValidationError);
    }
    let nobody = RunId::from_bytes([9; 16]);
    assert_eq!(
        tracker.scrub(nobody).text("x").run().unwrap_err().code(),
        Code::NotFound
    );
    let nothing = tracker.scrub(id).text("nowhere to be found").run().unwrap();
    assert!(nothing.records.is_empty());
    assert_eq!(tracker.log().unwrap().end().unwrap(), end);
    let looking = Tracker::builder(folder.path())
        .read_only(true)
        .open()
        .unwrap();
    assert_eq!(
        looking.scrub(id).text(SECRET).run().unwrap_err().code(),
        Code::InvalidState
    );
    assert_eq!(
        looking
            .scrub(id)
            .text(SECRET)
            .dry_run(true)
            .run()
            .unwrap()
            .records
            .len(),
        7
    );
}

#[test]
fn who_else_holds_the_bytes_is_named_with_what_takes_them_away_there() {
    let (folder, tracker) = store();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    run.log_artifact_bytes("rows.csv", "key,hunter2\n").unwrap();
    run.finish().unwrap();
    let other = tracker.experiment("e").unwrap().start_run().unwrap();
    other
        .log_artifact_bytes("copy.csv", "key,hunter2\n")
        .unwrap();
    other.finish().unwrap();
    let dataset = tracker.dataset("keys").unwrap();
    let version = dataset.version().bytes("rows.csv", "key,hunter2\n");
    let version = version.add().unwrap();
    let copy = format!(
        "copy.csv of the run {0} has the same bytes: mltrack scrub {0}",
        other.id().short()
    );
    let told = "dataset keys@v1 keeps the same bytes: mltrack dataset rm keys@v1, then mltrack gc --older-than 0s";
    let scrub = |run: &mltrack::Run| tracker.scrub(run.id()).text("hunter2");
    let dry = scrub(&run).dry_run(true).run().unwrap();
    assert_eq!(dry.left, [copy.as_str(), told]);
    assert_eq!(scrub(&run).run().unwrap().left, [copy.as_str(), told]);
    assert_eq!(scrub(&other).run().unwrap().left, [told]);
    let blob = version.files().unwrap()[0].blob.to_string();
    let file = folder
        .path()
        .join("artifacts/blobs")
        .join(&blob[..2])
        .join(&blob);
    assert!(file.exists(), "the dataset needs it");
    version.remove().unwrap();
    let gc = tracker.gc().older_than(std::time::Duration::ZERO);
    gc.run().unwrap();
    assert!(!file.exists(), "the advice was right");
}
