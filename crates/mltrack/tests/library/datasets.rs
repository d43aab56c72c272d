//! Datasets: versions, selectors, who used what, deletion.

use std::sync::Barrier;

use mltrack::{Bump, Code, Sampling, Split, Splits, Take, Tracker};

use crate::support::Store;

fn tagged(key: &str) -> Vec<(String, String)> {
    vec![(key.to_owned(), String::new())]
}

#[test]
fn the_same_content_again_is_the_same_version_and_other_content_is_the_next() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("imagenet").unwrap();
    let add = |digest: &str| dataset.version().reference("s3://x", digest).add().unwrap();
    let first = add("md5:1");
    assert!(first.is_new());
    let again = add("md5:1");
    assert_eq!((again.number, again.is_new()), (1, false));
    let second = add("md5:2");
    assert_eq!((second.number, second.is_new()), (2, true));
    second.remove().unwrap();
    let third = add("md5:2");
    assert_eq!(third.number, 3, "a number is never given again");
    assert_eq!(dataset.summary().unwrap().unwrap().versions.len(), 3);
}

#[test]
fn every_selector_finds_its_version_and_what_is_removed_is_passed_by() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("org/data").unwrap();
    for (digest, version) in [("md5:1", "1.2.0"), ("md5:2", "1.10.0"), ("md5:3", "2.0.0")] {
        let new = dataset.version().reference("file", digest);
        new.version_name(version).add().unwrap();
    }
    dataset
        .select("v2")
        .unwrap()
        .tag(&tagged("gold"), &[])
        .unwrap();
    let number = |selector: &str| tracker.dataset_version(selector).map(|found| found.number);
    let found = [
        ("org/data", 3),
        ("org/data@latest", 3),
        ("org/data@v1", 1),
        ("org/data@1.2.0", 1),
        ("org/data@^1", 2),
        ("org/data@gold", 2),
        ("org/data@md5:3", 3),
    ];
    for (selector, expected) in found {
        assert_eq!(number(selector).unwrap(), expected, "{selector}");
    }
    dataset.select("v3").unwrap().remove().unwrap();
    assert_eq!(number("org/data").unwrap(), 2);
    let error = number("org/data@v3").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.to_string().contains("v3 is removed"), "{error}");
    for (selector, code) in [
        ("nothing", Code::NotFound),
        ("org/data@v9", Code::NotFound),
        ("org/data@silver", Code::NotFound),
        ("org/data@", Code::ValidationError),
        ("org/data@md5:", Code::NotFound),
    ] {
        assert_eq!(number(selector).unwrap_err().code(), code, "{selector}");
    }
}

#[test]
fn semantic_versions_follow_one_another_and_none_is_given_twice() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("d").unwrap();
    let bumped = |digest: &str, part| {
        let new = dataset.version().reference("file", digest).bump(part);
        new.add().unwrap().version.clone().unwrap()
    };
    assert_eq!(bumped("md5:1", Bump::Minor), "0.1.0");
    assert_eq!(bumped("md5:2", Bump::Major), "1.0.0");
    assert_eq!(bumped("md5:3", Bump::Patch), "1.0.1");
    let taken = dataset
        .version()
        .reference("file", "md5:4")
        .version_name("1.0.0");
    assert_eq!(taken.add().unwrap_err().code(), Code::Conflict);
    let first = dataset.select("v1").unwrap();
    let taken = first.set_version(Some(&"1.0.0".parse().unwrap()));
    assert_eq!(taken.unwrap_err().code(), Code::Conflict);
    first.set_version(None).unwrap();
    assert_eq!(dataset.select("v1").unwrap().version, None);
    let bad = dataset
        .version()
        .reference("file", "md5:5")
        .version_name("1.0");
    assert_eq!(bad.add().unwrap_err().code(), Code::ValidationError);
}

#[test]
fn what_cannot_be_a_version_is_refused_with_the_reason() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("d").unwrap();
    let why = |new: mltrack::NewDatasetVersion| new.add().unwrap_err().to_string();
    assert!(why(dataset.version()).contains("needs content"));
    assert!(why(dataset.version().reference("x", "abc")).contains("not a digest"));
    assert!(why(dataset.version().reference("", "md5:1")).contains("the place"));
    let tagged = dataset.version().reference("x", "md5:1").tag("latest", "");
    assert!(why(tagged).contains("reads it as something else"));
    let error = tracker.dataset("a@b").unwrap_err().to_string();
    assert!(error.contains("an `@` at byte 1"), "{error}");
}

