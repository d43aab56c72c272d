//! How a run ends: by a call, by a panic, by being dropped; once, for all its writers.
//!
//! Invariants: an end is appended only while nobody else has ended the run, except that it may be deferred while the
//! log stands still: then the first end in the log counts. What was buffered is written before.

use std::error::Error as StdError;

use mltrack_event::{EndState, Event, RunEnded, RunError, RunId, RunMove, StreamId};
use mltrack_log::{Condition, LogError};

use crate::capture_desk::FINISH_WAIT;
use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::panic;
use crate::run::{Inner, Run};
use crate::store::{Logged, push_event};
use crate::tracker::Tracker;
use crate::warning::Warning;

impl Run {
    /// Ends the run as completed, for all its writers, and makes everything so far durable. Waits for the artifacts that
    /// this process has logged; one that cannot be stored is told as a warning, and the run ends all the same.
    ///
    /// Errors: `INVALID_STATE` when it has ended already. When points of a buffered handle could not be written, for
    /// instance with `DISK_FULL`, that is the error, and the run has ended all the same.
    pub fn finish(&self) -> Result<()> {
        self.end(EndState::Completed, None)
    }

    /// Ends the run as failed, with the error and what caused it.
    ///
    /// Errors: `INVALID_STATE` when it has ended already.
    pub fn fail<E: StdError + ?Sized>(&self, error: &E) -> Result<()> {
        self.fail_with(run_error(short_type_name::<E>(), error))
    }

    /// Ends the run as failed, with an error in words.
    pub fn fail_with(&self, error: RunError) -> Result<()> {
        self.end(EndState::Failed, Some(error))
    }

    /// Ends the run because somebody wants it to. Errors: `INVALID_STATE` when it has ended already.
    pub fn cancel(&self, why: &str) -> Result<()> {
        self.end(EndState::Cancelled, Some(in_words("cancelled", why)))
    }

    pub(crate) fn end(&self, state: EndState, error: Option<RunError>) -> Result<()> {
        let Some(inner) = self.inner() else {
            return Ok(());
        };
        let flushed = inner.flush_buffers();
        inner.close_consoles();
        inner.stop_sampling();
        // What failed was told as a warning: an upload never keeps a run from ending.
        inner.store.uploads()?.wait_for(inner.key);
        inner
            .store
            .capture_desk()?
            .wait_for(Some(inner.key), FINISH_WAIT);
        inner.end(state, error)?;
        // The end stands whatever the disk does now; a failed sync shows at the next flush too.
        if let Err(error) = inner.store.log()?.sync() {
            inner.store.warnings.tell(&Warning::NotDurable {
                error: error.into(),
            });
        }
        flushed
    }
}

impl Tracker {
    /// Ends a run without joining it, as `mltrack run end` does.
    ///
    /// Errors: `NOT_FOUND`, `INVALID_STATE` with the moves that are legal when it has ended already.
    pub fn end_run(&self, id: RunId, state: EndState, error: Option<RunError>) -> Result<()> {
        let Some(store) = self.store() else {
            return Ok(());
        };
        let (actor, command) = store.by();
        let event = Event::from(RunEnded {
            run: id.key(),
            state,
            error,
            actor,
            command,
        });
        store.decide(|folded, _| {
            let run = folded.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
            run.state.after(RunMove::End(state))?;
            Ok(Decision::Append(
                Plan::on(StreamId::run(id.key()), vec![event.clone()]),
                (),
            ))
        })?;
        Ok(())
    }
}

impl Inner {
    fn end(&self, state: EndState, error: Option<RunError>) -> Result<()> {
        let (actor, command) = self.store.by();
        let event = RunEnded {
            run: self.key,
            state,
            error,
            actor,
            command,
        }
        .into();
        self.record(|recorder, (store, session)| {
            let mut seen = recorder.seen;
            loop {
                recorder.batch.clear();
                let batch = &mut recorder.batch;
                push_event(batch, &event, None)?;
                let stream = mltrack_log::StreamId(StreamId::run(self.key).0);
                let condition = Condition {
                    stream,
                    unchanged: &[stream],
                    seen,
                };
                let appended = match store.log()?.append_if(batch, condition) {
                    Err(LogError::Conflict { .. }) => {
                        // Another owner joined, or ended it: only the latter is in the way.
                        seen = session.watch.look()?;
                        self.gate.admit()?;
                        continue;
                    }
                    Err(LogError::Busy { .. } | LogError::Poisoned { .. }) => {
                        store.log()?.append_control(batch, stream)
                    }
                    other => other,
                };
                let logged = store.settle(session, batch, appended)?;
                self.gate.set(state.into());
                if let Logged::Visible(lsn) = logged {
                    store.extend_at_end(session, lsn.plus(1));
                }
                return Ok(());
            }
        })
    }

    /// The last handle is gone and nobody ended the run, as far as this process knows. Never waits for the disk.
    pub fn abandon(&self) {
        let error = if std::thread::panicking() {
            panic::recorded()
        } else {
            in_words("abandoned", "the last handle was dropped without an end")
        };
        match self.end(EndState::Failed, Some(error)) {
            // Somebody else was faster: it has ended, which is all that was wanted.
            Err(error) if error.code() == Code::InvalidState => {}
            Err(error) => self.store.warnings.tell(&Warning::NotEnded { error }),
            Ok(()) => {}
        }
    }
}

/// An error with the chain of its causes.
pub(crate) fn run_error<E: StdError + ?Sized>(kind: &str, error: &E) -> RunError {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    RunError {
        kind: kind.to_owned(),
        message: error.to_string(),
        trace: None,
        cause: (!causes.is_empty()).then(|| causes.join(": ")),
        recoverable: false,
    }
}

pub(crate) fn in_words(kind: &str, message: impl Into<String>) -> RunError {
    RunError {
        kind: kind.to_owned(),
        message: message.into(),
        trace: None,
        cause: None,
        recoverable: false,
    }
}

/// `ParseIntError` of `core::num::error::ParseIntError`; `Error` of a trait object.
fn short_type_name<E: ?Sized>() -> &'static str {
    let name = std::any::type_name::<E>();
    let path = name.split(['<', '+']).next().unwrap_or(name).trim_end();
    path.rsplit("::").next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_run_has_its_kind_and_the_chain_of_causes() {
        let parse = "x".parse::<i32>().unwrap_err();
        let error = Error::new(crate::Code::IoError, "cannot read").with_source(parse);
        let told = run_error(short_type_name::<Error>(), &error);
        assert_eq!(
            (told.kind.as_str(), told.message.as_str()),
            ("Error", "cannot read")
        );
        assert_eq!(told.cause.as_deref(), Some("invalid digit found in string"));
    }
}
