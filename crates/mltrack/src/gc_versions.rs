//! The part of garbage collection that is about versions of datasets and models: what they keep themselves goes when they
//! were removed so long ago that nobody can take it back.
//!
//! Invariants: the event that purges stands before a byte goes, and is appended only while the same removal, or the
//! deletion of the dataset or the model, still stands; the version itself stays known, as one whose bytes are not kept.

use std::collections::BTreeMap;
use std::time::Duration;

use mltrack_event::{DatasetBytesPurged, Event, ModelBytesPurged, NodeRef, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_lineage::Things;

use crate::aspect_thing::Thing;
use crate::decide::{Decision, Plan};
use crate::error::Result;
use crate::gc::Stays;
use crate::gc_find::Ages;
use crate::store::Store;

/// A version of a dataset or a model that is removed, or was deleted with what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgedVersion {
    /// Which one: of a dataset or of a model.
    pub version: NodeRef,
    /// What it is called: `digits@v3`.
    pub selector: String,
    /// When it went.
    pub removed: WallTime,
    /// Bytes of its files, where the log says so. Others may keep the same bytes.
    pub len: Option<u64>,
}

/// A version and what took it away.
pub(crate) struct OldVersion {
    thing: Thing,
    number: u64,
    /// The record that removed it or deleted what it belongs to.
    gone: Lsn,
    pub told: PurgedVersion,
}

/// Every version that keeps files and is removed, oldest removal first, with why it stays if it does.
pub(crate) fn find(
    store: &Store,
    window: Duration,
    now_ns: i64,
) -> Result<Vec<(OldVersion, Option<Stays>)>> {
    let mut found = store.with_things(|things, _| Ok(removed(things)))?;
    found.sort_by_key(|version| version.gone);
    let mut ages = Ages::new(store, window, now_ns)?;
    let dated = found.into_iter().map(|mut version| {
        let (removed, stays) = ages.of(version.gone)?;
        version.told.removed = removed;
        Ok((version, stays))
    });
    dated.collect()
}

fn removed(things: &Things) -> Vec<OldVersion> {
    let trees = things.live_trees().filter_map(|tree| {
        let gone = tree.gone?;
        let thing = match tree.version {
            NodeRef::DatasetVersion(dataset, _) => Thing::Dataset(dataset),
            NodeRef::ModelVersion(model, _) => Thing::Model(model),
            _ => return None,
        };
        Some(OldVersion {
            thing,
            number: tree.number,
            gone: gone.lsn,
            told: PurgedVersion {
                version: tree.version,
                selector: format!("{}@v{}", tree.name, tree.number),
                removed: WallTime(gone.time_ns),
                len: tree.len,
            },
        })
    });
    trees.collect()
}

/// Appends what purges those that are still gone, and answers with them. No byte goes yet.
pub(crate) fn purge(store: &Store, versions: &[OldVersion]) -> Result<Vec<PurgedVersion>> {
    let mut of_thing: BTreeMap<Thing, Vec<&OldVersion>> = BTreeMap::new();
    for version in versions {
        of_thing.entry(version.thing).or_default().push(version);
    }
    let mut purged = Vec::new();
    for (thing, versions) in of_thing {
        purged.extend(purge_of_one(store, thing, &versions)?);
    }
    Ok(purged)
}

/// Purges versions of one dataset or one model.
fn purge_of_one(
    store: &Store,
    thing: Thing,
    versions: &[&OldVersion],
) -> Result<Vec<PurgedVersion>> {
    let (purged, _) = store.decide_things(|things, _| {
        let gone = removed(things);
        let is_same = |now: &OldVersion, old: &OldVersion| {
            (now.thing, now.number, now.gone) == (old.thing, old.number, old.gone)
        };
        let mut standing = versions.to_vec();
        standing.retain(|old| gone.iter().any(|now| is_same(now, old)));
        if standing.is_empty() {
            return Ok(Decision::Already(Vec::new()));
        }
        let numbers = standing.iter().map(|version| version.number).collect();
        let plan = Plan {
            stream: thing.stream(),
            // A dataset or a model comes back on the stream of the names.
            unchanged: vec![thing.stream(), thing.names_stream()],
            events: vec![event(store, thing, numbers)],
        };
        let told = standing.iter().map(|version| version.told.clone());
        Ok(Decision::Append(plan, told.collect()))
    })?;
    Ok(purged)
}

fn event(store: &Store, thing: Thing, numbers: Vec<u64>) -> Event {
    let (actor, command) = store.by();
    match thing {
        Thing::Dataset(dataset) => DatasetBytesPurged {
            dataset,
            numbers,
            actor,
            command,
        }
        .into(),
        Thing::Model(model) => ModelBytesPurged {
            model,
            numbers,
            actor,
            command,
        }
        .into(),
    }
}
