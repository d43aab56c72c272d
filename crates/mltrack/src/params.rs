//! Parameters: typed, nested, never overwritten.
//!
//! Invariant: of two writers that give one parameter different values at the same time, one is refused: parameters are
//! appended on the run's stream. Only while the log does not move are they deferred, and then the first one counts.

use mltrack_event::{Event, NameKind, ParamValue, ParamsLogged, StreamId};
use mltrack_log::{Condition, LogError};
use serde::Serialize;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::flatten::{flatten, flatten_under};
use crate::recorder::Recorder;
use crate::run::{Inner, Run};
use crate::store::{Session, Store, push_event};

impl Run {
    /// Logs one parameter of any type; a struct or map becomes several, joined by dots. An equal value again is fine.
    ///
    /// Errors: `CONFLICT` when it has another value, `VALIDATION_ERROR` for a name that is none, `INVALID_STATE` when
    /// the run has ended.
    pub fn log_param(&self, name: &str, value: impl Serialize) -> Result<()> {
        let Some(inner) = self.inner() else {
            return Ok(());
        };
        NameKind::Param.check(name)?;
        inner.log_params(flatten_under(name.to_owned(), &value)?)
    }

    /// Logs the fields of a struct or map as parameters, nested names joined by dots, types kept, all or none.
    ///
    /// A whole number beyond `i64` and a list are kept as JSON text, `None` as `null`; floats keep every bit, and an
    /// `f32` becomes the `f64` that prints the same.
    ///
    /// Errors: those of [`log_param`](Run::log_param), and `SERIALIZATION_ERROR` for a value without names.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use std::collections::BTreeMap;
    /// # let run = tracker.experiment("resnet")?.start_run()?;
    /// let optimizer = BTreeMap::from([("lr", 3e-4), ("beta", 0.9)]);
    /// run.log_params(&BTreeMap::from([("optimizer", optimizer)]))?;
    /// run.finish()?;
    /// assert!(tracker.run_summary(run.id())?.params.contains_key("optimizer.lr"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn log_params(&self, params: &(impl Serialize + ?Sized)) -> Result<()> {
        let Some(inner) = self.inner() else {
            return Ok(());
        };
        inner.log_params(flatten(params)?)
    }
}

impl Inner {
    pub fn log_params(&self, params: Vec<(String, ParamValue)>) -> Result<()> {
        self.record(|recorder, at| {
            loop {
                let new = new_params(recorder, &params)?;
                if new.is_empty() {
                    return Ok(());
                }
                let (actor, command) = self.store.by();
                let event = ParamsLogged {
                    run: self.key,
                    params: new,
                    actor,
                    command,
                };
                if self.append_params(recorder, at, &event.into())? {
                    recorder.params.extend(params);
                    return Ok(());
                }
                self.catch_up(recorder)?;
            }
        })
    }

    /// False when somebody else changed the run first.
    fn append_params(
        &self,
        recorder: &mut Recorder,
        (store, session): (&Store, &Session),
        event: &Event,
    ) -> Result<bool> {
        let batch = &mut recorder.batch;
        batch.clear();
        push_event(batch, event, None)?;
        let stream = mltrack_log::StreamId(StreamId::run(self.key).0);
        let condition = Condition {
            stream,
            unchanged: &[stream],
            seen: recorder.seen,
        };
        let appended = match store.log()?.append_if(batch, condition) {
            Err(LogError::Conflict { .. }) => return Ok(false),
            // A training loop does not wait for a log that stands still.
            Err(LogError::Busy { .. } | LogError::Poisoned { .. }) => store.log()?.append(batch),
            other => other,
        };
        if let Some(lsn) = store.settle(session, batch, appended)?.lsn() {
            recorder.seen = lsn.plus(1);
        }
        Ok(true)
    }

    /// Takes into account what others did to the run.
    fn catch_up(&self, recorder: &mut Recorder) -> Result<()> {
        self.store.with_state(|state, reader| {
            let run = state
                .run_by_id(self.facts.id)
                .ok_or_else(|| Error::no_run(self.facts.id))?;
            recorder.params.clone_from(&run.params);
            recorder.seen = reader.next_lsn();
            self.gate.set(run.state);
            Ok(())
        })?;
        self.gate.admit()
    }
}

/// What is not logged yet; an error when a value differs from the one that is.
fn new_params(
    recorder: &Recorder,
    params: &[(String, ParamValue)],
) -> Result<Vec<(String, ParamValue)>> {
    let mut new: Vec<(String, ParamValue)> = Vec::new();
    for (name, value) in params {
        match recorder.params.get(name) {
            Some(known) if known.same(value) => {}
            Some(known) => return Err(other_value(name, known, value)),
            None => new.push((name.clone(), value.clone())),
        }
    }
    Ok(new)
}

pub(crate) fn other_value(name: &str, known: &ParamValue, value: &ParamValue) -> Error {
    let show = |value: &ParamValue| format!("{value} ({})", value.type_name());
    let message = format!(
        "the parameter {name:?} is {} and cannot become {}",
        show(known),
        show(value)
    );
    Error::new(Code::Conflict, message).with_hint("log it under another name, or start a new run")
}
