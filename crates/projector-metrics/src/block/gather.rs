//! Which records go into which chunk, and which are residue.
//!
//! Invariants: a record is a chunk's only when its payload can be written again, bit for bit, from run, columns, steps,
//! times and values; every other record is residue. Within a chunk, records stay in the order of the log.

use mltrack_event::{
    ColumnsId, Event, MetricBatchLogged, MetricsView, RunKey, TypeId, decode, decode_metrics,
    encode,
};
use mltrack_projector::{IntMap, PackRecord};

/// What the records of a chunk have in common.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ChunkKey {
    /// First, because chunks of one width share a group.
    pub width: usize,
    pub columns: ColumnsId,
    pub run: RunKey,
}

/// A chunk to be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Chunk {
    pub key: ChunkKey,
    pub rows: usize,
    /// Indices of its records.
    pub records: Vec<u32>,
}

/// Records sorted out.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// By their keys.
    pub chunks: Vec<Chunk>,
    /// Indices of the other records.
    pub residue: Vec<u32>,
}

/// A payload that a chunk can hold.
pub(super) enum Points<'a> {
    /// One row.
    One(MetricsView<'a>),
    /// As many rows as there are steps.
    Many(MetricBatchLogged),
}

impl Points<'_> {
    fn key(&self) -> (ChunkKey, usize) {
        let (run, columns, width, rows) = match self {
            Points::One(view) => (view.run, view.columns, view.len(), 1),
            Points::Many(batch) => {
                let rows = batch.steps.len();
                (batch.run, batch.columns, batch.values.len() / rows, rows)
            }
        };
        let key = ChunkKey {
            width,
            columns,
            run,
        };
        (key, rows)
    }
}

/// The points of a record whose payload a chunk gives back exactly.
pub(super) fn points<'a>(record: &PackRecord<'a>) -> Option<Points<'a>> {
    if record.version != 1 {
        return None;
    }
    match TypeId(record.type_id) {
        TypeId::METRICS_LOGGED => {
            let view = decode_metrics(1, record.payload).ok()?;
            // A number has one shortest form, so a payload that is as short as can be is the one that is written.
            let is_shortest = record.payload.len() == metrics_len(view.step, view.len());
            (is_shortest && !view.is_empty()).then_some(Points::One(view))
        }
        TypeId::METRIC_BATCH_LOGGED => {
            let event = decode(record.type_id, 1, record.payload).ok()?;
            let mut again = Vec::with_capacity(record.payload.len());
            encode(&event, &mut again).ok()?;
            match event {
                Event::MetricBatchLogged(batch)
                    if again == record.payload && batch.column_count().is_some() =>
                {
                    Some(Points::Many(batch))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The length of a payload of `width` values in its shortest form.
fn metrics_len(step: i64, width: usize) -> usize {
    let varint_len = |value: u64| match value {
        0..=250 => 1,
        251..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    16 + varint_len(super::bytes::zigzag(step)) + varint_len(width as u64) + 8 * width
}

pub(super) fn gather(records: &[PackRecord<'_>]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut known: IntMap<(u64, u64, u64), usize> = IntMap::default();
    for (at, record) in records.iter().enumerate() {
        let Some(points) = points(record) else {
            gathered.residue.push(at as u32);
            continue;
        };
        let (key, rows) = points.key();
        let words = (
            u64::from_le_bytes(key.run.to_bytes()),
            key.columns.0,
            key.width as u64,
        );
        let chunk = *known.entry(words).or_insert_with(|| {
            gathered.chunks.push(Chunk {
                key,
                rows: 0,
                records: Vec::new(),
            });
            gathered.chunks.len() - 1
        });
        let chunk = &mut gathered.chunks[chunk];
        chunk.rows += rows;
        chunk.records.push(at as u32);
    }
    gathered.chunks.sort_unstable_by_key(|chunk| chunk.key);
    gathered
}
