//! Whether the snapshots that are kept are what the log says.

use mltrack_projector::{Follower, LogError, Lsn, Projector, Reader};

pub use mltrack_projector::snapshot::Checked;

use super::reading::Snapshot;
use super::shelf::Shelf;
use crate::apply::Runs;
use crate::index::rows;
use crate::state::State;

/// Compares every snapshot of a folder with a fold of the log from zero. Reads every byte, changes nothing. A
/// snapshot that the log does not bear out, or that cannot be read, differs.
pub fn check(shelf: &Shelf, mut reader: Reader) -> Result<Vec<Checked>, LogError> {
    let mut kept = shelf.list();
    kept.reverse();
    let mut opened = Vec::new();
    for kept in kept {
        let snapshot = Snapshot::open(&kept.path);
        let known = match &snapshot {
            Ok(snapshot) => match reader.resume(snapshot.cursor()) {
                Ok(()) => None,
                Err(LogError::Rewound { to }) => {
                    Some(format!("the log was rewound to {}", to.next))
                }
                Err(error) => return Err(error),
            },
            Err(fault) => Some(fault.why()),
        };
        opened.push((kept, snapshot.ok().filter(|_| known.is_none()), known));
    }
    let mut follower: Follower<Runs> = Follower::new(reader);
    let mut checked = Vec::new();
    for (kept, snapshot, known) in opened {
        let differences = match (snapshot, known) {
            (Some(snapshot), None) => differences(snapshot, &mut follower)?,
            (_, known) => known.into_iter().collect(),
        };
        checked.push(Checked { kept, differences });
    }
    Ok(checked)
}

fn differences(snapshot: Snapshot, follower: &mut Follower<Runs>) -> Result<Vec<String>, LogError> {
    let cursor = snapshot.cursor();
    let none = <Runs as Projector>::State::default();
    let folded = match Lsn::new(cursor.next.get() - 1) {
        Some(last) => {
            follower.to(last)?;
            follower.state()
        }
        None => &none,
    };
    let whole = snapshot.verify().and_then(|()| snapshot.into_state());
    Ok(match whole {
        Ok(state) => compare(&state, folded),
        Err(fault) => vec![fault.why()],
    })
}

fn compare(state: &State, folded: &State) -> Vec<String> {
    let differing = rows::compare(state, folded);
    let fault = state.fault().map(super::SnapshotFault::why);
    differing.into_iter().chain(fault).collect()
}
