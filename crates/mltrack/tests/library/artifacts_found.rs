//! Artifacts that are found again: by name, by version, in lists, in former roots.

use mltrack::{ArtifactKind, Code, Direction, Root, Tracker};

use crate::artifacts::start;
use crate::support::{Store, code};

#[test]
fn logging_a_path_again_makes_a_version_and_all_stay_readable() {
    let store = Store::new();
    let run = start(&store.tracker);
    for text in ["one", "two", "three"] {
        run.log_artifact_bytes("model.pt", text).unwrap();
    }
    run.finish().unwrap();
    let read = |name: &str| {
        let artifact = store.tracker.artifact(run.id(), name).unwrap();
        String::from_utf8(store.tracker.artifact_bytes(&artifact).unwrap()).unwrap()
    };
    assert_eq!(
        (read("model.pt"), read("model.pt@latest")),
        ("three".into(), "three".into())
    );
    assert_eq!(
        (read("model.pt@v1"), read("model.pt@v2")),
        ("one".into(), "two".into())
    );
    let missing = store.tracker.artifact(run.id(), "model.pt@v4").unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("newest version of \"model.pt\" is v3"),
        "{missing}"
    );
    let missing = store.tracker.artifact(run.id(), "modle.pt").unwrap_err();
    assert!(
        missing
            .hint()
            .unwrap()
            .starts_with("did you mean model.pt?"),
        "{missing:?}"
    );
    assert_eq!(missing.code(), Code::NotFound);
}

#[test]
fn artifacts_are_listed_by_run_path_and_version_and_filtered() {
    let store = Store::new();
    let first = start(&store.tracker);
    for name in ["b.csv", "ckpt/1.pt", "ckpt/2.pt", "a.png", "b.csv"] {
        first
            .log_artifact_bytes(name, name)
            .unwrap()
            .wait()
            .unwrap();
    }
    let then = store.tracker.artifacts().fetch().unwrap().lsn.unwrap();
    let second = start(&store.tracker);
    second
        .log_artifact_bytes("a.png", "x")
        .unwrap()
        .wait()
        .unwrap();
    let names = |query: mltrack::ArtifactQuery| -> Vec<String> {
        let items = query.fetch().unwrap().items;
        items.iter().map(mltrack::Artifact::reference).collect()
    };
    let all = || store.tracker.artifacts();
    assert_eq!(
        names(all()),
        [
            "a.png@v1",
            "a.png@v1",
            "b.csv@v2",
            "ckpt/1.pt@v1",
            "ckpt/2.pt@v1"
        ]
    );
    assert_eq!(names(all().at(then)).len(), 4);
    assert_eq!(
        names(all().run(first.id()).all_versions())[1..3],
        ["b.csv@v1", "b.csv@v2"]
    );
    assert_eq!(
        names(all().kind(ArtifactKind::Checkpoint)),
        ["ckpt/1.pt@v1", "ckpt/2.pt@v1"]
    );
    assert_eq!(
        names(
            all()
                .kind(ArtifactKind::Checkpoint)
                .kind(ArtifactKind::Dataset)
        )
        .len(),
        3
    );
    assert_eq!(names(all().path("ckpt")).len(), 2);
    assert_eq!(names(all().path("**/*.p?")).len(), 2);
    assert_eq!(names(all().experiment("resnet")).len(), 5);
    assert_eq!(code(all().experiment("nobody").fetch()), Code::NotFound);
}

#[test]
fn the_pages_of_a_list_are_of_one_moment_and_deleted_runs_are_left_out() {
    let store = Store::new();
    let (first, second) = (start(&store.tracker), start(&store.tracker));
    for (run, name) in [
        (&first, "a"),
        (&first, "b"),
        (&first, "c"),
        (&second, "a"),
        (&second, "b"),
    ] {
        run.log_artifact_bytes(name, "x").unwrap().wait().unwrap();
    }
    let all = || store.tracker.artifacts();
    let page = all().limit(2).fetch().unwrap();
    assert_eq!((page.items.len(), page.total), (2, 5));
    second
        .log_artifact_bytes("later", "x")
        .unwrap()
        .wait()
        .unwrap();
    let mut paths = page.items;
    let mut next = page.next;
    while let Some(token) = next {
        let page = all().limit(2).page(token).fetch().unwrap();
        assert_eq!(page.total, 5, "of the moment of the first page");
        paths.extend(page.items);
        next = page.next;
    }
    assert_eq!(paths.len(), 5);
    store.tracker.delete_run(second.id()).unwrap();
    assert_eq!(all().fetch().unwrap().total, 3);
    assert_eq!(all().with_deleted().fetch().unwrap().total, 6);
}

#[test]
fn the_best_version_is_the_one_at_whose_step_the_goal_was_best() {
    let store = Store::new();
    let experiment = store
        .tracker
        .new_experiment("goal")
        .goal("loss", Direction::Min)
        .create()
        .unwrap();
    let run = experiment.start_run().unwrap();
    run.log_artifact_bytes("model.pt", "before anything")
        .unwrap();
    for (step, loss) in [(10, 0.5), (20, 0.1), (30, 0.3)] {
        run.log_metrics(step, [("loss", loss)]).unwrap();
        run.artifact("model.pt")
            .step(step + 5)
            .bytes(format!("{step}"))
            .unwrap();
        run.artifact(format!("ckpt/{step}"))
            .step(step)
            .bytes(format!("{step}"))
            .unwrap();
    }
    run.finish().unwrap();
    let best = |name: &str| store.tracker.artifact(run.id(), name).unwrap();
    assert_eq!(
        (best("model.pt@best").version, best("model.pt").version),
        (3, 4)
    );
    assert_eq!(
        (
            best("ckpt/*@best").path.as_str(),
            best("ckpt/*").path.as_str()
        ),
        ("ckpt/20", "ckpt/30")
    );
    let aimless = start(&store.tracker);
    aimless
        .log_artifact_bytes("a", "x")
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(
        code(store.tracker.artifact(aimless.id(), "a@best")),
        Code::ValidationError
    );
}

#[test]
fn the_two_roots_are_remembered_and_former_ones_are_still_read() {
    let store = Store::new();
    let (one, two, data) = (
        store.path().join("one"),
        store.path().join("two"),
        store.path().join("data"),
    );
    let log = |tracker: &Tracker, name: &str, text: &str| {
        let run = start(tracker);
        run.log_artifact_bytes(name, text).unwrap().wait().unwrap();
        run.artifact(format!("{name}.csv"))
            .data()
            .bytes(format!("{text} data"))
            .unwrap()
            .wait()
            .unwrap();
        run.finish().unwrap();
    };
    log(&store.tracker, "inside", "a");
    let open =
        |root: &std::path::Path| Tracker::builder(store.path()).artifacts(root.to_str().unwrap());
    log(&open(&one).open().unwrap(), "one", "b");
    log(
        &open(&two).data(data.to_str().unwrap()).open().unwrap(),
        "two",
        "c",
    );
    let [artifacts, of_data] = store.another().artifact_roots().unwrap().unwrap();
    assert_eq!(
        (artifacts.root, artifacts.url),
        (Root::Artifacts, two.display().to_string())
    );
    assert_eq!(
        (of_data.root, of_data.url),
        (Root::Data, data.display().to_string())
    );
    assert!(data.join("blobs").is_dir());
    let tracker = store.another();
    let page = tracker.artifacts().fetch().unwrap();
    assert_eq!(page.total, 6);
    for artifact in &page.items {
        assert_eq!(
            tracker.artifact_bytes(artifact).unwrap().len() as u64,
            artifact.len
        );
    }
}
