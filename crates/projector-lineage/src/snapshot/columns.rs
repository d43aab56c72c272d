//! Artifacts in columns: there may be very many, and most are alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use bincode::{Decode, Encode};
use mltrack_event::{ArtifactId, ArtifactKind, BlobId, Root};
use mltrack_projector::Lsn;

use crate::artifact::{Artifact, Removed};
use crate::artifacts::Artifacts;
use crate::coded;
use crate::run_facts::RunFacts;
use crate::things::Things;

/// Fewer rows are put in order when somebody asks.
const ORDERED_MIN: usize = 256;

/// One entry a row in every list, run by run, if not said otherwise.
#[derive(Default, Encode, Decode)]
struct Columns {
    /// 16 bytes each.
    ids: Vec<u8>,
    /// 32 bytes each.
    blobs: Vec<u8>,
    paths: Texts,
    metadata: Texts,
    versions: Vec<u32>,
    lens: Vec<u64>,
    roots: Vec<Root>,
    steps: Vec<Option<i64>>,
    /// Each word once.
    kinds: Vec<ArtifactKind>,
    kind: Vec<u32>,
    media_types: Vec<Arc<str>>,
    media_type: Vec<u32>,
    /// The difference to the row before.
    lsns: Vec<i64>,
    times: Vec<i64>,
    /// For each run with [`ORDERED_MIN`] rows or more their places by path and version.
    order: Vec<u32>,
    /// Those rows that are removed.
    removed: Vec<(u32, Removed)>,
    /// Those that are purged, by which record.
    purged: Vec<(u32, u64)>,
}

/// Texts one behind the other.
#[derive(Default, Encode, Decode)]
struct Texts {
    lens: Vec<u32>,
    text: String,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.lens.push(text.len() as u32);
        self.text.push_str(text);
    }
}

/// Values in the order in which they were met, each once.
struct Met<T>(BTreeMap<T, u32>);

impl<T: Ord + Clone> Met<T> {
    fn place(&mut self, value: &T, known: &mut Vec<T>) -> u32 {
        if let Some(place) = self.0.get(value) {
            return *place;
        }
        let place = known.len() as u32;
        known.push(value.clone());
        self.0.insert(value.clone(), place);
        place
    }
}

pub fn encode(things: &Things) -> Vec<u8> {
    let mut columns = Columns::default();
    let facts = things.runs.iter();
    columns.order = facts
        .map(|facts| &facts.artifacts)
        .filter(|artifacts| artifacts.rows().len() >= ORDERED_MIN)
        .flat_map(Artifacts::order)
        .copied()
        .collect();
    let (mut kinds, mut media_types) = (Met(BTreeMap::new()), Met(BTreeMap::new()));
    let (mut lsn, mut time_ns) = (0, 0);
    for (number, row) in (0..).zip(things.all_artifacts()) {
        columns.ids.extend(row.id.to_bytes());
        columns.blobs.extend(row.blob.to_bytes());
        columns.paths.push(&row.path);
        columns.metadata.push(&row.metadata);
        columns.versions.push(row.version);
        columns.lens.push(row.len);
        columns.roots.push(row.root);
        columns.steps.push(row.step);
        let kind = kinds.place(&row.kind, &mut columns.kinds);
        columns.kind.push(kind);
        let media_type = media_types.place(&row.media_type, &mut columns.media_types);
        columns.media_type.push(media_type);
        let row_lsn = row.lsn.get().cast_signed();
        columns.lsns.push(row_lsn.wrapping_sub(lsn));
        columns.times.push(row.time_ns.wrapping_sub(time_ns));
        (lsn, time_ns) = (row_lsn, row.time_ns);
        if let Some(removed) = &row.removed {
            columns.removed.push((number, removed.clone()));
        }
        if let Some(purged) = row.purged {
            columns.purged.push((number, purged.get()));
        }
    }
    coded::value(&columns)
}

