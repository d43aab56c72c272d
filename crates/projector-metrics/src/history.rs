//! What is answered: one history for each metric.

use mltrack_event::MetricId;
use mltrack_projector::{Dictionary, Lsn};

use crate::buckets::Bucket;

/// The points of one metric of a run.
#[derive(Clone, PartialEq, Debug)]
pub struct History {
    /// The metric.
    pub metric: MetricId,
    /// Its name; the id in words when the log does not define it.
    pub name: String,
    /// Its context, sorted by key.
    pub context: Vec<(String, String)>,
    /// The points, or what stands for them.
    pub series: Series,
}

impl History {
    /// With its name and context; a metric that nobody defined has its id for a name.
    pub(crate) fn named(metric: MetricId, series: Series, dictionary: &Dictionary) -> History {
        let (name, context) = match dictionary.metric(metric) {
            Some(known) => (known.name.clone(), known.context.clone()),
            None => (metric.to_string(), Vec::new()),
        };
        History {
            metric,
            name,
            context,
            series,
        }
    }
}

/// The points of a history, or what stands for them.
#[derive(Clone, PartialEq, Debug)]
pub enum Series {
    /// Every point.
    Points(Points),
    /// Neighbouring points together, in the order of their steps.
    Buckets(Vec<Bucket>),
}

impl Series {
    /// Whether there is no point at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Series::Points(points) => points.is_empty(),
            Series::Buckets(buckets) => buckets.is_empty(),
        }
    }

    /// Every point; `None` when the query asked for buckets.
    #[must_use]
    pub fn points(&self) -> Option<&Points> {
        match self {
            Series::Points(points) => Some(points),
            Series::Buckets(_) => None,
        }
    }

    /// The buckets; `None` when the query asked for every point.
    #[must_use]
    pub fn buckets(&self) -> Option<&[Bucket]> {
        match self {
            Series::Points(_) => None,
            Series::Buckets(buckets) => Some(buckets),
        }
    }
}

/// Points as columns of one length, in the order (step, lsn): of several at one step, the one logged first comes first.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Points {
    /// The step of each.
    pub steps: Vec<i64>,
    /// The time of each, in ns since 1970.
    pub times_ns: Vec<i64>,
    /// The value of each, bit for bit.
    pub values: Vec<f64>,
    /// The record that each came with. Several can share one.
    pub lsns: Vec<Lsn>,
}

impl Points {
    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) fn push(&mut self, step: i64, time_ns: i64, value: f64, lsn: Lsn) {
        self.steps.push(step);
        self.times_ns.push(time_ns);
        self.values.push(value);
        self.lsns.push(lsn);
    }

    /// Adds points that were logged later.
    pub(crate) fn append(&mut self, mut later: Points) {
        if self.is_empty() {
            *self = later;
            return;
        }
        self.steps.append(&mut later.steps);
        self.times_ns.append(&mut later.times_ns);
        self.values.append(&mut later.values);
        self.lsns.append(&mut later.lsns);
    }

    /// All of them, each after the ones before it.
    pub(crate) fn joined(parts: Vec<Points>) -> Points {
        let len: usize = parts.iter().map(Points::len).sum();
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_default();
        let more = len - all.len();
        all.steps.reserve_exact(more);
        all.times_ns.reserve_exact(more);
        all.values.reserve_exact(more);
        all.lsns.reserve_exact(more);
        parts.for_each(|part| all.append(part));
        all
    }

    /// From the order of the log to the order of the steps. A column that is empty stays so.
    pub fn sort_by_step(&mut self) {
        if !self.steps.is_sorted() {
            // Stable, so points of one step stay in the order of the log.
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by_key(|at| self.steps[*at]);
            self.reorder(&order);
        }
    }

    /// Into the order of the log, from stretches that are.
    pub(crate) fn sort_by_lsn(&mut self) {
        if !self.lsns.is_sorted() {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by_key(|at| self.lsns[*at]);
            self.reorder(&order);
        }
    }

    fn reorder(&mut self, order: &[usize]) {
        fn sorted<T: Copy>(column: &[T], order: &[usize]) -> Vec<T> {
            // A column that was not asked for is empty.
            let taken = order.iter().filter_map(|at| column.get(*at).copied());
            taken.collect()
        }
        self.steps = sorted(&self.steps, order);
        self.times_ns = sorted(&self.times_ns, order);
        self.values = sorted(&self.values, order);
        self.lsns = sorted(&self.lsns, order);
    }
}
