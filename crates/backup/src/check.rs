//! Reading backups: is every part what was stored?
//!
//! Invariant: every part of every backup asked about is read once, however many share it, and all damage is told.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use mltrack_artifact::{BlobHash, ErrorKind};

use crate::artifacts;
use crate::error::{Error, Result};
use crate::manifest::Manifest;
use crate::parallel;
use crate::place::Place;
use crate::progress::{OnProgress, Progress};

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Backups whose parts were read.
    pub backups: u64,
    /// Parts that were read.
    pub parts: u64,
    /// Bytes that they have.
    pub bytes: u64,
    /// What is wrong, in words: which file of which backup, which object, which bytes.
    pub damages: Vec<String>,
    /// Damaged objects that were taken away, for the next backup to store them again.
    pub removed: u64,
}

/// Reads every part of these backups; of all that are there when `wanted` is `None`. With `removes` everything in the
/// place is read, and what is damaged is taken away.
pub fn check(
    place: &Place,
    wanted: Option<&str>,
    removes: bool,
    on_progress: OnProgress<'_>,
) -> Result<Checked> {
    let mut checked = Checked::default();
    let mut parts: BTreeMap<BlobHash, String> = BTreeMap::new();
    let manifests = manifests(place, wanted, &mut checked)?;
    let claim = removes.then(|| place.claim(None, false)).transpose()?;
    let mut is_all_listed = true;
    for (backup, manifest) in manifests {
        checked.backups += 1;
        is_all_listed &= collect(place, &backup, &manifest, &mut parts, &mut checked)?;
    }
    if removes || !is_all_listed {
        collect_all(place, &mut parts)?;
    }
    let parts: Vec<(BlobHash, String)> = parts.into_iter().collect();
    let found = Mutex::new(checked);
    let (done, total) = (AtomicU64::new(0), parts.len() as u64);
    parallel::each(&parts, place.parallel(), |(id, name)| {
        let verified = place.blobs.verify(id);
        let mut checked = found
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        checked.parts += 1;
        match verified {
            Ok(len) => checked.bytes += len,
            Err(error) => checked.note(place, name, error, removes)?,
        }
        drop(checked);
        on_progress(Progress::Checking(
            done.fetch_add(1, Ordering::Relaxed) + 1,
            total,
        ));
        Ok::<(), Error>(())
    })?;
    drop(claim);
    let mut checked = found
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    checked.damages.sort();
    Ok(checked)
}

fn manifests(
    place: &Place,
    wanted: Option<&str>,
    checked: &mut Checked,
) -> Result<Vec<(String, Manifest)>> {
    if wanted.is_some() {
        let (id, manifest) = place.find(wanted)?;
        return Ok(vec![(id.to_string(), manifest)]);
    }
    let mut all = Vec::new();
    for kept in place.list()? {
        match kept.manifest {
            Some(manifest) => all.push((kept.id.to_string(), manifest)),
            None => checked.damages.push(format!(
                "backup {} in {} is damaged: {}",
                kept.id,
                place.name(),
                kept.flaw.unwrap_or_default()
            )),
        }
    }
    if all.is_empty() && checked.damages.is_empty() {
        // Says that there is none, and what to do.
        place.find(None)?;
    }
    Ok(all)
}

/// The parts of one backup, each with the words that it is named by. `false` when its list of artifacts cannot be read.
fn collect(
    place: &Place,
    backup: &str,
    manifest: &Manifest,
    parts: &mut BTreeMap<BlobHash, String>,
    checked: &mut Checked,
) -> Result<bool> {
    for (name, blake3) in manifest.parts() {
        let words = || format!("{name} of backup {backup}");
        match blake3.parse() {
            Ok(id) => {
                parts.entry(id).or_insert_with(words);
            }
            Err(_) => checked
                .damages
                .push(format!("{}: {blake3:?} is no hash", words())),
        }
    }
    match blobs_of(place, backup, manifest) {
        Ok(blobs) => {
            for id in blobs {
                let words = || format!("artifact bytes of backup {backup}");
                parts.entry(id).or_insert_with(words);
            }
        }
        // Its own part says what is wrong with the list.
        Err(error) if error.is_damage() => return Ok(false),
        Err(error) => return Err(error),
    }
    Ok(true)
}

/// Everything that is there: a backup whose list is damaged may need it, and the next backup takes it for whole.
fn collect_all(place: &Place, parts: &mut BTreeMap<BlobHash, String>) -> Result<()> {
    for listed in place.blobs.list()? {
        let words = || "bytes that no list names".to_owned();
        parts.entry(listed.id).or_insert_with(words);
    }
    Ok(())
}

/// The blobs of artifacts that a backup has.
pub(crate) fn blobs_of(place: &Place, backup: &str, manifest: &Manifest) -> Result<Vec<BlobHash>> {
    let Some(all) = &manifest.artifacts else {
        return Ok(Vec::new());
    };
    let broken = |what: &str| Error::Manifest {
        backup: backup.to_owned(),
        place: place.name().to_owned(),
        what: what.to_owned(),
    };
    let id = all
        .list
        .parse()
        .map_err(|_| broken("it names its list of artifacts by no hash"))?;
    let bytes = place.blobs.get_bytes(&id);
    let bytes = bytes.map_err(Error::part("the list of artifacts", backup))?;
    artifacts::decode(&bytes).ok_or_else(|| broken("its list of artifacts cannot be read"))
}

/// Everything that these backups need.
pub(crate) fn needed(place: &Place, manifests: &[(String, Manifest)]) -> Result<HashSet<BlobHash>> {
    let mut needed = HashSet::new();
    let mut lists = BTreeSet::new();
    for (backup, manifest) in manifests {
        let parts = manifest.parts();
        needed.extend(parts.filter_map(|(_, blake3)| blake3.parse::<BlobHash>().ok()));
        let list = manifest.artifacts.as_ref().map(|all| all.list.clone());
        // Backups between which no artifact came share one list.
        if list.is_some_and(|list| lists.insert(list)) {
            needed.extend(blobs_of(place, backup, manifest)?);
        }
    }
    Ok(needed)
}

impl Checked {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.damages.is_empty()
    }

    fn note(
        &mut self,
        place: &Place,
        name: &str,
        error: mltrack_artifact::Error,
        removes: bool,
    ) -> Result<()> {
        if !matches!(error.kind(), ErrorKind::Damaged | ErrorKind::Missing) {
            return Err(error.into());
        }
        self.damages.push(format!("{name}: {error}"));
        if let Some(mismatch) = error.mismatch().filter(|_| removes) {
            place.blobs.remove_damaged(mismatch)?;
            self.removed += 1;
        }
        Ok(())
    }
}
