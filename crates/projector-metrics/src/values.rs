//! Histories of values that are no single number: distributions, and JSON such as tables and confusion matrices.
//!
//! Invariant: every value that the log has and the query asks for is in the answer, in the order of name, context, step
//! and log; it is the value that was logged, not a summary of it.

use mltrack_event::{Event, HistogramLogged, JsonLogged, RunKey};
use mltrack_projector::{Body, Definition, Dictionary, Entry, LogError, Lsn, Reader, read_range};

use crate::collect::Start;
use crate::query::Query;

/// A value at a step.
#[derive(Clone, PartialEq, Debug)]
pub struct ValuePoint<T> {
    /// What it is a value of.
    pub name: String,
    /// The context, sorted by key; JSON values have none.
    pub context: Vec<(String, String)>,
    /// The step.
    pub step: i64,
    /// When it happened, in ns since 1970.
    pub time_ns: i64,
    /// The record that it came with.
    pub lsn: Lsn,
    /// The value, as it was logged.
    pub value: T,
}

/// An event that is a value at a step.
pub trait ValueKind: Clone {
    /// The value in an event, if it is of this kind.
    fn of(event: &Event) -> Option<&Self>;
    /// The run that logged it.
    fn run(&self) -> RunKey;
    /// The step.
    fn step(&self) -> i64;
    /// Its name and context.
    fn key(&self, dictionary: &Dictionary) -> (String, Vec<(String, String)>);
}

impl ValueKind for HistogramLogged {
    fn of(event: &Event) -> Option<&HistogramLogged> {
        match event {
            Event::HistogramLogged(logged) => Some(logged),
            _ => None,
        }
    }

    fn run(&self) -> RunKey {
        self.run
    }

    fn step(&self) -> i64 {
        self.step
    }

    fn key(&self, dictionary: &Dictionary) -> (String, Vec<(String, String)>) {
        match dictionary.metric(self.metric) {
            Some(known) => (known.name.clone(), known.context.clone()),
            None => (self.metric.to_string(), Vec::new()),
        }
    }
}

impl ValueKind for JsonLogged {
    fn of(event: &Event) -> Option<&JsonLogged> {
        match event {
            Event::JsonLogged(logged) => Some(logged),
            _ => None,
        }
    }

    fn run(&self) -> RunKey {
        self.run
    }

    fn step(&self) -> i64 {
        self.step
    }

    fn key(&self, _: &Dictionary) -> (String, Vec<(String, String)>) {
        (self.name.clone(), Vec::new())
    }
}

/// Reads the values that a query asks for in one pass over the log, up to and including `last` or else the visible end.
/// The query's resolution does not matter: values are always whole.
pub fn read_values<T: ValueKind>(
    reader: &mut Reader,
    query: &Query,
    start: Start<'_>,
    last: Option<Lsn>,
) -> Result<Vec<ValuePoint<T>>, LogError> {
    let (from, dictionary) = match start {
        Start::Log => (Lsn::FIRST, Dictionary::default()),
        Start::Run {
            created,
            dictionary,
        } => (created, dictionary.clone()),
    };
    let mut collector = ValueCollector::new(query.clone(), dictionary);
    read_range(reader, from, last, |entry| collector.apply(entry))?;
    Ok(collector.finish())
}

/// The same as a fold, for whoever drives the pass. Pure.
#[derive(Debug)]
pub struct ValueCollector<T> {
    query: Query,
    dictionary: Dictionary,
    values: Vec<(Lsn, i64, T)>,
}

impl<T: ValueKind> ValueCollector<T> {
    /// Begins with what was defined before.
    #[must_use]
    pub fn new(query: Query, dictionary: Dictionary) -> ValueCollector<T> {
        ValueCollector {
            query,
            dictionary,
            values: Vec::new(),
        }
    }

    /// Takes in an entry.
    pub fn apply(&mut self, entry: &Entry<'_>) {
        let Body::Event(event) = &entry.body else {
            return;
        };
        match event {
            Event::MetricDefined(metric) => {
                self.dictionary.define(Definition::Metric(metric.clone()));
            }
            event => {
                let found = T::of(event).filter(|value| {
                    value.run() == self.query.run()
                        && self.query.wants_point(value.step(), entry.time_ns)
                });
                let stamped = found.map(|value| (entry.lsn, entry.time_ns, value.clone()));
                self.values.extend(stamped);
            }
        }
    }

    /// The answer. Names are looked up only now, when every definition has passed.
    #[must_use]
    pub fn finish(self) -> Vec<ValuePoint<T>> {
        let ValueCollector {
            query,
            dictionary,
            values,
        } = self;
        let named = values.into_iter().map(|(lsn, time_ns, value)| {
            let (name, context) = value.key(&dictionary);
            ValuePoint {
                name,
                context,
                step: value.step(),
                time_ns,
                lsn,
                value,
            }
        });
        let mut points: Vec<ValuePoint<T>> = named
            .filter(|point| query.wants_name(&point.name, &point.context))
            .collect();
        // Stable, so values of one step stay in the order of the log.
        points.sort_by(|a, b| (&a.name, &a.context, a.step).cmp(&(&b.name, &b.context, b.step)));
        points
    }
}
