//! Experiments that are deleted in the peer's store: made here for their runs, and deleted behind the last of them.
//!
//! Invariant: each is deleted once, however often the import is repeated or killed; what somebody brought back stays.

use mltrack::{Code, ExperimentId, PIECE_MARKS, Result, Tracker};
use serde::{Deserialize, Serialize};

use crate::known::document_id;

/// Such an experiment.
pub(crate) struct Doomed {
    document: String,
    said: Said,
}

/// What is written down of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Said {
    schema: u32,
    /// Its id here.
    experiment: ExperimentId,
    is_deleted: bool,
}

impl Doomed {
    /// One that was made just now.
    pub fn new(kind: &str, identity: &str, experiment: ExperimentId) -> Doomed {
        Doomed {
            document: document_id(kind, identity),
            said: Said {
                schema: 1,
                experiment,
                is_deleted: false,
            },
        }
    }

    /// One that was made by an import before, if it is still there.
    pub fn find(tracker: &Tracker, kind: &str, identity: &str) -> Result<Option<Doomed>> {
        let document = document_id(kind, identity);
        let known = tracker.documents(PIECE_MARKS).get(&document)?;
        let said = known.and_then(|known| serde_json::from_str::<Said>(&known.body).ok());
        let Some(said) = said else {
            return Ok(None);
        };
        match tracker.experiment_facts(said.experiment) {
            Ok(_) => Ok(Some(Doomed { document, said })),
            Err(error) if error.code() == Code::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub fn experiment(&self) -> ExperimentId {
        self.said.experiment
    }

    pub fn write(&self, tracker: &Tracker) -> Result<()> {
        let body = serde_json::to_string(&self.said).expect("an id is JSON");
        tracker.documents(PIECE_MARKS).put(&self.document, &body)?;
        Ok(())
    }

    /// Deletes it, unless that was done before.
    pub fn delete(mut self, tracker: &Tracker) -> Result<()> {
        if self.said.is_deleted {
            return Ok(());
        }
        if !tracker.experiment_facts(self.said.experiment)?.is_deleted {
            tracker.experiment_by_id(self.said.experiment)?.delete()?;
        }
        self.said.is_deleted = true;
        self.write(tracker)
    }
}