#[test]
fn a_run_keeps_the_version_that_a_selector_meant_when_it_was_asked() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("d").unwrap();
    dataset
        .version()
        .reference("x", "md5:1")
        .rows(100)
        .add()
        .unwrap();
    let experiment = tracker.experiment("e").unwrap();
    let run = experiment.run().dataset("d", Split::Train).start().unwrap();
    dataset
        .version()
        .reference("x", "md5:2")
        .rows(10)
        .add()
        .unwrap();
    run.use_dataset("d@latest", Split::Test).unwrap();
    let taken_in = tracker.datasets_of_run(run.id().key()).unwrap();
    let told: Vec<_> = taken_in
        .iter()
        .map(|used| (used.number, used.selector.as_str(), used.digest.as_str()))
        .collect();
    assert_eq!(told, [(1, "d", "md5:1"), (2, "d@latest", "md5:2")]);
    assert_eq!(taken_in[1].split, Split::Test);
    let users = tracker.dataset_users("d@v1").unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].run, run.id().key());
    run.finish().unwrap();
    let late = run.use_dataset("d", Split::Train).unwrap_err();
    assert_eq!(late.code(), Code::InvalidState);
    tracker
        .use_dataset(run.id(), "d@v1", &Split::Validation)
        .unwrap();
    assert_eq!(tracker.dataset_users("d@v1").unwrap().len(), 2);
    let missing = experiment.run().dataset("nothing", Split::Train).start();
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
}

#[test]
fn a_run_records_which_rows_it_took_so_that_they_can_be_drawn_again() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker.dataset("d").unwrap();
    dataset
        .version()
        .reference("x", "md5:1")
        .rows(100)
        .add()
        .unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let sampling = Sampling::random(Take::Percent(5.0)).seed(3);
    let used = run.dataset("d").sample(&sampling).take().unwrap();
    let splits = Splits::new(1)
        .part(Split::Train, 0.9)
        .part(Split::Test, 0.1);
    let test = run.dataset("d").split(Split::Test).part_of(&splits);
    assert_eq!(test.take().unwrap().rows().unwrap().len(), 10);
    let taken_in = tracker.datasets_of_run(run.id().key()).unwrap();
    let recorded: Sampling = serde_json::from_str(&taken_in[0].sampling).unwrap();
    assert_eq!(recorded.rows(100).unwrap(), used.rows().unwrap());
    assert!(taken_in[1].sampling.contains(r#""part":"test""#));

    let stratified = Sampling::stratified(Take::Count(4), "label");
    let by_hand = run
        .dataset("d")
        .sample(&stratified)
        .groups(["a", "b", "a", "b"]);
    assert_eq!(
        by_hand.take().unwrap().rows(),
        Some([0, 1, 2, 3].as_slice())
    );
    let unknown = run.dataset("d").split(Split::Validation).part_of(&splits);
    assert!(
        unknown
            .take()
            .unwrap_err()
            .to_string()
            .contains("no part validation")
    );
    run.finish().unwrap();
}

#[test]
fn a_deleted_dataset_is_hidden_its_name_is_free_and_it_comes_back() {
    let store = Store::new();
    let tracker = &store.tracker;
    let dataset = tracker
        .new_dataset("d")
        .tag("paper", "v2")
        .create()
        .unwrap();
    dataset.version().reference("x", "md5:1").add().unwrap();
    assert_eq!(
        tracker.new_dataset("d").create().unwrap_err().code(),
        Code::Conflict
    );
    dataset.delete().unwrap();
    let error = tracker.dataset_version("d").unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(error.hint().unwrap().contains("mltrack dataset restore d"));
    let adding = dataset.version().reference("x", "md5:2").add();
    assert_eq!(adding.unwrap_err().code(), Code::InvalidState);
    let other = tracker.dataset("d").unwrap();
    assert_ne!(other.id(), dataset.id());
    let taken = tracker.restore_dataset("d").unwrap_err();
    assert_eq!(taken.code(), Code::Conflict);
    other.rename("e").unwrap();
    tracker.restore_dataset("d").unwrap();
    assert_eq!(tracker.find_dataset("d").unwrap().id(), dataset.id());
    assert_eq!(other.rename("d").unwrap_err().code(), Code::Conflict);
}

#[test]
fn of_any_number_that_add_at_once_each_gets_a_number_of_its_own() {
    let store = Store::new();
    let trackers: [Tracker; 2] = [store.another(), store.another()];
    let (threads, each) = (4, 5);
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (tracker, barrier) = (&trackers[thread % 2], &barrier);
            scope.spawn(move || {
                barrier.wait();
                let dataset = tracker.dataset("shared").unwrap();
                for version in 0..each {
                    let digest = format!("md5:{thread}x{version}");
                    let new = dataset.version().reference("x", digest).bump(Bump::Patch);
                    assert!(new.add().unwrap().is_new());
                }
            });
        }
    });
    let summaries = trackers[0].datasets(None).unwrap();
    assert_eq!(summaries.len(), 1, "one name, one dataset");
    let numbers: Vec<u64> = summaries[0].versions.iter().map(|row| row.number).collect();
    // The fold refuses a number that comes twice, so twenty added and twenty there means twenty numbers.
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_disabled_tracker_takes_every_call_and_records_nothing() {
    let tracker = Tracker::disabled();
    let dataset = tracker.dataset("d").unwrap();
    let version = dataset.version().reference("x", "md5:1").add().unwrap();
    version.tag(&tagged("gold"), &[]).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    assert_eq!(run.use_dataset("d", Split::Train).unwrap().rows(), None);
    assert!(tracker.dataset_users("d").unwrap().is_empty());
}
