//! Runs: their states, their owners, and what describes them.

use std::collections::BTreeMap;

use mltrack_event::{
    EndState, NoteAdded, ParamValue, RunCreated, RunDeleted, RunId, RunKey, RunRenamed,
    RunRestored, RunState, TagRemoved, TagsSet,
};
use mltrack_projector::WriterId;
use mltrack_projector_runs::{Run, run_state, run_state_at, silent_ns};

use crate::support::*;

fn run(world: &World, key: RunKey) -> &Run {
    world.state.run(key).unwrap()
}

fn alive(writers: &[u32]) -> impl Fn(WriterId) -> bool + use<'_> {
    |writer| writers.contains(&writer.0)
}

#[test]
fn a_run_goes_from_created_to_completed_and_says_when() {
    let mut world = World::new();
    let key = world.run(1, "kind-elk");
    assert_eq!(run(&world, key).state, RunState::Running);
    world.add(ended(key, EndState::Completed, None));
    let run = run(&world, key);
    assert_eq!(
        (run.state, run.number, run.name.as_str()),
        (RunState::Completed, 1, "kind-elk")
    );
    let times = [Some(run.created), run.started, run.ended].map(|at| at.unwrap().time_ns);
    assert_eq!(times, [time_ns(2), time_ns(3), time_ns(4)]);
    assert_eq!(world.state.next_run_number(EXPERIMENT), 2);
    assert_eq!(world.state.runs_of(EXPERIMENT).count(), 1);
    assert_eq!(world.state.run_by_id(run_id(1)).map(Run::key), Some(key));
}

#[test]
fn of_two_ends_the_first_counts() {
    let mut world = World::new();
    let key = world.run(1, "a");
    world.add(ended(key, EndState::Failed, Some("boom")));
    world.add(ended(key, EndState::Completed, None));
    let run = run(&world, key);
    assert_eq!((run.state, run.refused), (RunState::Failed, 1));
    assert_eq!(
        run.error.as_ref().map(|error| error.message.as_str()),
        Some("boom")
    );
}

#[test]
fn an_attached_run_is_lost_when_its_last_owner_is_gone() {
    let mut world = World::new();
    let key = run_id(1).key();
    world.add(created(run_id(1), 1));
    world.add_from(7, started(key, true));
    world.add_from(8, attached(key));
    let run = run(&world, key);
    let owners: Vec<u32> = run.owners.iter().map(|owner| owner.writer.0).collect();
    assert_eq!(owners, [7, 8]);
    assert_eq!(run_state(run, alive(&[7, 8])), RunState::Running);
    assert_eq!(run_state(run, alive(&[8, 9])), RunState::Running);
    assert_eq!(run_state(run, alive(&[9])), RunState::Lost);
    assert_eq!(run.state, RunState::Running, "nobody has recorded it");
}

#[test]
fn a_lost_run_that_is_resumed_belongs_to_who_resumed_it() {
    let mut world = World::new();
    let key = world.run(1, "a");
    world.add(lost(key));
    assert_eq!(run(&world, key).state, RunState::Lost);
    world.add_from(9, resumed(key));
    let run = run(&world, key);
    assert_eq!(
        (run.state, run.ended, run.pid),
        (RunState::Running, None, 4712)
    );
    assert_eq!(
        run.owners
            .iter()
            .map(|owner| owner.writer.0)
            .collect::<Vec<_>>(),
        [9]
    );
    assert_eq!(
        run_state(run, alive(&[1])),
        RunState::Lost,
        "the first owner counts no more"
    );
}

#[test]
fn a_detached_run_outlives_its_writers_and_is_only_silent() {
    let mut world = World::new();
    let key = run_id(1).key();
    world.add(RunCreated {
        detached: true,
        timeout_s: Some(60),
        ..created(run_id(1), 1)
    });
    let start = world.add(started(key, false));
    let run = run(&world, key);
    assert_eq!(run_state(run, alive(&[])), RunState::Running);
    assert_eq!(silent_ns(run, time_ns(start + 5)), Some(time_ns(5)));
    let deadline = run.deadline_ns().unwrap();
    assert_eq!(deadline, time_ns(start + 60));
    assert_eq!(
        run_state_at(run, deadline - 1, alive(&[])),
        RunState::Running
    );
    assert_eq!(run_state_at(run, deadline, alive(&[])), RunState::TimedOut);
}

