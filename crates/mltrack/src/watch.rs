//! How a writer learns that somebody else has ended its run.
//!
//! Invariants: while nobody else writes, this costs one comparison a call; while others do, the log is read at most
//! every [`LOOK_INTERVAL_MS`], a long stretch of it by a thread of its own. Only control frames are decoded.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Instant;

use mltrack_event::{Event, ExperimentId, RunKey, RunMove, RunState, TypeId, decode};
use mltrack_log::{BatchRecords, Lsn, Reader, door};
use mltrack_projector::IntMap;

use crate::error::Result;
use crate::gate::{Gate, Part};
use crate::lock::guard;

/// A writer looks no oftener than this, so an end by another process is noticed by the first call that comes this
/// much later.
const LOOK_INTERVAL_MS: u64 = 5;
/// A logging call reads at most so many records itself: some ten microseconds.
const LOOK_RECORDS_MAX: u64 = 1024;

/// Own records are skipped instead of read from so many on.
const SKIP_RECORDS_MIN: u64 = 1 << 20;

/// Fewer runs than this are not worth tidying up after.
const GATES_TIDY_MIN: usize = 64;

pub(crate) struct Watch {
    begun: Instant,
    looked_ms: AtomicU64,
    /// The lsn after the last record that this writer appended, or knows of.
    own_end: AtomicU64,
    /// The first record not looked at.
    next: AtomicU64,
    reader: Mutex<Reader>,
    gates: Mutex<IntMap<RunKey, Vec<Weak<Gate>>>>,
    /// With so many runs, gates that nobody holds any more are let go.
    tidy_at: AtomicUsize,
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
            tidy_at: AtomicUsize::new(GATES_TIDY_MIN),
            scout: OnceLock::new(),
        }
    }

    /// Keeps a gate up to date from `since` on, the record that made the run running.
    pub fn register(&self, gate: &Arc<Gate>, since: Lsn) {
        gate.tell_since(since);
        let mut gates = guard(&self.gates);
        if gates.len() >= self.tidy_at.load(Relaxed) {
            gates.retain(|_, of_run| of_run.iter().any(|gate| gate.strong_count() > 0));
            self.tidy_at
                .store((2 * gates.len()).max(GATES_TIDY_MIN), Relaxed);
        }
        let of_run = gates.entry(gate.run().key()).or_default();
        of_run.retain(|gate| gate.strong_count() > 0);
        of_run.push(Arc::downgrade(gate));
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
            if !moves_gates(TypeId(record.type_id)) {
                continue;
            }
            if let Ok(event) = decode(record.type_id, record.version, record.payload) {
                self.move_gates(&event, Some(record.lsn));
            }
        }
    }

    /// What this process did itself just now: its own records are not looked at.
    pub fn did(&self, events: &[Event]) {
        for event in events {
            if moves_gates(event.type_id()) {
                self.move_gates(event, None);
            }
        }
    }

    fn move_gates(&self, event: &Event, lsn: Option<Lsn>) {
        match event {
            Event::ExperimentDeleted(deleted) => self.delete_experiment(deleted.experiment, true),
            Event::ExperimentRestored(restored) => {
                self.delete_experiment(restored.experiment, false);
            }
            Event::RunDeleted(deleted) => {
                self.each_of(deleted.run, |gate| gate.set_deleted(Part::Run, true));
            }
            Event::RunRestored(restored) => {
                self.each_of(restored.run, |gate| gate.set_deleted(Part::Run, false));
            }
            other => self.move_state(other, lsn),
        }
    }

    fn move_state(&self, event: &Event, lsn: Option<Lsn>) {
        let Some((run, step)) = RunMove::of(event) else {
            return;
        };
        let state = match step {
            RunMove::End(end) => end.into(),
            RunMove::Lose => RunState::Lost,
            RunMove::Start | RunMove::Resume => RunState::Running,
            RunMove::Queue => return,
        };
        self.each_of(run, |gate| {
            // A run that was resumed had ended before, which is nothing to the gate of who resumed it.
            if lsn.is_none_or(|lsn| gate.is_news(lsn)) {
                gate.set(state);
            }
        });
    }

    fn delete_experiment(&self, experiment: ExperimentId, is_deleted: bool) {
        let gates = guard(&self.gates);
        let held = gates.values().flatten().filter_map(Weak::upgrade);
        for gate in held.filter(|gate| gate.experiment() == Some(experiment)) {
            gate.set_deleted(Part::Experiment, is_deleted);
        }
    }

    fn each_of(&self, run: RunKey, act: impl Fn(&Gate)) {
        if let Some(of_run) = guard(&self.gates).get(&run) {
            of_run
                .iter()
                .filter_map(Weak::upgrade)
                .for_each(|gate| act(&gate));
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

/// Of control events, only those about the life of runs move a gate, and those that delete a run with its experiment.
fn moves_gates(type_id: TypeId) -> bool {
    (TypeId::RUN_CREATED..=TypeId::RUN_ATTACHED).contains(&type_id)
        || matches!(
            type_id,
            TypeId::EXPERIMENT_DELETED | TypeId::EXPERIMENT_RESTORED
        )
}
