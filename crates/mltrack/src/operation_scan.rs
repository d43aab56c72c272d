//! Batches of the log that somebody caused, read backwards or forwards.
//!
//! Invariants: a batch is met once, in the stretch that its first record lies in; metric points are stepped over without
//! being decoded.

use std::ops::ControlFlow;

use mltrack_event::{Event, TypeId, decode};
use mltrack_log::{BatchRecords, Lsn, Reader, WriterId};

use crate::aspect_thing::Thing;
use crate::error::Result;
use crate::inverse_document::document_of;
use crate::remote_piece::PIECE_MARKS;

/// Records of the first stretch that is read backwards: a screenful of operations is likely in there.
const STRETCH_MIN: u64 = 4096;
const STRETCH_MAX: u64 = 1 << 20;

/// The events of one batch that say who caused them.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    /// The first record of the batch.
    pub first: Lsn,
    /// The last one.
    pub last: Lsn,
    pub writer: WriterId,
    pub time_ns: i64,
    pub commit_time_ns: i64,
    /// Whether it was appended only because nobody else changed the same thing.
    pub is_conditional: bool,
    pub events: Vec<Event>,
}

impl Deed {
    /// What a batch did; `None` when nobody is named in it.
    pub fn of(batch: BatchRecords<'_>) -> Option<Deed> {
        let is_conditional = batch.stream.is_some();
        let mut deed: Option<Deed> = None;
        let (mut first, mut last) = (None, None);
        for record in batch {
            first = first.or(Some(record.lsn));
            last = Some(record.lsn);
            if !is_caused(record.type_id) {
                continue;
            }
            let Ok(event) = decode(record.type_id, record.version, record.payload) else {
                continue;
            };
            if matches!(&event, Event::DocumentPut(put) if put.kind == PIECE_MARKS) {
                continue;
            }
            let deed = deed.get_or_insert_with(|| Deed {
                first: record.lsn,
                last: record.lsn,
                writer: record.writer,
                time_ns: record.time_ns,
                commit_time_ns: record.commit_time_ns,
                is_conditional,
                events: Vec::new(),
            });
            deed.events.push(event);
        }
        let mut deed = deed?;
        deed.first = first.unwrap_or(deed.first);
        deed.last = last.unwrap_or(deed.last);
        Some(deed)
    }

    /// Whether both are about the same run, the same dataset or model, or the same experiment or its runs' creation.
    pub fn is_about_the_same_as(&self, other: &Deed) -> bool {
        let is_same = |event: &Event| {
            let mut others = other.events.iter();
            others.any(|other| match (event.run(), other.run()) {
                (Some(run), Some(other)) => run == other,
                _ if Thing::of(event).is_some() => Thing::of(event) == Thing::of(other),
                _ if document_of(event).is_some() => document_of(event) == document_of(other),
                _ => event.experiment().is_some() && event.experiment() == other.experiment(),
            })
        };
        self.events.iter().any(is_same)
    }

    /// The operation that this one took back, when it is an undo: its first and last record.
    pub fn undoes(&self) -> Option<(Lsn, Lsn)> {
        self.events.iter().find_map(|event| match event {
            Event::OperationUndone(undone) => Lsn::new(undone.first).zip(Lsn::new(undone.last)),
            _ => None,
        })
    }
}

/// Whether events of a type say who caused them.
fn is_caused(type_id: u16) -> bool {
    let experiments = TypeId::EXPERIMENT_CREATED.0..=TypeId::EXPERIMENT_TAGGED.0;
    let runs = TypeId::RUN_CREATED.0..=TypeId::RUN_RENAMED.0;
    // What a run took in is a fact of its history, like its points.
    let datasets = TypeId::DATASET_CREATED.0..=TypeId::DATASET_VERSION_RESTORED.0;
    let models = TypeId::MODEL_CREATED.0..=TypeId::MODEL_STAGE_MOVED.0;
    let audit = TypeId::OPERATION_UNDONE.0..=TypeId::EXPERIMENT_PURGED.0;
    let artifacts = TypeId::ARTIFACT_LOGGED.0..=TypeId::ARTIFACTS_PURGED.0;
    let links = TypeId::LINEAGE_LINKED.0..=TypeId::LINEAGE_UNLINKED.0;
    let documents = TypeId::DOCUMENT_PUT.0..=TypeId::DOCUMENT_REMOVED.0;
    let purges = [TypeId::DATASET_BYTES_PURGED.0, TypeId::MODEL_BYTES_PURGED.0];
    let all = [
        experiments,
        runs,
        audit,
        artifacts,
        datasets,
        models,
        links,
        documents,
    ];
    purges.contains(&type_id) || all.iter().any(|caused| caused.contains(&type_id))
}

/// Hands over what was done before `end`, newest first, down to `floor` or until it is enough.
pub(crate) fn backwards(
    reader: &mut Reader,
    (floor, end): (Lsn, Lsn),
    mut each: impl FnMut(Deed) -> ControlFlow<()>,
) -> Result<()> {
    let (mut until, mut length) = (end, STRETCH_MIN);
    while until > floor {
        let from = until.get().saturating_sub(length).max(floor.get());
        let from = Lsn::new(from).unwrap_or(Lsn::FIRST);
        let mut deeds = Vec::new();
        forwards(reader, (from, until), |deed| {
            deeds.push(deed);
            ControlFlow::Continue(())
        })?;
        for deed in deeds.into_iter().rev() {
            if each(deed).is_break() {
                return Ok(());
            }
        }
        until = from;
        length = (length * 4).min(STRETCH_MAX);
    }
    Ok(())
}

/// Hands over what was done by batches that begin in a range, oldest first, until it is enough.
pub(crate) fn forwards(
    reader: &mut Reader,
    (from, until): (Lsn, Lsn),
    mut each: impl FnMut(Deed) -> ControlFlow<()>,
) -> Result<()> {
    reader.refresh()?;
    reader.seek(from);
    while reader.next_lsn() < until {
        let Some(batch) = reader.next_batch()? else {
            break;
        };
        // A reader that is sent into a batch begins with the whole of it.
        if let Some(deed) = Deed::of(batch)
            && (from..until).contains(&deed.first)
            && each(deed).is_break()
        {
            break;
        }
    }
    Ok(())
}

/// The batch that holds a record: what it did, if anybody caused it, and the first record read.
pub(crate) fn at(reader: &mut Reader, lsn: Lsn) -> Result<Option<(Option<Deed>, Lsn)>> {
    reader.refresh()?;
    reader.seek(lsn);
    let Some(mut batch) = reader.next_batch()? else {
        return Ok(None);
    };
    let whole = batch.clone();
    let first = batch.next().map(|record| record.lsn);
    Ok(first.map(|first| (Deed::of(whole), first)))
}
