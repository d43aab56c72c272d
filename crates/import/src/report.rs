//! What an import did, and what it could not take.
//!
//! Invariant: a count counts what is new in the store, or what would be when nothing is to be written.

use std::fmt;

use serde::Serialize;

/// More of what was not taken is only counted.
const UNTAKEN_MAX: usize = 1000;
/// More runs that were made are only counted.
pub(crate) const NEW_RUNS_MAX: usize = 1000;

/// What an import did; what it would do, when it was told to write nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Experiments that were made.
    pub experiments: u64,
    /// Runs that were made.
    pub runs_new: u64,
    /// Runs that were there and got more.
    pub runs_grown: u64,
    /// Runs that were there and stayed as they were.
    pub runs_same: u64,
    /// Points of metrics.
    pub points: u64,
    /// Distributions.
    pub histograms: u64,
    /// Texts and other JSON values.
    pub values: u64,
    /// Lines that runs printed.
    pub lines: u64,
    /// Parameters.
    pub params: u64,
    /// Tags.
    pub tags: u64,
    /// Notes.
    pub notes: u64,
    /// Artifacts.
    pub artifacts: u64,
    /// Bytes of artifacts.
    pub artifacts_len: u64,
    /// Artifacts of which only the place was recorded.
    pub artifacts_linked: u64,
    /// Datasets that runs took in.
    pub datasets: u64,
    /// Bytes that were read of the peer's store.
    pub len_read: u64,
    /// The ids of the first thousand runs that were made.
    pub new_runs: Vec<String>,
    /// How many things were not taken.
    pub untaken_count: u64,
    /// The first thousand of them.
    pub untaken: Vec<Untaken>,
}

/// Something that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Untaken {
    /// Why, in one word.
    pub kind: UntakenKind,
    /// What it is: `record`, `graph`, `parameter lr`.
    pub what: String,
    /// Where it is in the peer's store: a file and an offset, a run's name.
    pub place: String,
    /// Why, in words.
    pub why: String,
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UntakenKind {
    /// There is nothing here to keep it as. That is no failure.
    Unsupported,
    /// It is damaged where it lies.
    Damaged,
    /// The store does not take it.
    Refused,
    /// There is something to know about it. That is no failure.
    Noted,
    /// It was deleted here since it was imported. That is no failure.
    Deleted,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that were read.
    pub len_read: u64,
    /// Of so many, where that is known.
    pub len_total: Option<u64>,
    /// Points that were taken.
    pub points: u64,
    /// Runs that were looked at.
    pub runs: u64,
}

impl Report {
    /// Whether something is new in the store.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.runs_new + self.runs_grown + self.experiments > 0
    }

    /// Whether something was damaged or refused.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        let untaken = self.untaken.iter();
        let mut failed = untaken.filter(|one| one.kind.is_failure());
        failed.next().is_some()
    }

    /// Adds what was not taken. What failed is shown before what there is nothing to keep as.
    pub(crate) fn add_untaken(&mut self, untaken: impl IntoIterator<Item = Untaken>) {
        for one in untaken {
            if self.untaken.contains(&one) {
                continue;
            }
            self.untaken_count += 1;
            if self.untaken.len() < UNTAKEN_MAX {
                self.untaken.push(one);
            } else if one.kind.is_failure() && !self.has_failed() {
                self.untaken[UNTAKEN_MAX - 1] = one;
            }
        }
    }
}

impl UntakenKind {
    /// Whether an import that met it took only a part of what it could have taken.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, UntakenKind::Damaged | UntakenKind::Refused)
    }
}

impl Untaken {
    /// Something that there is nothing to keep as.
    #[must_use]
    pub fn unsupported(what: impl Into<String>, place: impl Into<String>, why: &str) -> Untaken {
        Untaken::new(UntakenKind::Unsupported, what, place, why)
    }

    /// Something that is damaged.
    #[must_use]
    pub fn damaged(what: impl Into<String>, place: impl Into<String>, why: &str) -> Untaken {
        Untaken::new(UntakenKind::Damaged, what, place, why)
    }

    /// Something that the store does not take.
    #[must_use]
    pub fn refused(what: impl Into<String>, place: impl Into<String>, why: &str) -> Untaken {
        Untaken::new(UntakenKind::Refused, what, place, why)
    }

    /// Something that there is more to know about.
    #[must_use]
    pub fn noted(what: impl Into<String>, place: impl Into<String>, why: &str) -> Untaken {
        Untaken::new(UntakenKind::Noted, what, place, why)
    }

    /// Something that was deleted here.
    #[must_use]
    pub fn deleted(what: impl Into<String>, place: impl Into<String>, why: &str) -> Untaken {
        Untaken::new(UntakenKind::Deleted, what, place, why)
    }

    fn new(
        kind: UntakenKind,
        what: impl Into<String>,
        place: impl Into<String>,
        why: &str,
    ) -> Untaken {
        Untaken {
            kind,
            what: what.into(),
            place: place.into(),
            why: why.to_owned(),
        }
    }
}

impl fmt::Display for Untaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.what, self.why)
    }
}
