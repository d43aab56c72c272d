//! Backups of a store: taken, listed, checked, thinned out, and made stores of again.
//!
//! Invariant: the store that is backed up is neither opened for writing nor held up; every error of backups becomes a code
//! here and nowhere else.

use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};

use mltrack_artifact::{ErrorKind, StoreUrl};
use mltrack_backup::{
    Checked, Error as BackupError, Kept, Options, Place, Progress, Pruned, Report, RestoreOptions,
    Restored, Root as BackupRoot,
};
use mltrack_event::Root;

use crate::artifact_depot::failure;
use crate::builder::store_folder;
use crate::code::Code;
use crate::compact::packers;
use crate::error::{Error, Result};
use crate::roots::{Chosen, Roots};
use crate::roots_url::without_secrets;

/// Who is told how far it is; also from several threads.
pub type OnBackup<'a> = &'a (dyn Fn(Progress) + Sync);

/// Where backups of stores lie: a folder, or an address as roots of artifacts have them.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("store");
/// # let tracker = mltrack::Tracker::open(&path)?;
/// use mltrack::{BackupPlace, TakeBackup, TakeRestore, Tracker};
///
/// tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
/// let place = BackupPlace::open(folder.path().join("backups").to_str().unwrap())?;
/// let report = place.take(&path, &TakeBackup::default(), &|_| {})?;
/// let again = folder.path().join("again");
/// let restored = place.restore(&again, &TakeRestore::default(), &|_| {})?;
/// assert_eq!(restored.last, report.last);
/// assert_eq!(Tracker::open(&again)?.runs().fetch()?.total, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BackupPlace {
    place: Place,
}

/// What a backup leaves out, and how it is taken.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct TakeBackup {
    /// The bytes of artifacts and data.
    pub is_without_artifacts: bool,
    /// Keys that lie in the store.
    pub is_without_keys: bool,
    /// Only say what would be copied.
    pub is_dry_run: bool,
    /// Go on where somebody's claim of a bucket is in the way, who is known to be gone.
    pub takes_over: bool,
}

/// Which backup is restored, and what of it.
#[derive(Clone, Debug, Default)]
pub struct TakeRestore {
    /// Its name or a beginning of it; the newest when nothing is said.
    pub at: Option<String>,
    /// The bytes of artifacts and data stay where the backup is.
    pub is_without_artifacts: bool,
    /// Only say what would be restored.
    pub is_dry_run: bool,
}

impl BackupPlace {
    /// The place at this path or address. Nothing is made and no request sent.
    ///
    /// Errors: `VALIDATION_ERROR` for what is no place, or has a credential in it.
    pub fn open(address: &str) -> Result<BackupPlace> {
        let address = without_secrets(address)?;
        let place = Place::open(&address).map_err(|error| of_backup(error, &address))?;
        Ok(BackupPlace { place })
    }

    /// As it was given.
    #[must_use]
    pub fn name(&self) -> &str {
        self.place.name()
    }

