//! A snapshot that is open: what was read of it, and what it does not have to read.
//!
//! Invariants: opening reads the trailer, the core and the small part; everything else is read at its first use, once;
//! what cannot be read is remembered as the snapshot's fault and looks empty, so whoever answered from a snapshot asks
//! for its fault before the answer is believed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, RunKey};
use mltrack_projector::snapshot::Source;
use mltrack_projector::{Cursor, EpochId, Lsn, Projector};

use super::columns;
use super::gather::{ColumnIndex, PARAM, TAG, key_of, metric_of_key};
use super::parts::{
    self, Core, END_MAGIC, HEADER_LEN, MAGIC, Part, TRAILER_LEN, read_part, read_value,
};
use super::{LAYOUT_VERSION, SnapshotFault};
use crate::apply::Runs;
use crate::brief::{BRIEF_LEN, Brief};
use crate::codec::{self, DefinitionRow};
use crate::experiment::Experiment;
use crate::purge::Purges;
use crate::run::Run;
use crate::search::{Column, ColumnData, Family};
use crate::state::{Oddities, State};

/// So many blocks stay in memory that were read.
const RECENT_MAX: usize = 4;

/// A stretch of rows that are read together.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Block {
    pub first_slot: u32,
    pub part: Part,
}

/// What is read when a snapshot is opened.
#[derive(Encode, Decode)]
pub struct Small {
    pub experiments: Vec<Experiment>,
    pub oddities: Oddities,
    pub experiment_id_max: u64,
    pub purges: Purges,
    pub definitions: Vec<DefinitionRow>,
    pub collisions: Vec<DefinitionRow>,
}

/// Names of runs by slot, in one text.
#[derive(Default, Encode, Decode)]
pub struct Names {
    pub ends: Vec<u32>,
    pub text: String,
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// An immutable file with the state at a checkpoint.
pub struct Snapshot {
    source: Source,
    cursor: Cursor,
    run_count: u32,
    core: Core,
    briefs: OnceLock<Vec<Brief>>,
    names: OnceLock<Names>,
    keys: OnceLock<Vec<(u64, u32)>>,
    blocks: OnceLock<Vec<Block>>,
    running: OnceLock<Vec<u32>>,
    columns: OnceLock<ColumnIndex>,
    /// Tells snapshots of this process apart.
    number: u64,
    lists: OnceLock<BTreeMap<ExperimentId, Vec<u32>>>,
    /// The blocks that were read last: rows are often read in order, by a few threads at once.
    recent: Mutex<VecDeque<(usize, Arc<Vec<u8>>)>>,
    fault: OnceLock<SnapshotFault>,
}

impl Snapshot {
    /// Opens a snapshot and checks its root. What hangs from the root is checked when it is read.
    pub fn open(path: &Path) -> Result<Snapshot, SnapshotFault> {
        let source = Source::open(path).map_err(|error| SnapshotFault::io(path, &error))?;
        let (cursor, run_count, core) = read_head(&source)?;
        Ok(Snapshot {
            source,
            cursor,
            run_count,
            core,
            briefs: OnceLock::new(),
            names: OnceLock::new(),
            keys: OnceLock::new(),
            blocks: OnceLock::new(),
            running: OnceLock::new(),
            columns: OnceLock::new(),
            number: NEXT_NUMBER.fetch_add(1, Relaxed),
            lists: OnceLock::new(),
            recent: Mutex::default(),
            fault: OnceLock::new(),
        })
    }

    /// Its state, to go on from. Runs are read from it when they are asked for.
    pub fn into_state(self) -> Result<State, SnapshotFault> {
        State::over(Arc::new(self))
    }

    /// Up to where its state was folded.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Its length in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.source.len()
    }

