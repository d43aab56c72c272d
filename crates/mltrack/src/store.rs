//! One open store: the log, the folded state, and who acts. Everything else in this crate goes through here.
//!
//! Invariants: locks are taken in the order recorder, follower, columns, things, documents, pen, watch; nothing is folded on the way to an append of
//! points; a forked child has a session of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mltrack_event::{Event, encode};
use mltrack_log::{Appended, Batch, Log, LogError, Lsn, OpenOptions, Reader, WriterId};
use mltrack_projector::Follower;
use mltrack_projector_runs::Runs;
use mltrack_projector_runs::search::StateColumns;

use crate::artifact_depot::{ArtifactSettings, Depot};
use crate::auto_compact::AutoCompactor;
use crate::capture::CaptureWish;
use crate::capture_desk::CaptureDesk;
use crate::compact::packers;
use crate::documents_fold::DocumentsFollower;
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::keeper::{Keeper, Keeping};
use crate::per_writer::PerWriter;
use crate::remote::RemoteDesk;
use crate::series::Desk;
use crate::things::ThingsFollower;
use crate::undo::UNDO_WINDOW;
use crate::upload_queue::{QueueLimits, UploadQueue};
use crate::warning::Warnings;
use crate::watch::Watch;

pub(crate) struct Store {
    pub path: PathBuf,
    pub identity: Identity,
    pub warnings: Arc<Warnings>,
    keeping: Keeping,
    keepers: PerWriter<Keeper>,
    /// How long an operation can be undone.
    pub undo_window: Duration,
    /// How many bytes of memory runs may take that are folded, about; `None`: any number.
    pub run_memory: Option<usize>,
    /// Whether much memory was let go of that the allocator may still keep.
    pub has_let_go: AtomicBool,
    pub auto_compactor: Option<AutoCompactor>,
    /// How often the machine is sampled for its runs, if at all.
    pub system_metrics: Option<Duration>,
    pub artifact_settings: ArtifactSettings,
    pub depots: PerWriter<Arc<Depot>>,
    uploads: PerWriter<UploadQueue>,
    /// How much is recorded of where a run runs.
    pub capture: CaptureWish,
    captures: PerWriter<CaptureDesk>,
    access: Access,
    sessions: PerWriter<Session>,
}

pub(crate) enum Access {
    Write(Log),
    Read(Box<OpenOptions>),
}

/// What one writer, or one reader of a store opened for reading, keeps while the store is open.
pub(crate) struct Session {
    pub watch: Arc<Watch>,
    pub follower: Mutex<Follower<Runs>>,
    /// The first record that the follower has not folded, as it told last; 0 before it told anything.
    pub folded: Arc<AtomicU64>,
    /// Columns of the follower's state, for searching. Locked while the follower is.
    pub columns: Mutex<StateColumns>,
    /// The fold of artifacts, datasets, models and lineage. Locked after the follower.
    pub things: Mutex<ThingsFollower>,
    /// The fold of documents. Locked after that of things.
    pub documents: Mutex<DocumentsFollower>,
    /// Whether runs without living owners have been recorded as lost.
    pub is_swept: AtomicBool,
    /// For questions about histories.
    pub desk: Desk,
    /// For logging on behalf of others.
    pub remote: RemoteDesk,
}

/// What became of a logging call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// Every process can read it, and it survives `kill -9`. Carries the lsn of the record, of several the last one's.
    Visible(Lsn),
    /// It waits in this process's spool and will be appended in order, once.
    Deferred,
    /// The tracker is disabled: nothing was recorded.
    Disabled,
}

impl Logged {
    /// The lsn, when the record is visible.
    #[must_use]
    pub fn lsn(self) -> Option<Lsn> {
        match self {
            Logged::Visible(lsn) => Some(lsn),
            Logged::Deferred | Logged::Disabled => None,
        }
    }
}

/// Who stands for the reader of a store opened for reading: no writer has this id.
const READER: WriterId = WriterId(0);

impl Store {
    pub fn new(
        path: PathBuf,
        access: Access,
        identity: Identity,
        warnings: Warnings,
        keeping: Keeping,
        artifact_settings: ArtifactSettings,
    ) -> Result<Store> {
        let writer = access.writer()?;
        let session = Session::new(&path, || Ok(access.reader(&path)?))?;
        Ok(Store {
            identity,
            warnings: Arc::new(warnings),
            keepers: PerWriter::new(writer, Keeper::new(&keeping)),
            keeping,
            undo_window: UNDO_WINDOW,
            run_memory: None,
            has_let_go: AtomicBool::new(false),
            auto_compactor: None,
            system_metrics: None,
            depots: PerWriter::new(writer, Arc::new(Depot::new(&path, &artifact_settings))),
            uploads: PerWriter::new(writer, UploadQueue::new(QueueLimits::default())),
            capture: CaptureWish::default(),
            captures: PerWriter::new(writer, CaptureDesk::default()),
            artifact_settings,
            path,
            access,
            sessions: PerWriter::new(writer, session),
        })
    }

