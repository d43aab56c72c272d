//! What a table shows of a run's metrics: last, first, smallest, largest, mean, count.
//!
//! Invariants: the last value is the one at the highest step, there the one with the latest time, and of those the
//! largest, and not the one that happened to be written last: so it is the same whoever sent it first; NaN never is a minimum or maximum and is no part of the mean, but can
//! be the last value; taking in a point of a known metric allocates nothing.

use std::fmt;

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use mltrack_event::{ColumnsId, MetricId};
use mltrack_projector::{Definition, Dictionary, IntMap};

/// One value of a metric.
#[derive(Clone, Copy, PartialEq, Debug, Encode, Decode)]
pub struct Point {
    /// The value, bit for bit.
    pub value: f64,
    /// Its step.
    pub step: i64,
    /// Its time, in ns since 1970.
    pub time_ns: i64,
}

impl Point {
    /// Whether this is a later value of a metric than `other`. NaN is the smallest of all values.
    #[must_use]
    pub fn is_behind(&self, other: &Point) -> bool {
        let (at, other_at) = ((self.step, self.time_ns), (other.step, other.time_ns));
        at > other_at || at == other_at && (self.value >= other.value || other.value.is_nan())
    }
}

/// All points of one metric of one run, in short.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MetricSummary {
    /// The metric; the dictionary has its name.
    pub metric: MetricId,
    /// Points, those with NaN included.
    pub count: u64,
    /// Points whose value is NaN.
    pub nan_count: u64,
    /// The point with the lowest step; of several at that step, the one logged first.
    pub first: Point,
    /// The point with the highest step; of several at that step, the one with the latest time, and of those the one with
    /// the largest value.
    pub last: Point,
    /// The smallest value that is a number, where it was logged first; `None` when all are NaN.
    pub min: Option<Point>,
    /// The largest value that is a number, where it was logged first; `None` when all are NaN.
    pub max: Option<Point>,
    /// The sum of the values that are numbers.
    pub sum: f64,
}

impl MetricSummary {
    fn new(metric: MetricId, point: Point) -> MetricSummary {
        let mut summary = MetricSummary {
            metric,
            count: 0,
            nan_count: 0,
            first: point,
            last: point,
            min: None,
            max: None,
            sum: 0.0,
        };
        summary.add(point);
        summary
    }

    fn add(&mut self, point: Point) {
        self.count += 1;
        if point.is_behind(&self.last) {
            self.last = point;
        }
        if point.step < self.first.step {
            self.first = point;
        }
        if point.value.is_nan() {
            self.nan_count += 1;
            return;
        }
        self.sum += point.value;
        if self.min.is_none_or(|min| point.value < min.value) {
            self.min = Some(point);
        }
        if self.max.is_none_or(|max| point.value > max.value) {
            self.max = Some(point);
        }
    }

    /// The mean of the values that are numbers; `None` when there is none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let count = self.count - self.nan_count;
        (count > 0).then(|| self.sum / count as f64)
    }
}

/// The metrics of a run, in the order in which they appeared.
#[derive(Clone, Default)]
pub struct Metrics {
    summaries: Vec<MetricSummary>,
    slots: IntMap<MetricId, u32>,
    /// Where the values of defined columns go: one look instead of three for each point. A definition never changes,
    /// so neither does this. Made at the first use, never stored.
    routes: IntMap<ColumnsId, Route>,
}

#[derive(Clone)]
enum Route {
    Metric(u32),
    Set(Box<[u32]>),
}

/// Values of one step, or a whole batch as columns: one slice of points for each column.
pub(crate) trait Columns {
    /// How many columns there are.
    fn width(&self) -> usize;
    /// Hands over the points of one column, in order.
    fn for_each(&self, column: usize, add: impl FnMut(Point));
}

impl Metrics {
    /// All of them, in the order in which they appeared.
    #[must_use]
    pub fn summaries(&self) -> &[MetricSummary] {
        &self.summaries
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, metric: MetricId) -> Option<&MetricSummary> {
        self.slots
            .get(&metric)
            .map(|slot| &self.summaries[*slot as usize])
    }

    /// Takes in points. False, and nothing taken in, when the log has not said what the columns are.
    pub(crate) fn add(
        &mut self,
        id: ColumnsId,
        columns: &impl Columns,
        dictionary: &Dictionary,
    ) -> bool {
        match self.routes.get(&id) {
            Some(Route::Metric(slot)) if columns.width() == 1 => {
                let summary = &mut self.summaries[*slot as usize];
                columns.for_each(0, |point| summary.add(point));
                true
            }
            Some(Route::Set(slots)) if columns.width() == slots.len() => {
                for (column, slot) in slots.iter().enumerate() {
                    let summary = &mut self.summaries[*slot as usize];
                    columns.for_each(column, |point| summary.add(point));
                }
                true
            }
            Some(_) => false,
            None => self.add_first(id, columns, dictionary),
        }
    }

    /// Takes in points of columns that this run uses for the first time, or that are not defined.
    fn add_first(
        &mut self,
        id: ColumnsId,
        columns: &impl Columns,
        dictionary: &Dictionary,
    ) -> bool {
        let definition = dictionary.get(id);
        let undefined = [MetricId(id.0)];
        let members = match definition {
            Some(definition) => definition.members(),
            // A metric without a name is summed up under its id: the values are true all the same.
            None => &undefined,
        };
        if members.len() != columns.width() {
            return false;
        }
        for (column, member) in members.iter().enumerate() {
            columns.for_each(column, |point| self.add_point(*member, point));
        }
        if let Some(definition) = definition {
            self.remember(definition);
        }
        true
    }

    fn add_point(&mut self, metric: MetricId, point: Point) {
        match self.slots.get(&metric) {
            Some(slot) => self.summaries[*slot as usize].add(point),
            None => self.push(MetricSummary::new(metric, point)),
        }
    }

    fn push(&mut self, summary: MetricSummary) {
        self.slots
            .insert(summary.metric, self.summaries.len() as u32);
        self.summaries.push(summary);
    }

    fn remember(&mut self, definition: &Definition) {
        let slot_of = |member: &MetricId| self.slots.get(member).copied();
        let route = match definition {
            Definition::Metric(metric) => slot_of(&metric.id).map(Route::Metric),
            Definition::Set(set) => set
                .members
                .iter()
                .map(slot_of)
                .collect::<Option<_>>()
                .map(Route::Set),
        };
        // A set of no members, or columns of no rows, give nobody a slot: then there is nothing to remember.
        if let Some(route) = route {
            self.routes.insert(definition.id(), route);
        }
    }
}

/// What is known, without the tables that lead to it.
impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.summaries).finish()
    }
}

impl Encode for Metrics {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.summaries.encode(encoder)
    }
}

impl<C> Decode<C> for Metrics {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Metrics, DecodeError> {
        let mut metrics = Metrics::default();
        for summary in <Vec<MetricSummary>>::decode(decoder)? {
            metrics.push(summary);
        }
        Ok(metrics)
    }
}

bincode::impl_borrow_decode!(Metrics);