    /// Whether it is a folder that others than its owner may look into.
    #[must_use]
    pub fn is_open_to_others(&self) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = self
            .place
            .folder()
            .and_then(|folder| folder.metadata().ok());
        metadata.is_some_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }

    /// Takes a backup of the store at `store`, or in it. What was acknowledged before the call is in it; writers go on.
    ///
    /// Errors: `CORRUPT` for damage in the log that readers do not skip yet, `BUSY` while another backup writes there,
    /// `VALIDATION_ERROR` for a place in the store or in a root of artifacts, and what the place says.
    pub fn take(
        &self,
        store: &Path,
        wish: &TakeBackup,
        on_progress: OnBackup<'_>,
    ) -> Result<Report> {
        let store = store_folder(store);
        let roots = roots(&store)?;
        let options = Options {
            roots: &roots,
            with_artifacts: !wish.is_without_artifacts,
            with_secrets: !wish.is_without_keys,
            is_dry_run: wish.is_dry_run,
            takes_over: wish.takes_over,
            packers: packers(),
            on_progress,
        };
        let taken = mltrack_backup::back_up(&store, &self.place, &options);
        taken.map_err(|error| self.failed(error))
    }

    /// The backups that are there, the oldest first; one whose manifest is damaged has none.
    pub fn list(&self) -> Result<Vec<Kept>> {
        self.place.list().map_err(|error| self.failed(error))
    }

    /// Reads every part of this backup, or of all, and compares it with its hash. With `removes`, what is damaged is taken
    /// away, so that the next backup stores it again.
    pub fn check(
        &self,
        at: Option<&str>,
        removes: bool,
        on_progress: OnBackup<'_>,
    ) -> Result<Checked> {
        let checked = mltrack_backup::check(&self.place, at, removes, on_progress);
        checked.map_err(|error| self.failed(error))
    }

    /// Keeps the newest `keep` backups of each store, and frees what only the others needed.
    ///
    /// Errors: `INVALID_STATE` while a backup cannot be read: what it needs is not known.
    pub fn prune(
        &self,
        keep: usize,
        is_dry_run: bool,
        takes_over: bool,
        on_progress: OnBackup<'_>,
    ) -> Result<Pruned> {
        let pruned = mltrack_backup::prune(&self.place, keep, is_dry_run, takes_over, on_progress);
        pruned.map_err(|error| self.failed(error))
    }

    /// Makes a store of a backup in `into`, and verifies it. Ids and lsns are those of the store that was backed up; what
    /// is written to it from then on gets lsns of its own.
    ///
    /// Errors: `INVALID_STATE` for a folder with something in it, `CORRUPT` for damage in the backup.
    pub fn restore(
        &self,
        into: &Path,
        wish: &TakeRestore,
        on_progress: OnBackup<'_>,
    ) -> Result<Restored> {
        let options = RestoreOptions {
            at: wish.at.as_deref(),
            with_artifacts: !wish.is_without_artifacts,
            is_dry_run: wish.is_dry_run,
            packers: packers(),
            on_progress,
        };
        let restored = mltrack_backup::restore(&self.place, into, &options);
        restored.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: BackupError) -> Error {
        of_backup(error, self.name())
    }
}

/// The roots that may hold bytes of this store.
fn roots(store: &Path) -> Result<Vec<BackupRoot>> {
    let urls = Roots::new(store, &Chosen::default())?.all(Root::Artifacts)?;
    let lasting = urls.into_iter().filter(|url| !url.starts_with("memory:"));
    let root = |url: String| {
        let parsed = StoreUrl::parse(&url).ok();
        let folder = parsed.and_then(|url| url.as_folder().map(PathBuf::from));
        BackupRoot { url, folder }
    };
    Ok(lasting.map(root).collect())
}

fn of_backup(error: BackupError, place: &str) -> Error {
    let text = error.to_string();
    let with = |code, hint: String| Error::new(code, text.clone()).with_hint(hint);
    let verify = || format!("mltrack backup verify {place}  (says all that is damaged there)");
    match error {
        BackupError::Log(error) => error.into(),
        BackupError::Blobs(error) => match error.kind() {
            ErrorKind::Damaged | ErrorKind::Missing => with(Code::Corrupt, verify()),
            _ => failure(&error, None),
        },
        BackupError::Part { .. } => with(
            Code::Corrupt,
            format!("{}, or restore another one by --at", verify()),
        ),
        BackupError::Manifest { .. } => with(
            Code::Corrupt,
            format!("mltrack backup ls {place}, then name another one by --at"),
        ),
        BackupError::Restored { .. } => with(Code::Corrupt, verify()),
        BackupError::Newer { .. } => with(Code::Unsupported, "use the newest mltrack".to_owned()),
        BackupError::NotFound { hint, .. } => with(Code::NotFound, hint),
        BackupError::Busy { is_claim: true, .. } => with(
            Code::Busy,
            "wait for it; when it is known to be gone: the same with --take-over".to_owned(),
        ),
        BackupError::Busy { .. } => with(Code::Busy, "wait until it is done".to_owned()),
        BackupError::Restless { .. } => with(
            Code::Busy,
            "repeat it when `gc` and `compact` are done; what was copied is not copied again"
                .to_owned(),
        ),
        BackupError::State { hint, .. } => with(Code::InvalidState, hint),
        BackupError::Invalid { hint, .. } => with(Code::ValidationError, hint),
        BackupError::Io { source, .. } => of_io(&text, source),
        _ => Error::new(Code::IoError, text),
    }
}

fn of_io(text: &str, source: std::io::Error) -> Error {
    let (code, hint) = match source.kind() {
        IoKind::StorageFull | IoKind::QuotaExceeded => (
            Code::DiskFull,
            "free some space there and repeat; what was copied is not copied again",
        ),
        _ => (
            Code::IoError,
            "see whether the place is there and may be written",
        ),
    };
    Error::new(code, text).with_hint(hint).with_source(source)
}
