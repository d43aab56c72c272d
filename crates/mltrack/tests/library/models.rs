//! Models: versions, aliases, stages, who made and who used what.

use std::sync::Barrier;

use mltrack::{Bump, Code, Tracker};

use crate::support::{Store, code};

#[test]
fn a_version_is_found_by_number_version_alias_stage_and_tag() {
    let store = Store::new();
    let tracker = &store.tracker;
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let model = tracker.model("resnet").unwrap();
    for number in 1..=3_u64 {
        let new = model
            .version()
            .source("s3://m")
            .run(&run)
            .flavour("pytorch");
        let version = new.bump(Bump::Minor).add().unwrap();
        assert_eq!(
            version.number, number,
            "the same content again is another version"
        );
    }
    model.set_alias("prod", 2).unwrap();
    model.select("v1").unwrap().move_to("production").unwrap();
    let tag = [("gold".to_owned(), String::new())];
    model.select("v3").unwrap().tag(&tag, &[]).unwrap();
    let number = |selector: &str| tracker.model_version(selector).map(|found| found.number);
    for (selector, expected) in [
        ("resnet", 3),
        ("resnet@v1", 1),
        ("resnet@0.2.0", 2),
        ("resnet@^0.2", 2),
        ("resnet@prod", 2),
        ("resnet@Production", 1),
        ("resnet@gold", 3),
    ] {
        assert_eq!(number(selector).unwrap(), expected, "{selector}");
    }
    model.set_alias("prod", 3).unwrap();
    assert_eq!(number("resnet@prod").unwrap(), 3);
    model.select("v3").unwrap().remove().unwrap();
    assert_eq!(
        code(number("resnet@prod")),
        Code::NotFound,
        "it names nothing now"
    );
    model.remove_alias("prod").unwrap();
    assert_eq!(code(model.remove_alias("prod")), Code::NotFound);
    assert_eq!(code(model.set_alias("prod", 3)), Code::InvalidState);
    assert_eq!(code(model.set_alias("prod", 9)), Code::NotFound);
    assert_eq!(code(model.set_alias("v3", 1)), Code::ValidationError);
    run.finish().unwrap();
}

#[test]
fn stages_keep_their_history_and_only_the_four_are_taken() {
    let store = Store::new();
    let model = store.tracker.model("m").unwrap();
    let version = model.version().source("x").add().unwrap();
    assert_eq!(version.stage, "None");
    version.move_to("Staging").unwrap();
    version.move_to("PRODUCTION").unwrap();
    assert_eq!(version.move_to("Production").unwrap(), None, "it is there");
    let found = model.latest().unwrap();
    let moves: Vec<_> = found
        .stage_history
        .iter()
        .map(|moved| (moved.from.as_str(), moved.to.as_str(), moved.actor.as_str()))
        .collect();
    assert_eq!(
        moves,
        [
            ("None", "Staging", "tester"),
            ("Staging", "Production", "tester")
        ]
    );
    let error = version.move_to("live").unwrap_err();
    assert!(error.hint().unwrap().contains("Staging"), "{error}");
}

#[test]
fn what_cannot_be_a_version_is_refused_with_the_reason() {
    let store = Store::new();
    let model = store.tracker.model("m").unwrap();
    let made_of_nothing = model.version().add().unwrap_err();
    assert!(made_of_nothing.hint().unwrap().contains("source(uri)"));
    let unknown = mltrack::ArtifactId::from_bytes([7; 16]);
    assert_eq!(
        code(model.version().artifact(unknown).add()),
        Code::NotFound
    );
    let nobody = mltrack::RunKey::from_bytes([7; 8]);
    let by_nobody = model.version().source("x").made_by_run(nobody);
    assert_eq!(code(by_nobody.add()), Code::NotFound);
    model.delete().unwrap();
    assert_eq!(code(model.version().source("x").add()), Code::InvalidState);
    store.tracker.restore_model("m").unwrap();
    model.version().source("x").add().unwrap();
}

#[test]
fn a_run_keeps_the_version_that_an_alias_named_when_it_was_asked() {
    let store = Store::new();
    let tracker = &store.tracker;
    let model = tracker.model("m").unwrap();
    model.version().source("x").add().unwrap();
    model.version().source("y").add().unwrap();
    model.set_alias("prod", 1).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let used = run.use_model("m@prod").unwrap();
    model.set_alias("prod", 2).unwrap();
    assert_eq!(
        (used.version().number, used.version().source.as_str()),
        (1, "x")
    );
    let users = tracker.model_users("m@v1").unwrap();
    assert_eq!(
        (users[0].run, users[0].selector.as_str()),
        (run.id().key(), "m@prod")
    );
    assert_eq!(tracker.models_of_run(run.id().key()).unwrap(), users);
    run.finish().unwrap();
    tracker.use_model(run.id(), "m@prod").unwrap();
    assert_eq!(tracker.model_users("m@v2").unwrap().len(), 1);
}

#[test]
fn of_any_number_that_add_at_once_each_gets_a_number_of_its_own() {
    let store = Store::new();
    let trackers: [Tracker; 2] = [store.another(), store.another()];
    let (threads, each) = (4, 5);
    let barrier = Barrier::new(threads);
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let adding: Vec<_> = (0..threads)
            .map(|thread| {
                let (tracker, barrier) = (&trackers[thread % 2], &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let model = tracker.model("shared").unwrap();
                    let add = |_| model.version().source("x").add().unwrap().number;
                    (0..each).map(add).collect::<Vec<_>>()
                })
            })
            .collect();
        adding
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
    let summaries = trackers[0].models(None).unwrap();
    assert_eq!((summaries.len(), summaries[0].versions.len()), (1, 20));
}

