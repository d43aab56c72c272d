//! Several events as one message, so that a chart is drawn a few times a second however fast its points come.
//!
//! Invariants: a tick is whole or not there at all, so that a stream that breaks off and resumes behind the last tick
//! lost and doubled nothing; it has a bounded number of points and says of which metrics it does not have all.

use std::collections::BTreeMap;

use axum::body::Bytes;
use mltrack::{RunId, door};
use serde::Serialize;
use utoipa::ToSchema;

use super::history_form::time_ms;
use super::live_event::{EventForm, LiveEvent};
use super::number::Number;

/// The most points of a metric in one tick; of more, the newest are told.
const POINTS_MAX: usize = 1_000;
/// The most metrics, and the most other events, of one tick.
const PARTS_MAX: usize = 2_000;

/// What happened since the tick before.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Tick {
    /// The last record that is part of it.
    pub lsn: u64,
    /// The points, by run and metric.
    pub points: Vec<TickPoints>,
    /// Everything else, in the order of the log.
    pub events: Vec<EventForm>,
}

/// The new points of a metric of a run, in the order of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct TickPoints {
    /// The run.
    pub run: String,
    /// Its experiment's name.
    pub experiment: Option<String>,
    /// The metric, with its context.
    pub metric: String,
    /// How many points there were. When it is more than are told here, ask for the history from `step_first` on.
    pub count: u64,
    /// The lowest step among them.
    pub step_first: i64,
    /// The step of each.
    pub step: Vec<i64>,
    /// When it happened, in ms since 1970; that of the record for points that were logged together.
    pub time_ms: Vec<f64>,
    /// The value.
    pub value: Vec<Number>,
}

/// A tick under construction.
#[derive(Debug, Default)]
pub struct Ticking {
    tick: Tick,
    places: BTreeMap<(RunId, String), usize>,
}

impl Ticking {
    pub fn is_empty(&self) -> bool {
        self.tick.events.is_empty() && self.tick.points.is_empty()
    }

    /// Whether it is time to tell it, because it is large.
    pub fn is_full(&self) -> bool {
        self.tick.events.len() + self.tick.points.len() >= PARTS_MAX
    }

    /// Takes in an event.
    pub fn add(&mut self, event: &LiveEvent) {
        self.tick.lsn = event.lsn();
        let Some(run) = event.run() else {
            self.tick.events.push(event.form());
            return;
        };
        let mut has_points = false;
        for (metric, step, value) in event.event.points() {
            has_points = true;
            let at = self.place(run, metric, event);
            self.tick.points[at].add(step, event.event.time.0, value);
        }
        if !has_points {
            self.tick.events.push(event.form());
        }
    }

    fn place(&mut self, run: RunId, metric: &str, event: &LiveEvent) -> usize {
        let key = (run, metric.to_owned());
        if let Some(at) = self.places.get(&key) {
            return *at;
        }
        let at = self.tick.points.len();
        self.tick.points.push(TickPoints {
            run: run.to_string(),
            experiment: event.experiment().map(str::to_owned),
            metric: metric.to_owned(),
            count: 0,
            step_first: i64::MAX,
            step: Vec::new(),
            time_ms: Vec::new(),
            value: Vec::new(),
        });
        self.places.insert(key, at);
        at
    }

    /// The tick as a frame of a stream, and a new one begun.
    pub fn frame(&mut self) -> Bytes {
        let Ticking { mut tick, .. } = std::mem::take(self);
        tick.points.iter_mut().for_each(TickPoints::keep_newest);
        let json = serde_json::to_string(&tick).unwrap_or_default();
        Bytes::from(format!("id: {}\nevent: tick\ndata: {json}\n\n", tick.lsn))
    }
}

impl TickPoints {
    fn add(&mut self, step: i64, time_ns: i64, value: f64) {
        self.count += 1;
        self.step_first = self.step_first.min(step);
        self.step.push(step);
        self.time_ms.push(time_ms(time_ns));
        self.value.push(Number(value));
        if self.step.len() >= 2 * POINTS_MAX {
            self.keep_newest();
        }
    }

    fn keep_newest(&mut self) {
        let surplus = self.step.len().saturating_sub(POINTS_MAX);
        self.step.drain(..surplus);
        self.time_ms.drain(..surplus);
        self.value.drain(..surplus);
    }
}

/// When the next tick may be told.
#[derive(Debug)]
pub struct Pace {
    interval: std::time::Duration,
    last: Option<std::time::Instant>,
}

impl Pace {
    pub fn new(interval: std::time::Duration) -> Pace {
        Pace {
            interval,
            last: None,
        }
    }

    /// How long to wait yet.
    pub fn wait(&self) -> std::time::Duration {
        let due = self.last.map(|last| last + self.interval);
        due.map_or(std::time::Duration::ZERO, |due| {
            due.saturating_duration_since(door::monotonic())
        })
    }

    /// A tick was told.
    pub fn told(&mut self) {
        self.last = Some(door::monotonic());
    }
}
