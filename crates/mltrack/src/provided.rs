//! Changes that depend on what somebody saw before: they are made while a dataset or a model is still like that.
//!
//! Invariants: the condition is looked at in the very fold that the change is decided from, so whatever comes between is
//! noticed; it counts for the first change only, on one thread, and for nothing behind the closure.

use std::cell::RefCell;
use std::rc::Rc;

use mltrack_event::{DatasetId, ModelId};
use mltrack_projector_lineage::{Dataset, Model, Things};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::tracker::Tracker;

/// Whether something is as expected.
type IsSo = Rc<dyn Fn(&Things) -> bool>;

thread_local! {
    static EXPECTED: RefCell<Option<IsSo>> = const { RefCell::new(None) };
}

impl Tracker {
    /// Does something as long as a dataset is like this: the first change of a dataset or a model that `act` makes is
    /// refused with `CONFLICT` when it is not, or not any more.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let digits = tracker.dataset("digits")?;
    /// let change = || digits.describe("handwritten");
    /// tracker.while_dataset(digits.id(), |known| known.description.is_empty(), change)?;
    /// let second = tracker.while_dataset(digits.id(), |known| known.description.is_empty(), change);
    /// assert_eq!(second.unwrap_err().code(), mltrack::Code::Conflict);
    /// # Ok(())
    /// # }
    /// ```
    pub fn while_dataset<T>(
        &self,
        id: DatasetId,
        is_so: impl Fn(&Dataset) -> bool + 'static,
        act: impl FnOnce() -> T,
    ) -> T {
        provided(
            Rc::new(move |things| things.dataset(id).is_some_and(&is_so)),
            act,
        )
    }

    /// The same for a model.
    pub fn while_model<T>(
        &self,
        id: ModelId,
        is_so: impl Fn(&Model) -> bool + 'static,
        act: impl FnOnce() -> T,
    ) -> T {
        provided(
            Rc::new(move |things| things.model(id).is_some_and(&is_so)),
            act,
        )
    }
}

/// Takes the condition back when the closure ends, however it ends.
struct Behind(Option<IsSo>);

impl Drop for Behind {
    fn drop(&mut self) {
        EXPECTED.set(self.0.take());
    }
}

fn provided<T>(is_so: IsSo, act: impl FnOnce() -> T) -> T {
    let _behind = Behind(EXPECTED.replace(Some(is_so)));
    act()
}

/// Refuses a decision from another state than was expected.
pub(crate) fn check(things: &Things) -> Result<()> {
    let expected = EXPECTED.with_borrow(Clone::clone);
    if expected.is_none_or(|is_so| is_so(things)) {
        return Ok(());
    }
    Err(Error::new(Code::Conflict, "it was changed in the meantime")
        .with_hint("look at it again, then repeat the change"))
}

/// The first change is made: what follows builds on it.
pub(crate) fn done() {
    EXPECTED.set(None);
}
