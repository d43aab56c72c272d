//! Any event of a given type, for property tests. Floats are any 64 bits at all.

use mltrack_event::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::{audit, run_strategies, things};

/// Any event of a known type.
pub fn event(type_id: TypeId) -> BoxedStrategy<Event> {
    match type_id.0 {
        0x01..=0x1F => frequent(type_id),
        0x50..=0xDF | 0xE3 => things::event(type_id),
        0x20..=0x3F => experiment_event(type_id),
        0x40..=0x47 | 0x4C => run_strategies::run_event(type_id),
        0x4D..=0x4F | 0xE0..=0xFF => audit::event(type_id),
        _ => description(type_id),
    }
}

/// Any event of any known type.
pub fn any_event() -> BoxedStrategy<Event> {
    (0..TypeId::ALL.len())
        .prop_flat_map(|index| event(TypeId::ALL[index]))
        .boxed()
}

pub fn float() -> impl Strategy<Value = f64> {
    prop_oneof![any::<u64>().prop_map(f64::from_bits), any::<f64>()]
}

pub fn run_key() -> impl Strategy<Value = RunKey> {
    any::<[u8; 8]>().prop_map(RunKey::from_bytes)
}

pub fn columns_id() -> impl Strategy<Value = ColumnsId> {
    any::<u64>().prop_map(ColumnsId)
}

/// Steps of every length in bytes.
pub fn step() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64u32).prop_map(|(step, shift)| step >> shift)
}

fn floats() -> impl Strategy<Value = Vec<f64>> {
    vec(float(), 0..20)
}

pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => any::<String>(), 1 => "[a-z]{300}"]
}

pub fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((text(), text()), 0..4)
}

pub fn experiment_id() -> impl Strategy<Value = ExperimentId> {
    step().prop_map(|id| ExperimentId(id.unsigned_abs()))
}

fn param_value() -> impl Strategy<Value = ParamValue> {
    prop_oneof![
        any::<bool>().prop_map(ParamValue::Bool),
        step().prop_map(ParamValue::Int),
        float().prop_map(ParamValue::Float),
        text().prop_map(ParamValue::Text),
        text().prop_map(ParamValue::Json),
    ]
}

pub fn params() -> impl Strategy<Value = Vec<(String, ParamValue)>> {
    vec((text(), param_value()), 0..5)
}

fn frequent(type_id: TypeId) -> BoxedStrategy<Event> {
    match type_id {
        TypeId::METRICS_LOGGED => (run_key(), columns_id(), step(), floats())
            .prop_map(|(run, columns, step, values)| {
                MetricsLogged {
                    run,
                    columns,
                    step,
                    values,
                }
                .into()
            })
            .boxed(),
        TypeId::METRIC_BATCH_LOGGED => (
            run_key(),
            columns_id(),
            vec(step(), 0..9),
            vec(step(), 0..9),
            floats(),
        )
            .prop_map(|(run, columns, steps, times, values)| {
                MetricBatchLogged {
                    run,
                    columns,
                    steps,
                    times,
                    values,
                }
                .into()
            })
            .boxed(),
        TypeId::LOG_LINE => (run_key(), vec(line(), 0..5))
            .prop_map(|(run, lines)| LogLine { run, lines }.into())
            .boxed(),
        TypeId::METRIC_DEFINED => (any::<u64>().prop_map(MetricId), text(), pairs())
            .prop_map(|(id, name, context)| MetricDefined { id, name, context }.into())
            .boxed(),
        TypeId::METRIC_SET_DEFINED => (columns_id(), vec(any::<u64>().prop_map(MetricId), 0..9))
            .prop_map(|(id, members)| MetricSetDefined { id, members }.into())
            .boxed(),
        TypeId::HISTOGRAM_LOGGED => histogram().boxed(),
        TypeId::JSON_LOGGED => (run_key(), text(), step(), text())
            .prop_map(|(run, name, step, json)| {
                JsonLogged {
                    run,
                    name,
                    step,
                    json,
                }
                .into()
            })
            .boxed(),
        other => panic!("no strategy for {other:?}: add one here"),
    }
}

fn line() -> impl Strategy<Value = Line> {
    (
        prop::sample::select(&Level::ALL),
        text(),
        text(),
        option::of(step()),
    )
        .prop_map(|(level, source, text, time)| Line {
            level,
            source,
            text,
            time: time.map(WallTime),
        })
}

