//! Samples and strategies of the events that take something back or purge it.

use mltrack_event::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::samples::{run_id, who};
use crate::strategies::{experiment_id, run_key, text};

/// One sample of each type.
pub fn samples(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), run) = (who(), run_id());
    let event = match type_id {
        TypeId::PARAMS_REMOVED => ParamsRemoved {
            run: run.key(),
            names: vec!["lr".into(), "optimizer.name".into()],
            actor,
            command,
        }
        .into(),
        TypeId::NOTE_REMOVED => NoteRemoved {
            run: run.key(),
            note: 1 << 33,
            actor,
            command,
        }
        .into(),
        TypeId::RUN_RENAMED => RunRenamed {
            run: run.key(),
            name: "kind-elk".into(),
            actor,
            command,
        }
        .into(),
        TypeId::OPERATION_UNDONE => OperationUndone {
            first: 250,
            last: 70_000,
            actor,
            command,
        }
        .into(),
        TypeId::RUN_PURGED => RunPurged {
            run,
            experiment: ExperimentId(1),
            number: 3,
            actor,
            command,
        }
        .into(),
        TypeId::EXPERIMENT_PURGED => ExperimentPurged {
            experiment: ExperimentId(251),
            name: "resnet".into(),
            run_number_max: 3,
            actor,
            command,
        }
        .into(),
        other => panic!("no sample of {other:?}: add one here"),
    };
    vec![event]
}

/// Any event of a type.
pub fn event(type_id: TypeId) -> BoxedStrategy<Event> {
    let who = (text(), text());
    match type_id {
        TypeId::PARAMS_REMOVED => (run_key(), vec(text(), 0..3), who)
            .prop_map(|(run, names, (actor, command))| {
                ParamsRemoved {
                    run,
                    names,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::RUN_RENAMED => (run_key(), text(), who)
            .prop_map(|(run, name, (actor, command))| {
                RunRenamed {
                    run,
                    name,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::NOTE_REMOVED => (run_key(), any::<u64>(), who)
            .prop_map(|(run, note, (actor, command))| {
                NoteRemoved {
                    run,
                    note,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::OPERATION_UNDONE => (any::<[u64; 2]>(), who)
            .prop_map(|([first, last], (actor, command))| {
                OperationUndone {
                    first,
                    last,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        other => purge(other),
    }
}

fn purge(type_id: TypeId) -> BoxedStrategy<Event> {
    let who = (text(), text());
    match type_id {
        TypeId::RUN_PURGED => (any::<[u8; 16]>(), experiment_id(), any::<u64>(), who)
            .prop_map(|(run, experiment, number, (actor, command))| {
                RunPurged {
                    run: RunId::from_bytes(run),
                    experiment,
                    number,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::EXPERIMENT_PURGED => (experiment_id(), text(), any::<u64>(), who)
            .prop_map(|(experiment, name, run_number_max, (actor, command))| {
                ExperimentPurged {
                    experiment,
                    name,
                    run_number_max,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        other => panic!("no strategy for {other:?}: add one here"),
    }
}
