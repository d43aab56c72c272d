//! How a writer learns that somebody else has ended its run.
//!
//! Invariants: while nobody else writes, this costs one comparison a call; while others do, the log is read at most
//! every [`LOOK_INTERVAL_MS`], a long stretch of it by a thread of its own. Only control frames are decoded.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Instant;

use mltrack_event::{Event, RunKey, RunMove, RunState, TypeId, decode};
use mltrack_log::{BatchRecords, Lsn, Reader, door};
use mltrack_projector::IntMap;

use crate::error::Result;
use crate::gate::Gate;
use crate::lock::guard;

/// A writer looks no oftener than this, so an end by another process is noticed by the first call that comes this
/// much later.
const LOOK_INTERVAL_MS: u64 = 5;
/// A logging call reads at most so many records itself: some ten microseconds.
const LOOK_RECORDS_MAX: u64 = 1024;

/// Own records are skipped instead of read from so many on.
const SKIP_RECORDS_MIN: u64 = 1 << 20;

pub(crate) struct Watch {
    begun: Instant,
    looked_ms: AtomicU64,
    /// The lsn after the last record that this writer appended, or knows of.
    own_end: AtomicU64,
    /// The first record not looked at.
    next: AtomicU64,
    reader: Mutex<Reader>,
    gates: Mutex<IntMap<RunKey, Weak<Gate>>>,
    scout: OnceLock<Option<SyncSender<()>>>,
}

impl Watch {
    /// Looks from the present end on.
    pub fn new(mut reader: Reader) -> Watch {
        let end = reader.end();
        reader.seek(end);
        Watch {
            begun: door::monotonic(),
            looked_ms: AtomicU64::new(0),
            own_end: AtomicU64::new(end.get()),
            next: AtomicU64::new(end.get()),
            reader: Mutex::new(reader),
            gates: Mutex::default(),
            scout: OnceLock::new(),
        }
    }

    /// Keeps a gate up to date from `since` on, the record that made the run running.
    pub fn register(&self, gate: &Arc<Gate>, since: Lsn) {
        let mut gates = guard(&self.gates);
        gates.retain(|_, gate| gate.strong_count() > 0);
        gates.insert(gate.run().key(), Arc::downgrade(gate));
        drop(gates);
        let mut reader = guard(&self.reader);
        if reader.next_lsn() > since {
            // Somebody looked further already, before this gate was here to be shut.
            reader.seek(since);
            self.next.store(since.get(), Relaxed);
        }
    }

    /// After an append of this writer: whether others wrote in between is seen by the next call.
    #[inline]
    pub fn appended(&self, first: Lsn, next: Lsn) {
        let known = self.own_end.load(Relaxed);
        if known == first.get() {
            self.own_end.store(next.get(), Relaxed);
        }
    }

    /// Before an append: looks at what others wrote, if they did and it is time to.
    #[inline]
    pub fn look_soon(self: &Arc<Self>, end: Lsn) {
        if end.get() != self.own_end.load(Relaxed) {
            self.look_if_due(end);
        }
    }

    #[cold]
    fn look_if_due(self: &Arc<Self>, end: Lsn) {
        let now_ms =
            door::monotonic().duration_since(self.begun).as_millis() as u64 + LOOK_INTERVAL_MS;
        let looked_ms = self.looked_ms.load(Relaxed);
        if now_ms < looked_ms + LOOK_INTERVAL_MS {
            return;
        }
        self.looked_ms.store(now_ms, Relaxed);
        if end.get().saturating_sub(self.next.load(Relaxed)) <= LOOK_RECORDS_MAX {
            // Damage is reported to whoever reads; the gate stays as it is.
            self.look().ok();
        } else if let Some(scout) = self.scout.get_or_init(|| self.spawn_scout()) {
            // A full channel means that it is going already.
            scout.try_send(()).ok();
        }
    }

    /// Looks at everything that is visible now.
    pub fn look(&self) -> Result<Lsn> {
        let mut reader = guard(&self.reader);
        reader.refresh()?;
        self.skip_own(&mut reader);
        loop {
            match reader.next_batch() {
                Ok(Some(batch)) => self.take_in(batch),
                Ok(None) => break,
                Err(error) => {
                    reader.skip_damage()?;
                    self.next.store(reader.next_lsn().get(), Relaxed);
                    return Err(error.into());
                }
            }
        }
        let next = reader.next_lsn();
        self.next.store(next.get(), Relaxed);
        self.own_end.store(next.get(), Relaxed);
        Ok(next)
    }

    /// What this writer appended alone moves no gate that it has not moved itself. Finding a place in the log costs
    /// more than reading a few records, and far less than reading all of a long training.
    fn skip_own(&self, reader: &mut Reader) {
        let own_end = self.own_end.load(Relaxed);
        if own_end > reader.next_lsn().get().saturating_add(SKIP_RECORDS_MIN)
            && let Some(next) = Lsn::new(own_end)
        {
            reader.seek(next);
        }
    }

    fn take_in(&self, batch: BatchRecords<'_>) {
        if batch.stream.is_none() {
            return;
        }
        for record in batch {
            // Of control events, only those of runs move a gate.
            if !(TypeId::RUN_CREATED.0..=TypeId::RUN_ATTACHED.0).contains(&record.type_id) {
                continue;
            }
            if let Ok(event) = decode(record.type_id, record.version, record.payload) {
                self.move_gate(&event);
            }
        }
    }

    fn move_gate(&self, event: &Event) {
        let Some((run, step)) = RunMove::of(event) else {
            return;
        };
        let Some(gate) = guard(&self.gates).get(&run).and_then(Weak::upgrade) else {
            return;
        };
        match step {
            RunMove::End(end) => gate.set(end.into()),
            RunMove::Lose => gate.set(RunState::Lost),
            RunMove::Start | RunMove::Resume => gate.set(RunState::Running),
            RunMove::Queue => {}
        }
    }

    fn spawn_scout(self: &Arc<Self>) -> Option<SyncSender<()>> {
        let (sender, asked) = sync_channel(1);
        let watch = Arc::downgrade(self);
        let scout = std::thread::Builder::new().name("mltrack-watch".into());
        let spawned = scout.spawn(move || {
            while asked.recv().is_ok() {
                let Some(watch) = watch.upgrade() else { return };
                watch.look().ok();
            }
        });
        spawned.is_ok().then_some(sender)
    }
}
