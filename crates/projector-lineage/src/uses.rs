//! What a run takes in, what it runs on, and what was taken out of its records.

use mltrack_event::{
    ArtifactId, BlobId, DatasetId, DatasetUsed, EnvironmentCaptured, ModelId, ModelUsed,
    Reproducible, RunKey, Split,
};
use mltrack_projector::{Entry, Lsn};

use crate::coded::coded;

/// A run took in a version of a dataset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatasetUse {
    /// The run.
    pub run: RunKey,
    /// The dataset.
    pub dataset: DatasetId,
    /// The version's number.
    pub number: u64,
    /// The dataset's name at that time.
    pub name: String,
    /// The version's digest.
    pub digest: String,
    /// What the run does with it.
    pub split: Split,
    /// What was asked for.
    pub selector: String,
    /// How the rows were chosen, as JSON text; empty when all were taken.
    pub sampling: String,
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
}

/// A run took in a version of a model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelUse {
    /// The run.
    pub run: RunKey,
    /// The model.
    pub model: ModelId,
    /// The version's number.
    pub number: u64,
    /// The model's name at that time.
    pub name: String,
    /// What was asked for.
    pub selector: String,
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
}

/// A run took in an artifact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArtifactUse {
    /// The run that read it.
    pub run: RunKey,
    /// What it read; it may be purged by now.
    pub artifact: ArtifactId,
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
}

/// What a run runs on, as it was captured once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// The run.
    pub run: RunKey,
    /// Whether it can be run again from this.
    pub reproducible: Reproducible,
    /// Keys such as `os.name` with their values, sorted by key.
    pub summary: Vec<(String, String)>,
    /// Artifacts of the run that say it in full, by what they are.
    pub documents: Vec<(String, ArtifactId)>,
    /// Files that the patch leaves out, each as `path: why`.
    pub left_out: Vec<String>,
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
}

/// Records of a run that count as never said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scrub {
    /// The run that they are about.
    pub run: RunKey,
    /// The records.
    pub lsns: Vec<u64>,
    /// The blobs that were deleted with them.
    pub blobs: Vec<BlobId>,
    /// Why.
    pub why: String,
    /// The record that says so.
    pub lsn: Lsn,
    /// When, in ns since 1970.
    pub time_ns: i64,
}

/// Everything that a run took in, in the order of the log.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Uses<'a> {
    /// Versions of datasets.
    pub datasets: &'a [DatasetUse],
    /// Versions of models.
    pub models: &'a [ModelUse],
    /// Artifacts.
    pub artifacts: &'a [ArtifactUse],
}

impl DatasetUse {
    pub(crate) fn new(used: &DatasetUsed, entry: &Entry<'_>) -> DatasetUse {
        DatasetUse {
            run: used.run,
            dataset: used.dataset,
            number: used.number,
            name: used.name.clone(),
            digest: used.digest.clone(),
            split: used.split.clone(),
            selector: used.selector.clone(),
            sampling: used.sampling.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
        }
    }
}

impl ModelUse {
    pub(crate) fn new(used: &ModelUsed, entry: &Entry<'_>) -> ModelUse {
        ModelUse {
            run: used.run,
            model: used.model,
            number: used.number,
            name: used.name.clone(),
            selector: used.selector.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
        }
    }
}

impl Environment {
    pub(crate) fn new(captured: &EnvironmentCaptured, entry: &Entry<'_>) -> Environment {
        Environment {
            run: captured.run,
            reproducible: captured.reproducible,
            summary: captured.summary.clone(),
            documents: captured.documents.clone(),
            left_out: captured.left_out.clone(),
            lsn: entry.lsn,
            time_ns: entry.time_ns,
        }
    }
}

coded!(DatasetUse {
    run,
    dataset,
    number,
    name,
    digest,
    split,
    selector,
    sampling,
    time_ns
});
coded!(ModelUse {
    run,
    model,
    number,
    name,
    selector,
    time_ns
});
coded!(ArtifactUse {
    run,
    artifact,
    time_ns
});
coded!(Environment {
    run,
    reproducible,
    summary,
    documents,
    left_out,
    time_ns
});
coded!(Scrub {
    run,
    lsns,
    blobs,
    why,
    time_ns
});
