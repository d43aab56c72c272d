//! The lists of files that versions of datasets and models keep themselves.
//!
//! Invariant: a version whose bytes were purged keeps none, whether it is removed or came back.

use mltrack_event::{BlobId, NodeRef, Root};
use mltrack_projector::Stamp;

use crate::things::Things;

/// What a version of a dataset or a model keeps itself.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeOfVersion<'a> {
    /// The version.
    pub version: NodeRef,
    /// The name of its dataset or model.
    pub name: &'a str,
    /// Its number.
    pub number: u64,
    /// The list of its files.
    pub blob: BlobId,
    /// Where the list and the files lie.
    pub root: Root,
    /// Bytes of its files, where the log says so.
    pub len: Option<u64>,
    /// When it was removed, or what it belongs to was deleted, whichever came first; `None` while neither is.
    pub gone: Option<Stamp>,
}

impl Things {
    /// The manifests of versions of datasets and models, removed ones included, but not those whose bytes were purged.
    pub fn live_trees(&self) -> impl Iterator<Item = TreeOfVersion<'_>> {
        let data = self.datasets().flat_map(|dataset| {
            let versions = dataset.versions.iter();
            versions.filter_map(|version| {
                Some(TreeOfVersion {
                    version: NodeRef::DatasetVersion(dataset.id, version.number),
                    name: &dataset.name,
                    number: version.number,
                    blob: version.content?,
                    root: Root::Data,
                    len: version.len,
                    gone: first(version.removed, dataset.deleted),
                })
            })
        });
        let artifacts = self.models().flat_map(|model| {
            let versions = model.versions.iter();
            versions.filter_map(|version| {
                Some(TreeOfVersion {
                    version: NodeRef::ModelVersion(model.id, version.number),
                    name: &model.name,
                    number: version.number,
                    blob: version.content?,
                    root: Root::Artifacts,
                    len: None,
                    gone: first(version.removed, model.deleted),
                })
            })
        });
        data.chain(artifacts)
    }
}

fn first(removed: Option<Stamp>, deleted: Option<Stamp>) -> Option<Stamp> {
    let both = removed.into_iter().chain(deleted);
    both.min_by_key(|stamp| stamp.lsn)
}
