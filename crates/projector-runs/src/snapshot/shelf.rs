//! The folder of snapshots: which there are, which one to go on from, which to keep.
//!
//! Invariants: a snapshot is written under another name, synced and renamed, so that nobody meets half of one; the name
//! says up to where it has folded; one that the log does not bear out is removed, one that is damaged is set aside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mltrack_projector::{Cursor, EpochId, LogError, Lsn, Reader};

use super::reading::Snapshot;
use super::{SnapshotFault, writing};
use crate::index::SetAside;
use crate::state::State;

/// The newest ones are all kept; further back each is at least twice as far from the newest as the one before it.
const KEPT_NEWEST: usize = 3;
/// What a writer left behind so long ago is not being written any more.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);
const ENDING: &str = ".snap";
const WRITE_BUFFER_LEN: usize = 1 << 20;

/// A folder of snapshots. It need not exist.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    /// Whether the folder may be changed: without, what cannot be used is passed over.
    is_writable: bool,
    /// Those that failed and could not be moved.
    avoided: Mutex<Vec<PathBuf>>,
}

/// A snapshot as its name and length tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Where it is.
    pub path: PathBuf,
    /// The first record that it does not know.
    pub next: Lsn,
    /// The first half of the id of the epoch that it was written in.
    pub epoch_head: u64,
    /// Its length.
    pub bytes: u64,
}

/// What was found to go on from.
#[derive(Debug)]
pub struct Found {
    /// A state and the first record that it does not know; `None`: fold from zero.
    pub state: Option<(State, Cursor)>,
    /// Snapshots that were moved out of the way. Tell the user, in one line each.
    pub set_aside: Vec<SetAside>,
}

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// The first record that it does not know.
    pub next: Lsn,
    /// Its length.
    pub bytes: u64,
    /// Runs in it.
    pub runs: u64,
}

/// Why a snapshot cannot be written. Answers do not depend on it.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Free space or get the right to write there, then repeat.
    #[error("{path}: cannot write the snapshot", path = path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Set the snapshot aside that the state goes on from, fold again and repeat.
    #[error(transparent)]
    Base(#[from] SnapshotFault),
}

impl Shelf {
    /// The snapshots in this folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Shelf {
        Shelf {
            folder,
            is_writable: true,
            avoided: Mutex::default(),
        }
    }

    /// The snapshots in this folder, for somebody who leaves no trace.
    #[must_use]
    pub fn to_look(folder: PathBuf) -> Shelf {
        Shelf {
            is_writable: false,
            ..Shelf::new(folder)
        }
    }

    /// Every snapshot, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Kept> {
        let avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let kept = entries.filter_map(|entry| Kept::of(&entry));
        let mut kept: Vec<Kept> = kept.filter(|kept| !avoided.contains(&kept.path)).collect();
        kept.sort_unstable_by(|a, b| (b.next, &b.path).cmp(&(a.next, &a.path)));
        kept
    }

    /// The newest snapshot that knows nothing behind `last` and that the log bears out.
    ///
    /// Errors: those of reading the log.
    pub fn find(&self, reader: &mut Reader, last: Option<Lsn>) -> Result<Found, LogError> {
        let mut set_aside = Vec::new();
        let is_asked = |kept: &Kept| last.is_none_or(|last| kept.next <= last.plus(1));
        for kept in self.list().into_iter().filter(is_asked) {
            let opened = Snapshot::open(&kept.path);
            let state = opened.and_then(|snapshot| match reader.resume(snapshot.cursor()) {
                Ok(()) => {
                    let cursor = snapshot.cursor();
                    snapshot.into_state().map(|state| Ok(Some((state, cursor))))
                }
                Err(LogError::Rewound { .. }) => {
                    self.discard(&kept.path);
                    Ok(Ok(None))
                }
                Err(error) => Ok(Err(error)),
            });
            match state {
                Ok(Ok(None)) => {}
                Ok(Ok(state)) => return Ok(Found { state, set_aside }),
                Ok(Err(error)) => return Err(error),
                Err(fault) => set_aside.extend(self.set_aside(&fault)),
            }
        }
        Ok(Found {
            state: None,
            set_aside,
        })
    }

    /// Moves a snapshot with a fault out of the way; from now on it is not found here, even if it cannot be moved. A
    /// snapshot of another version stays where it is: another program can read it.
    pub fn set_aside(&self, fault: &SnapshotFault) -> Option<SetAside> {
        let from = fault.path().to_owned();
        self.avoid(&from);
        let is_harmless = match fault {
            SnapshotFault::OtherVersion { .. } => true,
            SnapshotFault::Unreadable { is_absent, .. } => *is_absent,
            SnapshotFault::Damaged { .. } => false,
        };
        if is_harmless || !self.is_writable {
            return None;
        }
        let name = from.file_name()?.to_string_lossy().into_owned();
        let free = |number: u32| {
            let to = from.with_file_name(format!("{name}.set-aside-{number}"));
            (!to.exists()).then_some(to)
        };
        let to = (1..=u32::MAX).find_map(free)?;
        fs::rename(&from, &to).ok()?;
        let why = fault.why();
        Some(SetAside { from, to, why })
    }

    fn avoid(&self, path: &Path) {
        let mut avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        avoided.push(path.to_owned());
    }

    /// Removes a snapshot of a past that did not happen. Whoever may not, leaves it to the next one who may.
    fn discard(&self, path: &Path) {
        if !self.is_writable || fs::remove_file(path).is_err() {
            self.avoid(path);
        }
    }

    /// Writes the snapshot of a state that was folded up to `cursor`. Durable on return.
    pub fn write(&self, state: &State, cursor: Cursor) -> Result<Written, ShelfError> {
        let wrap = |path: &Path| {
            let path = path.to_owned();
            move |source| ShelfError::Write { path, source }
        };
        make_folder(&self.folder).map_err(wrap(&self.folder))?;
        let path = self.folder.join(name_of(cursor));
        let (file, draft) = create_draft(&path).map_err(wrap(&path))?;
        let written = fill(file, state, cursor).map_err(wrap(&draft));
        share_as(&self.folder, &draft);
        let whole = match (written, state.fault()) {
            // What cannot be read looks empty, so what was written would be no state at all.
            (_, Some(fault)) => Err(fault.clone().into()),
            (Err(error), None) => Err(error),
            (Ok(bytes), None) => fs::rename(&draft, &path)
                .and_then(|()| sync_folder(&self.folder))
                .map_err(wrap(&path))
                .map(|()| bytes),
        };
        if whole.is_err() {
            fs::remove_file(&draft).ok();
        }
        Ok(Written {
            bytes: whole?,
            path,
            next: cursor.next,
            runs: state.run_count() as u64,
        })
    }

    /// Removes snapshots that others make needless, and drafts that nobody writes any more. Returns what was removed.
    pub fn prune(&self) -> Vec<PathBuf> {
        let kept = self.list();
        let lsns: Vec<u64> = kept.iter().map(|kept| kept.next.get()).collect();
        let needless = needless(&lsns);
        let needless = needless.into_iter().map(|at| kept[at].path.clone());
        let abandoned = self.abandoned(kept.first());
        let removed = needless.chain(abandoned);
        removed
            .filter(|path| fs::remove_file(path).is_ok())
            .collect()
    }

    /// Drafts that are much older than the newest snapshot.
    fn abandoned(&self, newest: Option<&Kept>) -> Vec<PathBuf> {
        let changed = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
        let Some(now) = newest.and_then(|newest| changed(&newest.path)) else {
            return Vec::new();
        };
        let is_abandoned = |path: &PathBuf| {
            let is_draft = path.to_string_lossy().contains(".snap.draft-");
            let age = changed(path).and_then(|then| now.duration_since(then).ok());
            is_draft && age.is_some_and(|age| age > ABANDONED_AFTER)
        };
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(is_abandoned)
            .collect()
    }
}

