//! A log in memory with points in it, random ones too, and everything that was logged to compare with.

use mltrack_event::{
    ColumnsId, Event, MetricBatchLogged, MetricDefined, MetricKey, MetricSetDefined, MetricsLogged,
    RunKey, encode,
};
use mltrack_log::medium::memory::MemoryDisk;
use mltrack_log::{Batch, Log, OpenOptions};
use mltrack_projector_metrics::{History, Query, Start, read};
use proptest::prelude::*;

pub const RUN: RunKey = RunKey::from_bytes([7; 8]);
pub const OTHER: RunKey = RunKey::from_bytes([8; 8]);

/// A point as the brute force keeps it: in the order of the log.
#[derive(Clone, Copy, Debug)]
pub struct Logged {
    pub metric: usize,
    pub step: i64,
    pub time_ns: i64,
    pub value: f64,
    pub lsn: u64,
}

/// Names and contexts; the first two are also a set.
pub fn keys() -> [MetricKey; 3] {
    let context = vec![("subset".to_owned(), "val".to_owned())];
    [
        MetricKey::new("train/loss").unwrap(),
        MetricKey::new("train/acc").unwrap(),
        MetricKey::with_context("valid/loss", context).unwrap(),
    ]
}

pub fn pair() -> MetricSetDefined {
    let [loss, acc, _] = keys();
    MetricSetDefined::new(vec![loss.id(), acc.id()])
}

/// A log in memory, and everything in it that belongs to the run.
pub struct World {
    pub log: Log,
    pub points: Vec<Logged>,
}

impl World {
    pub fn new() -> World {
        let options = OpenOptions {
            segment_len: 4096,
            ..OpenOptions::default()
        };
        let log = Log::on(MemoryDisk::default().handle(), options).unwrap().0;
        let world = World {
            log,
            points: Vec::new(),
        };
        for key in keys() {
            world.append(&MetricDefined::new(&key).into(), 0);
        }
        world.append(&pair().into(), 0);
        world
    }

    pub fn append(&self, event: &Event, time_ns: i64) -> u64 {
        let (mut batch, mut payload) = (Batch::new(), Vec::new());
        let (type_id, version) = encode(event, &mut payload).unwrap();
        batch
            .push(type_id.0, version.0, Some(time_ns), &payload)
            .unwrap();
        let lsn = self.log.end().unwrap().get();
        self.log.append(&mut batch).unwrap();
        lsn
    }

    pub fn row(
        &mut self,
        run: RunKey,
        columns: ColumnsId,
        step: i64,
        time_ns: i64,
        values: &[f64],
    ) {
        let values = values.to_vec();
        let logged = MetricsLogged {
            run,
            columns,
            step,
            values: values.clone(),
        };
        let lsn = self.append(&logged.into(), time_ns);
        if run == RUN {
            self.remember(columns, &[step], &[time_ns], &values, lsn);
        }
    }

    pub fn batch(&mut self, columns: ColumnsId, steps: &[i64], times: &[i64], values: &[f64]) {
        let (steps, times, values) = (steps.to_vec(), times.to_vec(), values.to_vec());
        let logged = MetricBatchLogged {
            run: RUN,
            columns,
            steps: steps.clone(),
            times: times.clone(),
            values: values.clone(),
        };
        let lsn = self.append(&logged.into(), 5);
        let times = if times.is_empty() {
            vec![5; steps.len()]
        } else {
            times
        };
        self.remember(columns, &steps, &times, &values, lsn);
    }

    pub fn remember(
        &mut self,
        id: ColumnsId,
        steps: &[i64],
        times: &[i64],
        values: &[f64],
        lsn: u64,
    ) {
        let single = keys()
            .iter()
            .position(|key| ColumnsId::from(key.id()) == id);
        let first = single.unwrap_or(0);
        for (column, values) in values.chunks(steps.len()).enumerate() {
            for (row, value) in values.iter().enumerate() {
                let (step, time_ns) = (steps[row], times[row]);
                let metric = first + column;
                self.points.push(Logged {
                    metric,
                    step,
                    time_ns,
                    value: *value,
                    lsn,
                });
            }
        }
    }

    pub fn read(&self, query: &Query) -> Vec<History> {
        read(&mut self.log.reader().unwrap(), query, Start::Log, None).unwrap()
    }

    /// The points of a metric that pass, sorted as a chart has them.
    pub fn expected(&self, metric: usize, passes: impl Fn(&Logged) -> bool) -> Vec<Logged> {
        let of_metric = self
            .points
            .iter()
            .filter(|point| point.metric == metric && passes(point));
        let mut points: Vec<Logged> = of_metric.copied().collect();
        points.sort_by_key(|point| point.step);
        points
    }
}

pub fn value() -> impl Strategy<Value = f64> {
    (-4i8..5).prop_map(|small| {
        if small == 4 {
            f64::NAN
        } else {
            f64::from(small)
        }
    })
}

pub fn step() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -20i64..20, 2 => -5000i64..5000, 1 => any::<i64>()]
}

/// A form of event, and rows of step, time and two values.
pub type Action = (u8, Vec<(i64, i64, f64, f64)>);

prop_compose! {
    pub fn action()(form in 0u8..4, steps in prop::collection::vec((step(), 0i64..100, value(), value()), 1..8))
        -> Action {
        (form, steps)
    }
}

pub fn random_world(actions: Vec<Action>) -> World {
    let mut world = World::new();
    act(&mut world, actions);
    world
}

pub fn act(world: &mut World, actions: Vec<Action>) {
    for (form, rows) in actions {
        let steps: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let times: Vec<i64> = rows.iter().map(|row| row.1).collect();
        let (step, time_ns, one, other) = rows[0];
        let first: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let second: Vec<f64> = rows.iter().map(|row| row.3).collect();
        match form {
            0 => world.row(RUN, keys()[2].id().into(), step, time_ns, &[one]),
            1 => world.row(RUN, pair().id, step, time_ns, &[one, other]),
            2 => world.batch(keys()[0].id().into(), &steps, &[], &first),
            _ => world.batch(pair().id, &steps, &times, &[first, second].concat()),
        }
        world.row(OTHER, pair().id, step, time_ns, &[other, one]);
    }
}
