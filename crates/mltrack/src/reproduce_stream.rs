//! The points of one run in the order of the log, a batch of records at a time.
//!
//! Invariants: what comes is what the log holds of the run when the stream begins, each point once, in order; records of
//! others cost one look.

use std::collections::hash_map;

use mltrack_event::{ColumnsId, Event, MetricBatchLogged, MetricId, RunId, RunKey};
use mltrack_log::{Lsn, Reader};
use mltrack_projector::{Body, Definition, Dictionary, Entry, IntMap};

use crate::error::{Error, Result};
use crate::store::Store;

/// One value of a metric. The time it was logged at is no part of what is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logged {
    pub metric: MetricId,
    pub step: i64,
    pub value: f64,
}

/// The points of a run, one stretch of the log after the other.
pub(crate) struct Stream {
    run: RunKey,
    reader: Reader,
    dictionary: Dictionary,
    routes: IntMap<ColumnsId, Box<[MetricId]>>,
    /// The last record about the run when the stream began.
    last: Lsn,
}

impl Stream {
    /// From the run's first record on. Errors: `NOT_FOUND` for the run.
    pub fn new(store: &Store, run: RunId) -> Result<Stream> {
        let (dictionary, first, last) = store.with_state(|state, _| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            Ok((
                state.dictionary().clone(),
                known.created.lsn,
                known.heard.lsn,
            ))
        })?;
        let mut reader = store.reader()?;
        reader.seek(first);
        Ok(Stream {
            run: run.key(),
            reader,
            dictionary,
            routes: IntMap::default(),
            last,
        })
    }

    /// Hands over the points of the next batch of records; false when there are no more batches.
    pub fn next_batch(&mut self, mut take: impl FnMut(Logged)) -> Result<bool> {
        if self.reader.next_lsn() > self.last {
            return Ok(false);
        }
        let Stream {
            run,
            reader,
            dictionary,
            routes,
            last,
        } = self;
        let Some(batch) = reader.next_batch()? else {
            return Ok(false);
        };
        for record in batch.take_while(|record| record.lsn <= *last) {
            points_of(&Entry::decode(&record), *run, dictionary, routes, &mut take);
        }
        Ok(true)
    }

    /// The metric as people write it.
    pub fn label(&self, metric: MetricId) -> String {
        self.dictionary.label(metric)
    }
}

fn points_of(
    entry: &Entry<'_>,
    run: RunKey,
    dictionary: &mut Dictionary,
    routes: &mut IntMap<ColumnsId, Box<[MetricId]>>,
    take: &mut impl FnMut(Logged),
) {
    match &entry.body {
        Body::Metrics(view) if view.run == run => {
            let members = route((view.columns, view.len()), dictionary, routes);
            for (metric, value) in members.iter().zip(view.values()) {
                take(Logged {
                    metric: *metric,
                    step: view.step,
                    value,
                });
            }
        }
        Body::Event(Event::MetricBatchLogged(batch))
            if batch.run == run && !batch.steps.is_empty() =>
        {
            let width = batch.values.len() / batch.steps.len();
            points_of_batch(
                batch,
                route((batch.columns, width), dictionary, routes),
                take,
            );
        }
        Body::Event(Event::MetricDefined(metric)) => {
            dictionary.define(Definition::Metric(metric.clone()));
        }
        Body::Event(Event::MetricSetDefined(set)) => {
            dictionary.define(Definition::Set(set.clone()));
        }
        _ => {}
    }
}

fn points_of_batch(batch: &MetricBatchLogged, members: &[MetricId], take: &mut impl FnMut(Logged)) {
    let columns = batch.values.chunks(batch.steps.len());
    for (metric, column) in members.iter().zip(columns) {
        for (step, value) in batch.steps.iter().zip(column) {
            take(Logged {
                metric: *metric,
                step: *step,
                value: *value,
            });
        }
    }
}

/// The metrics that the values of a record belong to: none for columns that the log defines with another width, or not
/// at all.
fn route<'a>(
    (columns, width): (ColumnsId, usize),
    dictionary: &Dictionary,
    routes: &'a mut IntMap<ColumnsId, Box<[MetricId]>>,
) -> &'a [MetricId] {
    let members = match routes.entry(columns) {
        hash_map::Entry::Occupied(known) => known.into_mut(),
        hash_map::Entry::Vacant(new) => match dictionary.get(columns) {
            Some(definition) => new.insert(definition.members().into()),
            None if width == 1 => new.insert([MetricId(columns.0)].into()),
            None => return &[],
        },
    };
    if members.len() == width { members } else { &[] }
}
