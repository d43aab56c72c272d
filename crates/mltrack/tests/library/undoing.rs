//! What can be taken back, and what is in the way.

use std::time::Duration;

use mltrack::{
    Code, Direction, EndState, Error, ExperimentState, Lsn, Run, RunId, RunState, Tracker, Undone,
    WallTime,
};

use crate::support::{Store, code};

fn ended_run(tracker: &Tracker) -> RunId {
    let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
    run.log_metric("loss", 0.5).unwrap();
    run.finish().unwrap();
    run.id()
}

fn newest(tracker: &Tracker) -> Lsn {
    tracker.operations().limit(1).fetch().unwrap()[0].first
}

fn undo(tracker: &Tracker, lsn: Lsn) -> Result<Undone, Error> {
    tracker.undo(lsn).apply().map(Option::unwrap)
}

/// Everything that can be undone about a run and its experiment, as text.
fn told(tracker: &Tracker, run: RunId) -> String {
    let run = tracker.run_summary(run).unwrap();
    let experiments = tracker.experiments().with_archived();
    let experiments = experiments.fetch().unwrap().items;
    let fields = experiments.iter().map(|known| {
        let texts = (&known.name, &known.description, &known.owner);
        let rest = (&known.tags, &known.goal, &known.metadata);
        format!("{texts:?} {rest:?} {} {}", known.state, known.is_deleted)
    });
    let fields: Vec<String> = fields.collect();
    format!(
        "{:?} {:?} {} {:?} {} {:?}",
        run.tags, run.params, run.notes, run.last_note, run.is_deleted, fields
    )
}

/// Does something, takes it back, does it again by taking that back: each time the state is as it was.
#[track_caller]
fn check(store: &Store, run: RunId, act: impl FnOnce(&Tracker)) {
    let tracker = &store.tracker;
    let before = told(tracker, run);
    act(tracker);
    let (after, operation) = (told(tracker, run), newest(tracker));
    assert_ne!(before, after);
    let undone = undo(tracker, operation).unwrap();
    assert_eq!(undone.operation.first, operation);
    assert_eq!(told(tracker, run), before, "undone");
    let redone = undo(tracker, undone.lsn.unwrap()).unwrap();
    assert_eq!(told(tracker, run), after, "redone");
    undo(tracker, redone.lsn.unwrap()).unwrap();
    assert_eq!(told(tracker, run), before, "undone again");
}

#[test]
fn what_is_said_about_a_run_is_undone_and_redone() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let edit = |tracker: &Tracker| tracker.edit_run(run);
    edit(&store.tracker)
        .set_tag("old", "1")
        .note("one")
        .save()
        .unwrap();
    check(&store, run, |tracker| {
        edit(tracker).set_tag("paper", "v2").save().unwrap();
    });
    check(&store, run, |tracker| {
        let edit = edit(tracker).set_tag("old", "2").set_tag("new", "");
        edit.note("two").save().unwrap();
    });
    check(&store, run, |tracker| {
        edit(tracker).remove_tag("old").save().unwrap();
    });
    check(&store, run, |tracker| {
        tracker.delete_run(run).unwrap();
    });
}

#[test]
fn what_is_said_about_an_experiment_is_undone_and_redone() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let experiment = store.tracker.experiment("resnet").unwrap();
    experiment.set_tag("old", "1").unwrap();
    check(&store, run, |_| {
        let edit = experiment.edit().name("vit").description("about");
        let edit = edit.goal("loss", Direction::Min).owner("ada");
        edit.metadata(&["a"]).save().unwrap();
    });
    check(&store, run, |_| experiment.set_tag("old", "2").unwrap());
    check(&store, run, |_| experiment.remove_tag("old").unwrap());
    check(&store, run, |_| experiment.pause().unwrap());
    check(&store, run, |_| experiment.archive().unwrap());
    check(&store, run, |_| experiment.complete().unwrap());
    check(&store, run, |_| experiment.delete().unwrap());
    check(&store, run, |tracker| {
        tracker.experiment("empty").unwrap();
    });
}

#[test]
fn a_param_that_was_wrong_can_be_logged_anew_after_an_undo() {
    let store = Store::new();
    let run = store.tracker.experiment("resnet").unwrap().run();
    let run: Run = run.detached(true).start().unwrap();
    run.log_param("lr", 0.1).unwrap();
    undo(&store.tracker, newest(&store.tracker)).unwrap();
    let other = store.another().attach(run.id()).unwrap();
    other.log_param("lr", 0.2).unwrap();
    let summary = store.tracker.run_summary(run.id()).unwrap();
    assert_eq!(summary.params["lr"], 0.2.into());
}

