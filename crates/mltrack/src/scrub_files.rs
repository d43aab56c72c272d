//! The files of a run that hold what is to go: its environment, its patch, its artifacts.
//!
//! Invariants: documents of the tracker itself stay without it, under a new hash; every other file goes as a whole, because
//! nobody but its owner knows what it is worth without a part; bytes that others need, too, stay and are named.

use std::collections::{HashMap, HashSet};

use mltrack_event::{
    ArtifactId, ArtifactLogged, BlobId, EnvironmentCaptured, Reproducible, Root, RunKey,
};
use mltrack_projector_lineage::Artifact as Folded;
use serde_json::Value;

use crate::artifact_depot::{Kept, failure};
use crate::artifact_gc::{TreeLists, sweep_all};
use crate::artifact_read::hash;
use crate::error::Result;
use crate::scrub_mask::{Masked, Parts, What, mask_value};
use crate::store::Store;

/// Longer files are named and not searched.
const LEN_MAX: u64 = 1 << 30;
/// The tracker's own documents.
const OWN_FOLDER: &str = "mltrack/";
const PATCH: &str = "mltrack/code.patch";

/// What becomes of a file.
enum Fate {
    Goes,
    /// It stays, with other bytes.
    Becomes {
        blob: BlobId,
        len: u64,
    },
}

/// What is to become of the files of a run.
#[derive(Default)]
pub(crate) struct Files {
    fates: HashMap<ArtifactId, Fate>,
    /// What is told of each.
    pub names: Vec<String>,
    /// Files that cannot be searched.
    pub left: Vec<String>,
    /// Their bytes, as they were.
    blobs: Vec<BlobId>,
    /// Keeps new bytes from being collected before their event is written.
    kept: Vec<Kept>,
}

impl Files {
    /// Reads every file of the run that is searched. What is to replace one is stored unless this is only a dry run.
    pub fn find(
        store: &Store,
        run: RunKey,
        (parts, what): (Parts, &What),
        is_dry_run: bool,
    ) -> Result<Files> {
        let rows: Vec<Folded> = store.with_things(|things, _| {
            let rows = things.artifacts_ever_of(run);
            let rows = rows.filter(|row| row.purged.is_none() && is_searched(&row.path, parts));
            Ok(rows.cloned().collect())
        })?;
        let mut files = Files::default();
        for row in rows {
            let name = format!("{}@v{}", row.path, row.version);
            if row.len > LEN_MAX {
                files
                    .left
                    .push(format!("{name} is too long to be searched"));
                continue;
            }
            match read(store, &row) {
                Ok(bytes) => files.take(store, &row, (&bytes, what), is_dry_run)?,
                // What is gone holds nothing.
                Err(error) if error.code() == crate::Code::NotFound => {}
                Err(error) => files.left.push(format!("{name} cannot be read: {error}")),
            }
        }
        Ok(files)
    }

    fn take(
        &mut self,
        store: &Store,
        row: &Folded,
        (bytes, what): (&[u8], &What),
        is_dry_run: bool,
    ) -> Result<()> {
        if !holds(bytes, what) {
            return Ok(());
        }
        let masked = masked_document(row, bytes, what);
        let fate = match masked {
            None => Fate::Goes,
            Some(_) if is_dry_run => Fate::Becomes {
                blob: row.blob,
                len: row.len,
            },
            Some(masked) => {
                let kept = store.depot()?.put_bytes(row.root, &masked)?;
                let (blob, len) = (kept.blob, kept.len);
                self.kept.push(kept);
                Fate::Becomes { blob, len }
            }
        };
        self.names.push(format!("{}@v{}", row.path, row.version));
        self.fates.insert(row.id, fate);
        self.blobs.push(row.blob);
        Ok(())
    }

    /// What becomes of the event that logged a file.
    pub fn logged(&self, event: &ArtifactLogged) -> Masked {
        match self.fates.get(&event.artifact) {
            None => Masked::Same,
            Some(Fate::Goes) => Masked::Gone,
            Some(Fate::Becomes { blob, len }) => {
                let (blob, len) = (*blob, *len);
                let event = ArtifactLogged {
                    blob,
                    len,
                    ..event.clone()
                };
                Masked::Other(Box::new(event.into()))
            }
        }
    }

    /// The event of an environment without the documents that go.
    pub fn captured(&self, event: &EnvironmentCaptured) -> Masked {
        let goes = |id: &ArtifactId| matches!(self.fates.get(id), Some(Fate::Goes));
        if !event.documents.iter().any(|(_, id)| goes(id)) {
            return Masked::Same;
        }
        let mut event = event.clone();
        let gone = event.documents.iter().filter(|(_, id)| goes(id));
        let gone: Vec<String> = gone.map(|(name, _)| format!("{name}: scrubbed")).collect();
        event.documents.retain(|(_, id)| !goes(id));
        event.left_out.extend(gone);
        if event.reproducible == Reproducible::Full {
            event.reproducible = Reproducible::Partial;
        }
        Masked::Other(Box::new(event.into()))
    }

