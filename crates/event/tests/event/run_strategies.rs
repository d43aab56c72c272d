//! Any event of a run's life, for property tests: the second half of `strategies.rs`.

use mltrack_event::*;
use proptest::option;
use proptest::prelude::*;

use crate::strategies::{experiment_id, pairs, params, run_key, text};

pub fn run_event(type_id: TypeId) -> BoxedStrategy<Event> {
    let who = (run_key(), text(), text());
    let place = (any::<bool>(), text(), any::<u32>());
    match type_id {
        TypeId::RUN_CREATED => run_created().boxed(),
        TypeId::RUN_ENDED => run_ended().boxed(),
        TypeId::RUN_STARTED => (who, place)
            .prop_map(|((run, actor, command), (attached, host, pid))| {
                RunStarted {
                    run,
                    attached,
                    host,
                    pid,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::RUN_RESUMED => (who, place)
            .prop_map(|((run, actor, command), (attached, host, pid))| {
                RunResumed {
                    run,
                    attached,
                    host,
                    pid,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::RUN_ATTACHED => (who, place)
            .prop_map(|((run, actor, command), (_, host, pid))| {
                RunAttached {
                    run,
                    host,
                    pid,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        _ => who.prop_map(move |who| plain_event(type_id, who)).boxed(),
    }
}

fn plain_event(type_id: TypeId, (run, actor, command): (RunKey, String, String)) -> Event {
    match type_id {
        TypeId::RUN_QUEUED => RunQueued {
            run,
            actor,
            command,
        }
        .into(),
        TypeId::RUN_LOST => RunLost {
            run,
            actor,
            command,
        }
        .into(),
        TypeId::RUN_DELETED => RunDeleted {
            run,
            actor,
            command,
        }
        .into(),
        TypeId::RUN_RESTORED => RunRestored {
            run,
            actor,
            command,
        }
        .into(),
        other => panic!("no strategy for {other:?}: add one here"),
    }
}

fn run_created() -> impl Strategy<Value = Event> {
    let ids = (
        any::<[u8; 16]>(),
        experiment_id(),
        any::<u64>(),
        option::of(run_key()),
    );
    let limits = (
        option::of(any::<u64>()),
        any::<bool>(),
        option::of(any::<u64>()),
    );
    let texts = [text(), text(), text(), text()];
    (ids, limits, texts, any::<u32>(), params(), pairs()).prop_map(
        |(ids, (seed, detached, timeout_s), [name, host, actor, command], pid, params, tags)| {
            let (run, experiment, number, parent) = ids;
            RunCreated {
                run: RunId::from_bytes(run),
                experiment,
                number,
                name,
                parent,
                seed,
                detached,
                timeout_s,
                host,
                pid,
                params,
                tags,
                actor,
                command,
            }
            .into()
        },
    )
}

fn run_ended() -> impl Strategy<Value = Event> {
    use EndState::{Cancelled, Completed, Failed, TimedOut};
    let state = prop::sample::select(vec![Completed, Failed, Cancelled, TimedOut]);
    let error = (
        text(),
        text(),
        option::of(text()),
        option::of(text()),
        any::<bool>(),
    )
        .prop_map(|(kind, message, trace, cause, recoverable)| RunError {
            kind,
            message,
            trace,
            cause,
            recoverable,
        });
    (run_key(), state, option::of(error), text(), text()).prop_map(
        |(run, state, error, actor, command)| {
            RunEnded {
                run,
                state,
                error,
                actor,
                command,
            }
            .into()
        },
    )
}
