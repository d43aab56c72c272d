//! Histories from the store's series files and the log, and the upkeep of these files by command.
//!
//! Invariants: a question is answered about exactly the records that the state it was asked of has folded; what goes
//! wrong with series files is a warning, never an error of a question; a store that was opened for reading only is left
//! as it is.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, TryLockError};

use mltrack_event::RunId;
use mltrack_log::{Cursor, Lsn, Reader};
use mltrack_projector::Dictionary;
use mltrack_projector_metrics::{
    Answer, AnswerError, Asked, Asking, Extended, Query, SeriesError, SeriesFolder, SetAsideFile,
    Stretched, ValueKind, ValuePoint,
};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::extension::Extensions;
use crate::history_part::{Found, answer_after};
use crate::moment::Moment;
use crate::store::Store;
use crate::tracker::Tracker;
use crate::warning::Warning;

/// The folder of the series files in a store.
const SERIES_FOLDER: &str = "series";
/// A question that had to read so many records of the log begins an extension of the series files: some hundredths of a
/// second of reading.
const LOG_RECORDS_MAX: u64 = 250_000;
/// What one writer, or one reader, keeps for questions about histories.
pub(crate) struct Desk {
    folder: Arc<SeriesFolder>,
    /// Kept between questions, because opening one looks at every segment.
    reader: Mutex<Reader>,
    /// What is written in the background, so that it answers sooner.
    pub extensions: Extensions,
}

/// The part of the log that a question about a run is about.
struct Scope {
    dictionary: Dictionary,
    first: Lsn,
    end: Lsn,
}

impl Tracker {
    /// Writes the log's points to the store's series files, as far as they are not there yet: with them, histories of
    /// any length are read in moments. This happens by itself while a long run goes on and when it ends, and when a
    /// question had to read much of the log; nothing depends on it. `None` when the tracker is disabled.
    ///
    /// Errors: `INVALID_STATE` for a store opened for reading, `IO_ERROR` when the folder cannot be written.
    pub fn extend_series(&self) -> Result<Option<Extended>> {
        match self.store() {
            Some(store) => Ok(Some(store.extend_series()?)),
            None => Ok(None),
        }
    }
}

impl Desk {
    pub fn new(path: &std::path::Path, reader: Reader) -> Desk {
        let folder = Arc::new(SeriesFolder::new(path.join(SERIES_FOLDER)));
        Desk {
            extensions: Extensions::new(Arc::clone(&folder), reader.end()),
            folder,
            reader: Mutex::new(reader),
        }
    }

    /// Asks with the kept reader, or with a fresh one while another thread uses it.
    fn with_reader<T>(
        &self,
        fresh: impl FnOnce() -> Result<Reader>,
        ask: impl FnOnce(&mut Reader) -> Result<T>,
    ) -> Result<T> {
        match self.reader.try_lock() {
            Ok(mut reader) => ask(&mut reader),
            Err(TryLockError::Poisoned(poisoned)) => ask(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => ask(&mut fresh()?),
        }
    }
}

impl Store {
    /// The histories that a query asks for, as they were at a moment. Errors: `NOT_FOUND` for the run.
    pub fn histories(
        &self,
        run: RunId,
        query: &Query,
        moment: Moment,
    ) -> Result<Vec<mltrack_projector_metrics::History>> {
        let answer: Answer = self.ask(run, query, moment, SeriesFolder::answer)?;
        self.note_effort(answer.log_records)?;
        Ok(answer.histories)
    }

    /// What `fold` makes of every point that a query asks for; `None` before the run's first record.
    pub fn fold_histories<T>(
        &self,
        run: RunId,
        query: &Query,
        moment: Moment,
        fold: impl Fn(&Stretched) -> std::result::Result<T, AnswerError>,
    ) -> Result<Option<T>> {
        let ask = |folder: &SeriesFolder, asking: Asking<'_>| {
            let with_effort = |found: &Stretched| Ok((fold(found)?, found.log_records));
            folder.fold(asking, with_effort).map(Some)
        };
        let Some((made, log_records)) = self.ask(run, query, moment, ask)? else {
            return Ok(None);
        };
        self.note_effort(log_records)?;
        Ok(Some(made))
    }

    /// What a query asks for as of now, behind a mark or all of it, and the next mark.
    pub fn histories_after(
        &self,
        run: RunId,
        query: &Query,
        mark: Option<Cursor>,
    ) -> Result<Found> {
        let ask = |folder: &SeriesFolder, asking: Asking<'_>| answer_after(folder, asking, mark);
        let found = self.ask(run, query, Moment::Now, ask)?;
        self.note_effort(found.answer.log_records)?;
        Ok(found)
    }

    /// Has the series files extended when an answer had to be read from the log.
    fn note_effort(&self, log_records: u64) -> Result<()> {
        if log_records > LOG_RECORDS_MAX && self.is_writable() {
            self.extend_after_answer(self.session()?);
        }
        Ok(())
    }

    /// The values of a kind, likewise.
    pub fn values<T: ValueKind>(
        &self,
        run: RunId,
        query: &Query,
        moment: Moment,
    ) -> Result<Vec<ValuePoint<T>>> {
        self.ask(run, query, moment, SeriesFolder::values)
    }

