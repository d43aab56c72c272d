//! What takes back that a link was made by hand, or taken back.
//!
//! Invariant: a link is set back only while it is as the operation left it.

use mltrack_event::{Event, LineageLinked, LineageUnlinked, NodeRef};
use mltrack_projector_lineage::{NodeState, Things};

use crate::inverse::{By, Hindrance};
use crate::inverse_thing::ThingInverse;
use crate::lineage_link::stream;
use crate::operation_scan::Deed;

/// Whether something takes this event back.
pub(crate) fn is_known(event: &Event) -> bool {
    matches!(event, Event::LineageLinked(_) | Event::LineageUnlinked(_))
}

/// Adds what takes the links of an operation back.
pub(crate) fn add(
    deed: &Deed,
    things: &Things,
    by: By<'_>,
    inverse: &mut ThingInverse,
) -> Result<(), Hindrance> {
    for event in &deed.events {
        let (actor, command) = by.pair();
        let (from, to, kind) = match event {
            Event::LineageLinked(linked) => (&linked.from, &linked.to, linked.kind),
            Event::LineageUnlinked(unlinked) => (&unlinked.from, &unlinked.to, unlinked.kind),
            _ => continue,
        };
        let stands = things.link(from, to, kind).is_some();
        let (from, to) = (from.clone(), to.clone());
        let words = format!("the link {}", words(things, &from, &to));
        let back: Event = match (event, stands) {
            (Event::LineageLinked(_), true) => LineageUnlinked {
                from: from.clone(),
                to: to.clone(),
                kind,
                actor,
                command,
            }
            .into(),
            (Event::LineageUnlinked(_), false) => {
                if let Some(gone) = [&from, &to].into_iter().find(|end| is_gone(things, end)) {
                    let what = format!("{words} cannot stand again: {gone} is gone for good");
                    return Err(Hindrance::Thing(what));
                }
                LineageLinked {
                    from: from.clone(),
                    to: to.clone(),
                    kind,
                    actor,
                    command,
                }
                .into()
            }
            (_, true) => return Err(Hindrance::Thing(format!("{words} was made again since"))),
            (_, false) => return Err(Hindrance::Thing(format!("{words} was taken back since"))),
        };
        inverse.events.push(back);
        inverse.unchanged.extend([stream(&from), stream(&to)]);
    }
    Ok(())
}

fn is_gone(things: &Things, node: &NodeRef) -> bool {
    things.state_of(node) == NodeState::Gone
}

/// `run kind-elk (1a2b3c4d) -> model resnet v1`.
pub(crate) fn words(things: &Things, from: &NodeRef, to: &NodeRef) -> String {
    format!("{} -> {}", things.name_of(from), things.name_of(to))
}
