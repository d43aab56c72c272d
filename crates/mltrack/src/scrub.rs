//! Scrubbing: what slipped into a run and must not be kept is taken away, the event and its bytes.
//!
//! Invariants: an event says which records are written over before the first of them is, and another one when all are, at
//! which every fold that knew the old ones begins again; nothing else of the run changes. What was scrubbed cannot be
//! brought back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mltrack_event::{Event, RecordsScrubbed, RunId, StreamId};
use mltrack_log::{Batch, CompactOptions, CompactReport, LogError, Lsn, SkipReason};
use mltrack_projector_metrics::SeriesFolder;
use regex::Regex;

use crate::builder::SNAPSHOT_FOLDER;
use crate::code::Code;
use crate::compact::How;
use crate::error::{Error, Result};
use crate::gc::{SERIES_FOLDER, drop_index, remove_file, series_error};
use crate::scrub_find::{Found, find};
use crate::scrub_mask::{Parts, What};
use crate::store::{Store, push_event};
use crate::tracker::Tracker;

/// Files that recovery has put aside: they never counted, and may hold what is to go.
const TRASH_FOLDER: &str = "trash";
/// A record names at most so many others, far below what one holds.
const LSNS_AT_ONCE_MAX: usize = 100_000;
/// Why a scrubbing that has begun is one: what it found is not said.
pub(crate) const BEGUN: &str = "scrubbing has begun";
const DONE: &str = "scrubbed";
/// How often a log that does not move is asked again; each time takes some 20 ms.
const ATTEMPTS: u32 = 500;

/// A scrubbing to be done; see [`Tracker::scrub`].
#[must_use = "nothing is scrubbed before `run`"]
pub struct Scrub {
    store: Option<Arc<Store>>,
    run: RunId,
    what: Option<Result<What>>,
    parts: Parts,
    is_dry_run: bool,
}

/// A record of which something was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScrubbedRecord {
    /// The record.
    pub lsn: Lsn,
    /// Its type, such as `params_logged`.
    pub kind: &'static str,
}

/// What a scrubbing did, or would do.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ScrubReport {
    /// Records of which something was taken away, in log order.
    pub records: Vec<ScrubbedRecord>,
    /// Files of which something was taken away, or that went, as `path@vN`.
    pub artifacts: Vec<String>,
    /// What holds it and is not scrubbed, with what takes it away there: files of other runs, of datasets and of models
    /// that have the same bytes, what cannot be read. Empty: nothing is left.
    pub left: Vec<String>,
}

impl ScrubReport {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.artifacts.is_empty()
    }
}

impl Tracker {
    /// Takes what slipped into a run and must not be kept away for good: from its records, also the packed ones, and from
    /// everything that is kept beside the log. `***` stands in its place. Others may go on logging and looking.
    ///
    /// Without a part, all parts of the run are searched; without a text, pattern or `secrets`, everything in the parts
    /// that are named goes.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_param("endpoint", "https://host/?key=0451")?;
    /// run.finish()?;
    /// let report = tracker.scrub(run.id()).text("0451").run()?;
    /// assert_eq!(report.records[0].kind, "params_logged");
    /// assert_eq!(tracker.run_summary(run.id())?.params["endpoint"], "https://host/?key=***".into());
    /// # Ok(())
    /// # }
    /// ```
    pub fn scrub(&self, run: RunId) -> Scrub {
        Scrub {
            store: self.store().cloned(),
            run,
            what: None,
            parts: Parts::default(),
            is_dry_run: false,
        }
    }
}

impl Scrub {
    /// This text goes.
    pub fn text(mut self, text: impl Into<String>) -> Scrub {
        let text = text.into();
        self.what = Some(if text.is_empty() {
            let what = "an empty text is everywhere: name what is to go";
            Err(Error::validation(what))
        } else {
            Ok(What::Text(text))
        });
        self
    }

    /// What matches this regular expression goes.
    pub fn pattern(mut self, pattern: &str) -> Scrub {
        self.what = Some(match Regex::new(pattern) {
            Ok(regex) if regex.is_match("") => Err(Error::validation(format!(
                "the pattern {pattern:?} matches nothing at all, and that is everywhere"
            ))),
            Ok(regex) => Ok(What::Pattern(regex)),
            Err(error) => Err(Error::validation(format!(
                "{pattern:?} is no pattern: {error}"
            ))),
        });
        self
    }

    /// What looks like a password, a key or a token goes.
    pub fn secrets(mut self) -> Scrub {
        self.what = Some(Ok(What::Secrets));
        self
    }

    /// Looks at the values of parameters.
    pub fn params(mut self) -> Scrub {
        self.parts.params = true;
        self
    }

    /// Looks at the lines of the run's log and its console.
    pub fn lines(mut self) -> Scrub {
        self.parts.lines = true;
        self
    }

    /// Looks at the captured environment.
    pub fn environment(mut self) -> Scrub {
        self.parts.environment = true;
        self
    }

    /// Looks at the captured patch.
    pub fn patch(mut self) -> Scrub {
        self.parts.patch = true;
        self
    }

    /// Only says what would go.
    pub fn dry_run(mut self, is_dry_run: bool) -> Scrub {
        self.is_dry_run = is_dry_run;
        self
    }

