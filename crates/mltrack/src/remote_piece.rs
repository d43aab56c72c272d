//! Bringing what a run recorded elsewhere into the store piece by piece, each with a mark of how far that went.
//!
//! Invariants: a piece and its mark are one batch, so that who is killed goes on where the mark says, with nothing twice
//! and nothing left out; of two that bring in the same thing one is refused; a run that has ended takes pieces all the
//! same, and one that is deleted does not.

use mltrack_event::{
    ArtifactId, ArtifactLogged, Event, JsonLogged, Line, LogLine, NameKind, NoteAdded, Root,
    RunKey, StreamId, WallTime, encode_metric_batch,
};
use mltrack_log::{Batch, Lsn, door};

use crate::artifact_kind::kind_of;
use crate::artifact_path::normal;
use crate::artifact_stored::StoredBytes;
use crate::code::Code;
use crate::decide::Claim;
use crate::document::{check_body, check_id};
use crate::document_bodies::{NewBody, put_events};
use crate::error::{Error, Result};
use crate::histogram;
use crate::lock::guard;
use crate::recorder::define;
use crate::remote::RemoteRun;
use crate::store::{Session, Store, push_event};

/// The kind of the documents that are marks: no operation, so that nothing takes back how far something was brought in
/// without what was brought.
pub const PIECE_MARKS: &str = "import";
/// A record has at most so many rows: well below what a payload may hold.
const ROWS_MAX: usize = 16_384;
/// And so many lines.
const LINES_MAX: usize = 512;
/// In about so many bytes.
const LINES_LEN_MAX: usize = 256 << 10;

/// What is brought into a run in one step; see [`RemoteRun::bring`].
#[derive(Debug, Default)]
pub struct Piece<'a> {
    /// Points, a column for each metric.
    pub columns: Vec<PieceColumn<'a>>,
    /// Distributions.
    pub histograms: Vec<PieceHistogram<'a>>,
    /// JSON values.
    pub values: Vec<PieceValue<'a>>,
    /// Lines of the run's log, with times of their own.
    pub lines: Vec<Line>,
    /// Notes, with when they were written.
    pub notes: Vec<(WallTime, String)>,
    /// Artifacts whose bytes are stored already.
    pub artifacts: Vec<PieceArtifact<'a>>,
}

/// Points of one metric, in the order in which they were logged: as many steps as times and values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PieceColumn<'a> {
    /// The metric's name.
    pub name: &'a str,
    /// The steps.
    pub steps: &'a [i64],
    /// When each happened, in nanoseconds since the epoch.
    pub times_ns: &'a [i64],
    /// The values.
    pub values: &'a [f64],
}

/// A distribution at a step, as somebody else has counted it.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceHistogram<'a> {
    /// What is distributed.
    pub name: &'a str,
    /// Its step.
    pub step: i64,
    /// When it was logged.
    pub time: WallTime,
    /// One edge more than there are counts.
    pub edges: &'a [f64],
    /// How many values each bucket holds.
    pub counts: &'a [u64],
    /// What is known of the values beside the buckets; else it is as near as they are narrow.
    pub sums: Option<PieceSums>,
}

/// What is known of distributed values beside their buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PieceSums {
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub sum_of_squares: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// A JSON value at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct PieceValue<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its step.
    pub step: i64,
    /// When it was logged.
    pub time: WallTime,
    /// The value, as JSON text.
    pub json: String,
}

/// A file of the run.
#[derive(Debug)]
pub struct PieceArtifact<'a> {
    /// Its path in the run.
    pub path: &'a str,
    /// Its bytes.
    pub stored: StoredBytes,
    /// The step it belongs to.
    pub step: Option<i64>,
    /// When it was logged.
    pub time: WallTime,
    /// What else is said of it, as JSON text; empty for nothing.
    pub metadata: String,
}

/// How far something was brought in: a document that changes with each piece, and that nobody else changes meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceMark {
    id: String,
    /// Nobody may have changed it from here on.
    seen: Lsn,
}

impl crate::Tracker {
    /// A mark as it is now, and what it says; `None` when it was never set. It is a
    /// [document](crate::Tracker::documents) of the kind [`PIECE_MARKS`].
    ///
    /// Errors: `VALIDATION_ERROR` for what is no id of a document.
    pub fn piece_mark(&self, id: &str) -> Result<(PieceMark, Option<String>)> {
        // Who sets it between these two lines is noticed by the first piece.
        let seen = self.next_lsn()?.unwrap_or(Lsn::FIRST);
        let known = self.documents(PIECE_MARKS).get(id)?;
        let mark = PieceMark {
            id: id.to_owned(),
            seen,
        };
        Ok((mark, known.map(|known| known.body.to_string())))
    }
}

