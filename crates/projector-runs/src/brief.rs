//! What lists and lookups need of every run: the little that can be held for all of them at once.

use mltrack_event::{ExperimentId, RunId, RunKey, RunState};
use mltrack_projector::Lsn;

use crate::run::Run;

/// A run in few bytes; its name is kept apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Brief {
    /// Its id.
    pub id: RunId,
    /// The experiment it belongs to.
    pub experiment: ExperimentId,
    /// Its number there.
    pub number: u64,
    /// The run it is a part of.
    pub parent: Option<RunKey>,
    /// The record that created it.
    pub created: Lsn,
    /// The state that was recorded last.
    pub state: RunState,
    /// Whether it is deleted by itself.
    pub is_deleted: bool,
    /// As [`Run::may_lapse`]: true in doubt.
    pub may_lapse: bool,
}

/// Bytes of a brief.
pub const BRIEF_LEN: usize = 50;

const FLAG_PARENT: u8 = 1;
const FLAG_DELETED: u8 = 2;
/// It cannot lapse. Briefs of older snapshots do not say so.
const FLAG_SETTLED: u8 = 4;

impl Brief {
    /// The brief of a run.
    pub fn of(run: &Run) -> Brief {
        Brief {
            id: run.id,
            experiment: run.experiment,
            number: run.number,
            parent: run.parent,
            created: run.created.lsn,
            state: run.state,
            is_deleted: run.deleted.is_some(),
            may_lapse: run.may_lapse(),
        }
    }

    /// Adds the brief's bytes.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let state = RunState::ALL.iter().position(|known| *known == self.state);
        let parent = self.parent.map_or([0; 8], RunKey::to_bytes);
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        bytes.extend_from_slice(&self.id.to_bytes());
        bytes.extend_from_slice(&self.experiment.0.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.created.get().to_le_bytes());
        bytes.extend_from_slice(&parent);
        bytes.push(state.expect("every state is one of all") as u8);
        let flags = flag(self.parent.is_some(), FLAG_PARENT) | flag(self.is_deleted, FLAG_DELETED);
        bytes.push(flags | flag(!self.may_lapse, FLAG_SETTLED));
    }

    /// The brief that these bytes are; `None` when they are none.
    pub fn decode(bytes: &[u8; BRIEF_LEN]) -> Option<Brief> {
        let word = |at: usize| -> [u8; 8] {
            bytes[at..at + 8]
                .try_into()
                .expect("the range is eight bytes long")
        };
        let number = |at| u64::from_le_bytes(word(at));
        let id: [u8; 16] = bytes[..16].try_into().expect("sixteen bytes are sixteen");
        let flags = bytes[BRIEF_LEN - 1];
        Some(Brief {
            id: RunId::from_bytes(id),
            experiment: ExperimentId(number(16)),
            number: number(24),
            created: Lsn::new(number(32))?,
            parent: (flags & FLAG_PARENT != 0).then(|| RunKey::from_bytes(word(40))),
            state: *RunState::ALL.get(usize::from(bytes[BRIEF_LEN - 2]))?,
            is_deleted: flags & FLAG_DELETED != 0,
            may_lapse: flags & FLAG_SETTLED == 0,
        })
    }
}