    /// What could not be read of it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&SnapshotFault> {
        self.fault.get()
    }

    /// Reads everything and compares it with its hashes.
    pub fn verify(&self) -> Result<(), SnapshotFault> {
        let Core {
            small,
            briefs,
            names,
            keys,
            blocks,
            running,
            columns,
        } = &self.core;
        for part in [small, briefs, names, keys, blocks, running, columns] {
            read_part(&self.source, part)?;
        }
        for part in self.column_index().columns.values() {
            self.read_column(part)?;
        }
        for slot in 0..self.run_count {
            self.read_row(slot)?;
        }
        Ok(())
    }

    pub(crate) fn run_count(&self) -> u32 {
        self.run_count
    }

    /// Another one for every snapshot that is opened in this process.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// A column of all runs; `None` for one that is not kept as a column.
    pub(crate) fn column(&self, column: &Column) -> Result<Option<ColumnData>, SnapshotFault> {
        let Some(key) = key_of(column) else {
            return Ok(None);
        };
        let read = match self.column_index().columns.get(&key) {
            Some(part) => self.read_column(part),
            None => Ok(ColumnData::Missing),
        };
        if let Err(fault) = &read {
            self.fault.set(fault.clone()).ok();
        }
        read.map(Some)
    }

    /// The names of a family that have columns.
    pub(crate) fn column_names(&self, family: Family) -> impl Iterator<Item = &str> {
        let keys = self.column_index().columns.keys();
        keys.filter_map(move |key| match family {
            Family::Metric => metric_of_key(key),
            Family::Param => key.strip_prefix(PARAM),
            Family::Tag => key.strip_prefix(TAG),
        })
    }

    fn column_index(&self) -> &ColumnIndex {
        self.columns
            .get_or_init(|| self.noted(read_value(&self.source, &self.core.columns)))
    }

    fn read_column(&self, part: &Part) -> Result<ColumnData, SnapshotFault> {
        let bytes = read_part(&self.source, part)?;
        let column = columns::decode(&bytes);
        let column = column.filter(|column| {
            let len = column.len();
            len.is_none_or(|len| len == self.run_count as usize)
        });
        let damaged = || SnapshotFault::damaged(&self.source, part.offset, "a column is none");
        column.ok_or_else(damaged)
    }

    pub(crate) fn small(&self) -> Result<Small, SnapshotFault> {
        read_value(&self.source, &self.core.small)
    }

    /// The run in a slot; `None` when the row cannot be read.
    pub(crate) fn run(&self, slot: u32) -> Option<Run> {
        self.noted(self.read_row(slot).map(Some))
    }

    pub(crate) fn slot_of(&self, key: RunKey) -> Option<u32> {
        let wanted = u64::from_be_bytes(key.to_bytes());
        let keys = self.keys();
        let at = keys.binary_search_by_key(&wanted, |(key, _)| *key).ok()?;
        Some(keys[at].1)
    }

    pub(crate) fn brief(&self, slot: u32) -> Option<Brief> {
        self.briefs().get(slot as usize).copied()
    }

    pub(crate) fn name(&self, slot: u32) -> &str {
        let names = self
            .names
            .get_or_init(|| self.noted(read_value(&self.source, &self.core.names)));
        let end = |slot: usize| names.ends.get(slot).map(|end| *end as usize);
        let start = (slot as usize).checked_sub(1).map_or(Some(0), end);
        let range = start.zip(end(slot as usize));
        let text = range.and_then(|(start, end)| names.text.get(start..end));
        text.unwrap_or_default()
    }

    /// Slots of the runs that were recorded as running.
    pub(crate) fn running(&self) -> &[u32] {
        self.running
            .get_or_init(|| self.noted(read_value(&self.source, &self.core.running)))
    }

    /// Slots of the runs of an experiment, in the order of creation.
    pub(crate) fn runs_of(&self, experiment: ExperimentId) -> &[u32] {
        let lists = self.lists.get_or_init(|| {
            let mut lists: BTreeMap<ExperimentId, Vec<u32>> = BTreeMap::new();
            for (brief, slot) in self.briefs().iter().zip(0..) {
                lists.entry(brief.experiment).or_default().push(slot);
            }
            lists
        });
        lists.get(&experiment).map_or(&[], Vec::as_slice)
    }

    fn briefs(&self) -> &[Brief] {
        self.briefs.get_or_init(|| {
            let read = read_part(&self.source, &self.core.briefs).and_then(|bytes| {
                let (briefs, _) = bytes.as_chunks::<BRIEF_LEN>();
                let briefs: Option<Vec<Brief>> = briefs.iter().map(Brief::decode).collect();
                let briefs = briefs.filter(|briefs| briefs.len() == self.run_count as usize);
                briefs.ok_or_else(|| {
                    let offset = self.core.briefs.offset;
                    SnapshotFault::damaged(&self.source, offset, "a brief is no brief")
                })
            });
            self.noted(read)
        })
    }

    fn keys(&self) -> &[(u64, u32)] {
        self.keys.get_or_init(|| {
            let bytes = self.noted(read_part(&self.source, &self.core.keys));
            let (keys, _) = bytes.as_chunks::<12>();
            let entry = |bytes: &[u8; 12]| {
                let (key, slot) = bytes.split_first_chunk().expect("12 bytes are more than 8");
                let slot = slot.try_into().expect("12 - 8 = 4");
                (u64::from_be_bytes(*key), u32::from_le_bytes(slot))
            };
            keys.iter().map(entry).collect()
        })
    }

    fn blocks(&self) -> &[Block] {
        self.blocks
            .get_or_init(|| self.noted(read_value(&self.source, &self.core.blocks)))
    }

    fn read_row(&self, slot: u32) -> Result<Run, SnapshotFault> {
        let blocks = self.blocks();
        let after = blocks.partition_point(|block| block.first_slot <= slot);
        let Some(at) = after.checked_sub(1) else {
            return Err(SnapshotFault::damaged(&self.source, 0, "a row is missing"));
        };
        let bytes = self.read_block(at)?;
        let row = row_in(&bytes, slot - blocks[at].first_slot);
        let offset = blocks[at].part.offset;
        let damaged = |what: &str| SnapshotFault::damaged(&self.source, offset, what);
        let row = row.ok_or_else(|| damaged("a row is missing"))?;
        codec::parse(row).map_err(|what| damaged(&what))
    }

    fn read_block(&self, at: usize) -> Result<Arc<Vec<u8>>, SnapshotFault> {
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = recent().iter().find(|(known, _)| *known == at) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = Arc::new(read_part(&self.source, &self.blocks()[at].part)?);
        let mut recent = recent();
        recent.truncate(RECENT_MAX - 1);
        recent.push_front((at, Arc::clone(&bytes)));
        Ok(bytes)
    }

    /// What was read, or what an unreadable part looks like.
    fn noted<T: Default>(&self, read: Result<T, SnapshotFault>) -> T {
        read.unwrap_or_else(|fault| {
            self.fault.set(fault).ok();
            T::default()
        })
    }
}