/// The slot of a metric, which the batch explains if the log does not.
fn slot(
    session: &Session,
    name: &str,
    batch: &mut Batch,
    slots: &mut Vec<usize>,
) -> Result<mltrack_event::ColumnsId> {
    let mut pen = guard(&session.remote.pen);
    let slot = pen.names.metric(name)?;
    if !pen.names.slots[slot].is_defined && !slots.contains(&slot) {
        define(session, &pen.names.slots[slot], batch)?;
        slots.push(slot);
    }
    Ok(pen.names.slots[slot].columns)
}

impl RemoteRun {
    /// Appends a piece together with what its mark says from now on: all of it or nothing. Visible on return. The record
    /// that set the mark; `None` when the tracker is disabled.
    ///
    /// Errors: `CONFLICT` when somebody else has set the mark since, with nothing appended; `INVALID_STATE` when the run
    /// is deleted, `VALIDATION_ERROR` for a name that is none, columns of unequal length, buckets that are none,
    /// `BUSY` while the log does not move, `DISK_FULL`.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{Piece, PieceColumn};
    ///
    /// let experiment = tracker.experiment("resnet")?;
    /// let run = tracker.new_remote_run(experiment.id()).create()?;
    /// let (mut mark, said) = tracker.piece_mark("loss.csv")?;
    /// assert_eq!(said, None);
    /// let loss = PieceColumn { name: "loss", steps: &[1, 2], times_ns: &[10, 20], values: &[0.5, 0.4] };
    /// run.bring(&mut Piece { columns: vec![loss], ..Piece::default() }, &mut mark, r#"{"rows":2}"#)?;
    /// assert_eq!(tracker.piece_mark("loss.csv")?.1.unwrap(), r#"{"rows":2}"#);
    /// assert_eq!(tracker.run_summary(run.id())?.points, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn bring(
        &self,
        piece: &mut Piece<'_>,
        mark: &mut PieceMark,
        says: &str,
    ) -> Result<Option<Lsn>> {
        let Some(store) = &self.store else {
            return Ok(None);
        };
        check_id(&mark.id)?;
        check_body(&mark.id, says)?;
        let session = store.session()?;
        session.watch.look_soon(store.log()?.end()?);
        self.known.gate.admit_present()?;
        let mut batch = Batch::new();
        let mut slots = Vec::new();
        for column in &piece.columns {
            self.push_column(session, column, &mut batch, &mut slots)?;
        }
        for one in &piece.histograms {
            self.push_histogram(session, one, &mut batch, &mut slots)?;
        }
        self.push_others(store, piece, &mut batch)?;
        let logged = mark.append(store, &mut batch, says)?;
        let mut pen = guard(&session.remote.pen);
        for slot in slots {
            pen.names.slots[slot].is_defined = true;
        }
        Ok(logged)
    }

    fn push_column(
        &self,
        session: &Session,
        column: &PieceColumn<'_>,
        batch: &mut Batch,
        slots: &mut Vec<usize>,
    ) -> Result<()> {
        let PieceColumn { name, steps, .. } = column;
        let (times, values) = (column.times_ns, column.values);
        if steps.len() != times.len() || steps.len() != values.len() {
            return Err(Error::validation(format!(
                "{} steps, {} times and {} values of {name:?}: there is one of each for a point",
                steps.len(),
                times.len(),
                values.len()
            )));
        }
        let columns = slot(session, name, batch, slots)?;
        let mut payload = Vec::new();
        let rows = steps.chunks(ROWS_MAX).zip(times.chunks(ROWS_MAX));
        for ((steps, times), values) in rows.zip(values.chunks(ROWS_MAX)) {
            payload.clear();
            let (type_id, version) =
                encode_metric_batch(self.known.key, columns, steps, times, values, &mut payload)?;
            batch.push(type_id.0, version.0, times.first().copied(), &payload)?;
        }
        Ok(())
    }

    fn push_histogram(
        &self,
        session: &Session,
        one: &PieceHistogram<'_>,
        batch: &mut Batch,
        slots: &mut Vec<usize>,
    ) -> Result<()> {
        let metric = mltrack_event::MetricKey::new(one.name)?.id();
        let mut event =
            histogram::counted(self.known.key, metric, one.step, one.edges, one.counts)?;
        if let Some(sums) = one.sums {
            event.sum = sums.sum;
            event.sum_of_squares = sums.sum_of_squares;
            event.min = sums.min;
            event.max = sums.max;
        }
        slot(session, one.name, batch, slots)?;
        push_event(batch, &event.into(), Some(one.time.0))
    }

    /// Adds what needs no names of metrics.
    fn push_others(&self, store: &Store, piece: &mut Piece<'_>, batch: &mut Batch) -> Result<()> {
        let run = self.known.key;
        for value in &mut piece.values {
            NameKind::Json.check(value.name)?;
            let (name, json) = (value.name.to_owned(), std::mem::take(&mut value.json));
            let step = value.step;
            let logged = JsonLogged {
                run,
                name,
                step,
                json,
            };
            push_event(batch, &logged.into(), Some(value.time.0))?;
        }
        push_lines(run, std::mem::take(&mut piece.lines), batch)?;
        for (time, text) in piece.notes.drain(..) {
            let (actor, command) = store.by();
            let added = NoteAdded {
                run,
                text,
                actor,
                command,
            };
            push_event(batch, &added.into(), Some(time.0))?;
        }
        for artifact in &piece.artifacts {
            let event = self.artifact(store, artifact)?;
            push_event(batch, &event, Some(artifact.time.0))?;
        }
        Ok(())
    }

    fn artifact(&self, store: &Store, artifact: &PieceArtifact<'_>) -> Result<Event> {
        let path = normal(artifact.path)?;
        let media_type = artifact.stored.media_type(&path);
        let (actor, command) = store.by();
        Ok(ArtifactLogged {
            artifact: ArtifactId::from_bytes(door::random_bytes()),
            run: self.known.key,
            kind: kind_of(&path, media_type),
            path,
            media_type: media_type.to_owned(),
            len: artifact.stored.len(),
            blob: artifact.stored.blob(),
            root: Root::Artifacts,
            step: artifact.step,
            metadata: artifact.metadata.clone(),
            actor,
            command,
        }
        .into())
    }
}