    /// Scrubs. An empty report says that nothing was found.
    ///
    /// Errors: `NOT_FOUND` for the run, `VALIDATION_ERROR` when nothing says what is to go, `BUSY` while another process
    /// compacts, `CORRUPT` for a damaged segment that holds it. After an error the call can be repeated.
    pub fn run(self) -> Result<ScrubReport> {
        let Some(store) = &self.store else {
            return Ok(ScrubReport::default());
        };
        let (parts, what) = match self.what {
            None if self.parts.is_none() => {
                let what = "nothing says what is to go: name a text, a pattern, secrets, or a part";
                return Err(Error::validation(what));
            }
            None => (self.parts, What::Everything),
            Some(what) if self.parts.is_none() => (Parts::ALL, what?),
            Some(what) => (self.parts, what?),
        };
        if !self.is_dry_run {
            store.log()?;
        }
        let found = find(store, self.run, (parts, &what), self.is_dry_run)?;
        let records = found.kinds.iter();
        let mut report = ScrubReport {
            records: records
                .map(|(lsn, kind)| ScrubbedRecord { lsn: *lsn, kind })
                .collect(),
            artifacts: found.files.names.clone(),
            left: found.left.clone(),
        };
        if self.is_dry_run {
            report.left.extend(found.files.holders(store)?);
        }
        if !self.is_dry_run && (!found.records.is_empty() || found.is_unfinished) {
            write_over(store, self.run, &found)?;
            report.left.extend(found.files.sweep(store)?);
        }
        Ok(report)
    }
}

/// Announces, writes over, and ends the scrubbing.
fn write_over(store: &Store, run: RunId, found: &Found) -> Result<()> {
    let gone = found
        .records
        .iter()
        .filter(|(_, payload)| payload.is_none());
    let lsns: Vec<u64> = gone.map(|(lsn, _)| lsn.get()).collect();
    let (first, rest) = lsns.split_at(lsns.len().min(LSNS_AT_ONCE_MAX));
    say(store, run, first, BEGUN)?;
    // Said at least twice: what is written over must lie in neither of the two newest segments.
    for chunk in rest.chunks(LSNS_AT_ONCE_MAX) {
        say(store, run, chunk, BEGUN)?;
    }
    say(store, run, &[], BEGUN)?;
    store.log()?.sync()?;
    let options = CompactOptions {
        overwrite: Some(&found.records),
        ..How {
            frees_at_once: true,
            ..How::default()
        }
        .options()
    };
    let compacted = store
        .log()?
        .compact(&options)
        .map_err(crate::compact::busy)?;
    complete(found, &compacted)?;
    say(store, run, &[], DONE)?;
    forget(store)
}

/// Appends the event as the first record of a segment.
fn say(store: &Store, run: RunId, lsns: &[u64], why: &str) -> Result<()> {
    let (actor, command) = store.by();
    let event = Event::from(RecordsScrubbed {
        run: run.key(),
        lsns: lsns.to_vec(),
        blobs: Vec::new(),
        why: why.to_owned(),
        actor,
        command,
    });
    let stream = mltrack_log::StreamId(StreamId::run(run.key()).0);
    let mut batch = Batch::new();
    push_event(&mut batch, &event, None)?;
    for _ in 1..ATTEMPTS {
        match store.log()?.append_rolled(&mut batch, stream) {
            Err(LogError::Busy { .. }) => {}
            appended => {
                store.settle(store.session()?, &mut batch, appended)?;
                return Ok(());
            }
        }
    }
    let appended = store.log()?.append_rolled(&mut batch, stream);
    store.settle(store.session()?, &mut batch, appended)?;
    Ok(())
}

/// An error when some of what was found still lies where it was.
fn complete(found: &Found, compacted: &CompactReport) -> Result<()> {
    let done = compacted.overwritten_records + compacted.dropped_records;
    if done == found.records.len() as u64 {
        return Ok(());
    }
    let damaged = compacted
        .skipped
        .iter()
        .find_map(|(base, reason)| match reason {
            SkipReason::Damaged(cause) => Some((base, cause)),
            _ => None,
        });
    let what = format!("{done} of {} records are scrubbed", found.records.len());
    Err(match damaged {
        Some((base, cause)) => {
            let what = format!("{what}: the segment at lsn {base} is damaged: {cause}");
            Error::new(Code::Corrupt, what).with_hint("mltrack verify --deep, then mltrack repair")
        }
        None => Error::new(Code::Busy, what).with_hint("scrub again"),
    })
}

/// Removes everything that is kept beside the log and was folded from what it held.
fn forget(store: &Store) -> Result<()> {
    let mut stale = files_in(&store.path.join(SNAPSHOT_FOLDER));
    stale.extend(files_in(&store.path.join(TRASH_FOLDER)));
    // The next opener should not have to fold from zero.
    let written = crate::snapshot::write(store)?.path;
    let stale = stale.into_iter().filter(|path| *path != written);
    stale.into_iter().try_for_each(|path| remove_file(&path))?;
    drop_index(store)?;
    let series = SeriesFolder::new(store.path.join(SERIES_FOLDER));
    series.clear().map_err(|error| series_error(&error))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

impl std::fmt::Debug for Scrub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scrub")
            .field("run", &self.run)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}
