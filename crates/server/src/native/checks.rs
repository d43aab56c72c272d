//! What checks of stored bytes found, and how far those are that are being made.
//!
//! Invariants: a result is told only of bytes that this server read itself, with the time it read them; one thing is
//! checked by one call at a time, and few things at once, for a check reads much; results are kept while the server runs,
//! the newest of them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mltrack::{ArtifactCheck, Code, WallTime};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Answer, Fault};
use super::moment::time_text;

/// Results are kept of so many things.
const KEPT_MAX: usize = 10_000;
/// So many checks are made at once.
const RUNNING_MAX: usize = 4;
/// So many damages are told of.
const DAMAGES_MAX: usize = 100;

/// What a check of stored bytes found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArtifactChecked {
    /// Whether the bytes are there and are what the log says.
    pub sound: bool,
    /// How many files were looked at.
    pub files: u64,
    /// How many bytes were read, in all roots that have them.
    pub bytes: u64,
    /// What is wrong, with the place: the first hundred.
    pub damages: Vec<String>,
    /// How much is wrong.
    pub damages_total: u64,
    /// When they were read.
    #[schema(format = DateTime)]
    pub checked: String,
}

/// How far a check is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct CheckProgress {
    /// Bytes of files that are checked.
    pub done: u64,
    /// Bytes of all of them; 0 before that is known.
    pub total: u64,
}

/// The last check of something, and the one that is being made.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastCheck {
    /// What it found; null when this server has not checked it.
    pub last: Option<ArtifactChecked>,
    /// How far the check is that is being made; null when none is.
    pub running: Option<CheckProgress>,
}

/// The checks since the server was started.
#[derive(Clone, Default)]
pub struct Checks(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    last: HashMap<String, ArtifactChecked>,
    order: VecDeque<String>,
    running: HashMap<String, Arc<Progress>>,
}

#[derive(Default)]
struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

/// The right to check something, given back when the check is over, however it ends.
pub struct Turn {
    checks: Checks,
    what: String,
    progress: Arc<Progress>,
}

impl Checks {
    /// What is known of the checks of something.
    pub fn of(&self, what: &str) -> LastCheck {
        let kept = self.kept();
        LastCheck {
            last: kept.last.get(what).cloned(),
            running: kept.running.get(what).map(|progress| CheckProgress {
                done: progress.done.load(Relaxed),
                total: progress.total.load(Relaxed),
            }),
        }
    }

    /// Begins a check of something.
    pub fn begin(&self, what: String) -> Answer<Turn> {
        let mut kept = self.kept();
        if kept.running.contains_key(&what) {
            let fault = Fault::new(Code::Busy, "these bytes are being checked already");
            return Err(fault.hint("GET the same path tells how far that is, and what it found"));
        }
        if kept.running.len() >= RUNNING_MAX {
            let text = format!("{RUNNING_MAX} checks are being made, and no more at once");
            return Err(Fault::new(Code::Busy, text).hint("ask again when one of them is over"));
        }
        let progress = Arc::<Progress>::default();
        kept.running.insert(what.clone(), Arc::clone(&progress));
        Ok(Turn {
            checks: self.clone(),
            what,
            progress,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Takes note of how many bytes are checked, of how many.
    pub fn told(&self, done: u64, total: u64) {
        self.progress.done.fetch_max(done, Relaxed);
        self.progress.total.store(total, Relaxed);
    }

    /// Keeps what was found.
    pub fn keep(self, report: ArtifactCheck) -> ArtifactChecked {
        let found = ArtifactChecked {
            sound: report.is_sound(),
            files: report.artifacts,
            bytes: report.bytes,
            damages_total: report.damages.len() as u64,
            damages: damages(report),
            checked: time_text(WallTime(mltrack::door::wall_time_ns())),
        };
        let mut kept = self.checks.kept();
        let is_new = kept.last.insert(self.what.clone(), found.clone()).is_none();
        if is_new {
            kept.order.push_back(self.what.clone());
        }
        if kept.order.len() > KEPT_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.last.remove(&oldest);
        }
        drop(kept);
        found
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.checks.kept().running.remove(&self.what);
    }
}

/// What is wrong, in words. Files of a version are named; an artifact is what was asked about.
fn damages(report: ArtifactCheck) -> Vec<String> {
    let damages = report.damages.into_iter().take(DAMAGES_MAX);
    damages
        .map(|damage| match damage.run {
            Some(_) if report.artifacts <= 1 => damage.what,
            _ => format!("{}: {}", damage.path, damage.what),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_checked_once_at_a_time_and_few_at_once() {
        let checks = Checks::default();
        let first = checks.begin("a".to_owned()).ok();
        assert!(first.is_some());
        let refused = checks.begin("a".to_owned()).err().map(|fault| fault.code);
        assert_eq!(refused, Some(Code::Busy));
        let others: Vec<Turn> = ["b", "c", "d"]
            .iter()
            .filter_map(|what| checks.begin((*what).to_owned()).ok())
            .collect();
        assert_eq!(others.len(), 3);
        assert!(checks.begin("e".to_owned()).is_err());
        first.as_ref().unwrap().told(3, 10);
        let running = checks.of("a").running.unwrap();
        assert_eq!((running.done, running.total), (3, 10));
        first.unwrap().keep(ArtifactCheck::default());
        assert!(checks.of("a").running.is_none());
        assert!(checks.of("a").last.is_some_and(|last| last.sound));
        assert!(checks.begin("e".to_owned()).is_ok());
    }

    #[test]
    fn no_more_results_are_kept_than_there_is_room_for() {
        let checks = Checks::default();
        for number in 0..=KEPT_MAX {
            let turn = checks.begin(number.to_string()).ok().unwrap();
            turn.keep(ArtifactCheck::default());
        }
        assert!(checks.of("0").last.is_none());
        assert!(checks.of("1").last.is_some());
        assert!(checks.of(&KEPT_MAX.to_string()).last.is_some());
    }
}