/// Adds lines, about a quarter of what a record holds in each.
fn push_lines(run: RunKey, lines: Vec<Line>, batch: &mut Batch) -> Result<()> {
    let mut rest = lines.into_iter().peekable();
    while rest.peek().is_some() {
        let (mut lines, mut len) = (Vec::new(), 0);
        while let Some(line) =
            rest.next_if(|line| len + line.text.len() < LINES_LEN_MAX || len == 0)
        {
            len += line.text.len() + line.source.len() + 1;
            lines.push(line);
            if lines.len() == LINES_MAX {
                break;
            }
        }
        let first_ns = lines.first().and_then(|line| line.time).map(|time| time.0);
        push_event(batch, &LogLine { run, lines }.into(), first_ns)?;
    }
    Ok(())
}

impl PieceHistogram<'_> {
    /// Whether it is one: the errors that [`RemoteRun::bring`] would give for it.
    pub fn check(&self) -> Result<()> {
        mltrack_event::MetricKey::new(self.name)?;
        histogram::check(self.edges, self.counts)
    }
}

impl PieceMark {
    /// Appends the batch with the document behind it.
    fn append(&mut self, store: &Store, batch: &mut Batch, says: &str) -> Result<Option<Lsn>> {
        let mut events = Vec::new();
        let new = NewBody {
            kind: PIECE_MARKS,
            id: &self.id,
            body: says,
            blobs: &[],
        };
        put_events(&new, store.by(), &mut events);
        for event in &events {
            push_event(batch, event, None)?;
        }
        let stream = StreamId::document(PIECE_MARKS, &self.id);
        let claim = Claim::on(stream, &[stream], self.seen);
        let Some(logged) = store.append_claim(batch, &claim)? else {
            let what = format!(
                "somebody else is bringing in the same at the same time: {}",
                self.id
            );
            return Err(Error::new(Code::Conflict, what)
                .with_hint("let one of the two end, then repeat the other"));
        };
        let lsn = logged.lsn();
        self.seen = lsn.map_or(self.seen, |lsn| lsn.plus(1));
        Ok(lsn)
    }
}
