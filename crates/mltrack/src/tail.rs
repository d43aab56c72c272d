//! Following the log as it grows: events with names, from any point on.
//!
//! Invariants: every event that is asked for comes once and in order; following has no effect on who writes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mltrack_event::{ExperimentId, RunId, RunKey, WallTime, type_from_name};
use mltrack_log::{Lsn, Reader, door};
use mltrack_projector_runs::State;

use crate::code::Code;
use crate::error::{Error, Result};
use crate::follow::{EventStream, Follow};
use crate::lens::Lens;
use crate::store::Store;
use crate::tracker::Tracker;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cursor {
    /// At the first record.
    Start,
    /// Behind the last one: only what is new.
    #[default]
    End,
    /// At this record.
    Lsn(Lsn),
    /// At the first record appended after so much time ago.
    Since(Duration),
    /// At the first record appended after this time.
    At(WallTime),
    /// Where another tail stood; `CONFLICT` when an unclean stop has cut off what it had seen.
    Resume(mltrack_log::Cursor),
}

/// What to follow; see [`Tracker::tail`].
#[must_use = "nothing is followed before `follow` or `stream`"]
pub struct TailBuilder {
    store: Option<Arc<Store>>,
    from: Cursor,
    run: Option<RunId>,
    experiment: Option<String>,
    types: Vec<String>,
}

/// What is asked for, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub types: HashSet<u16>,
    pub run: Option<RunKey>,
    pub experiment: Option<ExperimentId>,
}

impl Tracker {
    /// Follows the log, from its end on unless said otherwise.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("loss", 0.5)?))?;
    /// use mltrack::Cursor;
    ///
    /// for event in tracker.tail().from(Cursor::Start).experiment("resnet").types(["metrics_logged"]).follow() {
    ///     let event = event?;
    ///     let (name, step, value) = event.points().next().unwrap();
    ///     assert_eq!((name, step, value), ("loss", 0, 0.5));
    /// #   break;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tail(&self) -> TailBuilder {
        TailBuilder {
            store: self.store().cloned(),
            from: Cursor::End,
            run: None,
            experiment: None,
            types: Vec::new(),
        }
    }
}

impl TailBuilder {
    /// Where to begin.
    pub fn from(mut self, from: Cursor) -> TailBuilder {
        self.from = from;
        self
    }

    /// Only events about the experiment of this name, or about its runs.
    pub fn experiment(mut self, name: impl Into<String>) -> TailBuilder {
        self.experiment = Some(name.into());
        self
    }

    /// Only events about this run.
    pub fn run(mut self, run: RunId) -> TailBuilder {
        self.run = Some(run);
        self
    }

    /// Only events of these types, such as `metrics_logged`.
    pub fn types(mut self, names: impl IntoIterator<Item: Into<String>>) -> TailBuilder {
        self.types.extend(names.into_iter().map(Into::into));
        self
    }

    /// Events as they come, blocking until there is one: an iterator without end. Wrong questions and failures of
    /// reading are its items; after one it ends. To wait no longer than some time, ask
    /// [`Follow::next_within`].
    pub fn follow(self) -> Follow {
        match self.open() {
            Ok(Some((reader, wanted, lens))) => Follow::new(reader, wanted, lens),
            Ok(None) => Follow::nothing(None),
            Err(error) => Follow::nothing(Some(error)),
        }
    }

    /// Events as they come, for async programs; works in any runtime. A thread of its own waits for the log.
    ///
    /// Errors: `VALIDATION_ERROR` for a type, `NOT_FOUND` for a run or an experiment.
    pub fn stream(self) -> Result<EventStream> {
        let opened = self.open()?;
        Ok(EventStream::new(opened))
    }

    fn open(self) -> Result<Option<(Reader, Wanted, Lens)>> {
        self.open_at(false)
    }

    /// `is_lenient`: where damage keeps the log from being folded, names are only those that are met while it is read.
    pub(crate) fn open_at(self, is_lenient: bool) -> Result<Option<(Reader, Wanted, Lens)>> {
        let mut wanted = Wanted {
            types: self.type_ids()?,
            ..Wanted::default()
        };
        let Some(store) = &self.store else {
            return Ok(None);
        };
        let mut reader = store.reader()?;
        place(&mut reader, self.from)?;
        let lens = store.with_state(|state, _| {
            if let Some(id) = self.run {
                let run = state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
                wanted.run = Some(run.key());
            }
            if let Some(name) = &self.experiment {
                wanted.experiment = Some(state.find_experiment(name)?.id);
            }
            Ok(Lens::of(state))
        });
        let is_borne = is_lenient && self.experiment.is_none();
        let lens = match lens {
            Err(error) if is_borne && error.code() == Code::Corrupt => {
                wanted.run = self.run.map(RunId::key);
                Lens::of(&State::default())
            }
            lens => lens?,
        };
        Ok(Some((reader, wanted, lens)))
    }

    fn type_ids(&self) -> Result<HashSet<u16>> {
        let of_name = |name: &String| {
            type_from_name(name)
                .map(|type_id| type_id.0)
                .ok_or_else(|| {
                    let known = mltrack_event::TypeId::ALL
                        .iter()
                        .filter_map(|known| known.name());
                    let known: Vec<&str> = known.collect();
                    Error::new(Code::ValidationError, format!("no event type {name:?}"))
                        .with_hint(format!("one of {}", known.join(", ")))
                })
        };
        self.types.iter().map(of_name).collect()
    }
}

fn place(reader: &mut Reader, from: Cursor) -> Result<()> {
    match from {
        Cursor::Start => reader.seek(Lsn::FIRST),
        Cursor::End => {
            let end = reader.refresh()?;
            reader.seek(end);
        }
        Cursor::Lsn(lsn) => reader.seek(lsn),
        Cursor::Since(ago) => {
            let ago_ns = i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX);
            seek_behind(reader, door::wall_time_ns().saturating_sub(ago_ns))?;
        }
        Cursor::At(time) => seek_behind(reader, time.0)?,
        Cursor::Resume(cursor) => reader.resume(cursor)?,
    }
    Ok(())
}

fn seek_behind(reader: &mut Reader, time_ns: i64) -> Result<()> {
    let last = reader.last_at(time_ns)?;
    reader.seek(last.map_or(Lsn::FIRST, |last| last.plus(1)));
    Ok(())
}
