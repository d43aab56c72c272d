//! A history that is asked for again: only what came since the last time.
//!
//! Invariants: a part and the ones before it, up to the last whole one, are together the history, each point once; a
//! mark of records that the log does not have any more is never gone on from.

use mltrack_log::{Cursor, LogError, Reader};
use mltrack_projector_metrics::{Answer, AnswerError, Asked, Asking, Points, SeriesFolder};

use crate::error::Result;
use crate::history::HistoryQuery;

/// How far into the log a history was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HistoryMark(Cursor);

/// What a history has behind a mark.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HistoryPart {
    /// The points, in the order of their steps.
    pub points: Points,
    /// Where the next part begins. `None` before the run's first record.
    pub mark: Option<HistoryMark>,
    /// Whether these are all points, whatever was read before.
    pub is_whole: bool,
}

impl HistoryQuery {
    /// Asks for the points that were logged since `mark` was given, as of now; without one, for all. Where the log was
    /// cut off behind the mark, all are in the answer, which says so.
    ///
    /// Errors: those of [`HistoryQuery::fetch`].
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.log_metrics(0, [("loss", 0.5)])?;
    /// let known = tracker.history(run.id(), "loss").fetch_after(None)?;
    /// assert!(known.is_whole);
    /// run.log_metrics(1, [("loss", 0.25)])?;
    /// let new = tracker.history(run.id(), "loss").fetch_after(known.mark)?;
    /// assert_eq!((new.is_whole, new.points.values), (false, vec![0.25]));
    /// # run.finish()
    /// # }
    /// ```
    pub fn fetch_after(self, mark: Option<HistoryMark>) -> Result<HistoryPart> {
        let mut part = HistoryPart::default();
        part.points = self.points_with(|all| {
            let Some(store) = &all.store else {
                part.is_whole = true;
                return Ok(Vec::new());
            };
            let found = store.histories_after(all.run, &all.query, mark.map(|mark| mark.0))?;
            part.is_whole = found.is_whole || found.mark.is_none();
            part.mark = found.mark.map(HistoryMark);
            Ok(found.answer.histories)
        })?;
        Ok(part)
    }
}

/// What the store answers.
#[derive(Default)]
pub(crate) struct Found {
    pub answer: Answer,
    pub mark: Option<Cursor>,
    pub is_whole: bool,
}

/// Answers about the records behind a mark, or about all where the log does not have what is before it.
pub(crate) fn answer_after(
    folder: &SeriesFolder,
    asking: Asking<'_>,
    mark: Option<Cursor>,
) -> Result<Found, AnswerError> {
    let Asking {
        reader,
        asked,
        set_aside,
    } = asking;
    let known = mark.filter(|mark| mark.next <= asked.end);
    let known = known.map_or(Ok(None), |mark| going_on(reader, mark))?;
    let first = known.map_or(asked.first, |mark| asked.first.max(mark.next));
    reader.seek(asked.end);
    let mark = Some(reader.cursor());
    let asked = Asked {
        first,
        ..asked.clone()
    };
    let answer = if first < asked.end {
        folder.answer(Asking {
            reader,
            asked: &asked,
            set_aside,
        })?
    } else {
        Answer::default()
    };
    Ok(Found {
        answer,
        mark,
        is_whole: known.is_none(),
    })
}

/// The mark, unless the log was cut off behind it.
fn going_on(reader: &mut Reader, mark: Cursor) -> Result<Option<Cursor>, LogError> {
    match reader.resume(mark) {
        Ok(()) => Ok(Some(mark)),
        Err(LogError::Rewound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
