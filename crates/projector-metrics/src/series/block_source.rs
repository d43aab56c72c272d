//! A block that lies in a file, as a source of answers.

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use mltrack_event::{RunKey, TypeId};
use mltrack_projector::{Entry, Lsn, PackRecord, Record};

use super::cache::{BlockKey, Cache, NodesKey};
use super::file::{SeriesFile, read_exact_at};
use crate::block::{
    self, BlockFault, BlockIndex, ChunkInfo, ReadAt, read_axes, read_nodes, read_residue,
    read_rows_into, read_values, residue_types,
};
use crate::source::{Axes, Chunk, ChunkSource, Nodes, RowsInto, SourceFault, Want};

/// Part of a file of blocks.
pub struct FilePart {
    pub file: Arc<SeriesFile>,
    pub offset: u64,
    pub len: u64,
}

impl ReadAt for FilePart {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        read_exact_at(&self.file.file, buf, self.offset + offset)
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// A block of any file, and what is known of it.
pub struct BlockSource<R> {
    bytes: R,
    lsns: Range<Lsn>,
    key: BlockKey,
    cache: Arc<Cache>,
    has_points_in_rest: OnceLock<bool>,
}

impl<R: ReadAt> BlockSource<R> {
    /// A block that stands for these records. No bytes stand for records without points.
    pub fn new(bytes: R, lsns: Range<Lsn>, key: BlockKey, cache: &Arc<Cache>) -> BlockSource<R> {
        BlockSource {
            bytes,
            lsns,
            key,
            cache: Arc::clone(cache),
            has_points_in_rest: OnceLock::new(),
        }
    }

    fn index(&self) -> Result<Arc<BlockIndex>, SourceFault> {
        let read = || BlockIndex::open(&self.bytes).map_err(SourceFault::from);
        self.cache.index(self.key, read)
    }

    fn with_chunk<T>(
        &self,
        chunk: &Chunk,
        read: impl FnOnce(&ChunkInfo) -> Result<T, BlockFault>,
    ) -> Result<T, SourceFault> {
        let index = self.index()?;
        let found = index.chunks(chunk.run).nth(chunk.id as usize);
        let found = found.ok_or_else(|| SourceFault {
            what: format!("the run has no chunk {} here", chunk.id),
        })?;
        Ok(read(found)?)
    }
}

impl<R: ReadAt + Send + Sync> ChunkSource for BlockSource<R> {
    fn first_lsn(&self) -> Lsn {
        self.lsns.start
    }

    fn next_lsn(&self) -> Lsn {
        self.lsns.end
    }

    fn chunks(&self, run: RunKey) -> Result<Vec<Chunk>, SourceFault> {
        if self.bytes.is_empty() {
            return Ok(Vec::new());
        }
        let index = self.index()?;
        Ok((0..).zip(index.chunks(run)).map(chunk_of).collect())
    }

    fn axes(&self, chunk: &Chunk, want: Want) -> Result<Axes, SourceFault> {
        let want = block::Want {
            times: want.times,
            lsns: want.lsns,
        };
        let rows = self.with_chunk(chunk, |info| read_axes(&self.bytes, info, want))?;
        Ok(Axes {
            steps: rows.steps,
            times_ns: rows.times_ns,
            lsns: rows.lsns,
        })
    }

    fn values(&self, chunk: &Chunk, column: usize) -> Result<Vec<f64>, SourceFault> {
        self.with_chunk(chunk, |info| read_values(&self.bytes, info, column))
    }

    fn rows_into(
        &self,
        chunk: &Chunk,
        column: usize,
        into: RowsInto<'_>,
    ) -> Result<(), SourceFault> {
        if chunk.rows != into.steps.len() as u64 {
            return Err(SourceFault {
                what: "the answer has no place for all rows of a chunk".into(),
            });
        }
        self.with_chunk(chunk, |info| {
            read_rows_into(&self.bytes, info, column, into)
        })
    }

    fn nodes(&self, chunk: &Chunk, column: usize, level: usize) -> Result<Arc<Nodes>, SourceFault> {
        let key = NodesKey {
            block: self.key,
            run: chunk.run.to_bytes(),
            chunk: chunk.id,
            column,
            level,
        };
        self.cache.nodes(key, || {
            self.with_chunk(chunk, |info| {
                let buckets = read_nodes(&self.bytes, info, column, level)?;
                let shift = info.level_shift(level).unwrap_or_default();
                Ok(Nodes { shift, buckets })
            })
        })
    }

    fn has_points_in_rest(&self) -> Result<bool, SourceFault> {
        if self.bytes.is_empty() {
            return Ok(false);
        }
        if let Some(known) = self.has_points_in_rest.get() {
            return Ok(*known);
        }
        let index = self.index()?;
        let mut has_points = false;
        for part in index.residue() {
            let types = residue_types(&self.bytes, part)?;
            has_points |= types.into_iter().any(is_points);
        }
        Ok(*self.has_points_in_rest.get_or_init(|| has_points))
    }

    fn rest(&self, each: &mut dyn FnMut(&Entry<'_>)) -> Result<(), SourceFault> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let index = self.index()?;
        for part in index.residue() {
            read_residue(&self.bytes, part, &mut |record| {
                each(&Entry::decode(&record_of(&record)));
            })?;
        }
        Ok(())
    }
}

fn is_points(type_id: u16) -> bool {
    [TypeId::METRICS_LOGGED, TypeId::METRIC_BATCH_LOGGED].contains(&TypeId(type_id))
}

fn chunk_of((id, info): (u32, &ChunkInfo)) -> Chunk {
    Chunk {
        id,
        run: info.run,
        columns: info.columns,
        width: info.width,
        rows: info.rows as u64,
        lsns: info.lsn_first.get()..=info.lsn_last.get(),
        steps: info.step_min..=info.step_max,
        times_ns: info.time_min_ns..=info.time_max_ns,
        levels: info.levels(),
    }
}

fn record_of<'a>(record: &PackRecord<'a>) -> Record<'a> {
    Record {
        lsn: record.lsn,
        type_id: record.type_id,
        version: record.version,
        writer: record.writer,
        time_ns: record.time_ns,
        commit_time_ns: record.commit_time_ns,
        payload: record.payload,
    }
}

impl From<BlockFault> for SourceFault {
    fn from(fault: BlockFault) -> SourceFault {
        let what = match &fault {
            BlockFault::Read { source, .. } => format!("{fault}: {source}"),
            other => other.to_string(),
        };
        SourceFault { what }
    }
}
