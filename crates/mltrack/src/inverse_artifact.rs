//! What takes back that artifacts were logged, removed or brought back.
//!
//! Invariants: a logged artifact is taken back by its removal, so that no byte goes and a redo brings it back; what `gc`
//! purged cannot be brought back.

use mltrack_event::{ArtifactId, Event};
use mltrack_projector_lineage::{Artifact, Things};

use crate::artifact_edit::{needed_by_models, plan, removals, restorals};
use crate::inverse::{By, Hindrance};
use crate::inverse_thing::ThingInverse;
use crate::operation_scan::Deed;

/// Why an artifact is removed that an undo removed.
const UNDONE: &str = "undone";

/// Whether something takes this event back.
pub(crate) fn is_known(event: &Event) -> bool {
    matches!(
        event,
        Event::ArtifactLogged(_) | Event::ArtifactsRemoved(_) | Event::ArtifactsRestored(_)
    )
}

/// Adds what takes the artifacts of an operation back.
pub(crate) fn add(
    deed: &Deed,
    things: &Things,
    by: By<'_>,
    inverse: &mut ThingInverse,
) -> Result<(), Hindrance> {
    let (mut removed, mut restored) = (Vec::new(), Vec::new());
    for event in &deed.events {
        match event {
            Event::ArtifactLogged(logged) => removed.push(present(things, logged.artifact)?),
            Event::ArtifactsRestored(event) => {
                for id in &event.artifacts {
                    removed.push(present(things, *id)?);
                }
            }
            Event::ArtifactsRemoved(event) => {
                for id in &event.artifacts {
                    restored.push(gone(deed, things, *id)?);
                }
            }
            _ => {}
        }
    }
    if removed.is_empty() && restored.is_empty() {
        return Ok(());
    }
    let needed = needed_by_models(things);
    if let Some((row, model)) = removed
        .iter()
        .find_map(|row| Some((row, needed.get(&row.id)?)))
    {
        return Err(Hindrance::Thing(format!(
            "{:?} is what {model} is made of",
            row.path
        )));
    }
    let mut events = removals(&removed, UNDONE, &by.pair());
    events.extend(restorals(&restored, &by.pair()));
    removed.extend(restored);
    let plan = plan(&removed, events);
    inverse.events.extend(plan.events);
    inverse.unchanged.extend(plan.unchanged);
    Ok(())
}

/// An artifact that is there, for it to be removed.
fn present(things: &Things, id: ArtifactId) -> Result<&Artifact, Hindrance> {
    let row = known(things, id)?;
    match &row.removed {
        Some(removed) => Err(Hindrance::Thing(format!(
            "{:?} was removed since, by record {} ({})",
            row.path, removed.lsn, removed.why
        ))),
        None => Ok(row),
    }
}

/// An artifact that this operation removed and nobody brought back.
fn gone<'a>(deed: &Deed, things: &'a Things, id: ArtifactId) -> Result<&'a Artifact, Hindrance> {
    let row = known(things, id)?;
    match &row.removed {
        None => Err(Hindrance::Thing(format!(
            "{:?} was brought back since",
            row.path
        ))),
        Some(removed) if !(deed.first..=deed.last).contains(&removed.lsn) => {
            Err(Hindrance::Thing(format!(
                "{:?} was brought back since, and removed again by record {}",
                row.path, removed.lsn
            )))
        }
        Some(_) => Ok(row),
    }
}

fn known(things: &Things, id: ArtifactId) -> Result<&Artifact, Hindrance> {
    let row = things.artifact(id).filter(|row| row.purged.is_none());
    row.ok_or_else(|| Hindrance::NoWay(format!("{id} was purged, and its bytes may be gone")))
}