/// Puts the runs with their artifacts into the state.
pub fn decode(
    bytes: &[u8],
    runs: Vec<(RunFacts, usize)>,
    things: &mut Things,
) -> Result<(), String> {
    let columns: Columns = coded::parse(bytes)?;
    let mut reader = RowReader::new(&columns, things);
    things.runs.reserve(runs.len());
    let mut ordered = 0;
    for (mut facts, count) in runs {
        let key = facts.node.key();
        let mut rows = Vec::with_capacity(count.min(columns.lens.len()));
        for _ in 0..count {
            let mut row = reader.next().ok_or("a column is too short")?;
            row.run = key;
            rows.push(row);
        }
        let order = if count < ORDERED_MIN {
            None
        } else {
            let order = columns.order.get(ordered..ordered + count);
            ordered += count;
            Some(order.ok_or("a column is too short")?)
        };
        facts.artifacts = Artifacts::from_rows(rows, order).ok_or("rows have another order")?;
        things.runs.push(facts);
    }
    Ok(())
}

struct RowReader<'a> {
    columns: &'a Columns,
    media_types: Vec<Arc<str>>,
    row: usize,
    path_at: usize,
    metadata_at: usize,
    lsn: i64,
    time_ns: i64,
    removed: std::iter::Peekable<std::slice::Iter<'a, (u32, Removed)>>,
    purged: std::iter::Peekable<std::slice::Iter<'a, (u32, u64)>>,
}

impl<'a> RowReader<'a> {
    fn new(columns: &'a Columns, things: &mut Things) -> RowReader<'a> {
        let media_types = columns.media_types.iter();
        RowReader {
            columns,
            media_types: media_types
                .map(|text| things.media_types.get(text))
                .collect(),
            row: 0,
            path_at: 0,
            metadata_at: 0,
            lsn: 0,
            time_ns: 0,
            removed: columns.removed.iter().peekable(),
            purged: columns.purged.iter().peekable(),
        }
    }

    fn text(texts: &'a Texts, row: usize, at: &mut usize) -> Option<Box<str>> {
        let end = *at + *texts.lens.get(row)? as usize;
        let text = texts.text.get(*at..end)?;
        *at = end;
        Some(text.into())
    }

    /// The next row, of a run that the caller knows. `None` when there is none, or it is not whole.
    fn next(&mut self) -> Option<Artifact> {
        let (columns, row) = (self.columns, self.row);
        self.row += 1;
        let (ids, _) = columns.ids.as_chunks::<16>();
        let (blobs, _) = columns.blobs.as_chunks::<32>();
        self.lsn = self.lsn.wrapping_add(*columns.lsns.get(row)?);
        self.time_ns = self.time_ns.wrapping_add(*columns.times.get(row)?);
        let removed = self.removed.next_if(|(number, _)| *number as usize == row);
        let purged = self.purged.next_if(|(number, _)| *number as usize == row);
        Some(Artifact {
            id: ArtifactId::from_bytes(*ids.get(row)?),
            run: mltrack_event::RunKey::from_bytes([0; 8]),
            path: RowReader::text(&columns.paths, row, &mut self.path_at)?,
            version: *columns.versions.get(row)?,
            kind: columns.kinds.get(*columns.kind.get(row)? as usize)?.clone(),
            media_type: Arc::clone(
                self.media_types
                    .get(*columns.media_type.get(row)? as usize)?,
            ),
            len: *columns.lens.get(row)?,
            blob: BlobId::from_bytes(*blobs.get(row)?),
            root: *columns.roots.get(row)?,
            step: *columns.steps.get(row)?,
            metadata: RowReader::text(&columns.metadata, row, &mut self.metadata_at)?,
            lsn: Lsn::new(self.lsn.cast_unsigned())?,
            time_ns: self.time_ns,
            removed: removed.map(|(_, removed)| removed.clone()),
            purged: purged.and_then(|(_, lsn)| Lsn::new(*lsn)),
        })
    }
}