#[test]
fn the_last_change_of_the_same_thing_is_named_when_it_is_in_the_way() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let tag = |value: &str| {
        let tagged = store.tracker.edit_run(run).set_tag("paper", value).save();
        tagged.unwrap().lsn().unwrap()
    };
    let (first, _, third) = (tag("v1"), tag("v2"), tag("v3"));
    let error = undo(&store.tracker, first).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert!(
        error
            .to_string()
            .contains(&format!("by operation {third} (tagged")),
        "{error}"
    );
    assert_eq!(
        error.hint(),
        Some(format!("mltrack undo {third} && mltrack undo {first}").as_str())
    );
    let again = tag("v1");
    let error = undo(&store.tracker, first).unwrap_err();
    let by = format!("by operation {again} ");
    assert!(
        error.to_string().contains(&by),
        "the same value, on purpose: {error}"
    );
    let idle = tag("v1");
    assert_eq!(code(undo(&store.tracker, idle)), Code::NotFound);
    undo(&store.tracker, again).unwrap();
    let experiment = store.tracker.experiment("resnet").unwrap();
    experiment.edit().name("vit").save().unwrap();
    let rename = newest(&store.tracker);
    store.tracker.experiment("resnet").unwrap();
    assert_eq!(code(undo(&store.tracker, rename)), Code::Conflict);
}

#[test]
fn what_is_no_operation_or_undone_already_is_nothing_to_undo() {
    let store = Store::new();
    assert_eq!(code(store.tracker.undo_last().apply()), Code::NotFound);
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let point = run.log_metric("loss", 0.5).unwrap().lsn().unwrap();
    run.finish().unwrap();
    assert_eq!(code(undo(&store.tracker, point)), Code::NotFound);
    assert_eq!(code(undo(&store.tracker, point.plus(1000))), Code::NotFound);
    let edit = || store.tracker.edit_run(run.id()).set_tag("a", "1");
    let tagged = edit().save().unwrap().lsn().unwrap();
    let undone = undo(&store.tracker, tagged).unwrap();
    let again = undo(&store.tracker, tagged).unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    let by = format!("was undone by {}", undone.lsn.unwrap());
    assert!(again.to_string().contains(&by), "{again}");
    edit().save().unwrap();
    let same = edit().save().unwrap().lsn().unwrap();
    let error = undo(&store.tracker, same).unwrap_err();
    assert!(error.to_string().contains("changed nothing"), "{error}");
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let edit = store.tracker.edit_run(run).set_tag("paper", "v2");
    let lsn = edit.save().unwrap().lsn().unwrap();
    let reader = mltrack::Tracker::builder(store.path());
    let reader = reader.read_only(true).open().unwrap();
    let told = reader.undo(lsn).dry_run(true).apply().unwrap().unwrap();
    assert!(told.what.starts_with("removed the tag paper from run "));
    assert_eq!(told.lsn, None);
    assert_eq!(newest(&store.tracker), lsn);
    assert_eq!(code(reader.undo(lsn).apply()), Code::InvalidState);
}

#[test]
fn an_operation_can_be_undone_within_its_window() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let edit = store.tracker.edit_run(run).set_tag("paper", "v2");
    let lsn = edit.save().unwrap().lsn().unwrap();
    let committed = store.tracker.operations().fetch().unwrap()[0].committed;
    let after = |days: u64| {
        let length = Duration::from_hours(24 * days).as_nanos() as i64;
        WallTime(committed.0 + length)
    };
    let error = store.tracker.undo(lsn).now(after(31)).apply().unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(error.to_string().contains("is 31 days old"), "{error}");
    let longer = store
        .tracker
        .undo(lsn)
        .window(Duration::from_hours(24 * 40));
    longer.now(after(31)).apply().unwrap();
}

#[test]
fn the_last_operation_is_the_actors_own_and_goes_further_back_each_time() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    let edit = |tracker: &Tracker, key: &str| {
        let edit = tracker.edit_run(run).set_tag(key, "");
        edit.save().unwrap().lsn().unwrap()
    };
    let (first, second) = (edit(&store.tracker, "a"), edit(&store.tracker, "b"));
    let somebody = Tracker::builder(store.path()).actor("somebody");
    let somebody = somebody.open().unwrap();
    edit(&somebody, "c");
    ended_run(&store.tracker);
    let last = || store.tracker.undo_last().apply().unwrap().unwrap();
    assert_eq!(last().operation.first, second);
    assert_eq!(last().operation.first, first);
    let tags = store.tracker.run_summary(run).unwrap().tags;
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["c"]);
}

#[test]
fn of_two_that_undo_the_same_at_once_one_wins() {
    let store = Store::new();
    let run = ended_run(&store.tracker);
    for _ in 0..10 {
        let lsn = store.tracker.delete_run(run).unwrap().lsn().unwrap();
        let others = [store.another(), store.another()];
        let won = std::thread::scope(|scope| {
            let tries = others.each_ref();
            let tries = tries.map(|other| scope.spawn(move || other.undo(lsn).apply()));
            tries.map(|tried| {
                tried
                    .join()
                    .unwrap()
                    .map(drop)
                    .map_err(|error| error.code())
            })
        });
        assert_eq!(won.iter().filter(|won| won.is_ok()).count(), 1, "{won:?}");
        let lost = won.into_iter().find_map(Result::err).unwrap();
        assert!(matches!(lost, Code::Conflict | Code::NotFound), "{lost:?}");
    }
}

