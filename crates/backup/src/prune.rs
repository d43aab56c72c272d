//! Taking old backups away, and the parts that none of the others needs.
//!
//! Invariants: manifests go first, so a backup that can be found is whole whenever this is killed; while one backup cannot
//! be read, no part goes, because what it needs is not known.

use std::collections::HashMap;

use mltrack_artifact::Sweeping;

use crate::check::needed;
use crate::error::{Error, Result};
use crate::manifest::{BackupId, Manifest};
use crate::place::{KIND, Place};
use crate::progress::{OnProgress, Progress};

/// What went, or would go.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// Backups that went, the oldest first.
    pub removed: Vec<BackupId>,
    /// Backups that stay.
    pub kept: u64,
    /// Objects that no backup needs any more.
    pub objects: u64,
    /// Their bytes.
    pub freed_bytes: u64,
}

/// Keeps the newest `keep` backups of each store, at least one.
pub fn prune(
    place: &Place,
    keep: usize,
    is_dry_run: bool,
    takes_over: bool,
    on_progress: OnProgress<'_>,
) -> Result<Pruned> {
    // Says that there is none, and what to do.
    if place.ids()?.is_empty() {
        place.find(None)?;
    }
    place.check_free()?;
    let claim = if is_dry_run {
        None
    } else {
        Some(place.claim(None, takes_over)?)
    };
    let (old, stays) = sort_out(place, keep.max(1))?;
    let live = needed(place, &stays)?;
    let mut pruned = Pruned {
        kept: stays.len() as u64,
        ..Pruned::default()
    };
    let told = |at: Sweeping| {
        if let Sweeping::Freeing(done, all) = at {
            on_progress(Progress::Freeing(done, all));
        }
    };
    for id in old {
        if !is_dry_run {
            place.blobs.remove_note(KIND, &id.note())?;
        }
        pruned.removed.push(id);
    }
    let garbage = if is_dry_run {
        place.blobs.garbage_with(&live, &told)?
    } else {
        let swept = place.blobs.sweep_with(|| Ok(live), &told)?;
        pruned.freed_bytes = swept.freed_len - swept.garbage.len;
        swept.garbage
    };
    pruned.objects = (garbage.blobs.len() + garbage.chunks.len()) as u64;
    pruned.freed_bytes += garbage.len;
    drop(claim);
    Ok(pruned)
}

/// The backups that go, and those that stay, with their manifests.
type Sorted = (Vec<BackupId>, Vec<(String, Manifest)>);

fn sort_out(place: &Place, keep: usize) -> Result<Sorted> {
    let (mut old, mut stays) = (Vec::new(), Vec::new());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for kept in place.list()?.into_iter().rev() {
        let Some(manifest) = kept.manifest else {
            return Err(Error::State {
                what: format!(
                    "backup {} in {} cannot be read, so what it needs is not known: {}",
                    kept.id,
                    place.name(),
                    kept.flaw.unwrap_or_default()
                ),
                hint: format!(
                    "bring {KIND}/{} back from a copy of the place, or delete it there, then prune again",
                    kept.id.note()
                ),
            });
        };
        let count = seen.entry(manifest.store.clone()).or_default();
        *count += 1;
        if *count > keep {
            old.push(kept.id);
        } else {
            stays.push((kept.id.to_string(), manifest));
        }
    }
    old.reverse();
    Ok((old, stays))
}
