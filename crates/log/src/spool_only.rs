//! Writing on a filesystem without trustworthy locks or shared pages: NFS, Lustre, 9p, FUSE and unknown ones.
//!
//! Every process writes a spool of its own in the store; a process that can lock (on the file server, say) merges them.
//! Nothing is visible until then, and nothing that needs a decision (creating, moving states) can be done.

use std::io;
use std::sync::{Arc, Mutex};

use crate::batch::Batch;
use crate::codec::identity::Format;
use crate::error::{LogError, Result};
use crate::ids::{EpochId, Lsn, StoreId};
use crate::layout::name;
use crate::medium::Medium;
use crate::options::OpenReport;
use crate::reader::Reader;
use crate::shared::guard;
use crate::spool::{OpenSpool, WRITER_WITHOUT_LOCKS};
use crate::survey::read_checkpoint;

/// A handle that can only spool.
pub(crate) struct SpoolWriter {
    medium: Arc<dyn Medium>,
    format: Format,
    /// Made at the first batch; `None` again after the handle was closed.
    spool: Mutex<Option<OpenSpool>>,
    log_lsn: u64,
}

impl SpoolWriter {
    /// Opens a store that a process with locks has made.
    pub fn open(medium: Arc<dyn Medium>) -> Result<(SpoolWriter, OpenReport)> {
        let format = crate::start::require_format(&*medium)?;
        let checkpoint = read_checkpoint(&*medium, &format)
            .map_err(|error| LogError::io(medium.path(), "read the checkpoint", error))?;
        let log_lsn = checkpoint.map_or(1, |checkpoint| checkpoint.state.next_lsn);
        let report = OpenReport {
            verdict: None,
            epoch: checkpoint.map_or(EpochId([0; 16]), |checkpoint| checkpoint.epoch),
            next: Lsn::new(log_lsn).unwrap_or(Lsn::FIRST),
            cut_at: None,
            merged_batches: 0,
            unmerged: None,
        };
        Ok((
            SpoolWriter {
                medium,
                format,
                spool: Mutex::new(None),
                log_lsn,
            },
            report,
        ))
    }

    /// What an operation that needs the lock fails with.
    pub fn no_locks(&self) -> LogError {
        LogError::NoLocks {
            path: self.medium.path(),
            kind: "without known locks".into(),
        }
    }

    /// The store's identity.
    pub fn store(&self) -> StoreId {
        self.format.store
    }

    fn wrap(&self, error: io::Error) -> LogError {
        LogError::io(
            self.medium.path().join(name::SPOOL),
            "write the spool",
            error,
        )
    }

    /// Spools a batch.
    pub fn push(&self, batch: &Batch, stream: Option<u64>) -> Result<()> {
        let mut spool = guard(&self.spool);
        if spool.is_none() {
            let (place, store) = (Arc::clone(&self.medium), self.format.store);
            let made = OpenSpool::create(place, store, WRITER_WITHOUT_LOCKS, self.log_lsn);
            *spool = Some(made.map_err(|error| self.wrap(error))?);
        }
        let open = spool.as_mut().expect("just made");
        open.push(batch, stream).map_err(|error| self.wrap(error))
    }

    /// Makes the spool durable.
    pub fn sync(&self) -> Result<Lsn> {
        if let Some(spool) = &*guard(&self.spool) {
            spool.sync().map_err(|error| self.wrap(error))?;
        }
        Ok(Lsn::new(self.log_lsn).unwrap_or(Lsn::FIRST))
    }

    /// A reader of what was merged.
    pub fn reader(&self) -> Result<Reader> {
        Reader::on(Arc::clone(&self.medium))
    }

    /// Says that nothing more will come.
    pub fn close(&self) -> Result<()> {
        match guard(&self.spool).take() {
            Some(spool) => spool
                .sync()
                .and_then(|()| spool.end())
                .map_err(|error| self.wrap(error)),
            None => Ok(()),
        }
    }
}

impl Drop for SpoolWriter {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        self.close().ok();
    }
}
