//! The runs that others logged to lately, so that their next point costs no look at the log.
//!
//! Invariant: a run that is asked for stays; of all others at most [`KEPT_MAX`] are kept beside those asked for since.

use std::collections::HashMap;
use std::sync::Arc;

use mltrack_event::RunId;

use crate::remote::KnownRun;

/// Each costs about 300 bytes.
const KEPT_MAX: usize = 4096;

/// Two generations: who is asked for moves to the young one, and when that is full the old one goes.
#[derive(Default)]
pub(crate) struct Kept {
    young: HashMap<RunId, Arc<KnownRun>>,
    old: HashMap<RunId, Arc<KnownRun>>,
}

impl Kept {
    /// The run, when it is at hand.
    pub fn get(&mut self, id: RunId) -> Option<Arc<KnownRun>> {
        if let Some(known) = self.young.get(&id) {
            return Some(Arc::clone(known));
        }
        let known = self.old.remove(&id)?;
        self.put(&known);
        Some(known)
    }

    /// Keeps a run at hand.
    pub fn put(&mut self, known: &Arc<KnownRun>) {
        if self.young.len() >= KEPT_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(known.id, Arc::clone(known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mltrack_event::ExperimentId;

    fn run(number: u64) -> Arc<KnownRun> {
        let id = RunId::from_parts(number, [7; 10]);
        Arc::new(KnownRun::new(id, ExperimentId(1)))
    }

    #[test]
    fn a_run_that_is_asked_for_stays_and_the_others_go() {
        let mut kept = Kept::default();
        let loved = run(0);
        kept.put(&loved);
        for number in 1..=3 * KEPT_MAX as u64 {
            kept.put(&run(number));
            assert!(kept.get(loved.id).is_some(), "after {number}");
        }
        assert!(kept.get(run(1).id).is_none());
        assert!(kept.young.len() + kept.old.len() <= 2 * KEPT_MAX);
    }
}
