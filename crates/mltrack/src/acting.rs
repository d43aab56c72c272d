//! Acting for somebody else: a server that is asked by many does what they ask in their name.
//!
//! Invariants: a name counts for one closure on one thread, and for nothing that the closure starts on others; when it
//! ends, however it ends, whoever acted before acts again.

use std::cell::RefCell;

use crate::registry::By;
use crate::store::Store;

thread_local! {
    static ACTING: RefCell<Option<By>> = const { RefCell::new(None) };
}

/// Does something in the name of `actor` and as `command`: what it records about experiments, runs, datasets and models
/// says so, whoever opened the store.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// mltrack::acting("ada", "POST /models", || tracker.model("resnet"))?;
/// let newest = tracker.operations().limit(1).fetch()?.remove(0);
/// assert_eq!((newest.actor.as_str(), newest.command.as_str()), ("ada", "POST /models"));
/// # Ok(())
/// # }
/// ```
pub fn acting<T>(actor: &str, command: &str, act: impl FnOnce() -> T) -> T {
    let by = (actor.to_owned(), command.to_owned());
    let before = ACTING.replace(Some(by));
    let _back = Back(before);
    act()
}

/// Puts back who acted before, also when a closure panics.
struct Back(Option<By>);

impl Drop for Back {
    fn drop(&mut self) {
        ACTING.set(self.0.take());
    }
}

impl Store {
    /// Who acts and by which command.
    pub fn by(&self) -> By {
        let acting = ACTING.with_borrow(Clone::clone);
        acting.unwrap_or_else(|| (self.identity.actor.clone(), self.identity.command.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts() -> Option<By> {
        ACTING.with_borrow(Clone::clone)
    }

    #[test]
    fn whoever_acted_before_acts_again_also_behind_a_panic() {
        acting("ada", "a", || {
            assert_eq!(acts(), Some(("ada".into(), "a".into())));
            let inner = std::panic::catch_unwind(|| acting("bob", "b", || panic!("no")));
            assert!(inner.is_err());
            assert_eq!(acts(), Some(("ada".into(), "a".into())));
            assert!(
                std::thread::spawn(acts).join().unwrap().is_none(),
                "another thread"
            );
        });
        assert_eq!(acts(), None);
    }
}
