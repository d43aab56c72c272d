//! The blobs of a store's roots, copied to where backups lie.
//!
//! Invariants: a blob that is there is not read again; what garbage collection takes meanwhile is no error here, the
//! caller asks the log whether it took anything that the backup needs; a blob that is damaged is left out and said.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use mltrack_artifact::{BlobHash, BlobStore, Error as BlobError, Options, StoreUrl};
use mltrack_log::door;

use crate::copy::Present;
use crate::error::{Error, Result};
use crate::parallel;
use crate::place::Place;
use crate::progress::{OnProgress, Progress};
use crate::roots::Root;

/// What became of the blobs.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    /// Every blob that the roots have, and that is in the place.
    pub blobs: BTreeSet<BlobHash>,
    /// Those that are damaged where they lie.
    pub damaged: BTreeSet<BlobHash>,
    /// How many were copied.
    pub new: u64,
    /// The bytes that their objects take in the place.
    pub new_bytes: u64,
}

/// Copies what is not there yet. With `is_dry` it only counts.
pub(crate) fn copy(
    roots: &[Root],
    place: &Place,
    present: &Present,
    is_dry: bool,
    on_progress: OnProgress<'_>,
) -> Result<Copied> {
    let mut all = Copied::default();
    for root in roots.iter().filter(|root| root.is_there()) {
        let folder = root.folder.as_ref().expect("it is there");
        let from = BlobStore::open(&StoreUrl::folder(folder), options())?;
        copy_root(&from, place, present, is_dry, &mut all, on_progress)?;
    }
    // Another root may have had it whole.
    let Copied { blobs, damaged, .. } = &mut all;
    damaged.retain(|id| !blobs.contains(id));
    Ok(all)
}

fn copy_root(
    from: &BlobStore,
    place: &Place,
    present: &Present,
    is_dry: bool,
    all: &mut Copied,
    on_progress: OnProgress<'_>,
) -> Result<()> {
    let mut missing = Vec::new();
    for listed in from.list()? {
        if present.has(&listed.id) {
            all.blobs.insert(listed.id);
        } else {
            missing.push(listed);
        }
    }
    if is_dry {
        all.new += missing.len() as u64;
        all.new_bytes += missing.iter().map(|listed| listed.stored_len).sum::<u64>();
        for listed in &missing {
            // Another root may have it, too, and a later look is told apart from this one.
            present.add(listed.id);
            all.blobs.insert(listed.id);
        }
        return Ok(());
    }
    let done = AtomicU64::new(0);
    let shared = Mutex::new(std::mem::take(all));
    let total = missing.len() as u64;
    let copied = parallel::each(&missing, place.parallel(), |listed| {
        let copied = copy_one(from, place, &listed.id)?;
        let mut all = shared
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match copied {
            One::Copied(bytes) => {
                present.add(listed.id);
                all.blobs.insert(listed.id);
                all.new += 1;
                all.new_bytes += bytes;
            }
            One::Damaged => {
                all.damaged.insert(listed.id);
            }
            One::Gone => {}
        }
        drop(all);
        on_progress(Progress::Artifacts(
            done.fetch_add(1, Ordering::Relaxed) + 1,
            total,
        ));
        Ok::<(), Error>(())
    });
    *all = shared
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    copied
}

enum One {
    Copied(u64),
    Damaged,
    Gone,
}

fn copy_one(from: &BlobStore, place: &Place, id: &BlobHash) -> Result<One> {
    let of_source = |error: &BlobError| match error {
        BlobError::Missing { place, .. } => place == from.place(),
        error => error.mismatch().is_some_and(|it| it.place == from.place()),
    };
    match copied_right(from, place, id) {
        Ok(new_bytes) => Ok(One::Copied(new_bytes)),
        // A blob that goes while it is copied loses its list first and its chunks then.
        Err(error) if of_source(&error) && !from.contains(id)? => Ok(One::Gone),
        Err(error) if of_source(&error) => Ok(One::Damaged),
        Err(error) => Err(error.into()),
    }
}

/// Copies and reads back. What lay there already, and is wrong, is replaced.
fn copied_right(from: &BlobStore, place: &Place, id: &BlobHash) -> Result<u64, BlobError> {
    let new_bytes = place.blobs.copy_from(from, id)?.new_bytes;
    match place.blobs.verify(id) {
        Err(BlobError::Damaged(_)) => Ok(new_bytes + place.blobs.repair(from, id)?.new_bytes),
        read => read.map(|_| new_bytes),
    }
}

/// Nothing is put where the artifacts are.
fn options() -> Options {
    Options {
        max_len: u64::MAX,
        ..Options::new(door::random_bytes::<16>, door::wall_time_ns)
    }
}

/// The list of blobs as it is stored.
pub(crate) fn encode(blobs: &BTreeSet<BlobHash>) -> Vec<u8> {
    let mut text = String::with_capacity(blobs.len() * 65);
    for id in blobs {
        text.push_str(&id.to_string());
        text.push('\n');
    }
    text.into_bytes()
}

/// Reads the list; `None` when it is none.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<BlobHash>> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.lines().map(|line| line.parse().ok()).collect()
}