#[test]
fn an_end_is_undone_by_what_the_run_would_be_without_it() {
    let store = Store::new();
    let state = |run| store.tracker.run_summary(run).unwrap().state;
    let experiment = store.tracker.experiment("resnet").unwrap();
    let detached = experiment.run().detached(true).start().unwrap().id();
    let end = |run| {
        store.tracker.end_run(run, EndState::Failed, None).unwrap();
        newest(&store.tracker)
    };
    let undone = undo(&store.tracker, end(detached)).unwrap();
    assert_eq!(state(detached), RunState::Running);
    undo(&store.tracker, undone.lsn.unwrap()).unwrap();
    assert_eq!(state(detached), RunState::Failed);

    let owned = experiment.start_run().unwrap();
    undo(&store.tracker, end(owned.id())).unwrap();
    assert_eq!(state(owned.id()), RunState::Running, "its process goes on");
    assert_eq!(owned.state().unwrap(), RunState::Running);
    owned.log_metric("loss", 0.5).unwrap();
    owned.finish().unwrap();

    let gone = ended_run(&store.another());
    undo(&store.tracker, newest(&store.tracker)).unwrap();
    assert_eq!(state(gone), RunState::Lost, "its process is gone");
}

#[test]
fn a_run_that_was_started_by_mistake_is_hidden_once_it_has_ended() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let started = newest(&store.tracker);
    let error = undo(&store.tracker, started).unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(error.to_string().contains("end it first"), "{error}");
    run.finish().unwrap();
    let undone = undo(&store.tracker, started).unwrap();
    assert_eq!(undone.remarks.len(), 1, "the experiment stays active");
    assert_eq!(store.tracker.runs().fetch().unwrap().total, 0);
    let experiment = store.tracker.experiment("resnet").unwrap();
    assert_eq!(experiment.state().unwrap(), ExperimentState::Active);
    undo(&store.tracker, undone.lsn.unwrap()).unwrap();
    assert_eq!(store.tracker.runs().fetch().unwrap().total, 1);
}

#[test]
fn a_draft_that_was_archived_cannot_become_a_draft_again() {
    let store = Store::new();
    let experiment = store.tracker.experiment("resnet").unwrap();
    let made = newest(&store.tracker);
    experiment.archive().unwrap();
    let error = undo(&store.tracker, newest(&store.tracker)).unwrap_err();
    assert_eq!(error.code(), Code::InvalidState);
    assert!(error.to_string().contains("cannot become draft"), "{error}");
    let last = store.tracker.undo_last().apply();
    assert_eq!(code(last), Code::InvalidState, "it is not passed over");
    experiment.restore().unwrap();
    experiment.start_run().unwrap().finish().unwrap();
    let error = undo(&store.tracker, made).unwrap_err();
    assert_eq!(error.code(), Code::Conflict, "it has a run");
}

/// One of the things that people do; many change nothing or are refused.
fn act(tracker: &Tracker, run: RunId, number: u64) -> Result<(), Error> {
    let experiment = tracker.experiment_by_id(mltrack::ExperimentId(1))?;
    let value = format!("v{}", number / 16 % 3);
    let edit = tracker.edit_run(run);
    match number % 16 {
        0 | 1 => edit.set_tag("a", value).save().map(drop),
        2 => edit.set_tag("b", value).remove_tag("a").save().map(drop),
        3 => edit.remove_tag("b").save().map(drop),
        4 => edit.note(value).save().map(drop),
        5 => tracker.delete_run(run).map(drop),
        6 => tracker.restore_run(run).map(drop),
        7 => experiment.edit().description(value).save(),
        8 => experiment.edit().name(value).owner("ada").save(),
        9 => experiment.edit().goal(value, Direction::Max).save(),
        10 => experiment.set_tag("a", &value),
        11 => experiment.remove_tag("a"),
        12 => experiment.archive(),
        13 => experiment.restore(),
        14 => experiment.delete(),
        _ => experiment.complete(),
    }
}

#[test]
fn undoing_again_and_again_walks_back_through_every_state() {
    for seed in 1..=8_u64 {
        let store = Store::new();
        let run = ended_run(&store.tracker);
        let mut number = seed;
        let mut states = vec![told(&store.tracker, run)];
        for _ in 0..40 {
            number = number.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            act(&store.tracker, run, number >> 33).ok();
            let now = told(&store.tracker, run);
            if states.last() != Some(&now) {
                states.push(now);
            }
        }
        assert!(states.len() > 10, "seed {seed}");
        while states.len() > 1 {
            let now = states.pop().unwrap();
            assert_eq!(told(&store.tracker, run), now, "seed {seed}");
            store.tracker.undo_last().apply().unwrap();
        }
        assert_eq!(told(&store.tracker, run), states[0], "seed {seed}");
    }
}