#[test]
fn a_logged_model_is_stored_tied_to_its_run_and_read_again() {
    let store = Store::new();
    let tracker = &store.tracker;
    let files = tempfile::tempdir().unwrap();
    std::fs::create_dir(files.path().join("parts")).unwrap();
    std::fs::write(files.path().join("model.pt"), "weights").unwrap();
    std::fs::write(files.path().join("parts/vocabulary"), "words").unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let folder = run.log_model("resnet", files.path()).unwrap();
    let file = run
        .log_model("resnet", files.path().join("model.pt"))
        .unwrap();
    assert_eq!((folder.artifacts.len(), file.artifacts.len()), (2, 1));
    assert_eq!((file.number, file.run), (2, Some(run.id().key())));
    let taker = tracker.experiment("e").unwrap().start_run().unwrap();
    let used = taker.use_model("resnet@v1").unwrap();
    let into = tempfile::tempdir().unwrap();
    used.get_to(into.path()).unwrap();
    let read = |path: &str| std::fs::read_to_string(into.path().join(path)).unwrap();
    assert_eq!(read("models/resnet/model.pt"), "weights");
    assert_eq!(read("models/resnet/parts/vocabulary"), "words");
    let elsewhere = tracker
        .model("m")
        .unwrap()
        .version()
        .source("s3://m")
        .add()
        .unwrap();
    assert_eq!(code(elsewhere.get_to(into.path())), Code::InvalidState);
    assert_eq!(
        code(run.log_model("resnet", into.path().join("nothing"))),
        Code::NotFound
    );
    run.finish().unwrap();
    taker.finish().unwrap();
}

#[test]
fn a_version_alone_in_its_stage_archives_the_others_in_one_step() {
    let store = Store::new();
    let tracker = &store.tracker;
    let model = tracker.model("resnet").unwrap();
    let add = || model.version().source("s3://m").add().unwrap();
    let (first, second, third) = (add(), add(), add());
    first.move_to("Production").unwrap();
    third.move_to("Staging").unwrap();
    let lsn = second.move_alone_to("production").unwrap().unwrap();
    let stages = |number: u64| model.select(&format!("v{number}")).unwrap().stage.clone();
    let all: Vec<_> = (1..=3).map(stages).collect();
    assert_eq!(all, ["Archived", "Production", "Staging"]);
    let newest = tracker.operations().limit(1).fetch().unwrap().remove(0);
    assert_eq!(newest.last, lsn);
    tracker.undo(newest.first).apply().unwrap();
    let all: Vec<_> = (1..=3).map(stages).collect();
    assert_eq!(all, ["Production", "None", "Staging"], "both came back");
}

#[test]
fn a_version_is_added_with_its_description_and_with_tags_that_pick_nothing() {
    let store = Store::new();
    let tracker = &store.tracker;
    let model = tracker.model("resnet").unwrap();
    let new = model.version().source("s3://m").description("the first");
    let version = new.note("a:b", "1").note("latest", "").add().unwrap();
    assert_eq!(version.description, "the first");
    assert_eq!(version.tags["a:b"], "1");
    version
        .note(&[("v9".to_owned(), String::new())], &["latest".to_owned()])
        .unwrap();
    let keys: Vec<_> = model.latest().unwrap().tags.keys().cloned().collect();
    assert_eq!(keys, ["a:b", "v9"]);
    assert_eq!(code(tracker.model_version("resnet@v9")), Code::NotFound);
    let newest = tracker.operations().limit(2).fetch().unwrap().remove(1);
    tracker.undo(newest.first).apply().unwrap();
    assert_eq!(code(model.latest()), Code::NotFound, "one step added both");
}

#[test]
fn a_model_says_when_it_changed_and_tags_and_aliases_do_not_count() {
    let store = Store::new();
    let tracker = &store.tracker;
    let model = tracker.model("resnet").unwrap();
    let version = model.version().source("s3://m").add().unwrap();
    let times = || {
        let known = model.summary().unwrap().unwrap();
        (known.updated_ns, known.versions[0].updated_ns)
    };
    let added = times();
    assert_eq!(added, (version.time_ns, version.time_ns));
    model.set_alias("prod", 1).unwrap();
    model.tag(&[("a".into(), "b".into())], &[]).unwrap();
    version.tag(&[("a".into(), "b".into())], &[]).unwrap();
    assert_eq!(times(), added);
    version.describe("better").unwrap();
    let described = times();
    assert_eq!(described.0, added.0, "the model itself says nothing else");
    assert!(described.1 > added.1);
    model.describe("a net").unwrap();
    assert!(times().0 > added.0);
    model.rename("net").unwrap();
    assert_eq!(times().0, times().1, "its versions have another name, too");
    assert!(times().1 > described.1);
    tracker
        .with_models(|shelf| {
            assert!(shelf.named("resnet").is_none());
            assert_eq!(shelf.models().count(), 1);
            assert_eq!(shelf.named("net").unwrap().id, model.id());
        })
        .unwrap();
}
