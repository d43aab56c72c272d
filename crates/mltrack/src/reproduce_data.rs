//! The data that a run took in, where the run looks for it: checked by hash, and fetched where it is not there.
//!
//! Invariants: nothing outside the folder that was given is ever written; what was fetched has the hash that the run
//! recorded.

use std::io;
use std::path::{Component, Path, PathBuf};

use mltrack_event::{BlobId, RunId};
use mltrack_log::Lsn;

use crate::checkout::{Found, blob_of_file};
use crate::dataset_version::DatasetVersion;
use crate::error::{Error, Result};
use crate::tracker::Tracker;

/// Digests that are checked here begin with this; what others mean only their makers know.
const BLAKE3: &str = "blake3:";

/// A dataset of a run, where a run that is to be like it will look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataFound {
    /// The version, such as `digits@v3`.
    pub dataset: String,
    /// What became of it.
    pub state: DataState,
}

/// What is where a run looks for a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataState {
    /// What the run took in.
    Same,
    /// It was not there, or not the same, and was fetched from the store by its hash.
    Fetched(PathBuf),
    /// It lies elsewhere, or has a digest that cannot be checked here.
    Unchecked(String),
    /// It is not there, or not the same, and cannot be put there.
    Missing(String),
}

/// Checks the datasets that a run took in, as seen from `folder`, and fetches what is stored and missing there. Only files
/// below `top` are written, and none without it.
///
/// Errors: those of reading the store; a dataset that is missing is no error.
pub fn restore_data(
    tracker: &Tracker,
    run: RunId,
    folder: &Path,
    top: Option<&Path>,
) -> Result<Vec<DataFound>> {
    let Some(store) = tracker.store() else {
        return Ok(Vec::new());
    };
    let mut found: Vec<DataFound> = Vec::new();
    for used in tracker.datasets_of_run(run.key())? {
        let known = store.with_things(|things, _| {
            let dataset = things.dataset(used.dataset);
            let number = used.number;
            let row = |dataset: &mltrack_projector_lineage::Dataset| {
                let row = dataset.version(number).cloned();
                (dataset.clone(), row)
            };
            Ok(dataset.map(row))
        })?;
        let Some((dataset, row)) = known else {
            continue;
        };
        let version = DatasetVersion::of(store, &dataset, row);
        let name = version.selector();
        if found.iter().any(|one| one.dataset == name) {
            continue;
        }
        let state = restore(&version, folder, top)?;
        found.push(DataFound {
            dataset: name,
            state,
        });
    }
    Ok(found)
}

fn restore(version: &DatasetVersion, folder: &Path, top: Option<&Path>) -> Result<DataState> {
    let source = version
        .source
        .strip_prefix("file://")
        .unwrap_or(&version.source);
    let is_elsewhere = source.is_empty() || source.contains("://") || source.starts_with("memory:");
    if is_elsewhere && version.content.is_some() {
        // The store keeps it, and hands it out by its hash.
        return Ok(DataState::Same);
    }
    if is_elsewhere {
        return Ok(DataState::Unchecked(format!(
            "it lies at {:?}",
            version.source
        )));
    }
    let place = folder.join(source);
    if version.content.is_none() {
        return Ok(match digest_of_file(&place) {
            _ if !version.digest.starts_with(BLAKE3) => {
                DataState::Unchecked(format!("its digest is {}", version.digest))
            }
            Ok(digest) if digest == version.digest => DataState::Same,
            Ok(_) => DataState::Missing(format!(
                "{} has changed since, and the store does not keep it: restore it from a copy",
                place.display()
            )),
            Err(error) => DataState::Missing(format!("{}: {error}", place.display())),
        });
    }
    let checkout = version.checkout(&place)?;
    let files = checkout.files()?;
    if files.iter().all(|file| file.found == Found::Same) {
        return Ok(DataState::Same);
    }
    if !top.is_some_and(|top| is_below(&place, top)) {
        return Ok(DataState::Missing(format!(
            "{} is not what the run took in, and lies outside of its repository: mltrack dataset get {} {} --force",
            place.display(),
            version.selector(),
            place.display()
        )));
    }
    Ok(match checkout.write(&|_, _| {}) {
        Ok(_) => DataState::Fetched(place),
        Err(error) => DataState::Missing(error.to_string()),
    })
}

/// The hash of a file's bytes, as `blake3:` and hexadecimal digits.
pub fn digest_of_file(path: &Path) -> io::Result<String> {
    blob_of_file(path).map(BlobId::digest)
}

/// Whether a path stays below a folder, whatever dots it has.
fn is_below(path: &Path, top: &Path) -> bool {
    let has_way_up = path.components().any(|part| part == Component::ParentDir);
    path.starts_with(top) && !has_way_up
}

/// A store as it was before a run began, in a folder that does not exist yet: what its selectors meant then, they mean
/// there. The bytes of artifacts and data are found where they are, and what is stored there stays there.
///
/// Errors: `NOT_FOUND` for the run, those of copying.
pub fn store_before(tracker: &Tracker, run: RunId, into: &Path) -> Result<()> {
    let Some(store) = tracker.store() else {
        return Ok(());
    };
    let created = store.with_state(|state, _| {
        let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
        Ok(known.created.lsn)
    })?;
    tracker.copy_until(Lsn::new(created.get() - 1), into, &mut |_, _| {})?;
    let roots = store.depot()?.roots();
    roots.lend_to(into)
}
