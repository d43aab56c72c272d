//! The fold that answers a query, and the pass over the log that drives it.

use std::borrow::Cow;
use std::collections::hash_map;

use mltrack_event::{ColumnsId, Event, MetricBatchLogged, MetricId};
use mltrack_projector::{
    Body, Definition, Dictionary, Entry, IntMap, LogError, Lsn, Reader, read_range,
};

use crate::answer::pieces::{Fixed, Share};
use crate::buckets::Bucketer;
use crate::history::{History, Points, Series};
use crate::query::{Query, Resolution};

/// Where in the log to begin.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// At the first record: nothing is known yet.
    Log,
    /// At the record that created the run, with the definitions before it.
    Run {
        /// That record.
        created: Lsn,
        /// Every definition before it; later ones do no harm.
        dictionary: &'a Dictionary,
    },
}

/// Answers a query in one pass over the log, up to and including `last` or else the visible end.
///
/// Histories come sorted by name and context, only those with points. The reader's place does not matter.
pub fn read(
    reader: &mut Reader,
    query: &Query,
    start: Start<'_>,
    last: Option<Lsn>,
) -> Result<Vec<History>, LogError> {
    let (from, mut collector) = match start {
        Start::Log => (Lsn::FIRST, Collector::new(query.clone())),
        Start::Run {
            created,
            dictionary,
        } => (
            created,
            Collector::with_dictionary(query.clone(), dictionary),
        ),
    };
    read_range(reader, from, last, |entry| collector.apply(entry))?;
    Ok(collector.finish())
}

/// A query being answered. A pure fold of entries in the order of the log.
#[derive(Debug)]
pub struct Collector<'a> {
    query: Query,
    dictionary: Cow<'a, Dictionary>,
    /// Where the values of columns go, if anywhere. Forgotten when their id is defined.
    routes: IntMap<ColumnsId, Box<[Option<u32>]>>,
    table: Table,
}

/// The series under construction.
#[derive(Default, Debug)]
struct Table {
    slots: IntMap<MetricId, u32>,
    series: Vec<(MetricId, Growing)>,
}

#[derive(Debug)]
enum Growing {
    Points(Points),
    Buckets(Bucketer),
}

impl Collector<'_> {
    /// Begins with the first record of the log.
    #[must_use]
    pub fn new(query: Query) -> Collector<'static> {
        Collector {
            query,
            dictionary: Cow::Owned(Dictionary::default()),
            routes: IntMap::default(),
            table: Table::default(),
        }
    }
}

impl<'a> Collector<'a> {
    /// Begins later, with what was defined before.
    #[must_use]
    pub fn with_dictionary(query: Query, dictionary: &'a Dictionary) -> Collector<'a> {
        Collector {
            dictionary: Cow::Borrowed(dictionary),
            ..Collector::new(query)
        }
    }

    /// Takes in an entry.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        let run = self.query.run();
        match &entry.body {
            Body::Metrics(view) if view.run == run => {
                let values = view.values().map(|value| (view.step, entry.time_ns, value));
                self.add(view.columns, view.len(), entry.lsn, values.enumerate());
            }
            Body::Event(Event::MetricsLogged(logged)) if logged.run == run => {
                let values = logged
                    .values
                    .iter()
                    .map(|value| (logged.step, entry.time_ns, *value));
                self.add(
                    logged.columns,
                    logged.values.len(),
                    entry.lsn,
                    values.enumerate(),
                );
            }
            Body::Event(Event::MetricBatchLogged(batch)) if batch.run == run => {
                self.add_batch(batch, entry);
            }
            Body::Event(Event::MetricDefined(metric)) => {
                self.define(Definition::Metric(metric.clone()));
            }
            Body::Event(Event::MetricSetDefined(set)) => self.define(Definition::Set(set.clone())),
            _ => {}
        }
    }

    fn define(&mut self, definition: Definition) {
        let id = definition.id();
        if self.dictionary.get(id).is_none() {
            self.dictionary.to_mut().define(definition);
            self.routes.remove(&id);
        }
    }

