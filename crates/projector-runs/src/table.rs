//! Runs by slot: those that the fold has touched in memory, the others in the snapshot that it went on from.
//!
//! With a bound on their memory, runs that nothing was heard of for a while are packed.
//!
//! Invariants: a slot is a run's place in the order of creation and never changes; a run that was touched since the
//! snapshot is never read from it; a row that cannot be read is the snapshot's fault, and the run looks as if it were
//! not there.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use mltrack_event::{RunKey, RunState};
use mltrack_projector::IntMap;

use crate::brief::Brief;
use crate::changes::Touched;
use crate::idle::{Next, Queue, Reads, TIDY_RUNS};
use crate::packed::Packed;
use crate::run::Run;
use crate::snapshot::{Snapshot, SnapshotFault};

/// Where a run is.
#[derive(Clone, Debug)]
enum Cell {
    /// In the snapshot; once it was asked for, here too.
    Base(OnceLock<Box<Run>>),
    /// Touched since the snapshot.
    Own(Box<Run>),
    /// Touched since the snapshot, and a part of a copy of the state too.
    Shared(Arc<Run>),
    /// Touched since the snapshot, but not lately.
    Packed(Box<Packed>),
    /// Nowhere: it was purged.
    Gone,
}

/// All runs.
#[derive(Clone, Default, Debug)]
pub struct Table {
    base: Option<Arc<Snapshot>>,
    cells: Vec<Cell>,
    /// Slots of the runs that were touched since the snapshot.
    slots: IntMap<RunKey, u32>,
    gone_count: usize,
    /// A run whose last event is older than this is touched for the first time since somebody asked; 0: nobody asks.
    mark: u64,
    touched: Touched,
    /// Own and shared runs, while their memory is bounded.
    queue: Queue,
    reads: Reads,
}

impl Table {
    /// The runs of a snapshot, none of them read yet.
    pub fn over(base: Arc<Snapshot>) -> Table {
        let count = base.run_count() as usize;
        Table {
            base: Some(base),
            cells: (0..count).map(|_| Cell::Base(OnceLock::new())).collect(),
            ..Table::default()
        }
    }

    /// Slots, those of runs that are no more included.
    pub fn len(&self) -> u32 {
        self.cells.len() as u32
    }

    /// Runs.
    pub fn count(&self) -> usize {
        self.cells.len() - self.gone_count
    }

    pub fn fault(&self) -> Option<&SnapshotFault> {
        self.base.as_ref()?.fault()
    }

    pub fn base(&self) -> Option<&Arc<Snapshot>> {
        self.base.as_ref()
    }

    pub fn slot_of(&self, key: RunKey) -> Option<u32> {
        let own = self.slots.get(&key).copied();
        own.or_else(|| {
            let slot = self.base.as_ref()?.slot_of(key)?;
            let is_gone = matches!(self.cells.get(slot as usize)?, Cell::Gone);
            (!is_gone).then_some(slot)
        })
    }

    pub fn get(&self, slot: u32) -> Option<&Run> {
        match self.cells.get(slot as usize)? {
            Cell::Own(run) => Some(run),
            Cell::Shared(run) => Some(run),
            Cell::Gone => None,
            Cell::Base(read) => self.keep(slot, read, || self.base.as_ref()?.run(slot)),
            Cell::Packed(packed) => self.keep(slot, &packed.read, || Some(packed.unpack())),
        }
    }

