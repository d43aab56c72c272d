//! Proving the bytes of one version of a dataset or of a model, and what the last proof found.
//!
//! Invariants: a version keeps its result under its number, whatever selected it; the store is not changed, so a server
//! that only reads proves, too.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{DatasetVersion, ModelVersion, Tracker};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::checks::{ArtifactChecked, LastCheck};
use super::error::{Answer, Faults};
use super::registry_change::selector;
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(last_of_dataset, check_dataset))
        .routes(routes!(last_of_model, check_model))
}

/// A version, and the name that its results are kept under.
enum Version {
    Dataset(DatasetVersion),
    Model(ModelVersion),
}

impl Version {
    fn dataset(tracker: &Tracker, (name, version): &(String, String)) -> Answer<Version> {
        let found = tracker.dataset_version(&selector(name, version))?;
        Ok(Version::Dataset(found))
    }

    fn model(tracker: &Tracker, (name, version): &(String, String)) -> Answer<Version> {
        let found = tracker.model_version(&selector(name, version))?;
        Ok(Version::Model(found))
    }

    /// The same after a change of the name, and another one when the name was given to another thing.
    fn key(&self) -> String {
        match self {
            Version::Dataset(found) => format!("dataset {} {}", found.dataset_id(), found.number),
            Version::Model(found) => format!("model {} {}", found.model_id(), found.number),
        }
    }

    fn check(&self, shared: &Shared) -> Answer<ArtifactChecked> {
        let verify = shared.tracker().verify_artifacts();
        let verify = match self {
            Version::Dataset(found) => verify.of_dataset(found)?,
            Version::Model(found) => verify.of_model(found)?,
        };
        let turn = shared.checks().begin(self.key())?;
        let tell = |done, total| turn.told(done, total);
        let report = verify.on_progress(&tell).run()?;
        Ok(turn.keep(report))
    }
}

/// The last check of the bytes of a version of a dataset
#[utoipa::path(get, path = "/datasets/{dataset}/versions/{version}/check", tag = "datasets",
    params(("dataset" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as latest")),
    responses((status = 200, description = "what it found, if there was one since the server was started", body = LastCheck), Faults))]
async fn last_of_dataset(
    State(shared): State<Shared>,
    Path(names): Path<(String, String)>,
) -> Answer<Json<LastCheck>> {
    blocking(move || {
        let version = Version::dataset(shared.tracker(), &names)?;
        Ok(Json(shared.checks().of(&version.key())))
    })
    .await
}

/// Check the bytes of a version of a dataset
///
/// The list of its files and each of them are read in every root that has them, and hashed. Finding damage is no error.
/// It goes on when nobody waits any more, and `GET` of the same path tells how far it is and what it found.
#[utoipa::path(post, path = "/datasets/{dataset}/versions/{version}/check", tag = "datasets",
    params(("dataset" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as latest")),
    responses((status = 200, description = "what it found", body = ArtifactChecked), Faults))]
async fn check_dataset(
    State(shared): State<Shared>,
    Path(names): Path<(String, String)>,
) -> Answer<Json<ArtifactChecked>> {
    blocking(move || {
        let version = Version::dataset(shared.tracker(), &names)?;
        version.check(&shared).map(Json)
    })
    .await
}

/// The last check of the bytes of a version of a model
#[utoipa::path(get, path = "/models/{model}/versions/{version}/check", tag = "models",
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as champion")),
    responses((status = 200, description = "what it found, if there was one since the server was started", body = LastCheck), Faults))]
async fn last_of_model(
    State(shared): State<Shared>,
    Path(names): Path<(String, String)>,
) -> Answer<Json<LastCheck>> {
    blocking(move || {
        let version = Version::model(shared.tracker(), &names)?;
        Ok(Json(shared.checks().of(&version.key())))
    })
    .await
}

/// Check the bytes of a version of a model
///
/// The artifacts that it is made of and the files that were stored with it are read in every root that has them, and
/// hashed. Finding damage is no error. It goes on when nobody waits any more, and `GET` of the same path tells how far it
/// is and what it found.
#[utoipa::path(post, path = "/models/{model}/versions/{version}/check", tag = "models",
    params(("model" = String, Path, description = "its name or its id"),
        ("version" = String, Path, description = "its number, or what selects it, such as champion")),
    responses((status = 200, description = "what it found", body = ArtifactChecked), Faults))]
async fn check_model(
    State(shared): State<Shared>,
    Path(names): Path<(String, String)>,
) -> Answer<Json<ArtifactChecked>> {
    blocking(move || {
        let version = Version::model(shared.tracker(), &names)?;
        version.check(&shared).map(Json)
    })
    .await
}