/// A row of a block: the count of rows, where each of them ends, and their bytes.
fn row_in(block: &[u8], at: u32) -> Option<&[u8]> {
    let number = |at: usize| -> Option<usize> {
        let bytes = block.get(4 * at..4 * at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().expect("four bytes are four")) as usize)
    };
    let (count, at) = (number(0)?, at as usize);
    if at >= count {
        return None;
    }
    let start = if at == 0 { 0 } else { number(at)? };
    let rows = block.get(4 * (count + 1)..)?;
    rows.get(start..number(at + 1)?)
}

fn read_head(source: &Source) -> Result<(Cursor, u32, Core), SnapshotFault> {
    let damaged = |offset, what: &str| SnapshotFault::damaged(source, offset, what);
    let read = |offset, bytes: &mut [u8]| {
        let read = source.read_at(offset, bytes);
        read.map_err(|error| SnapshotFault::io(source.path(), &error))
    };
    if source.len() < (HEADER_LEN + TRAILER_LEN) as u64 {
        return Err(damaged(0, "it is shorter than a snapshot can be"));
    }
    let (mut header, mut trailer) = ([0; HEADER_LEN], [0; TRAILER_LEN]);
    let trailer_at = source.len() - TRAILER_LEN as u64;
    read(0, &mut header)?;
    read(trailer_at, &mut trailer)?;
    let head = Header::decode(&header).ok_or_else(|| damaged(0, "it does not begin as one"))?;
    if (head.layout, head.projector) != (LAYOUT_VERSION, Runs::VERSION) {
        return Err(SnapshotFault::OtherVersion {
            path: source.path().to_owned(),
        });
    }
    let end = Trailer::decode(&trailer).ok_or_else(|| damaged(trailer_at, "it is not whole"))?;
    if end.core_at.checked_add(end.core_len) != Some(trailer_at) || end.core_len > 1 << 20 {
        return Err(damaged(trailer_at, "its core is not where it must be"));
    }
    let mut core = vec![0; end.core_len as usize];
    read(end.core_at, &mut core)?;
    if parts::root_of(&header, &core) != end.root {
        return Err(damaged(end.core_at, "it does not have its root hash"));
    }
    let core = codec::parse(&core).map_err(|what| damaged(end.core_at, &what))?;
    let cursor = head
        .cursor()
        .ok_or_else(|| damaged(0, "its checkpoint is 0"))?;
    Ok((cursor, head.run_count, core))
}

/// The first bytes of the file.
pub struct Header {
    pub layout: u32,
    pub projector: u32,
    pub epoch: EpochId,
    pub next_lsn: u64,
    pub run_count: u32,
}

impl Header {
    pub fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.layout.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.projector.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.epoch.0);
        bytes[32..40].copy_from_slice(&self.next_lsn.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.run_count.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER_LEN]) -> Option<Header> {
        let number = |at: usize| -> u32 {
            u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four"))
        };
        let epoch = bytes[16..32].try_into().expect("sixteen bytes are sixteen");
        (bytes[..8] == MAGIC).then(|| Header {
            layout: number(8),
            projector: number(12),
            epoch: EpochId(epoch),
            next_lsn: u64::from(number(32)) | u64::from(number(36)) << 32,
            run_count: number(40),
        })
    }

    fn cursor(&self) -> Option<Cursor> {
        Some(Cursor {
            epoch: self.epoch,
            next: Lsn::new(self.next_lsn)?,
        })
    }
}

/// The last bytes of the file.
pub struct Trailer {
    pub core_at: u64,
    pub core_len: u64,
    pub root: [u8; 32],
}

impl Trailer {
    pub fn encode(&self) -> [u8; TRAILER_LEN] {
        let mut bytes = [0; TRAILER_LEN];
        bytes[..8].copy_from_slice(&self.core_at.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.core_len.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.root);
        bytes[56..].copy_from_slice(&END_MAGIC);
        bytes
    }

    fn decode(bytes: &[u8; TRAILER_LEN]) -> Option<Trailer> {
        let number = |at: usize| -> u64 {
            u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes are eight"))
        };
        (bytes[56..] == END_MAGIC).then(|| Trailer {
            core_at: number(0),
            core_len: number(8),
            root: bytes[16..48].try_into().expect("32 bytes are 32"),
        })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("path", &self.source.path())
            .field("cursor", &self.cursor)
            .field("runs", &self.run_count)
            .finish_non_exhaustive()
    }
}
