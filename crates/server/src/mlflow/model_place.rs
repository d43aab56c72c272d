//! Where a version of a model came from and where its bytes are, for those that came over the wire and for those that
//! the library or the command line made.
//!
//! Invariant: what the registry has no place for is told once, when the version is added, as the `mlflow` part of the
//! version's metadata, and never changes.

use mltrack::{ModelShelf, ModelVersionSummary};
use serde::{Deserialize, Serialize};

/// What a client told about a version that the registry itself has no place for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// The run that made it, as given, where the store knows no such run.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run_id: String,
    /// Where people find the run.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run_link: String,
    /// The logged model that it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model_id: String,
    /// Where its bytes are, where that is not its source.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub storage_location: String,
}

/// The part of a version's metadata that is ours.
#[derive(Serialize, Deserialize)]
struct Metadata {
    #[serde(default)]
    mlflow: Told,
}

impl Told {
    /// What was told when this version was added; nothing of one that did not come over the wire.
    pub fn of(version: &ModelVersionSummary) -> Told {
        if version.metadata.is_empty() {
            return Told::default();
        }
        // Whatever else the metadata is was told to the library, not to us.
        let metadata: Option<Metadata> = serde_json::from_str(&version.metadata).ok();
        metadata.map(|metadata| metadata.mlflow).unwrap_or_default()
    }

    /// What a version's metadata is to be; `None` when there is nothing to tell.
    pub fn metadata(self) -> Option<impl Serialize> {
        (self != Told::default()).then_some(Metadata { mlflow: self })
    }
}

/// What a version says it was made from.
pub fn source(shelf: ModelShelf<'_>, version: &ModelVersionSummary) -> String {
    if !version.source.is_empty() {
        return version.source.clone();
    }
    of_artifacts(shelf, version).unwrap_or_default()
}

/// Where a client gets the bytes of a version.
pub fn download_uri(shelf: ModelShelf<'_>, version: &ModelVersionSummary) -> String {
    let told = Told::of(version);
    if !told.storage_location.is_empty() {
        return told.storage_location;
    }
    // What the library made of a run's artifacts is there, whatever was said of where it came from.
    of_artifacts(shelf, version).unwrap_or_else(|| version.source.clone())
}

/// The place of the run's artifacts that a version is made of: the artifact, or the folder that all are in.
fn of_artifacts(shelf: ModelShelf<'_>, version: &ModelVersionSummary) -> Option<String> {
    let mut artifacts = shelf.artifacts(version);
    let (key, first) = artifacts.next()?;
    let mut common = first;
    for (_, path) in artifacts.filter(|(run, _)| *run == key) {
        while !is_in(path, common) {
            common = common.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
    }
    let (run, experiment) = shelf.run(key)?;
    let place = format!("mlflow-artifacts:/{experiment}/{run}/artifacts/{common}");
    Some(place.trim_end_matches('/').to_owned())
}

/// Whether a path is that of a folder, or of something in it.
fn is_in(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| folder.is_empty() || rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_in_its_folder_and_not_in_one_whose_name_it_begins_with() {
        assert!(is_in("a/b/c", "a/b") && is_in("a/b", "a/b") && is_in("x", ""));
        assert!(!is_in("a/bc", "a/b") && !is_in("a", "a/b"));
    }
}
