//! Which operation an undo means.
//!
//! Invariant: what is undone already, what is no operation and what is gone are told apart, because the next move of who
//! asked is another one each time.

use std::ops::ControlFlow;

use mltrack_event::Event;
use mltrack_log::{Lsn, Reader};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::operation::{Operation, Undone};
use crate::operation_scan::{Deed, at, backwards};
use crate::store::Store;

/// An operation that is to be undone.
pub(crate) struct Meant {
    pub deed: Deed,
    pub operation: Operation,
    /// What was done behind it and is not undone, newest first.
    pub later: Vec<Deed>,
}

/// The operation that a record is a part of, if it can be undone.
pub(crate) fn find(store: &Store, reader: &mut Reader, lsn: Lsn) -> Result<Meant> {
    let nothing = |why: String| {
        Error::new(Code::NotFound, format!("nothing to undo: {why}")).with_hint("mltrack op log")
    };
    let Some((deed, first)) = at(reader, lsn)? else {
        return Err(nothing(format!("the log has no record {lsn} yet")));
    };
    if first > lsn {
        let what = format!("the record {lsn} was purged");
        return Err(Error::new(Code::InvalidState, what).with_hint("mltrack op log"));
    }
    let Some(deed) = deed else {
        return Err(nothing(format!(
            "the record {lsn} is no operation; points, lines and values logged stay"
        )));
    };
    let (operation, later) = store.with_state(|state, present| {
        let (mut undone, mut later) = (Undone::default(), Vec::new());
        let range = (deed.last.plus(1), present.next_lsn());
        backwards(reader, range, |newer| {
            undone.meet(&newer);
            if undone.stands(&newer) && newer.is_about_the_same_as(&deed) {
                later.push(newer);
            }
            ControlFlow::Continue(())
        })?;
        Ok((undone.operation(&deed, state, store), later))
    })?;
    match operation.undone_by {
        Some(by) => Err(
            nothing(format!("operation {} was undone by {by}", deed.first))
                .with_hint(format!("mltrack undo {by} does it again")),
        ),
        None => Ok(Meant {
            deed,
            operation,
            later,
        }),
    }
}

/// The last operation before `until` that [`Tracker::undo_last`](crate::Tracker::undo_last) means.
pub(crate) fn find_last(store: &Store, reader: &mut Reader, until: Option<Lsn>) -> Result<Meant> {
    store.with_state(|state, present| {
        let (mut found, mut undone, mut later) = (None, Undone::default(), Vec::new());
        let range = (Lsn::FIRST, present.next_lsn());
        backwards(reader, range, |deed| {
            let operation = undone.operation(&deed, state, store);
            let is_meant = until.is_none_or(|until| deed.first < until)
                && operation.actor == store.identity.actor
                && operation.undone_by.is_none()
                && operation.undoes.is_none()
                && !operation.is_by_run
                && !is_purge(&deed);
            if !is_meant {
                later.extend(undone.stands(&deed).then_some(deed));
                return ControlFlow::Continue(());
            }
            found = Some((deed, operation));
            ControlFlow::Break(())
        })?;
        let found = found.map(|(deed, operation)| Meant {
            deed,
            operation,
            later,
        });
        found.ok_or_else(|| {
            let what = format!("nothing to undo by {:?}", store.identity.actor);
            Error::new(Code::NotFound, what).with_hint("mltrack op log")
        })
    })
}

/// Whether something went for good.
pub(crate) fn is_purge(deed: &Deed) -> bool {
    let mut events = deed.events.iter();
    events.any(|event| {
        matches!(
            event,
            Event::RunPurged(_)
                | Event::ExperimentPurged(_)
                | Event::ArtifactsPurged(_)
                | Event::DatasetBytesPurged(_)
                | Event::ModelBytesPurged(_)
        )
    })
}
