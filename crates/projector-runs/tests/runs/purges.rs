//! What is taken back and what is purged: a purge leaves the state that a log without the purged events gives.

use mltrack_event::{
    EndState, Event, ExperimentDeleted, ExperimentId, ExperimentPurged, NoteAdded, NoteRemoved,
    OperationUndone, ParamsRemoved, RunDeleted, RunPurged, RunRestored,
};
use mltrack_projector_runs::State;

use crate::support::*;

fn who() -> (String, String) {
    ("ada".into(), "test".into())
}

fn run_purged(number: u64) -> RunPurged {
    let (actor, command) = who();
    RunPurged {
        run: run_id(number),
        experiment: EXPERIMENT,
        number,
        actor,
        command,
    }
}

fn experiment_purged(experiment: ExperimentId) -> ExperimentPurged {
    let (actor, command) = who();
    ExperimentPurged {
        experiment,
        name: "resnet".into(),
        run_number_max: 3,
        actor,
        command,
    }
}

fn deleted(number: u64) -> RunDeleted {
    let (actor, command) = who();
    RunDeleted {
        run: run_id(number).key(),
        actor,
        command,
    }
}

/// Everything about a state that can be asked, as text.
fn told(state: &State) -> String {
    let experiments: Vec<_> = state.experiments().collect();
    let next = state.next_experiment_id();
    format!(
        "{experiments:#?}\n{:#?}\n{:?}\n{:?}\n{next:?}",
        state.runs().collect::<Vec<_>>(),
        state.purges(),
        state.oddities()
    )
}

/// Folds the events with and without those that `is_gone` names, as if their bytes had been dropped.
#[track_caller]
fn check(events: &[Event], is_gone: impl Fn(usize) -> bool) -> World {
    let (mut whole, mut dropped) = (World::default(), World::default());
    for (at, event) in events.iter().enumerate() {
        whole.add(event.clone());
        if is_gone(at) {
            dropped.skip();
        } else {
            dropped.add(event.clone());
        }
    }
    assert_eq!(told(&whole.state), told(&dropped.state));
    whole
}

/// Run 1 of experiment 1, with an end too many and a second creation.
fn life() -> Vec<Event> {
    let key = run_id(1).key();
    let mut other = run_id(1).to_bytes();
    other[0] ^= 1;
    vec![
        created(run_id(1), 1).into(),
        started(key, true).into(),
        params(key, &[("lr", 0.1.into())]).into(),
        params(key, &[("lr", 0.2.into())]).into(),
        created(run_id(1), 9).into(),
        created(mltrack_event::RunId::from_bytes(other), 8).into(),
        ended(key, EndState::Completed, None).into(),
        ended(key, EndState::Failed, Some("late")).into(),
        deleted(1).into(),
    ]
}

#[test]
fn a_purged_run_is_as_if_it_had_never_been_and_its_number_is_not_given_again() {
    let mut events: Vec<Event> = vec![
        experiment(EXPERIMENT, "resnet").into(),
        created(run_id(7), 1).into(),
    ];
    let of_run = events.len()..events.len() + life().len();
    events.extend(life());
    events.push(created(run_id(2), 2).into());
    events.push(started(run_id(2).key(), true).into());
    events.push(run_purged(1).into());
    events.push(created(run_id(3), 12).into());
    let mut world = check(&events, |at| of_run.contains(&at));
    assert_eq!(world.state.oddities().refused, 0);
    assert_eq!(world.state.run_count(), 3);
    let found = world.state.run(run_id(3).key()).unwrap();
    assert_eq!(found.number, 12, "the slots behind it moved up");
    world.add(RunRestored {
        run: run_id(1).key(),
        actor: "ada".into(),
        command: "test".into(),
    });
    assert!(
        world.state.run(run_id(1).key()).is_none(),
        "nothing restores it"
    );
    assert_eq!(world.state.next_run_number(EXPERIMENT), 13);
    world.add(RunPurged {
        number: 20,
        ..run_purged(4)
    });
    assert_eq!(world.state.next_run_number(EXPERIMENT), 21);
}

#[test]
fn a_purged_experiment_is_as_if_it_had_never_been_and_its_id_is_not_given_again() {
    let mut events: Vec<Event> = vec![
        experiment(EXPERIMENT, "resnet").into(),
        experiment(EXPERIMENT, "again").into(),
    ];
    events.extend(life());
    let (actor, command) = who();
    let experiment = EXPERIMENT;
    events.push(
        ExperimentDeleted {
            experiment,
            actor,
            command,
        }
        .into(),
    );
    let gone = events.len();
    events.push(run_purged(1).into());
    events.push(experiment_purged(EXPERIMENT).into());
    let world = check(&events, |at| at < gone);
    assert_eq!(world.state.next_experiment_id(), ExperimentId(2));
    assert_eq!(world.state.run_count(), 0);
    assert_eq!(world.state.oddities().refused, 0);
}

#[test]
fn a_run_that_was_created_in_no_experiment_is_purged_without_a_trace() {
    let mut events = life();
    let gone = events.len();
    events.push(run_purged(1).into());
    let world = check(&events, |at| at < gone);
    assert_eq!(world.state.oddities().orphaned, 0);
}

#[test]
fn a_note_and_a_param_can_be_removed() {
    let mut world = World::new();
    let run = world.run(1, "kind-elk");
    let (actor, command) = who();
    let note = |text: &str| NoteAdded {
        run,
        text: text.into(),
        actor: "ada".into(),
        command: "test".into(),
    };
    world.add(note("one"));
    let two = world.add(note("two"));
    world.add(params(run, &[("lr", 0.1.into()), ("n", 3i64.into())]));
    world.add(NoteRemoved {
        run,
        note: two,
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(ParamsRemoved {
        run,
        names: vec!["lr".into(), "none".into()],
        actor: actor.clone(),
        command: command.clone(),
    });
    world.add(params(run, &[("lr", 0.2.into())]));
    world.add(OperationUndone {
        first: 1,
        last: 2,
        actor,
        command,
    });
    let folded = world.state.run(run).unwrap();
    assert_eq!((folded.notes.len(), folded.last_note()), (1, Some("one")));
    assert_eq!(folded.params.get("lr"), Some(&0.2.into()));
    assert!(folded.params.contains_key("n"));
    assert_eq!(world.state.oddities().refused, 0);
}
