//! Hand-made events for the golden files: at least one of every type, every option both ways, and
//! every variant of every enum somewhere.
//!
//! Invariant: a sample that has a golden file never changes; more may follow it in a new file.

use mltrack_event::*;

use crate::{audit, things};

/// Every known event type with its samples.
pub fn samples(type_id: TypeId) -> Vec<Event> {
    match type_id.0 {
        0x01..=0x1F => frequent(type_id),
        0x50..=0xDF | 0xE3 => things::samples(type_id),
        0x20..=0x3F => experiments(type_id),
        0x40..=0x47 | 0x4C => runs(type_id),
        0x4D..=0x4F | 0xE0..=0xFF => audit::samples(type_id),
        _ => descriptions(type_id),
    }
}

pub fn run_id() -> RunId {
    RunId::from_parts(
        1_795_232_540_500,
        [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 1, 2],
    )
}

fn key() -> RunKey {
    run_id().key()
}

fn metric() -> MetricKey {
    MetricKey::with_context("loss", pairs(&[("subset", "val"), ("fold", "1")])).unwrap()
}

fn set() -> MetricSetDefined {
    MetricSetDefined::new(vec![metric().id(), MetricKey::new("acc").unwrap().id()])
}

pub fn who() -> (String, String) {
    ("ada".into(), "mltrack run start".into())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()))
        .collect()
}

fn strange_floats() -> Vec<f64> {
    let nan_with_payload = f64::from_bits(0xfff0_0000_0000_0001);
    let tiny = f64::from_bits(1);
    vec![
        0.5,
        -0.0,
        f64::NAN,
        nan_with_payload,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        tiny,
    ]
}

fn frequent(type_id: TypeId) -> Vec<Event> {
    match type_id {
        TypeId::METRICS_LOGGED => [0, 125, -126, 1 << 15, 1 << 40, i64::MIN, i64::MAX]
            .into_iter()
            .map(|step| (metric().id().into(), step, vec![0.42]))
            .chain([
                (set().id, 17, vec![0.1, f64::NAN]),
                (ColumnsId(1), -1, strange_floats()),
            ])
            .map(|(columns, step, values)| {
                MetricsLogged {
                    run: key(),
                    columns,
                    step,
                    values,
                }
                .into()
            })
            .collect(),
        TypeId::METRIC_BATCH_LOGGED => [Vec::new(), vec![1_795_232_540_500_000_000, -1, 300]]
            .map(|times| {
                let (steps, values) = (vec![0, 1, 1000], vec![0.1, 0.2, 0.3, 1.0, f64::NAN, -0.0]);
                MetricBatchLogged {
                    run: key(),
                    columns: set().id,
                    steps,
                    times,
                    values,
                }
                .into()
            })
            .into(),
        TypeId::LOG_LINE => vec![
            LogLine {
                run: key(),
                lines: lines(),
            }
            .into(),
        ],
        TypeId::METRIC_DEFINED => {
            let plain = MetricKey::new("acc").unwrap();
            [metric(), plain]
                .iter()
                .map(|key| MetricDefined::new(key).into())
                .collect()
        }
        TypeId::METRIC_SET_DEFINED => vec![set().into()],
        TypeId::HISTOGRAM_LOGGED => vec![histogram().into()],
        TypeId::JSON_LOGGED => {
            let json = r#"{"labels":["cat","dog"],"matrix":[[5,1],[0,7]]}"#.into();
            vec![
                JsonLogged {
                    run: key(),
                    name: "confusion".into(),
                    step: 17,
                    json,
                }
                .into(),
            ]
        }
        other => panic!("no sample of {other:?}: add one here"),
    }
}

fn lines() -> Vec<Line> {
    let line = |(index, level): (usize, Level)| Line {
        level,
        source: if index == 0 {
            String::new()
        } else {
            "trainer::data".into()
        },
        text: format!("line {index}: größer"),
        time: (index % 2 == 1).then_some(WallTime(1_795_232_540_500_000_001)),
    };
    Level::ALL.into_iter().enumerate().map(line).collect()
}

