//! A world of events: builders for the events that tests fold, and folds without a log.

use mltrack_event::{
    ColumnsId, Direction, EndState, Event, ExperimentCreated, ExperimentEdited, ExperimentId, Goal,
    GoalEdit, MetricBatchLogged, MetricDefined, MetricKey, MetricSetDefined, MetricsLogged,
    ParamValue, ParamsLogged, RunAttached, RunCreated, RunEnded, RunError, RunId, RunKey, RunLost,
    RunResumed, RunStarted,
};
use mltrack_projector::{Body, Entry, Lsn, Projector, WriterId};
use mltrack_projector_runs::{Runs, State};

pub const EXPERIMENT: ExperimentId = ExperimentId(1);

/// A fold that is fed event by event. The lsn is also the time in seconds.
#[derive(Default)]
pub struct World {
    pub state: State,
    lsn: u64,
}

pub fn time_ns(lsn: u64) -> i64 {
    lsn as i64 * 1_000_000_000
}

impl World {
    /// With experiment 1, `resnet`.
    pub fn new() -> World {
        let mut world = World::default();
        world.add(experiment(EXPERIMENT, "resnet"));
        world
    }

    pub fn add(&mut self, event: impl Into<Event>) -> u64 {
        self.add_from(1, event)
    }

    pub fn add_from(&mut self, writer: u32, event: impl Into<Event>) -> u64 {
        self.lsn += 1;
        let entry = Entry {
            lsn: Lsn::new(self.lsn).unwrap(),
            time_ns: time_ns(self.lsn),
            commit_time_ns: time_ns(self.lsn),
            writer: WriterId(writer),
            body: Body::Event(event.into()),
        };
        Runs::apply(&mut self.state, &entry);
        self.lsn
    }

    /// A record whose bytes are gone.
    pub fn skip(&mut self) {
        self.lsn += 1;
    }

    /// A run that is running, of experiment 1.
    pub fn run(&mut self, number: u64, name: &str) -> RunKey {
        let id = run_id(number);
        self.add(RunCreated {
            name: name.into(),
            ..created(id, number)
        });
        self.add(started(id.key(), true));
        id.key()
    }
}

/// Ids that differ in their random tail as real ones do.
pub fn run_id(number: u64) -> RunId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    RunId::from_parts(1_700_000_000_000 + number, random)
}

pub fn experiment(id: ExperimentId, name: &str) -> ExperimentCreated {
    ExperimentCreated {
        experiment: id,
        name: name.into(),
        description: String::new(),
        hypothesis: String::new(),
        owner: "ada".into(),
        collaborators: Vec::new(),
        tags: Vec::new(),
        goal: None,
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn edit(id: ExperimentId) -> ExperimentEdited {
    ExperimentEdited {
        experiment: id,
        name: None,
        description: None,
        hypothesis: None,
        owner: None,
        collaborators: None,
        goal: None,
        metadata: None,
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn set_goal(id: ExperimentId, metric: &str, direction: Direction) -> ExperimentEdited {
    let goal = Goal {
        metric: metric.into(),
        direction,
    };
    ExperimentEdited {
        goal: Some(GoalEdit::Set(goal)),
        ..edit(id)
    }
}

pub fn created(id: RunId, number: u64) -> RunCreated {
    RunCreated {
        run: id,
        experiment: EXPERIMENT,
        number,
        name: format!("run-{number}"),
        parent: None,
        seed: Some(number),
        detached: false,
        timeout_s: None,
        host: "host".into(),
        pid: 4711,
        params: Vec::new(),
        tags: Vec::new(),
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn started(run: RunKey, attached: bool) -> RunStarted {
    let (actor, command) = ("ada".into(), "test".into());
    RunStarted {
        run,
        attached,
        host: "host".into(),
        pid: 4711,
        actor,
        command,
    }
}

pub fn resumed(run: RunKey) -> RunResumed {
    let (actor, command) = ("ada".into(), "test".into());
    RunResumed {
        run,
        attached: true,
        host: "other".into(),
        pid: 4712,
        actor,
        command,
    }
}

pub fn attached(run: RunKey) -> RunAttached {
    let (actor, command) = ("ada".into(), "test".into());
    RunAttached {
        run,
        host: "other".into(),
        pid: 4713,
        actor,
        command,
    }
}

pub fn ended(run: RunKey, state: EndState, message: Option<&str>) -> RunEnded {
    let error = message.map(|message| RunError {
        kind: "panic".into(),
        message: message.into(),
        trace: None,
        cause: None,
        recoverable: false,
    });
    RunEnded {
        run,
        state,
        error,
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn lost(run: RunKey) -> RunLost {
    RunLost {
        run,
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn params(run: RunKey, params: &[(&str, ParamValue)]) -> ParamsLogged {
    let params = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    ParamsLogged {
        run,
        params: params.collect(),
        actor: "ada".into(),
        command: "test".into(),
    }
}

pub fn key(name: &str) -> MetricKey {
    MetricKey::new(name).unwrap()
}

pub fn metric(name: &str) -> MetricDefined {
    MetricDefined::new(&key(name))
}

pub fn set(names: &[&str]) -> MetricSetDefined {
    MetricSetDefined::new(names.iter().map(|name| key(name).id()).collect())
}

pub fn point(run: RunKey, name: &str, step: i64, value: f64) -> MetricsLogged {
    MetricsLogged {
        run,
        columns: key(name).id().into(),
        step,
        values: vec![value],
    }
}

pub fn row(run: RunKey, columns: ColumnsId, step: i64, values: &[f64]) -> MetricsLogged {
    MetricsLogged {
        run,
        columns,
        step,
        values: values.to_vec(),
    }
}

pub fn batch(run: RunKey, columns: ColumnsId, steps: &[i64], values: &[f64]) -> MetricBatchLogged {
    let (steps, values) = (steps.to_vec(), values.to_vec());
    MetricBatchLogged {
        run,
        columns,
        steps,
        times: Vec::new(),
        values,
    }
}
