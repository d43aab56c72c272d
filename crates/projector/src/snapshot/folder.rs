//! A folder of snapshots: which there are, which one to go on from, which to keep.
//!
//! Invariants: a snapshot is written under another name, synced and renamed, so that nobody meets half of one; the name
//! says whose it is and up to where it has folded; one that the log does not bear out is removed, one that is damaged is
//! set aside.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mltrack_log::{Cursor, EpochId, LogError, Lsn, Reader};

use super::SnapshotFault;
use crate::index::SetAside;

/// The newest ones are all kept; further back each is at least twice as far from the newest as the one before it.
const KEPT_NEWEST: usize = 3;
/// What a writer left behind so long ago is not being written any more.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);
const ENDING: &str = ".snap";
const WRITE_BUFFER_LEN: usize = 1 << 20;

/// The snapshots of one projector in a folder, which need not exist.
#[derive(Debug)]
pub struct Folder {
    place: PathBuf,
    /// What their names begin with, up to the first dash.
    prefix: &'static str,
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
pub struct Found<S> {
    /// A state and the first record that it does not know; `None`: fold from zero.
    pub state: Option<(S, Cursor)>,
    /// Snapshots that were moved out of the way. Tell the user, in one line each.
    pub set_aside: Vec<SetAside>,
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

impl Folder {
    /// The snapshots in this folder whose names begin with this prefix. Who may not write there passes over what
    /// cannot be used, and leaves no trace.
    #[must_use]
    pub fn new(place: PathBuf, prefix: &'static str, is_writable: bool) -> Folder {
        Folder {
            place,
            prefix,
            is_writable,
            avoided: Mutex::default(),
        }
    }

    /// Every snapshot, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Kept> {
        let avoided = self.avoided.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = fs::read_dir(&self.place).into_iter().flatten().flatten();
        let kept = entries.filter_map(|entry| Kept::of(&entry, self.prefix));
        let mut kept: Vec<Kept> = kept.filter(|kept| !avoided.contains(&kept.path)).collect();
        kept.sort_unstable_by(|a, b| (b.next, &b.path).cmp(&(a.next, &a.path)));
        kept
    }

    /// The newest snapshot that knows nothing behind `last` and that the log bears out: opened, and then loaded when the
    /// log has what it saw.
    ///
    /// Errors: those of reading the log.
    pub fn find<O, S>(
        &self,
        reader: &mut Reader,
        last: Option<Lsn>,
        open: impl Fn(&Path) -> Result<(O, Cursor), SnapshotFault>,
        load: impl Fn(O) -> Result<S, SnapshotFault>,
    ) -> Result<Found<S>, LogError> {
        let mut set_aside = Vec::new();
        let is_asked = |kept: &Kept| last.is_none_or(|last| kept.next <= last.plus(1));
        for kept in self.list().into_iter().filter(is_asked) {
            let state = open(&kept.path).and_then(|(opened, cursor)| match reader.resume(cursor) {
                Ok(()) => load(opened).map(|state| Ok(Some((state, cursor)))),
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
    pub fn discard(&self, path: &Path) {
        if !self.is_writable || fs::remove_file(path).is_err() {
            self.avoid(path);
        }
    }

    /// Writes the snapshot of a state that was folded up to `cursor`. `put` writes it; `fault` says what of the
    /// state could not be read for it. Durable on return.
    pub fn write(
        &self,
        cursor: Cursor,
        put: impl FnOnce(BufWriter<File>) -> io::Result<BufWriter<File>>,
        fault: impl FnOnce() -> Option<SnapshotFault>,
    ) -> Result<Kept, ShelfError> {
        let wrap = |path: &Path| {
            let path = path.to_owned();
            move |source| ShelfError::Write { path, source }
        };
        make_folder(&self.place).map_err(wrap(&self.place))?;
        let path = self.place.join(self.name_of(cursor));
        let (file, draft) = create_draft(&path).map_err(wrap(&path))?;
        let written = put(BufWriter::with_capacity(WRITE_BUFFER_LEN, file));
        let written = written.and_then(finish).map_err(wrap(&draft));
        share_as(&self.place, &draft);
        let whole = match (written, fault()) {
            // What cannot be read looks empty, so what was written would be no state at all.
            (_, Some(fault)) => Err(fault.into()),
            (Err(error), None) => Err(error),
            (Ok(bytes), None) => fs::rename(&draft, &path)
                .and_then(|()| sync_folder(&self.place))
                .map_err(wrap(&path))
                .map(|()| bytes),
        };
        if whole.is_err() {
            fs::remove_file(&draft).ok();
        }
        Ok(Kept {
            bytes: whole?,
            path,
            next: cursor.next,
            epoch_head: epoch_head(cursor.epoch),
        })
    }

    fn name_of(&self, cursor: Cursor) -> String {
        let head = epoch_head(cursor.epoch);
        format!("{}-{}-{head:016x}{ENDING}", self.prefix, cursor.next.get())
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
        let entries = fs::read_dir(&self.place).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(is_abandoned)
            .collect()
    }
}

impl Kept {
    fn of(entry: &fs::DirEntry, prefix: &str) -> Option<Kept> {
        let name = entry.file_name().into_string().ok()?;
        let parts = name.strip_prefix(prefix)?.strip_prefix('-')?;
        let parts = parts.strip_suffix(ENDING)?;
        let (next, epoch) = parts.split_once('-')?;
        Some(Kept {
            path: entry.path(),
            next: Lsn::new(next.parse().ok()?)?,
            epoch_head: u64::from_str_radix(epoch, 16).ok()?,
            bytes: entry.metadata().ok()?.len(),
        })
    }
}

/// How one snapshot compares with the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Which one.
    pub kept: Kept,
    /// What is wrong with it, by name. Empty: it is the fold of the log.
    pub differences: Vec<String>,
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

/// Makes the bytes of a file durable, and says how many there are.
fn finish(file: BufWriter<File>) -> io::Result<u64> {
    let file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
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
        let folder = Folder::new(PathBuf::new(), "runs", false);
        assert_eq!(folder.name_of(cursor), "runs-4711-abababababababab.snap");
    }
}