    /// Where snapshots are.
    pub fn snapshot_folder(&self) -> &Path {
        &self.keeping.folder
    }

    /// Who looks after the snapshots.
    pub fn keeper(&self) -> Result<&Keeper> {
        self.keepers
            .get_or_make(self.access.writer()?, || Ok(Keeper::new(&self.keeping)))
    }

    /// Who records environments in the background, in this process.
    pub fn capture_desk(&self) -> Result<&CaptureDesk> {
        let make = || Ok(CaptureDesk::default());
        self.captures.get_or_make(self.writer()?, make)
    }

    /// What is stored in the background, in this process.
    pub fn uploads(&self) -> Result<&UploadQueue> {
        let make = || Ok(UploadQueue::new(QueueLimits::default()));
        self.uploads.get_or_make(self.writer()?, make)
    }

    /// The log to append to.
    pub fn log(&self) -> Result<&Log> {
        match &self.access {
            Access::Write(log) => Ok(log),
            Access::Read(_) => Err(Error::read_only()),
        }
    }

    /// How the store is opened for reading.
    pub fn read_options(&self) -> OpenOptions {
        match &self.access {
            Access::Read(options) => (**options).clone(),
            Access::Write(_) => OpenOptions {
                packers: packers(),
                ..OpenOptions::default()
            },
        }
    }

    pub fn is_writable(&self) -> bool {
        matches!(self.access, Access::Write(_))
    }

    pub fn writer(&self) -> Result<WriterId> {
        self.access.writer()
    }

    /// A reader of its own at the first record.
    pub fn reader(&self) -> Result<Reader> {
        Ok(self.access.reader(&self.path)?)
    }

    /// The same, with the log's own errors.
    pub fn log_reader(&self) -> Result<Reader, LogError> {
        self.access.reader(&self.path)
    }

    #[inline]
    pub fn session(&self) -> Result<&Session> {
        let writer = self.access.writer()?;
        match self.sessions.get(writer) {
            Some(session) => Ok(session),
            None => self
                .sessions
                .get_or_make(writer, || Session::new(&self.path, || self.reader())),
        }
    }

    /// Whether the handle of a writer is open in some living process.
    pub fn is_alive(&self, reader: &Reader, writer: WriterId) -> bool {
        match &self.access {
            // Who cannot be asked about counts as alive: nobody is lost by mistake.
            Access::Write(log) => log.is_alive(writer).unwrap_or(true),
            Access::Read(_) => reader.is_alive(writer).unwrap_or(true),
        }
    }

    /// Appends a batch that nothing can refuse, and empties it whatever comes.
    #[inline]
    pub fn append(&self, session: &Session, batch: &mut Batch) -> Result<Logged> {
        let appended = self.log()?.append(batch);
        self.settle(session, batch, appended)
    }

    /// What an append means to the caller.
    pub fn settle(
        &self,
        session: &Session,
        batch: &mut Batch,
        appended: Result<Appended, LogError>,
    ) -> Result<Logged> {
        match appended {
            Ok(Appended::Visible { first, next }) => {
                session.watch.appended(first, next);
                self.warnings.moving();
                if session.desk.extensions.are_due(next) {
                    self.extend_under_way(session, next);
                }
                Ok(Logged::Visible(Lsn::new(next.get() - 1).unwrap_or(first)))
            }
            Ok(Appended::Deferred) => {
                self.warnings
                    .deferred(|| self.log().ok()?.stalled_by().ok().flatten());
                Ok(Logged::Deferred)
            }
            Err(error) => {
                batch.clear();
                Err(error.into())
            }
        }
    }
}

impl Access {
    #[inline]
    fn writer(&self) -> Result<WriterId> {
        match self {
            Access::Write(log) => Ok(log.writer()?),
            Access::Read(_) => Ok(READER),
        }
    }

    fn reader(&self, path: &Path) -> Result<Reader, LogError> {
        match self {
            Access::Write(log) => log.reader(),
            Access::Read(options) => Reader::open(path, options),
        }
    }
}

impl Session {
    fn new(path: &Path, reader: impl Fn() -> Result<Reader>) -> Result<Session> {
        Ok(Session {
            watch: Arc::new(Watch::new(reader()?)),
            follower: Mutex::new(Follower::new(reader()?)),
            folded: Arc::default(),
            columns: Mutex::default(),
            things: Mutex::default(),
            documents: Mutex::default(),
            is_swept: AtomicBool::new(false),
            desk: Desk::new(path, reader()?),
            remote: RemoteDesk::default(),
        })
    }
}

/// Adds an event to a batch, at the time of the append.
pub(crate) fn push_event(batch: &mut Batch, event: &Event, time_ns: Option<i64>) -> Result<()> {
    let mut payload = Vec::new();
    let (type_id, version) = encode(event, &mut payload)?;
    Ok(batch.push(type_id.0, version.0, time_ns, &payload)?)
}