    fn add_batch(&mut self, batch: &MetricBatchLogged, entry: &Entry<'_>) {
        let rows = batch.steps.len();
        let has_times = batch.times.is_empty() || batch.times.len() == rows;
        if rows == 0 || !has_times || !batch.values.len().is_multiple_of(rows) {
            return;
        }
        let width = batch.values.len() / rows;
        let values = batch.values.iter().enumerate().map(|(at, value)| {
            let row = at % rows;
            let time_ns = batch.times.get(row).copied().unwrap_or(entry.time_ns);
            (at / rows, (batch.steps[row], time_ns, *value))
        });
        self.add(batch.columns, width, entry.lsn, values);
    }

    /// Takes in values with their column, step and time. Columns that the log does not define, or defines with another
    /// width, have no metric to belong to.
    fn add(
        &mut self,
        columns: ColumnsId,
        width: usize,
        lsn: Lsn,
        values: impl Iterator<Item = (usize, (i64, i64, f64))>,
    ) {
        let Collector {
            query,
            dictionary,
            routes,
            table,
        } = self;
        let route = match routes.entry(columns) {
            hash_map::Entry::Occupied(known) => known.into_mut(),
            hash_map::Entry::Vacant(new) => {
                let undefined = [MetricId(columns.0)];
                let members = match dictionary.get(columns) {
                    Some(definition) => definition.members(),
                    None if width == 1 => &undefined,
                    None => return,
                };
                let route = members
                    .iter()
                    .map(|member| table.slot(*member, query, dictionary));
                new.insert(route.collect())
            }
        };
        if route.len() != width {
            return;
        }
        for (column, (step, time_ns, value)) in values {
            if let Some(slot) = route[column]
                && query.wants_point(step, time_ns)
            {
                table.series[slot as usize]
                    .1
                    .push(step, time_ns, value, lsn);
            }
        }
    }

    /// The answer: histories with points in them, sorted by name and context.
    #[must_use]
    pub fn finish(self) -> Vec<History> {
        let Collector {
            dictionary, table, ..
        } = self;
        let all = table.series.into_iter();
        let named =
            all.map(|(metric, series)| History::named(metric, series.finish(), &dictionary));
        let mut histories: Vec<History> =
            named.filter(|history| !history.series.is_empty()).collect();
        sort_by_name(&mut histories);
        histories
    }

    /// Takes away what was collected so far, in the order of the log, and goes on.
    pub(crate) fn drain(&mut self) -> Vec<(MetricId, Share)> {
        let resolution = self.query.resolution();
        let all = self.table.series.iter_mut();
        let taken = all.map(|(metric, growing)| {
            let growing = std::mem::replace(growing, Growing::new(resolution));
            (*metric, growing.share())
        });
        taken.collect()
    }

    /// What is defined now.
    pub(crate) fn into_dictionary(self) -> Cow<'a, Dictionary> {
        self.dictionary
    }
}

pub(crate) fn sort_by_name(histories: &mut [History]) {
    histories.sort_by(|a, b| (&a.name, &a.context, a.metric).cmp(&(&b.name, &b.context, b.metric)));
}

impl Table {
    /// Where the points of a metric go; `None` when nobody asked for it.
    fn slot(&mut self, metric: MetricId, query: &Query, dictionary: &Dictionary) -> Option<u32> {
        if !query.wants_metric(dictionary.metric(metric)) {
            return None;
        }
        let slot = *self.slots.entry(metric).or_insert(self.series.len() as u32);
        if slot as usize == self.series.len() {
            self.series.push((metric, Growing::new(query.resolution())));
        }
        Some(slot)
    }
}

impl Growing {
    fn new(resolution: Resolution) -> Growing {
        match resolution {
            Resolution::Exact => Growing::Points(Points::default()),
            Resolution::Buckets(count_max) => Growing::Buckets(Bucketer::new(count_max)),
        }
    }

    fn share(self) -> Share {
        match self {
            Growing::Points(points) => Share::Points(points),
            Growing::Buckets(bucketer) => Share::Pieces(Vec::from_iter(Fixed::of(bucketer))),
        }
    }

    fn push(&mut self, step: i64, time_ns: i64, value: f64, lsn: Lsn) {
        match self {
            Growing::Points(points) => points.push(step, time_ns, value, lsn),
            Growing::Buckets(buckets) => buckets.add(step, value),
        }
    }

    fn finish(self) -> Series {
        match self {
            Growing::Points(mut points) => {
                points.sort_by_step();
                Series::Points(points)
            }
            Growing::Buckets(buckets) => Series::Buckets(buckets.finish()),
        }
    }
}
