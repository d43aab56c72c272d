//! What the parts of one open handle share.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::append::Appender;
use crate::catalog::{read_header, segment_path};
use crate::codec::checkpoint::FolderIdentity;
use crate::codec::identity::Format;
use crate::codec::segment::SegmentHeader;
use crate::control::Tail;
use crate::error::{LogError, Result};
use crate::ids::{Lsn, WriterId};
use crate::medium::{Control, Medium};
use crate::options::OpenOptions;
use crate::spool::Spool;
use crate::sync::SyncState;

/// One open handle of one process. Lock order: `appender`, then `spool`; `syncing` alone.
pub(crate) struct Shared {
    pub medium: Arc<dyn Medium>,
    pub control: Arc<dyn Control>,
    /// Where the handles of one user queue before the append lock, in memory that no disk can hold up.
    pub gate: Option<Arc<dyn Control>>,
    pub format: Format,
    pub folder: FolderIdentity,
    pub salt: u64,
    pub writer: WriterId,
    pub options: OpenOptions,
    pub appender: Mutex<Appender>,
    pub syncing: Mutex<SyncState>,
    pub spool: Mutex<Spool>,
    /// Set while the spool holds anything.
    pub is_spooling: AtomicBool,
    /// The published word when a wait for the lock was given up: while it stays, the log stands still.
    pub stalled_word: AtomicU64,
    /// The process that was seen in the way then; 0: none yet.
    pub stalled_process: AtomicU32,
    pub is_closed: AtomicBool,
    /// Counts the background's syncs, so that the appender knows that its memory faults again.
    pub sync_count: AtomicU64,
    pub alarm: Alarm,
    pub election: Election,
}

/// Who of this handle's threads syncs for all that wait.
#[derive(Default)]
pub(crate) struct Election {
    pub state: Mutex<ElectionState>,
    pub ended: Condvar,
}

#[derive(Default)]
pub(crate) struct ElectionState {
    pub is_led: bool,
    /// Threads that wait for the leader.
    pub waiting: usize,
    /// How many the last leader synced for.
    pub group: usize,
}

/// Wakes the background thread early.
#[derive(Default)]
pub(crate) struct Alarm {
    pub is_rung: Mutex<bool>,
    pub bell: Condvar,
}

impl Alarm {
    pub fn ring(&self) {
        // A bell that rings already need not be rung: a call into the kernel costs more than an append.
        let was_rung = std::mem::replace(&mut *guard(&self.is_rung), true);
        if !was_rung {
            self.bell.notify_one();
        }
    }
}

/// Locks a mutex whose data stays whole even when a holder panicked: each is only written after all checks.
pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The log's end as published.
    pub fn tail(&self) -> Result<Tail> {
        self.control
            .page()
            .tail(self.salt)
            .map_err(|_| LogError::ControlDamaged {
                path: self.medium.path(),
            })
    }

    /// The header of a segment that must be there.
    pub fn read_header(&self, base: u64) -> Result<SegmentHeader> {
        require_header(&*self.medium, &self.format, base)
    }
}

/// The header of a segment that must be there.
pub(crate) fn require_header(
    medium: &dyn Medium,
    format: &Format,
    base: u64,
) -> Result<SegmentHeader> {
    let path = segment_path(medium, base);
    match read_header(medium, base, format.store) {
        Ok(Some(header)) => Ok(header),
        Ok(None) if !medium.is_in_place() => Err(LogError::Gone {
            path: medium.path(),
        }),
        Ok(None) => Err(LogError::Corrupt {
            path,
            offset: 0,
            lsn: Lsn::new(base).unwrap_or(Lsn::FIRST),
            cause: "the segment is missing or its header is damaged".into(),
        }),
        Err(error) => Err(LogError::io(path, "read the header", error)),
    }
}
