//! The experiment that clients of a server log to when they name none.
//!
//! Invariant: however many servers open a store at once, one makes it; whoever deleted or purged it keeps it so.

use mltrack_event::{Event, ExperimentCreated, ExperimentId, StreamId};
use mltrack_projector_runs::State;

use crate::decide::{Decision, Plan};
use crate::error::Result;
use crate::store::Store;
use crate::tracker::Tracker;

/// Its id.
const DEFAULT_ID: ExperimentId = ExperimentId(0);
/// Its name, when nobody else has it.
const DEFAULT_NAME: &str = "Default";

impl Tracker {
    /// Makes the experiment with id 0, `Default`, in a store that never had it. Whether it was made.
    ///
    /// Errors: those of appending; `INVALID_STATE` when the tracker was opened for reading.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// assert!(tracker.make_default_experiment(&[])?);
    /// assert!(!tracker.make_default_experiment(&[])?);
    /// assert_eq!(tracker.experiment("Default")?.id().0, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn make_default_experiment(&self, tags: &[(String, String)]) -> Result<bool> {
        let Some(store) = self.store() else {
            return Ok(false);
        };
        let (is_made, _) = store.decide(|state, _| {
            let is_purged = state.purges().of_experiment(DEFAULT_ID).is_some();
            if is_purged || state.experiment(DEFAULT_ID).is_some() {
                return Ok(Decision::Already(false));
            }
            let event = created(store, free_name(state), tags);
            let plan = Plan::on(StreamId::experiment_names(), vec![event]);
            Ok(Decision::Append(plan, true))
        })?;
        Ok(is_made)
    }
}

/// The name, with a number when somebody has given it to an experiment of his own.
fn free_name(state: &State) -> String {
    let mut name = DEFAULT_NAME.to_owned();
    for number in 0.. {
        if state.experiment_by_name(&name).is_none() {
            break;
        }
        name = format!("{DEFAULT_NAME} {number}");
    }
    name
}

fn created(store: &Store, name: String, tags: &[(String, String)]) -> Event {
    let (actor, command) = store.by();
    ExperimentCreated {
        experiment: DEFAULT_ID,
        name,
        description: String::new(),
        hypothesis: String::new(),
        owner: String::new(),
        collaborators: Vec::new(),
        tags: tags.to_vec(),
        goal: None,
        actor,
        command,
    }
    .into()
}
