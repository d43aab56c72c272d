//! Documents: put, changed under conditions, listed, removed, looked at in the past; long bodies; many processes at once.

use mltrack::{Change, Code, Expected, Tracker};

fn store() -> (tempfile::TempDir, Tracker) {
    let folder = tempfile::tempdir().unwrap();
    let tracker = Tracker::open(folder.path()).unwrap();
    (folder, tracker)
}

#[test]
fn what_is_put_is_got_by_every_handle_and_the_newest_body_counts() {
    let (folder, tracker) = store();
    let notes = tracker.documents("note").by("ada", "POST /notes");
    let first = notes.put("a", r#"{"text":"one"}"#).unwrap().unwrap();
    let second = notes.put("a", r#"{"text":"two"}"#).unwrap().unwrap();
    assert_eq!(tracker.documents("other").get("a").unwrap(), None);
    let other = Tracker::open(folder.path()).unwrap();
    let found = other.documents("note").get("a").unwrap().unwrap();
    assert_eq!(&*found.body, r#"{"text":"two"}"#);
    assert_eq!((found.created_lsn, found.lsn), (first, second));
    assert_eq!(&*found.actor, "ada");
    assert!(found.created_time_ns <= found.time_ns);
    let past = other.documents("note").at(first).get("a").unwrap().unwrap();
    assert_eq!(&*past.body, r#"{"text":"one"}"#);
    assert!(other.documents("note").remove("a").unwrap().is_some());
    assert_eq!(notes.get("a").unwrap(), None);
    assert_eq!(notes.remove("a").unwrap(), None);
    assert_eq!(notes.count().unwrap(), 0);
}

#[test]
fn a_condition_that_does_not_hold_is_a_conflict_that_changes_nothing() {
    let (_folder, tracker) = store();
    let keys = tracker.documents("key");
    let conflict = |answer: mltrack::Result<_>| answer.unwrap_err().code() == Code::Conflict;
    assert!(conflict(keys.put_if("k", "1", Expected::Present)));
    let lsn = keys.put_if("k", "1", Expected::Absent).unwrap().unwrap();
    assert!(conflict(keys.put_if("k", "2", Expected::Absent)));
    let next = keys.put_if("k", "2", Expected::Lsn(lsn)).unwrap().unwrap();
    assert!(conflict(keys.put_if("k", "3", Expected::Lsn(lsn))));
    keys.put_if("k", "4", Expected::Present).unwrap();
    assert!(conflict(keys.put_if("k", "5", Expected::Lsn(next))));
    assert_eq!(&*keys.get("k").unwrap().unwrap().body, "4");
}

#[test]
fn lists_are_in_the_order_of_ids_and_go_on_behind_one() {
    let (_folder, tracker) = store();
    let spans = tracker.documents("span");
    let new = ["t1/b", "t1/a", "t2/a", "t1/c", "t10/a"].map(|id| (id.into(), format!("{id:?}")));
    let lsn = spans.put_many(new).unwrap().unwrap();
    let ids = |prefix, after, limit| -> Vec<String> {
        let found = spans.list(prefix, after, limit).unwrap();
        found.iter().map(|known| known.id.to_string()).collect()
    };
    assert_eq!(ids("", None, 9), ["t1/a", "t1/b", "t1/c", "t10/a", "t2/a"]);
    assert_eq!(ids("t1/", None, 2), ["t1/a", "t1/b"]);
    assert_eq!(ids("t1/", Some("t1/b"), 9), ["t1/c"]);
    assert_eq!(ids("t1/", Some("a"), 9).len(), 3);
    assert_eq!(
        spans.ids("t2/", None, 9).unwrap()[0].1,
        mltrack::Lsn::new(lsn.get() - 2).unwrap()
    );
    assert_eq!(spans.remove_many(&["t1/a", "none", "t1/b"]).unwrap(), 2);
    assert_eq!(spans.get_many(&["t2/a", "t1/a", "t1/c"]).unwrap().len(), 2);
}

#[test]
fn bodies_of_any_length_up_to_the_bound_come_back_as_they_were() {
    let (folder, tracker) = store();
    let long = tracker.documents("long");
    let body = |len: usize, letter: &str| format!("{:?}", letter.repeat(len / letter.len()));
    let bodies = [
        body(20 << 10, "x"),
        body(1 << 20, "é"),
        body((4 << 20) - 8, "中"),
        "7".into(),
    ];
    for (at, body) in bodies.iter().enumerate() {
        long.put(&format!("{at}"), body).unwrap();
    }
    let both = [
        ("m1".to_owned(), bodies[1].clone()),
        ("m2".to_owned(), bodies[1].clone()),
    ];
    long.put_many(both).unwrap();
    let other = Tracker::builder(folder.path())
        .read_only(true)
        .open()
        .unwrap();
    for (at, body) in bodies.iter().enumerate() {
        let found = other
            .documents("long")
            .get(&format!("{at}"))
            .unwrap()
            .unwrap();
        assert!(*found.body == **body, "{at}");
    }
    let found = other.documents("long").list("m", None, 9).unwrap();
    assert!(found.iter().all(|known| *known.body == *bodies[1]));
    assert_eq!(found.len(), 2);
}

#[test]
fn what_is_no_kind_no_id_no_json_or_too_long_is_refused_with_the_rule() {
    let (_folder, tracker) = store();
    let refused = |answer: mltrack::Result<_>, word: &str| {
        let error = answer.unwrap_err();
        assert_eq!(error.code(), Code::ValidationError, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(tracker.documents("A").put("a", "1"), "1 to 64");
    refused(tracker.documents("").put("a", "1"), "1 to 64");
    let kind = tracker.documents("kind");
    refused(kind.put("", "1"), "1 to 512");
    refused(kind.put(&"x".repeat(513), "1"), "1 to 512");
    refused(kind.put("a", "{"), "no JSON");
    refused(
        kind.put("a", &format!("{:?}", "x".repeat(4 << 20))),
        "4194304",
    );
    let many = (0..3).map(|at| (at.to_string(), format!("{:?}", "x".repeat(3 << 20))));
    refused(kind.put_many(many), "too many");
    assert_eq!(kind.count().unwrap(), 0);
}

#[test]
fn of_many_handles_that_count_at_once_none_is_lost() {
    let (folder, tracker) = store();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let own = Tracker::open(folder.path()).unwrap();
                let counter = own.documents("counter");
                for _ in 0..25 {
                    let add = |known: Option<&mltrack::Document>| {
                        let count: u32 = known.map_or(0, |known| known.body.parse().unwrap());
                        Ok(Change::Put((count + 1).to_string()))
                    };
                    counter.update("n", add).unwrap().unwrap();
                }
            });
        }
    });
    assert_eq!(
        &*tracker.documents("counter").get("n").unwrap().unwrap().body,
        "100"
    );
    let keep = tracker
        .documents("counter")
        .update("n", |_| Ok(Change::Keep));
    assert_eq!(keep.unwrap(), None);
    let gone = tracker
        .documents("counter")
        .update("n", |_| Ok(Change::Remove));
    assert!(gone.unwrap().is_some());
}

#[test]
fn a_disabled_tracker_has_no_documents_and_takes_none() {
    let documents = Tracker::disabled().documents("note");
    assert_eq!(documents.put("a", "1").unwrap(), None);
    assert_eq!(documents.get("a").unwrap(), None);
    assert_eq!(documents.count().unwrap(), 0);
}

#[test]
fn an_undo_brings_back_what_documents_said_and_is_refused_when_they_changed_since() {
    let (_folder, tracker) = store();
    let notes = tracker.documents("note");
    let first = notes.put("a", "1").unwrap().unwrap();
    let long = format!("{:?}", "x".repeat(2 << 20));
    notes.put("b", &long).unwrap();
    let both = [
        ("a".to_owned(), "2".to_owned()),
        ("b".to_owned(), "2".to_owned()),
    ];
    let second = notes.put_many(both).unwrap().unwrap();
    let refused = tracker.undo(first).apply().unwrap_err();
    assert_eq!(refused.code(), Code::Conflict, "{refused}");
    let undone = tracker.undo(second).apply().unwrap().unwrap();
    assert_eq!(undone.what, "put note a, put note b");
    assert_eq!(&*notes.get("a").unwrap().unwrap().body, "1");
    assert!(*notes.get("b").unwrap().unwrap().body == *long);
    tracker.undo(undone.lsn.unwrap()).apply().unwrap();
    assert_eq!(&*notes.get("b").unwrap().unwrap().body, "2");
    let removed = notes.remove("a").unwrap().unwrap();
    let operations = tracker.operations().limit(1).fetch().unwrap();
    assert_eq!(operations[0].what, "removed note a");
    tracker.undo(removed).apply().unwrap();
    assert_eq!(&*notes.get("a").unwrap().unwrap().body, "2");
    let made = notes.put("c", "1").unwrap().unwrap();
    tracker.undo(made).apply().unwrap();
    assert_eq!(notes.get("c").unwrap(), None);
}

#[test]
fn a_snapshot_says_what_the_log_says_and_a_damaged_one_is_set_aside() {
    let (folder, tracker) = store();
    let notes = tracker.documents("note");
    for round in 0..3 {
        let new = (0..500).map(|at| (format!("id-{at}"), format!("{{\"round\":{round}}}")));
        notes.put_many(new).unwrap();
    }
    notes.remove_many(&["id-1", "id-2"]).unwrap();
    notes
        .put("long", &format!("{:?}", "y".repeat(3 << 20)))
        .unwrap();
    let report = tracker.snapshot().unwrap().unwrap();
    assert!(report.documents_bytes > 0);
    let checked = tracker.check_documents().unwrap();
    assert_eq!(checked.len(), 1);
    assert_eq!(checked[0].differences, Vec::<String>::new());
    notes.put("after", "1").unwrap();
    let other = Tracker::open(folder.path()).unwrap();
    assert_eq!(other.documents("note").count().unwrap(), 500);
    assert_eq!(
        other
            .documents("note")
            .get("long")
            .unwrap()
            .unwrap()
            .body
            .len(),
        (3 << 20) + 2
    );
    let path = &checked[0].kept.path;
    let mut bytes = std::fs::read(path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path, bytes).unwrap();
    let again = Tracker::open(folder.path()).unwrap();
    assert_eq!(again.documents("note").count().unwrap(), 500);
    assert!(!path.exists(), "it is set aside");
}

#[test]
fn a_sweep_leaves_what_documents_need_and_what_an_undo_would_bring_back() {
    let (_folder, tracker) = store();
    let files = tracker.documents("mlflow.file");
    // Bytes that are being stored hold off a sweep, so only their ids are kept here.
    let store = |text: &str| {
        let stored = tracker.store_bytes(text.as_bytes()).unwrap();
        (stored.blob(), stored.len())
    };
    let blobs = ["kept", "replaced", "removed"].map(|id| {
        let blob = store(id);
        files.put_with_blobs(id, "{}", &[blob]).unwrap();
        blob.0
    });
    files.put("replaced", "{}").unwrap();
    files.remove("removed").unwrap();
    let (loose, _) = store("loose");
    let gc = tracker.gc().older_than(std::time::Duration::ZERO);
    gc.run().unwrap().unwrap();
    let is_there = |blob| tracker.open_bytes(blob).is_ok();
    assert_eq!(blobs.map(is_there), [true; 3]);
    assert!(!is_there(loose), "nothing needs it");
}
