//! What versions of datasets and models need of the bytes in the roots, so that a check can look at one of them, or all.
//!
//! Invariant: a version needs the list of its files, every file in it, and the artifacts that it is made of.

use std::collections::HashSet;

use mltrack_event::{ArtifactId, BlobId, Root};
use mltrack_log::Lsn;

use crate::artifact_verify::{ArtifactVerify, Need};
use crate::dataset_version::DatasetVersion;
use crate::error::Result;
use crate::model_version::ModelVersion;
use crate::store::Store;

/// A version of a dataset or of a model, as a check looks at it.
pub(crate) struct OneVersion {
    pub tree: Option<TreeOf>,
    pub artifacts: HashSet<ArtifactId>,
}

impl<'a> ArtifactVerify<'a> {
    /// Only the files of a version of a dataset, and the list of them. Goes before what else narrows the question.
    ///
    /// Errors: `INVALID_STATE` for a version whose content the store does not keep.
    pub fn of_dataset(mut self, version: &DatasetVersion) -> Result<ArtifactVerify<'a>> {
        let content = version.content.ok_or_else(|| version.kept_elsewhere())?;
        let what = format!("dataset {}", version.selector());
        self.version = Some(OneVersion {
            tree: Some(TreeOf::new((Root::Data, content), version.lsn, what)),
            artifacts: HashSet::new(),
        });
        Ok(self)
    }

    /// Only the files of a version of a model: the artifacts that it is made of, and what was stored with it. Goes before
    /// what else narrows the question.
    ///
    /// Errors: `INVALID_STATE` for a version whose content the store does not keep, `NOT_FOUND` when an artifact was purged.
    pub fn of_model(mut self, version: &ModelVersion) -> Result<ArtifactVerify<'a>> {
        let artifacts = version.whole_files()?;
        let what = format!("model {}", version.selector());
        let tree = |content| TreeOf::new((Root::Artifacts, content), version.lsn, what);
        self.version = Some(OneVersion {
            tree: version.content.map(tree),
            artifacts: artifacts.iter().map(|artifact| artifact.id).collect(),
        });
        Ok(self)
    }
}

/// The list of the files of a version of a dataset or a model.
#[derive(Clone)]
pub(crate) struct TreeOf {
    pub blob: BlobId,
    pub root: Root,
    pub need: Need,
}

impl TreeOf {
    fn new((root, blob): (Root, BlobId), lsn: Lsn, path: String) -> TreeOf {
        let need = Need {
            run: None,
            path,
            version: 0,
            lsn,
        };
        TreeOf { blob, root, need }
    }
}

/// Those of every version that was added by this record or a later one.
pub(crate) fn trees(store: &Store, since: Option<Lsn>) -> Result<Vec<TreeOf>> {
    store.with_things(|things, _| {
        let datasets = things.datasets().flat_map(|dataset| {
            let versions = dataset.versions.iter();
            versions.map(move |version| {
                (
                    version.content,
                    Root::Data,
                    version.lsn,
                    format!("dataset {} v{}", dataset.name, version.number),
                )
            })
        });
        let models = things.models().flat_map(|model| {
            let versions = model.versions.iter();
            versions.map(move |version| {
                (
                    version.content,
                    Root::Artifacts,
                    version.lsn,
                    format!("model {} v{}", model.name, version.number),
                )
            })
        });
        let all = datasets
            .chain(models)
            .filter(|(_, _, lsn, _)| since.is_none_or(|since| *lsn >= since));
        let trees =
            all.filter_map(|(blob, root, lsn, path)| Some(TreeOf::new((root, blob?), lsn, path)));
        Ok(trees.collect())
    })
}