fn histogram() -> impl Strategy<Value = Event> {
    let head = (
        run_key(),
        any::<u64>(),
        step(),
        floats(),
        vec(any::<u64>(), 0..20),
    );
    let tail = (
        any::<u64>(),
        any::<u64>(),
        [float(), float(), float(), float()],
    );
    (head, tail, vec((float(), float()), 0..5)).prop_map(
        |((run, metric, step, edges, counts), (count, not_finite, sums), quantiles)| {
            let [sum, sum_of_squares, min, max] = sums;
            let metric = MetricId(metric);
            HistogramLogged {
                run,
                metric,
                step,
                edges,
                counts,
                count,
                not_finite,
                sum,
                sum_of_squares,
                min,
                max,
                quantiles,
            }
            .into()
        },
    )
}

fn goal() -> impl Strategy<Value = Goal> {
    (
        text(),
        prop_oneof![Just(Direction::Min), Just(Direction::Max)],
    )
        .prop_map(|(metric, direction)| Goal { metric, direction })
}

fn experiment_state() -> impl Strategy<Value = ExperimentState> {
    prop::sample::select(&ExperimentState::ALL)
}

fn experiment_event(type_id: TypeId) -> BoxedStrategy<Event> {
    let who = (experiment_id(), text(), text());
    match type_id {
        TypeId::EXPERIMENT_CREATED => experiment_created().boxed(),
        TypeId::EXPERIMENT_EDITED => experiment_edited().boxed(),
        TypeId::EXPERIMENT_STATE_MOVED => (who, experiment_state(), experiment_state())
            .prop_map(|((experiment, actor, command), from, to)| {
                ExperimentStateMoved {
                    experiment,
                    from,
                    to,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::EXPERIMENT_ARCHIVED => (who, experiment_state())
            .prop_map(|((experiment, actor, command), from)| {
                ExperimentArchived {
                    experiment,
                    from,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::EXPERIMENT_RESTORED => {
            let from = prop::sample::select(vec![RestoredFrom::Archive, RestoredFrom::Deletion]);
            (who, from)
                .prop_map(|((experiment, actor, command), from)| {
                    ExperimentRestored {
                        experiment,
                        from,
                        actor,
                        command,
                    }
                    .into()
                })
                .boxed()
        }
        TypeId::EXPERIMENT_DELETED => who
            .prop_map(|(experiment, actor, command)| {
                ExperimentDeleted {
                    experiment,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::EXPERIMENT_TAGGED => (who, pairs(), vec(text(), 0..4))
            .prop_map(|((experiment, actor, command), set, remove)| {
                ExperimentTagged {
                    experiment,
                    set,
                    remove,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        other => panic!("no strategy for {other:?}: add one here"),
    }
}

fn experiment_created() -> impl Strategy<Value = Event> {
    let texts = [text(), text(), text(), text()];
    let who = (experiment_id(), text(), text());
    (who, texts, vec(text(), 0..4), pairs(), option::of(goal())).prop_map(
        |((experiment, actor, command), texts, collaborators, tags, goal)| {
            let [name, description, hypothesis, owner] = texts;
            ExperimentCreated {
                experiment,
                name,
                description,
                hypothesis,
                owner,
                collaborators,
                tags,
                goal,
                actor,
                command,
            }
            .into()
        },
    )
}

fn experiment_edited() -> impl Strategy<Value = Event> {
    let field = || option::of(text());
    let texts = [field(), field(), field(), field(), field()];
    let goal_edit = prop_oneof![Just(GoalEdit::Clear), goal().prop_map(GoalEdit::Set)];
    let who = (experiment_id(), text(), text());
    (
        who,
        texts,
        option::of(vec(text(), 0..4)),
        option::of(goal_edit),
    )
        .prop_map(
            |((experiment, actor, command), texts, collaborators, goal)| {
                let [name, description, hypothesis, owner, metadata] = texts;
                ExperimentEdited {
                    experiment,
                    name,
                    description,
                    hypothesis,
                    owner,
                    collaborators,
                    goal,
                    metadata,
                    actor,
                    command,
                }
                .into()
            },
        )
}

fn description(type_id: TypeId) -> BoxedStrategy<Event> {
    let who = (run_key(), text(), text());
    match type_id {
        TypeId::PARAMS_LOGGED => (who, params())
            .prop_map(|((run, actor, command), params)| {
                ParamsLogged {
                    run,
                    params,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::TAGS_SET => (who, pairs())
            .prop_map(|((run, actor, command), tags)| {
                TagsSet {
                    run,
                    tags,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::TAG_REMOVED => (who, text())
            .prop_map(|((run, actor, command), key)| {
                TagRemoved {
                    run,
                    key,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        TypeId::NOTE_ADDED => (who, text())
            .prop_map(|((run, actor, command), text)| {
                NoteAdded {
                    run,
                    text,
                    actor,
                    command,
                }
                .into()
            })
            .boxed(),
        other => panic!("no strategy for {other:?}: add one here"),
    }
}