    /// A run that has to be read, kept for the next who asks.
    fn keep<'a>(
        &self,
        slot: u32,
        place: &'a OnceLock<Box<Run>>,
        read: impl FnOnce() -> Option<Run>,
    ) -> Option<&'a Run> {
        if let Some(run) = place.get() {
            return Some(run);
        }
        let run = read()?;
        Some(place.get_or_init(|| {
            self.reads.note(slot, &run);
            Box::new(run)
        }))
    }

    /// The run in a slot, which is not kept when it has to be read.
    pub fn look(&self, slot: u32) -> Option<Cow<'_, Run>> {
        let known = match self.cells.get(slot as usize)? {
            Cell::Own(run) => Some(&**run),
            Cell::Shared(run) => Some(&**run),
            Cell::Gone => return None,
            Cell::Base(read) => read.get().map(AsRef::as_ref),
            Cell::Packed(packed) => packed.read.get().map(AsRef::as_ref),
        };
        match (known, self.cells.get(slot as usize)?) {
            (Some(run), _) => Some(Cow::Borrowed(run)),
            (None, Cell::Packed(packed)) => Some(Cow::Owned(packed.unpack())),
            (None, _) => self.base.as_ref()?.run(slot).map(Cow::Owned),
        }
    }

    /// Whether a run that was recorded as running can stand otherwise by now, without reading it; true where that is not
    /// known.
    pub fn may_lapse(&self, slot: u32) -> bool {
        self.brief(slot).is_some_and(|brief| brief.may_lapse)
    }

    /// From now on, runs that lie in memory as they are take about `bytes_max` at most.
    pub fn bound(&mut self, bytes_max: usize) {
        if self.queue.bytes_max() == Some(bytes_max) {
            return;
        }
        let is_first = self.queue.bytes_max().is_none();
        self.queue.bound(bytes_max);
        if !is_first {
            return;
        }
        for (cell, slot) in self.cells.iter().zip(0..) {
            match cell {
                Cell::Own(run) => self.queue.add(slot, run),
                Cell::Shared(run) => self.queue.add(slot, run),
                Cell::Base(_) | Cell::Packed(_) | Cell::Gone => {}
            }
        }
    }

    /// Packs idle runs now and then, when there is a bound and they take more.
    #[inline]
    pub fn tick(&mut self, record: u64) {
        if self.queue.is_due() {
            self.pack_idle(record);
        }
    }

    #[cold]
    fn pack_idle(&mut self, record: u64) {
        for _ in 0..TIDY_RUNS {
            if !self.queue.is_full() {
                return;
            }
            let Some(slot) = self.queue.pop() else { return };
            let cell = &mut self.cells[slot as usize];
            let run = match cell {
                Cell::Own(run) => &**run,
                Cell::Shared(run) => &**run,
                Cell::Base(_) | Cell::Packed(_) | Cell::Gone => continue,
            };
            match self.queue.next_of(run, record) {
                Next::Stays => self.queue.add(slot, run),
                Next::Packs => *cell = Cell::Packed(Box::new(Packed::new(run))),
            }
        }
    }

    /// Lets go of runs that were only read, when they take more memory than the bound. True when it did.
    pub fn release_reads(&mut self) -> bool {
        let bytes_max = self.queue.bytes_max().unwrap_or(usize::MAX);
        let Some(slots) = self.reads.take(bytes_max) else {
            return false;
        };
        for slot in slots {
            match self.cells.get_mut(slot as usize) {
                Some(Cell::Base(read)) => drop(read.take()),
                Some(Cell::Packed(packed)) => drop(packed.read.take()),
                Some(Cell::Own(_) | Cell::Shared(_) | Cell::Gone) | None => {}
            }
        }
        true
    }

    /// The run with this key, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: RunKey) -> Option<&mut Run> {
        let slot = match self.slots.get(&key) {
            Some(slot) => *slot,
            None => self.adopt(key)?,
        };
        let cell = &mut self.cells[slot as usize];
        match cell {
            Cell::Shared(run) => *cell = Cell::Own(Box::new(Run::clone(run))),
            Cell::Packed(packed) => {
                let known = packed.read.take();
                let run = known.unwrap_or_else(|| Box::new(packed.unpack()));
                self.queue.add(slot, &run);
                *cell = Cell::Own(run);
            }
            Cell::Own(_) | Cell::Base(_) | Cell::Gone => {}
        }
        match cell {
            Cell::Own(run) => {
                if run.heard.lsn.get() < self.mark {
                    self.touched.slots.push(slot);
                }
                Some(run)
            }
            Cell::Base(_) | Cell::Shared(_) | Cell::Packed(_) | Cell::Gone => None,
        }
    }

    /// What was touched since the last call; `None` at the first.
    pub fn take_touched(&mut self) -> Option<Touched> {
        let is_first = self.mark == 0;
        let mut touched = std::mem::take(&mut self.touched);
        touched.slots.sort_unstable();
        touched.slots.dedup();
        let heard = |slot: &u32| self.heard(*slot).unwrap_or(0);
        let last = if is_first {
            (0..self.len())
                .filter(|slot| !self.is_base(*slot))
                .map(|slot| heard(&slot))
                .max()
        } else {
            touched.slots.iter().map(heard).max()
        };
        let base = self
            .base
            .as_ref()
            .map_or(0, |base| base.cursor().next.get());
        self.mark = self.mark.max(last.unwrap_or(0) + 1).max(base);
        (!is_first).then_some(touched)
    }

    /// Everything that the snapshot does not say, in the order of slots: the last records about runs that were touched
    /// since, and slots of runs that are no more.
    pub fn overlay(&self) -> impl Iterator<Item = (u32, Option<u64>)> {
        let slots = (0..self.len()).filter(|slot| !self.is_base(*slot));
        slots.map(|slot| (slot, self.heard(slot)))
    }

    /// The last record about a run that was touched since the snapshot.
    fn heard(&self, slot: u32) -> Option<u64> {
        match self.cells.get(slot as usize)? {
            Cell::Own(run) => Some(run.heard.lsn.get()),
            Cell::Shared(run) => Some(run.heard.lsn.get()),
            Cell::Packed(packed) => Some(packed.heard()),
            Cell::Base(_) | Cell::Gone => None,
        }
    }

    /// Whether a run stands in the slot.
    pub fn is_taken(&self, slot: u32) -> bool {
        !matches!(self.cells.get(slot as usize), Some(Cell::Gone) | None)
    }

    pub fn is_base(&self, slot: u32) -> bool {
        matches!(self.cells.get(slot as usize), Some(Cell::Base(_)))
    }

    /// Takes a run over from the snapshot.
    #[cold]
    fn adopt(&mut self, key: RunKey) -> Option<u32> {
        let base = self.base.as_ref()?;
        let slot = base.slot_of(key)?;
        let cell = &mut self.cells[slot as usize];
        let known = match cell {
            Cell::Base(read) => read.take(),
            Cell::Own(_) | Cell::Shared(_) | Cell::Packed(_) | Cell::Gone => return None,
        };
        let run = match known {
            Some(run) => run,
            None => Box::new(base.run(slot)?),
        };
        self.queue.add(slot, &run);
        *cell = Cell::Own(run);
        self.slots.insert(key, slot);
        Some(slot)
    }

    /// Takes a run out. Its slot stays empty.
    pub fn take(&mut self, key: RunKey) -> Option<Run> {
        let run = self.get_mut(key)?.clone();
        let slot = self.slots.remove(&key)?;
        self.cells[slot as usize] = Cell::Gone;
        self.gone_count += 1;
        if self.mark > 0 {
            self.touched.removed.push(run.id);
        }
        Some(run)
    }

    /// Adds a run behind all others.
    pub fn push(&mut self, run: Run) -> u32 {
        let slot = self.len();
        self.slots.insert(run.key(), slot);
        self.queue.add(slot, &run);
        self.cells.push(Cell::Own(Box::new(run)));
        if self.mark > 0 {
            self.touched.slots.push(slot);
        }
        slot
    }

    /// Every run in the order of creation. Reads all of them: for lists there are briefs.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Run> {
        (0..self.len()).filter_map(|slot| self.get(slot))
    }

    /// Hands every run over in the order of creation. What is read for it is not kept.
    pub fn try_for_each<E>(&self, mut each: impl FnMut(&Run) -> Result<(), E>) -> Result<(), E> {
        let mut runs = (0..self.len()).filter_map(|slot| self.look(slot));
        runs.try_for_each(|run| each(&run))
    }

    /// What lists need of a run, without reading its row.
    pub fn brief(&self, slot: u32) -> Option<Brief> {
        match self.cells.get(slot as usize)? {
            Cell::Own(run) => Some(Brief::of(run)),
            Cell::Shared(run) => Some(Brief::of(run)),
            Cell::Packed(packed) => Some(packed.brief()),
            Cell::Base(_) => self.base.as_ref()?.brief(slot),
            Cell::Gone => None,
        }
    }

    /// The briefs of all runs, with their slots.
    pub fn briefs(&self) -> impl DoubleEndedIterator<Item = (u32, Brief)> {
        (0..self.len()).filter_map(|slot| Some((slot, self.brief(slot)?)))
    }

    /// A run's name, without reading its row; empty for a run that is not there.
    pub fn name(&self, slot: u32) -> &str {
        match self.cells.get(slot as usize) {
            Some(Cell::Own(run)) => &run.name,
            Some(Cell::Shared(run)) => &run.name,
            Some(Cell::Packed(packed)) => packed.name(),
            Some(Cell::Base(_)) => self.base.as_ref().map_or("", |base| base.name(slot)),
            Some(Cell::Gone) | None => "",
        }
    }

    /// Runs that were recorded as running, in the order of creation.
    pub fn running(&self) -> impl Iterator<Item = &Run> {
        let old = self.base.as_ref().map_or(&[][..], |base| base.running());
        let mut slots: Vec<u32> = old
            .iter()
            .copied()
            .filter(|slot| self.is_base(*slot))
            .collect();
        slots.extend(self.slots.values());
        slots.sort_unstable();
        let is_running = |slot: &u32| {
            let brief = self.brief(*slot);
            brief.is_some_and(|brief| brief.state == RunState::Running)
        };
        let slots = slots.into_iter().filter(is_running);
        let runs = slots.filter_map(|slot| self.get(slot));
        runs.filter(|run| run.state == RunState::Running)
    }

    /// A copy that shares every run with this table. Changing a run on either side copies that run.
    pub fn share(&mut self) -> Table {
        for cell in &mut self.cells {
            if let Cell::Own(_) = cell
                && let Cell::Own(run) = std::mem::replace(cell, Cell::Base(OnceLock::new()))
            {
                *cell = Cell::Shared(Arc::from(run));
            }
        }
        let copies = self.cells.iter().map(|cell| match cell {
            Cell::Shared(run) => Cell::Shared(Arc::clone(run)),
            Cell::Packed(packed) => Cell::Packed(Box::new(packed.share())),
            Cell::Gone => Cell::Gone,
            Cell::Own(_) | Cell::Base(_) => Cell::Base(OnceLock::new()),
        });
        Table {
            base: self.base.clone(),
            cells: copies.collect(),
            slots: self.slots.clone(),
            gone_count: self.gone_count,
            ..Table::default()
        }
    }
}
