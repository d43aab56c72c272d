//! The hot path: from a name and a value to a record that others can read.
//!
//! Invariants: in steady state a point costs no allocation, no clock call and no second lock; the batch is empty
//! between calls; a definition travels in the batch of its first use.

use std::collections::BTreeMap;

use mltrack_event::{Event, ParamValue, RunKey, encode_metrics};
use mltrack_log::{Batch, Lsn};
use mltrack_projector::Definition;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::names::{Names, Slot};
use crate::store::{Logged, Session, Store, push_event};

/// What one writer needs to log to one run.
pub(crate) struct Recorder {
    pub names: Names,
    pub values: Vec<f64>,
    pub batch: Batch,
    payload: Vec<u8>,
    /// The run's parameters, as of `seen`.
    pub params: BTreeMap<String, ParamValue>,
    /// Every control record of the run before this lsn is taken into account.
    pub seen: Lsn,
}

impl Recorder {
    pub fn new(names: Names, params: BTreeMap<String, ParamValue>, seen: Lsn) -> Recorder {
        Recorder {
            names,
            values: Vec::new(),
            batch: Batch::new(),
            payload: Vec::new(),
            params,
            seen,
        }
    }

    /// Appends `self.values` as the values of a slot at a step.
    #[inline]
    pub fn log_values(
        &mut self,
        (store, session): (&Store, &Session),
        run: RunKey,
        slot: usize,
        step: i64,
        time_ns: Option<i64>,
    ) -> Result<Logged> {
        let slot = &mut self.names.slots[slot];
        self.batch.clear();
        if !slot.is_defined {
            define(session, slot, &mut self.batch)?;
        }
        push_values(
            &mut self.batch,
            &mut self.payload,
            (run, slot, step),
            &self.values,
            time_ns,
        )?;
        let logged = store.append(session, &mut self.batch)?;
        slot.is_defined = true;
        Ok(logged)
    }

    /// Appends one event, with what explains a slot it uses.
    pub fn log_event(
        &mut self,
        (store, session): (&Store, &Session),
        slot: Option<usize>,
        event: &Event,
    ) -> Result<Logged> {
        self.batch.clear();
        let slot = slot.map(|slot| &mut self.names.slots[slot]);
        if let Some(slot) = slot.as_ref().filter(|slot| !slot.is_defined) {
            define(session, slot, &mut self.batch)?;
        }
        push_event(&mut self.batch, event, None)?;
        let logged = store.append(session, &mut self.batch)?;
        if let Some(slot) = slot {
            slot.is_defined = true;
        }
        Ok(logged)
    }
}

/// Adds a metrics record to a batch.
#[inline]
pub(crate) fn push_values(
    batch: &mut Batch,
    payload: &mut Vec<u8>,
    (run, slot, step): (RunKey, &Slot, i64),
    values: &[f64],
    time_ns: Option<i64>,
) -> Result<()> {
    payload.clear();
    let (type_id, version) = encode_metrics(run, slot.columns, step, values, payload)?;
    Ok(batch.push(type_id.0, version.0, time_ns, payload)?)
}

/// Adds to a batch what explains a slot, except for what the log is known to explain already.
#[cold]
pub(crate) fn define(session: &Session, slot: &Slot, batch: &mut Batch) -> Result<()> {
    // Whoever holds the fold may hold it for long; then the definition is written once more, which does no harm.
    let follower = session.follower.try_lock().ok();
    let dictionary = follower
        .as_ref()
        .map(|follower| follower.state().dictionary());
    for event in &slot.definition {
        let definition = match event {
            Event::MetricDefined(metric) => Definition::Metric(metric.clone()),
            Event::MetricSetDefined(set) => Definition::Set(set.clone()),
            _ => continue,
        };
        match dictionary.and_then(|dictionary| dictionary.get(definition.id())) {
            Some(known) if *known == definition => {}
            Some(_) => return Err(collision(&definition)),
            None => push_event(batch, event, None)?,
        }
    }
    Ok(())
}

fn collision(definition: &Definition) -> Error {
    let what = match definition {
        Definition::Metric(metric) => format!("the metric {:?}", metric.name),
        Definition::Set(set) => format!("the set of metrics {}", set.id),
    };
    Error::new(
        Code::Conflict,
        format!("the id of {what} already stands for another one"),
    )
    .with_hint("change its name by a character")
}