fn histogram() -> HistogramLogged {
    HistogramLogged {
        run: key(),
        metric: metric().id(),
        step: 300,
        edges: vec![-1.0, 0.0, 1.0],
        counts: vec![3, 70_000],
        count: 70_003,
        not_finite: 1,
        sum: 17.5,
        sum_of_squares: 400.25,
        min: -1.0,
        max: 1.0,
        quantiles: vec![(0.5, 0.25), (0.99, f64::INFINITY)],
    }
}

fn experiments(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), experiment) = (who(), ExperimentId(300));
    match type_id {
        TypeId::EXPERIMENT_CREATED => vec![created_experiment(false), created_experiment(true)],
        TypeId::EXPERIMENT_EDITED => vec![
            edited(None),
            edited(Some(GoalEdit::Clear)),
            edited(Some(GoalEdit::Set(goal(Direction::Min)))),
        ],
        TypeId::EXPERIMENT_STATE_MOVED => ExperimentState::ALL
            .into_iter()
            .map(|from| (from, from.moves()[0], actor.clone(), command.clone()))
            .map(|(from, to, actor, command)| {
                ExperimentStateMoved {
                    experiment,
                    from,
                    to,
                    actor,
                    command,
                }
                .into()
            })
            .collect(),
        TypeId::EXPERIMENT_ARCHIVED => {
            let from = ExperimentState::Completed;
            vec![
                ExperimentArchived {
                    experiment,
                    from,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::EXPERIMENT_RESTORED => [RestoredFrom::Archive, RestoredFrom::Deletion]
            .map(|from| {
                let (actor, command) = who();
                ExperimentRestored {
                    experiment,
                    from,
                    actor,
                    command,
                }
                .into()
            })
            .into(),
        other => experiment_ends(other),
    }
}

fn experiment_ends(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), experiment) = (who(), ExperimentId(300));
    match type_id {
        TypeId::EXPERIMENT_DELETED => {
            vec![
                ExperimentDeleted {
                    experiment,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::EXPERIMENT_TAGGED => {
            let (set, remove) = (pairs(&[("paper", "v2")]), vec!["draft".into()]);
            vec![
                ExperimentTagged {
                    experiment,
                    set,
                    remove,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        other => panic!("no sample of {other:?}: add one here"),
    }
}

fn goal(direction: Direction) -> Goal {
    Goal {
        metric: "acc".into(),
        direction,
    }
}

fn created_experiment(full: bool) -> Event {
    let (actor, command) = who();
    let text = |text: &str| if full { text.to_owned() } else { String::new() };
    ExperimentCreated {
        experiment: ExperimentId(if full { u64::MAX } else { 1 }),
        name: "resnet".into(),
        description: text("deeper is better"),
        hypothesis: text("50 layers beat 18"),
        owner: text("ada"),
        collaborators: if full {
            vec!["grace".into(), "alan".into()]
        } else {
            Vec::new()
        },
        tags: if full {
            pairs(&[("paper", "v2"), ("plain", "")])
        } else {
            Vec::new()
        },
        goal: full.then(|| goal(Direction::Max)),
        actor,
        command,
    }
    .into()
}

fn edited(goal: Option<GoalEdit>) -> Event {
    let (actor, command) = who();
    let full = goal.is_some();
    ExperimentEdited {
        experiment: ExperimentId(251),
        name: full.then(|| "resnet-50".into()),
        description: full.then(String::new),
        hypothesis: full.then(|| "none".into()),
        owner: full.then(|| "grace".into()),
        collaborators: full.then(|| vec!["ada".into()]),
        goal,
        metadata: full.then(|| r#"{"team":{"size":3}}"#.into()),
        actor,
        command,
    }
    .into()
}

fn runs(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), run, host, pid) = (who(), key(), "node-1".into(), 4711);
    match type_id {
        TypeId::RUN_CREATED => vec![created_run(false), created_run(true)],
        TypeId::RUN_QUEUED => vec![
            RunQueued {
                run,
                actor,
                command,
            }
            .into(),
        ],
        TypeId::RUN_STARTED => {
            vec![
                RunStarted {
                    run,
                    attached: true,
                    host,
                    pid,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::RUN_RESUMED => {
            vec![
                RunResumed {
                    run,
                    attached: false,
                    host,
                    pid,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::RUN_ATTACHED => vec![
            RunAttached {
                run,
                host,
                pid,
                actor,
                command,
            }
            .into(),
        ],
        TypeId::RUN_ENDED => vec![
            ended(EndState::Completed, None),
            ended(EndState::Failed, Some(run_error(true))),
            ended(EndState::Cancelled, Some(run_error(false))),
            ended(EndState::TimedOut, None),
        ],
        other => run_ends(other),
    }
}

fn run_ends(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), run) = (who(), key());
    match type_id {
        TypeId::RUN_LOST => vec![
            RunLost {
                run,
                actor,
                command,
            }
            .into(),
        ],
        TypeId::RUN_DELETED => vec![
            RunDeleted {
                run,
                actor,
                command,
            }
            .into(),
        ],
        TypeId::RUN_RESTORED => vec![
            RunRestored {
                run,
                actor,
                command,
            }
            .into(),
        ],
        other => panic!("no sample of {other:?}: add one here"),
    }
}

fn ended(state: EndState, error: Option<RunError>) -> Event {
    let (actor, command) = who();
    RunEnded {
        run: key(),
        state,
        error,
        actor,
        command,
    }
    .into()
}

fn run_error(full: bool) -> RunError {
    RunError {
        kind: "OutOfMemory".into(),
        message: "cannot allocate 80 GiB".into(),
        trace: full.then(|| "main\n  train".into()),
        cause: full.then(|| "batch too large".into()),
        recoverable: full,
    }
}

fn created_run(full: bool) -> Event {
    let (actor, command) = who();
    RunCreated {
        run: run_id(),
        experiment: ExperimentId(1),
        number: if full { 70_000 } else { 1 },
        name: "kind-elk".into(),
        parent: full.then(|| RunKey::from_bytes([1, 2, 3, 4, 5, 6, 7, 8])),
        seed: full.then_some(7),
        detached: full,
        timeout_s: full.then_some(3600),
        host: "node-1".into(),
        pid: 4711,
        params: if full { params() } else { Vec::new() },
        tags: if full {
            pairs(&[("paper", "v2")])
        } else {
            Vec::new()
        },
        actor,
        command,
    }
    .into()
}

fn params() -> Vec<(String, ParamValue)> {
    [
        ("amp", ParamValue::Bool(true)),
        ("layers", ParamValue::Int(-50)),
        ("optimizer.lr", ParamValue::Float(3e-4)),
        ("optimizer.name", ParamValue::from("adam")),
        ("betas", ParamValue::Json("[0.9,0.999]".into())),
        ("limit", ParamValue::Float(f64::NAN)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn descriptions(type_id: TypeId) -> Vec<Event> {
    let ((actor, command), run) = (who(), key());
    match type_id {
        TypeId::PARAMS_LOGGED => {
            vec![
                ParamsLogged {
                    run,
                    params: params(),
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::TAGS_SET => {
            let tags = pairs(&[("paper", "v2"), ("plain", "")]);
            vec![
                TagsSet {
                    run,
                    tags,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::TAG_REMOVED => {
            vec![
                TagRemoved {
                    run,
                    key: "paper".into(),
                    actor,
                    command,
                }
                .into(),
            ]
        }
        TypeId::NOTE_ADDED => {
            // Longer than 250 bytes, so that its length is not one byte.
            let text = "The loss is flat. ".repeat(20);
            vec![
                NoteAdded {
                    run,
                    text,
                    actor,
                    command,
                }
                .into(),
            ]
        }
        other => panic!("no sample of {other:?}: add one here"),
    }
}
