//! A run takes in a version of a model.
//!
//! Invariant: what a selector means is decided once, and the run says which version that was.

use std::sync::Arc;

use mltrack_event::{ModelUsed, RunId, RunKey, StreamId};
use mltrack_log::Lsn;

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::model_version::ModelVersion;
use crate::registry::By;
use crate::run::Run;
use crate::tracker::Tracker;

/// A version of a model that a run took in.
#[derive(Clone, Debug)]
pub struct UsedModel {
    version: ModelVersion,
}

impl UsedModel {
    /// The version that was taken in.
    #[must_use]
    pub fn version(&self) -> &ModelVersion {
        &self.version
    }
}

impl Run {
    /// Takes in a version of a model: `resnet@prod`, `resnet@v7`, `@1.2.0`, `@latest`. What the selector means now stays
    /// with the run.
    ///
    /// Errors: `NOT_FOUND`, `VALIDATION_ERROR` for a selector that is none, `INVALID_STATE` when the run has ended.
    pub fn use_model(&self, selector: &str) -> Result<UsedModel> {
        let Some(inner) = self.inner() else {
            let version = ModelVersion::disabled();
            return Ok(UsedModel { version });
        };
        let version = Tracker::of(Arc::clone(&inner.store)).model_version(selector)?;
        let event = event((inner.key, inner.store.by()), &version, selector);
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))?;
        Ok(UsedModel { version })
    }
}

impl Tracker {
    /// Records that a run took in a version of a model, from outside the run: the run may have ended. The lsn is that of
    /// the record. What a run took in is a fact of its history, so there is nothing that takes it back.
    ///
    /// Errors: `NOT_FOUND` for the run or the version, `INVALID_STATE` for a run that is deleted.
    pub fn use_model(&self, run: RunId, selector: &str) -> Result<Option<Lsn>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let version = self.model_version(selector)?;
        let used = event((run.key(), store.by()), &version, selector);
        let ((), lsn) = store.decide(|state, _| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            if state.is_deleted(known) {
                let what = format!("the run {run} is deleted");
                return Err(Error::new(Code::InvalidState, what)
                    .with_hint(format!("mltrack restore {run}")));
            }
            let plan = Plan::on(StreamId::run(run.key()), vec![used.clone().into()]);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }
}

fn event(
    (run, (actor, command)): (RunKey, By),
    version: &ModelVersion,
    selector: &str,
) -> ModelUsed {
    ModelUsed {
        run,
        model: version.model_id(),
        number: version.number,
        name: version.name().to_owned(),
        selector: selector.to_owned(),
        actor,
        command,
    }
}
