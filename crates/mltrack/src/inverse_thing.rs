//! What takes back an operation on artifacts, datasets, models and links: each kind of thing in a file of its own.
//!
//! Invariants: as for runs, only what the operation changed is set back, and only while it still is what the operation
//! made it; what is planned is appended only while the streams that it names are as they were.

use mltrack_event::{Event, StreamId};
use mltrack_projector_lineage::Things;

use crate::inverse::{By, Hindrance};
use crate::inverse_artifact;
use crate::inverse_document;
use crate::inverse_link;
use crate::operation_scan::Deed;

/// Events that set things back, and the streams on which nothing may have happened meanwhile.
#[derive(Clone, Debug, Default)]
pub(crate) struct ThingInverse {
    pub events: Vec<Event>,
    pub unchanged: Vec<StreamId>,
}

/// What takes the things of an operation back now.
pub(crate) fn of_things(
    deed: &Deed,
    things: &Things,
    by: By<'_>,
) -> Result<ThingInverse, Hindrance> {
    let mut inverse = ThingInverse::default();
    inverse_artifact::add(deed, things, by, &mut inverse)?;
    inverse_link::add(deed, things, by, &mut inverse)?;
    Ok(inverse)
}

/// Whether an operation did something to things that can be taken back.
pub(crate) fn is_about_things(deed: &Deed) -> bool {
    let is_known = |event| {
        inverse_artifact::is_known(event)
            || inverse_link::is_known(event)
            || inverse_document::document_of(event).is_some()
    };
    deed.events.iter().any(is_known)
}