impl Kept {
    fn of(entry: &fs::DirEntry) -> Option<Kept> {
        let name = entry.file_name().into_string().ok()?;
        let parts = name.strip_prefix("runs-")?.strip_suffix(ENDING)?;
        let (next, epoch) = parts.split_once('-')?;
        Some(Kept {
            path: entry.path(),
            next: Lsn::new(next.parse().ok()?)?,
            epoch_head: u64::from_str_radix(epoch, 16).ok()?,
            bytes: entry.metadata().ok()?.len(),
        })
    }
}

/// Which of these, sorted from the newest to the oldest, are not kept.
fn needless(lsns: &[u64]) -> Vec<usize> {
    let Some(newest) = lsns.first() else {
        return Vec::new();
    };
    let mut distance_min = 0;
    let mut needless = Vec::new();
    for (at, lsn) in lsns.iter().enumerate() {
        let distance = newest - lsn;
        if at >= KEPT_NEWEST && distance < distance_min {
            needless.push(at);
        } else {
            distance_min = distance.saturating_mul(2);
        }
    }
    needless
}

fn epoch_head(epoch: EpochId) -> u64 {
    let (head, _) = epoch.0.split_first_chunk().expect("16 is more than 8");
    u64::from_be_bytes(*head)
}

fn name_of(cursor: Cursor) -> String {
    let head = epoch_head(cursor.epoch);
    format!("runs-{}-{head:016x}{ENDING}", cursor.next.get())
}

/// A file that only this call writes.
fn create_draft(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for number in 1u32.. {
        let draft = path.with_file_name(format!("{name}.draft-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&draft) {
            Ok(file) => return Ok((file, draft)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn fill(file: File, state: &State, cursor: Cursor) -> io::Result<u64> {
    let file = BufWriter::with_capacity(WRITE_BUFFER_LEN, file);
    let (bytes, file) = writing::write(file, state, cursor)?;
    let file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(bytes)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    if let Some(store) = folder.parent() {
        share_as(store, folder);
    }
    Ok(())
}

/// Gives what was made the rights of the folder it lies in. Who may not leaves it as it is.
fn share_as(folder: &Path, made: &Path) {
    let Ok(rights) = fs::metadata(folder).map(|folder| folder.permissions()) else {
        return;
    };
    #[cfg(unix)]
    let rights = {
        use std::os::unix::fs::PermissionsExt as _;
        let executable = if made.is_dir() { 0o7777 } else { 0o666 };
        fs::Permissions::from_mode(rights.mode() & executable)
    };
    if cfg!(unix) {
        fs::set_permissions(made, rights).ok();
    }
}

/// Makes names durable, where a folder can be opened.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_older_ones_at_doubling_distances() {
        assert_eq!(needless(&[]), [0; 0]);
        assert_eq!(needless(&[50, 40, 30]), [0; 0]);
        let lsns: Vec<u64> = (1..=100).rev().collect();
        let needless = needless(&lsns);
        let kept: Vec<u64> = (0..lsns.len())
            .filter(|at| !needless.contains(at))
            .map(|at| lsns[at])
            .collect();
        assert_eq!(kept, [100, 99, 98, 96, 92, 84, 68, 36]);
    }

    #[test]
    fn a_name_says_up_to_where_its_snapshot_has_folded() {
        let cursor = Cursor {
            epoch: EpochId([0xab; 16]),
            next: Lsn::new(4711).unwrap(),
        };
        assert_eq!(name_of(cursor), "runs-4711-abababababababab.snap");
    }
}
