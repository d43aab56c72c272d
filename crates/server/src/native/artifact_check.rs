//! Proving the bytes of one artifact, and what the last proof found.
//!
//! Invariant: the store is not changed, so a server that only reads proves, too.

use axum::Json;
use axum::extract::{Path, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::artifacts::by_id;
use super::checks::{ArtifactChecked, LastCheck};
use super::error::{Answer, Faults};
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(last, check))
}

/// The last check of an artifact's bytes
#[utoipa::path(get, path = "/artifacts/{artifact}/check", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id")),
    responses((status = 200, description = "what it found, if there was one since the server was started", body = LastCheck), Faults))]
async fn last(State(shared): State<Shared>, Path(id): Path<String>) -> Answer<Json<LastCheck>> {
    let found = blocking(move || -> Answer<_> {
        let artifact = by_id(&shared, &id)?;
        Ok(shared.checks().of(&artifact.id.to_string()))
    })
    .await?;
    Ok(Json(found))
}

/// Check an artifact's bytes
///
/// They are read in every root that has them, and hashed. Finding damage is no error.
#[utoipa::path(post, path = "/artifacts/{artifact}/check", tag = "artifacts",
    params(("artifact" = String, Path, description = "its id")),
    responses((status = 200, description = "what it found", body = ArtifactChecked), Faults))]
async fn check(
    State(shared): State<Shared>,
    Path(id): Path<String>,
) -> Answer<Json<ArtifactChecked>> {
    let found = blocking(move || -> Answer<_> {
        let artifact = by_id(&shared, &id)?;
        let turn = shared.checks().begin(artifact.id.to_string())?;
        let tell = |done, total| turn.told(done, total);
        let verify = shared.tracker().verify_artifacts().of_run(artifact.run);
        let report = verify.logged_by(artifact.lsn).on_progress(&tell).run()?;
        Ok(turn.keep(report))
    })
    .await?;
    Ok(Json(found))
}