#[test]
fn silence_says_nothing_about_an_attached_run_or_one_that_ended() {
    let mut world = World::new();
    let key = world.run(1, "a");
    assert_eq!(silent_ns(run(&world, key), time_ns(100)), None);
    world.add(ended(key, EndState::Cancelled, None));
    assert_eq!(silent_ns(run(&world, key), time_ns(100)), None);
}

#[test]
fn a_param_keeps_its_first_value_and_an_equal_one_is_fine() {
    let mut world = World::new();
    let key = world.run(1, "a");
    world.add(params(key, &[("lr", 0.1.into()), ("nan", f64::NAN.into())]));
    world.add(params(
        key,
        &[
            ("lr", 0.1.into()),
            ("nan", f64::NAN.into()),
            ("n", 3i64.into()),
        ],
    ));
    assert_eq!(run(&world, key).refused, 0);
    world.add(params(
        key,
        &[
            ("lr", 0.2.into()),
            ("n", ParamValue::from(3.0)),
            ("new", true.into()),
        ],
    ));
    let run = run(&world, key);
    assert_eq!(run.refused, 1);
    assert_eq!(run.params["lr"], ParamValue::Float(0.1));
    assert_eq!(
        run.params["n"],
        ParamValue::Int(3),
        "3 and 3.0 are different"
    );
    assert_eq!(
        run.params["new"],
        ParamValue::Bool(true),
        "what is new is taken"
    );
}

#[test]
fn a_run_that_was_renamed_has_its_new_name_and_every_list_knows_it() {
    let mut world = World::new();
    let key = world.run(1, "a");
    let (actor, command) = (String::new(), String::new());
    let name = "kind-elk".to_owned();
    world.add(RunRenamed {
        run: key,
        name,
        actor,
        command,
    });
    assert_eq!(run(&world, key).name, "kind-elk");
    let slot = world.state.slot_of(key).unwrap();
    assert_eq!(world.state.name_at(slot), "kind-elk");
}

#[test]
fn tags_notes_and_deletion_are_folded() {
    let mut world = World::new();
    let key = world.run(1, "a");
    let (actor, command) = (String::new(), String::new());
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = vec![pair("paper", "v1"), pair("paper", "v2"), pair("plain", "")];
    world.add(TagsSet {
        run: key,
        tags,
        actor: actor.clone(),
        command: command.clone(),
    });
    let plain = "plain".to_owned();
    world.add(TagRemoved {
        run: key,
        key: plain,
        actor: actor.clone(),
        command: command.clone(),
    });
    for text in ["one", "two"] {
        let (actor, command) = (actor.clone(), command.clone());
        world.add(NoteAdded {
            run: key,
            text: text.into(),
            actor,
            command,
        });
    }
    world.add(RunDeleted {
        run: key,
        actor: actor.clone(),
        command: command.clone(),
    });
    let deleted = run(&world, key);
    assert_eq!(deleted.tags, BTreeMap::from([pair("paper", "v2")]));
    assert_eq!((deleted.notes.len(), deleted.last_note()), (2, Some("two")));
    assert!(world.state.is_deleted(deleted));
    world.add(RunRestored {
        run: key,
        actor,
        command,
    });
    assert!(!world.state.is_deleted(run(&world, key)));
    assert_eq!(
        run(&world, key).state,
        RunState::Running,
        "in the state it was in"
    );
}

#[test]
fn a_second_run_under_the_same_key_is_a_collision() {
    let mut world = World::new();
    let key = world.run(1, "a");
    let mut bytes = run_id(1).to_bytes();
    bytes[0] ^= 1;
    let other = RunId::from_bytes(bytes);
    assert_eq!(other.key(), key);
    world.add(created(other, 2));
    assert_eq!(world.state.oddities().run_collisions, [other]);
    assert_eq!(run(&world, key).id, run_id(1));
    assert_eq!(world.state.run_by_id(other).map(Run::key), None);
}

#[test]
fn a_run_of_an_unknown_experiment_can_still_be_found() {
    let mut world = World::default();
    world.add(created(run_id(1), 1));
    world.add(started(run_id(1).key(), true));
    assert_eq!(world.state.oddities().orphaned, 1);
    assert_eq!(run(&world, run_id(1).key()).state, RunState::Running);
}

#[test]
fn children_are_found_by_their_parent() {
    let mut world = World::new();
    let parent = world.run(1, "parent");
    world.add(RunCreated {
        parent: Some(parent),
        ..created(run_id(2), 2)
    });
    let children: Vec<RunId> = world.state.children(parent).map(|run| run.id).collect();
    assert_eq!(children, [run_id(2)]);
}
