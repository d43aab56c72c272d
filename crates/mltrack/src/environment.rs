//! The environment that a run was started in, as it was captured.
//!
//! Invariant: what is answered is what was recorded when the run started, and says nothing of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mltrack_capture::Request;
use mltrack_event::{ArtifactId, Reproducible, RunId, WallTime};
use mltrack_log::{Lsn, door};
use serde_json::Value;

use crate::artifact::Artifact;
use crate::capture::{DEPENDENCIES, ENVIRONMENT, PATCH};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::tracker::Tracker;

/// What a command that is started in `folder` would be captured with, here and now: the document, and the packages it
/// depends on. Its repository is not looked at. Takes as long as asking the machine does.
#[must_use]
pub fn environment_now(folder: &Path, words: &[String]) -> (Value, Option<Value>) {
    let arguments = words.iter().map(Into::into).collect();
    let variables = std::env::vars_os().collect();
    let mut request = Request::new(folder.to_owned(), arguments, variables, door::monotonic);
    request.git = false;
    request.executable = words.first().map(PathBuf::from);
    let captured = mltrack_capture::environment(&request);
    (captured.document, captured.dependencies)
}

/// What a run ran on, and from which code; see [`Tracker::environment`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Environment {
    /// The run.
    pub run: RunId,
    /// The record that says so.
    pub lsn: Lsn,
    /// When it was recorded.
    pub captured: WallTime,
    /// Whether commit and patch restore the code.
    pub reproducible: Reproducible,
    /// What lists and filters show, such as `os.name` or `git.commit`; `docs/environment.md` has all keys.
    pub summary: BTreeMap<String, String>,
    /// Files that the patch leaves out, each as `path: why`.
    pub left_out: Vec<String>,
    /// What is kept in full: `environment`, `dependencies` and `patch`, as far as there are any.
    pub documents: BTreeMap<String, Artifact>,
}

impl Tracker {
    /// The environment that a run was started in, of one that was resumed the last one; `None` when none was captured, and
    /// when the tracker is disabled.
    ///
    /// Errors: `NOT_FOUND` for the run.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// use mltrack::{Capture, Tracker};
    ///
    /// let tracker = Tracker::builder(folder.path()).capture(Capture::Minimal).open()?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.finish()?; // waits for the background
    /// let environment = tracker.environment(run.id())?.expect("it was captured");
    /// assert!(environment.summary.contains_key("os.name"));
    /// let document = tracker.environment_document(&environment)?.expect("it is kept");
    /// assert_eq!(document["os"]["name"], environment.summary["os.name"].as_str());
    /// # Ok(())
    /// # }
    /// ```
    pub fn environment(&self, run: RunId) -> Result<Option<Environment>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        store.with_state(|state, _| {
            let known = state.run_by_id(run).map(drop);
            known.ok_or_else(|| Error::no_run(run))
        })?;
        let folded = store.with_things(|things, _| Ok(things.environment(run.key()).cloned()))?;
        let Some(folded) = folded else {
            return Ok(None);
        };
        let ids: Vec<ArtifactId> = folded.documents.iter().map(|(_, id)| *id).collect();
        let artifacts = store.artifacts_by_id(&ids)?;
        let documents = folded.documents.iter().filter_map(|(name, id)| {
            let artifact = artifacts.iter().find(|artifact| artifact.id == *id)?;
            Some((name.clone(), artifact.clone()))
        });
        Ok(Some(Environment {
            run,
            lsn: folded.lsn,
            captured: WallTime(folded.time_ns),
            reproducible: folded.reproducible,
            summary: folded.summary.iter().cloned().collect(),
            left_out: folded.left_out.clone(),
            documents: documents.collect(),
        }))
    }

    /// Everything that was captured but the packages and the patch, as one JSON document; `None` when it was not kept.
    ///
    /// Errors: `NOT_FOUND` when its bytes are gone, `CORRUPT` when they are no JSON.
    pub fn environment_document(&self, environment: &Environment) -> Result<Option<Value>> {
        self.json_document(environment, ENVIRONMENT)
    }

    /// The packages that the program depended on, as JSON; `None` when none were found.
    ///
    /// Errors: those of [`environment_document`](Tracker::environment_document).
    pub fn environment_dependencies(&self, environment: &Environment) -> Result<Option<Value>> {
        self.json_document(environment, DEPENDENCIES)
    }

    /// What was not committed when the run started, as `git apply` takes it; `None` when there was nothing, or it was not
    /// kept.
    ///
    /// Errors: `NOT_FOUND` when its bytes are gone.
    pub fn environment_patch(&self, environment: &Environment) -> Result<Option<Vec<u8>>> {
        let patch = environment.documents.get(PATCH);
        patch
            .map(|artifact| self.artifact_bytes(artifact))
            .transpose()
    }

    fn json_document(&self, environment: &Environment, name: &str) -> Result<Option<Value>> {
        let Some(artifact) = environment.documents.get(name) else {
            return Ok(None);
        };
        let bytes = self.artifact_bytes(artifact)?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let what = format!("{} is no JSON", artifact.reference());
            Error::new(Code::Corrupt, what).with_source(error)
        })
    }
}