    fn ask<T: Default>(
        &self,
        run: RunId,
        query: &Query,
        moment: Moment,
        ask: impl FnOnce(&SeriesFolder, Asking<'_>) -> Result<T, AnswerError>,
    ) -> Result<T> {
        let Some(scope) = self.scope(run, moment)? else {
            return Ok(T::default());
        };
        let asked = Asked {
            query,
            dictionary: &scope.dictionary,
            first: scope.first,
            end: scope.end,
        };
        let desk = &self.session()?.desk;
        let mut set_aside = Vec::new();
        let answer = desk.with_reader(
            || self.reader(),
            |reader| {
                reader.refresh()?;
                let asking = Asking {
                    reader,
                    asked: &asked,
                    set_aside: &mut set_aside,
                };
                Ok(ask(&desk.folder, asking)?)
            },
        );
        for file in set_aside {
            self.warnings.tell(&Warning::of_file(file));
        }
        answer
    }

    /// `None` when the moment is before the run's first record.
    fn scope(&self, run: RunId, moment: Moment) -> Result<Option<Scope>> {
        // The dictionary of now holds that of any earlier moment.
        let mut scope = self.with_state(|state, reader| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            Ok(Scope {
                dictionary: state.dictionary().clone(),
                first: known.created.lsn,
                // Nothing about the run comes behind the last event that was heard of it.
                end: known.heard.lsn.plus(1).min(reader.next_lsn()),
            })
        })?;
        if moment != Moment::Now {
            match self.last_of(moment)? {
                Some(last) => scope.end = scope.end.min(last.plus(1)),
                None => return Ok(None),
            }
        }
        Ok((scope.first < scope.end).then_some(scope))
    }

    /// Writes what the series files do not hold yet.
    pub fn extend_series(&self) -> Result<Extended> {
        if !self.is_writable() {
            return Err(Error::read_only());
        }
        let desk = &self.session()?.desk;
        let open = || self.log_reader();
        Ok(desk.folder.extend(&open, &AtomicBool::new(false))?)
    }

    /// Writes all of it anew.
    pub fn rewrite_series(&self) -> Result<Extended> {
        self.session()?.desk.folder.clear()?;
        self.extend_series()
    }
}

impl From<AnswerError> for Error {
    fn from(error: AnswerError) -> Error {
        match error {
            AnswerError::Log(error) => error.into(),
            AnswerError::Source { .. } => Error::new(Code::Corrupt, error.to_string()),
        }
    }
}

impl From<SeriesError> for Error {
    fn from(error: SeriesError) -> Error {
        match error {
            SeriesError::Log(error) => error.into(),
            SeriesError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Error::new(Code::DiskFull, "the series files cannot be written")
                    .with_hint("free some space; nothing is lost, histories only take longer")
                    .with_source(source)
            }
            SeriesError::Io { .. } => Error::new(Code::IoError, error.to_string())
                .with_hint("nothing is lost, histories only take longer")
                .with_source(error),
        }
    }
}

impl Warning {
    fn of_file(file: SetAsideFile) -> Warning {
        Warning::SeriesSetAside {
            path: file.path,
            why: file.why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_segments_are_read_as_columns_and_their_series_files_go() {
        let folder = tempfile::tempdir().unwrap();
        let builder = Tracker::builder(folder.path()).segment_size(1 << 16);
        let tracker = builder.open().unwrap();
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        for step in 0..20_000 {
            run.log_metrics(step, [("loss", step as f64)]).unwrap();
        }
        run.finish().unwrap();
        let query = Query::new(run.id().key()).metric("loss");
        let ask = || -> Answer {
            let store = tracker.store().unwrap();
            let ask = store.ask(run.id(), &query, Moment::Now, SeriesFolder::answer);
            ask.unwrap()
        };
        let before = ask();
        assert!(before.log_records >= 20_000);
        tracker.extend_series().unwrap();
        let report = tracker.compact().free_at_once(true).run().unwrap().unwrap();
        assert!(report.packed > 5, "{report:?}");
        let series = tracker.path().unwrap().join(SERIES_FOLDER);
        std::fs::remove_dir_all(series).unwrap();
        let after = ask();
        assert_eq!(after.histories, before.histories);
        assert!(
            after.log_records < 10_000,
            "{} records of the tail",
            after.log_records
        );
        // Only what is not packed is written, and nothing is read from the log any more.
        let written = tracker.extend_series().unwrap().unwrap();
        assert!((1..10_000).contains(&written.records), "{written:?}");
        let at_last = ask();
        assert_eq!(
            (at_last.histories, at_last.log_records),
            (before.histories, 0)
        );
    }

    #[test]
    fn stretches_hold_every_point_once_wherever_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let builder = Tracker::builder(folder.path()).segment_size(1 << 16);
        let tracker = builder.open().unwrap();
        let run = tracker.experiment("resnet").unwrap().start_run().unwrap();
        // Some in packed segments, some in series files, some in the log alone; and some steps come again.
        for step in 0..6_000_i64 {
            run.log_metrics(step % 4_000, [("loss", step as f64), ("lr", 0.5)])
                .unwrap();
            if step == 4_500 {
                tracker.extend_series().unwrap();
            }
        }
        run.finish().unwrap();
        for pattern in ["loss", "*"] {
            let query = || tracker.histories(run.id()).metric(pattern);
            let found = query().fold(|found| {
                let mut metrics = Vec::new();
                for metric in &found.metrics {
                    let mut all = mltrack_projector_metrics::Points::default();
                    for stretch in &metric.stretches {
                        let mut points = stretch.read(true)?;
                        let bounds = (points.steps[0], points.steps[points.len() - 1]);
                        assert_eq!((points.len(), bounds), (stretch.rows(), stretch.steps()));
                        all.steps.append(&mut points.steps);
                        all.times_ns.append(&mut points.times_ns);
                        all.values.append(&mut points.values);
                    }
                    all.sort_by_step();
                    metrics.push((metric.name.clone(), all));
                }
                Ok(metrics)
            });
            let expected = query().fetch().unwrap().into_iter().map(|history| {
                let mut points = history.series.points().cloned().unwrap();
                points.lsns.clear();
                (history.name, points)
            });
            assert_eq!(found.unwrap().unwrap(), expected.collect::<Vec<_>>());
        }
    }
}
