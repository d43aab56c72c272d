//! One backup or prune at a time in one place: a prune that did not know of a backup under way would free its parts.
//!
//! 1. In a folder the system's lock says who is there, and gives it back when a process ends in any way.
//! 2. In a bucket a note says it. One that a killed backup left is taken over by the next backup of the same store on the
//!    same machine, which holds a lock beside the store and so knows that nobody else is; any other only when told to.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use mltrack_artifact::{BlobHash, BlobStore};
use mltrack_event::WallTime;
use mltrack_log::door;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::place::Place;

const KIND: &str = "claims";
const NAME: &str = "claim.json";
const LOCK: &str = "backup.lock";

/// The right to write to a place, until it is dropped.
pub(crate) struct Claim {
    _locks: Vec<File>,
    note: Option<(BlobStore, Vec<u8>)>,
}

/// What a note says.
#[derive(Serialize, Deserialize)]
struct Said {
    /// What is done, on which machine.
    who: String,
    since: String,
    /// The same for every backup of one store on one machine.
    holder: String,
    /// Another one each time.
    nonce: String,
}

impl Place {
    /// Claims the place. `store` is the one to be backed up. With `takes_over` a note of somebody else is not heeded.
    pub(crate) fn claim(&self, store: Option<&Path>, takes_over: bool) -> Result<Claim> {
        if let Some(folder) = self.folder() {
            let lock = lock(&folder.join(LOCK))?.ok_or_else(|| self.busy(None))?;
            return Ok(Claim {
                _locks: vec![lock],
                note: None,
            });
        }
        // A store that cannot be written is backed up, too; only who is gone cannot be told then.
        let own = store.map(|store| lock(&store.join(LOCK)));
        let own = match own {
            Some(Ok(None)) => return Err(self.busy(Some("of this store".to_owned()))),
            Some(Ok(Some(lock))) => Some(lock),
            _ => None,
        };
        let said = Said::of(store);
        let text = serde_json::to_vec(&said).expect("texts are JSON");
        if !self.blobs.put_new_note(KIND, NAME, &text)? {
            let other = self.blobs.note(KIND, NAME)?.unwrap_or_default();
            let other: Option<Said> = serde_json::from_slice(&other).ok();
            let is_left_behind =
                own.is_some() && other.as_ref().is_some_and(|it| it.holder == said.holder);
            if !takes_over && !is_left_behind {
                let who = other.map(|it| format!("{}, since {}", it.who, it.since));
                return Err(Error::Busy {
                    place: self.name().to_owned(),
                    who,
                    is_claim: true,
                });
            }
            self.blobs.put_note(KIND, NAME, &text)?;
        }
        Ok(Claim {
            _locks: own.into_iter().collect(),
            note: Some((self.blobs.clone(), text)),
        })
    }

    fn busy(&self, who: Option<String>) -> Error {
        Error::Busy {
            place: self.name().to_owned(),
            who,
            is_claim: false,
        }
    }
}

impl Said {
    fn of(store: Option<&Path>) -> Said {
        let host = host();
        // However it is named: a relative name says nothing elsewhere.
        let full = store.map(|store| store.canonicalize().unwrap_or(store.to_owned()));
        let what = full.as_ref().map_or_else(
            || "prune".to_owned(),
            |store| format!("backup of {}", store.display()),
        );
        let folder = full.and_then(|store| store.metadata().ok());
        let folder = folder.map_or((0, 0), |folder| (folder.dev(), folder.ino()));
        Said {
            who: format!("{what} on {host}, process {}", std::process::id()),
            since: WallTime(door::wall_time_ns()).to_string(),
            holder: BlobHash::of(format!("{host}\n{what}\n{folder:?}").as_bytes()).to_string(),
            nonce: format!("{:016x}", door::random_u64()),
        }
    }
}

/// The machine's name.
pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

/// `None` when another process, or another part of this one, has it.
fn lock(path: &Path) -> Result<Option<File>> {
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).open(path);
    let file = file.map_err(Error::io("open", path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io("lock", path)(error)),
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some((blobs, text)) = &self.note {
            // Somebody who was told to take it over has it now.
            let is_ours = matches!(blobs.note(KIND, NAME), Ok(Some(now)) if now == *text);
            if is_ours {
                drop(blobs.remove_note(KIND, NAME));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(name: &str) -> Place {
        Place::open(&format!("memory:claim-{name}")).unwrap()
    }

    fn is_busy(claimed: &Result<Claim>) -> bool {
        matches!(claimed, Err(Error::Busy { .. }))
    }

    #[test]
    fn a_second_one_is_refused_until_the_first_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().display().to_string();
        for place in [Place::open(&text).unwrap(), memory("two")] {
            let first = place.claim(None, false).unwrap();
            assert!(is_busy(&place.claim(None, false)), "{}", place.name());
            drop(first);
            place.claim(None, false).unwrap();
        }
    }

    #[test]
    fn what_a_killed_backup_left_is_taken_over_by_the_next_one_of_that_store_and_by_nobody_else() {
        let store = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let place = memory("killed");
        let killed = place.claim(Some(store.path()), false).unwrap();
        assert!(
            is_busy(&place.claim(Some(store.path()), false)),
            "it is alive"
        );
        // A killed process gives its locks back and leaves its note.
        let Claim { note, .. } = &killed;
        let left = note.clone().unwrap().1;
        drop(killed);
        place.blobs.put_note(KIND, NAME, &left).unwrap();
        assert!(is_busy(&place.claim(Some(other.path()), false)));
        assert!(is_busy(&place.claim(None, false)));
        drop(place.claim(Some(store.path()), false).unwrap());
        place.blobs.put_note(KIND, NAME, &left).unwrap();
        drop(place.claim(None, true).unwrap());
        place.claim(None, false).unwrap();
    }

    #[test]
    fn a_store_is_told_by_its_folder_and_not_by_how_it_was_named() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        std::fs::create_dir(&one).unwrap();
        let holder = |path: &Path| Said::of(Some(path)).holder;
        let before = holder(&one);
        assert_eq!(holder(&one.join("..").join("one")), before);
        std::fs::rename(&one, &other).unwrap();
        std::fs::create_dir(&one).unwrap();
        assert_ne!(holder(&one), before, "another folder of that name");
    }
}