    /// Deletes the old bytes, where nobody else needs them. Says what stays, and why.
    pub fn sweep(self, store: &Store) -> Result<Vec<String>> {
        // Collecting waits until no put is under way.
        drop(self.kept);
        if self.blobs.is_empty() {
            return Ok(Vec::new());
        }
        let mut left: Vec<String> = Vec::new();
        for root in sweep_all(store)? {
            if let Some(error) = root.error {
                left.push(format!("{} was not swept: {error}", root.url));
            }
        }
        left.extend(holders(store, &self.blobs, &self.fates)?);
        Ok(left)
    }

    /// Who else holds bytes that go, and what takes them away there.
    pub fn holders(&self, store: &Store) -> Result<Vec<String>> {
        holders(store, &self.blobs, &self.fates)
    }
}

fn holders(
    store: &Store,
    blobs: &[BlobId],
    fates: &HashMap<ArtifactId, Fate>,
) -> Result<Vec<String>> {
    let (mut holders, trees) = store.with_things(|things, _| {
        let rows = blobs
            .iter()
            .flat_map(|blob| things.artifacts_of_blob(*blob));
        let live = rows.filter(|row| row.purged.is_none() && !fates.contains_key(&row.id));
        let names = live.map(|row| {
            let node = things.thing_run(row.run);
            let run = node.map_or_else(|| row.run.short(), |node| node.id.short());
            let path = &row.path;
            format!("{path} of the run {run} has the same bytes: mltrack scrub {run}")
        });
        let trees = things.live_trees().map(|tree| {
            let kind = match tree.root {
                Root::Data => "dataset",
                Root::Artifacts => "model",
            };
            let name = format!("{}@v{}", tree.name, tree.number);
            (kind, name, tree.gone.is_some(), (tree.blob, tree.root))
        });
        Ok((names.collect::<Vec<String>>(), trees.collect::<Vec<_>>()))
    })?;
    let wanted: HashSet<[u8; 32]> = blobs.iter().map(|blob| blob.to_bytes()).collect();
    let mut lists = TreeLists::default();
    for (kind, name, is_gone, (blob, root)) in trees {
        match lists.files(store, blob, root) {
            Ok(files) if files.iter().any(|file| wanted.contains(&file.0)) => {
                let remove = if is_gone {
                    String::new()
                } else {
                    format!("mltrack {kind} rm {name}, then ")
                };
                holders.push(format!(
                    "{kind} {name} keeps the same bytes: {remove}mltrack gc --older-than 0s"
                ));
            }
            Ok(_) => {}
            Err(error) => holders.push(format!("{kind} {name} may keep the same bytes: {error}")),
        }
    }
    store.with_documents(|documents| {
        let held = documents
            .live_blobs()
            .filter(|(blob, _)| blobs.contains(blob));
        if held.count() > 0 {
            holders.push("documents, such as traces, have the same bytes: remove them".to_owned());
        }
        Ok(())
    })?;
    Ok(holders)
}

fn is_searched(path: &str, parts: Parts) -> bool {
    match path {
        PATCH => parts.patch,
        path if path.starts_with(OWN_FOLDER) => parts.environment,
        _ => parts.others,
    }
}

fn read(store: &Store, row: &Folded) -> Result<Vec<u8>> {
    let blobs = store.depot()?.find(row.blob, row.root)?;
    let bytes = blobs.get_bytes(&hash(row.blob));
    Ok(bytes.map_err(|error| failure(&error, None))?.to_vec())
}

fn holds(bytes: &[u8], what: &What) -> bool {
    match what {
        What::Everything => true,
        What::Text(text) => contains(bytes, text.as_bytes()),
        What::Pattern(pattern) => pattern.is_match(&String::from_utf8_lossy(bytes)),
        What::Secrets => mltrack_capture::secrets::content(bytes).is_some(),
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else {
        return false;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(wanted) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// A document of the tracker itself without what is to go; `None` for what goes as a whole.
fn masked_document(row: &Folded, bytes: &[u8], what: &What) -> Option<Vec<u8>> {
    let is_document = row.path.starts_with(OWN_FOLDER) && &*row.path != PATCH;
    if !is_document || matches!(what, What::Everything) {
        return None;
    }
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    mask_value(&mut document, what);
    let text = serde_json::to_string_pretty(&document).ok()? + "\n";
    (!holds(text.as_bytes(), what)).then(|| text.into_bytes())
}
