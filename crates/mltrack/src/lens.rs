//! What turns the short keys of records into names: which run, which experiment, which metric.
//!
//! Invariant: it learns from every event that passes, so it knows each name at the latest when it is needed.

use std::sync::Arc;

use mltrack_event::{
    ColumnsId, DecodeError, Event, ExperimentId, RunId, RunKey, TypeId, Version, WallTime, decode,
};
use mltrack_log::{Lsn, OwnedRecord, WriterId};
use mltrack_projector::{Dictionary, IntMap};
use mltrack_projector_runs::State;

use crate::tail::Wanted;

/// An event of the log, with the names that its payload only refers to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TailEvent {
    /// The record's number.
    pub lsn: Lsn,
    /// When it happened.
    pub time: WallTime,
    /// When it was appended.
    pub committed: WallTime,
    /// Who appended it.
    pub writer: WriterId,
    /// The type's number.
    pub type_id: TypeId,
    /// The version of its payload.
    pub version: Version,
    /// The run that it is about.
    pub run: Option<RunId>,
    /// The experiment that it, or its run, belongs to.
    pub experiment: Option<ExperimentId>,
    /// What it says. [`Event::Unknown`] for what this program does not know, and for what cannot be decoded.
    pub event: Event,
    /// Why it cannot be decoded, when it cannot.
    pub unreadable: Option<DecodeError>,
    /// How many bytes its payload has in the log.
    pub payload_len: usize,
    labels: Arc<[String]>,
}

impl TailEvent {
    /// The type's name, such as `metrics_logged`; `unknown` where this program knows none.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_id.name().unwrap_or("unknown")
    }

    /// The names of the metrics that it has values of, in the order of the values: `loss`, or `loss{subset=val}`.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The points it brings: name, step, value. None for events that are no metrics.
    pub fn points(&self) -> Box<dyn Iterator<Item = (&str, i64, f64)> + '_> {
        let labels = self.labels.iter().map(String::as_str);
        match &self.event {
            Event::MetricsLogged(logged) => {
                let values = logged.values.iter();
                Box::new(
                    labels
                        .zip(values)
                        .map(|(label, value)| (label, logged.step, *value)),
                )
            }
            Event::MetricBatchLogged(batch) => {
                let columns = labels.zip(batch.values.chunks(batch.steps.len().max(1)));
                Box::new(columns.flat_map(|(label, column)| {
                    let rows = batch.steps.iter().zip(column);
                    rows.map(move |(step, value)| (label, *step, *value))
                }))
            }
            _ => Box::new(std::iter::empty()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Lens {
    runs: IntMap<RunKey, (RunId, ExperimentId)>,
    dictionary: Dictionary,
    labels: IntMap<ColumnsId, Arc<[String]>>,
    none: Arc<[String]>,
}

impl Lens {
    pub fn of(state: &State) -> Lens {
        Lens {
            runs: state
                .briefs()
                .map(|(_, run)| (run.id.key(), (run.id, run.experiment)))
                .collect(),
            dictionary: state.dictionary().clone(),
            labels: IntMap::default(),
            none: Arc::from([]),
        }
    }

    /// The record as an event; `None` when it is not asked for.
    pub fn look(&mut self, record: &OwnedRecord, wanted: &Wanted) -> Option<TailEvent> {
        let (type_id, version) = (TypeId(record.type_id), Version(record.version));
        let (event, unreadable) = match decode(record.type_id, record.version, &record.payload) {
            Ok(event) => (event, None),
            Err(error) => {
                let payload = record.payload.clone();
                (
                    Event::Unknown {
                        type_id,
                        version,
                        payload,
                    },
                    Some(error),
                )
            }
        };
        self.learn(&event);
        let key = event.run();
        let known = key.and_then(|key| self.runs.get(&key)).copied();
        let experiment = event
            .experiment()
            .or(known.map(|(_, experiment)| experiment));
        let is_wanted = (wanted.types.is_empty() || wanted.types.contains(&record.type_id))
            && (wanted.run.is_none() || wanted.run == key)
            && (wanted.experiment.is_none() || wanted.experiment == experiment);
        is_wanted.then(|| TailEvent {
            lsn: record.lsn,
            time: WallTime(record.time_ns),
            committed: WallTime(record.commit_time_ns),
            writer: record.writer,
            type_id,
            version,
            run: known.map(|(run, _)| run),
            experiment,
            labels: self.labels_of(&event),
            event,
            unreadable,
            payload_len: record.payload.len(),
        })
    }

    fn learn(&mut self, event: &Event) {
        match event {
            Event::RunCreated(created) => {
                let known = (created.run, created.experiment);
                self.runs.entry(created.run.key()).or_insert(known);
            }
            Event::MetricDefined(_) | Event::MetricSetDefined(_) => self.dictionary.apply(event),
            _ => {}
        }
    }

    fn labels_of(&mut self, event: &Event) -> Arc<[String]> {
        let columns = match event {
            Event::MetricsLogged(logged) => logged.columns,
            Event::MetricBatchLogged(batch) => batch.columns,
            Event::HistogramLogged(logged) => logged.metric.into(),
            _ => return Arc::clone(&self.none),
        };
        if let Some(labels) = self.labels.get(&columns) {
            return Arc::clone(labels);
        }
        let Some(definition) = self.dictionary.get(columns) else {
            return Arc::from([columns.to_string()]);
        };
        let members = definition.members().iter();
        let labels: Arc<[String]> = members
            .map(|member| self.dictionary.label(*member))
            .collect();
        self.labels.insert(columns, Arc::clone(&labels));
        labels
    }
}
