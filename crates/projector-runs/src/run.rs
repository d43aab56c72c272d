//! A run as the log describes it.
//!
//! Invariant: everything here was said by an event. Whether a run that counts as running still has a living owner is
//! not known here: ask [`run_state`](crate::run_state).

use std::collections::BTreeMap;

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use mltrack_event::{ExperimentId, ParamValue, RunError, RunId, RunKey, RunState};
use mltrack_projector::WriterId;

use crate::metrics::Metrics;
use mltrack_projector::Stamp;

/// A handle that logs to a run and owns it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The writer: while it is alive, so is the run.
    pub writer: WriterId,
    /// Its machine.
    pub host: String,
    /// Its process.
    pub pid: u32,
}

/// A note on a run.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Note {
    /// When it was added; its lsn names it.
    pub at: Stamp,
    /// The note, in Markdown.
    pub text: String,
    /// Who wrote it.
    pub actor: String,
}

/// A run.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The experiment it belongs to.
    pub experiment: ExperimentId,
    /// Its number there, from 1.
    pub number: u64,
    /// Its name, which need not be unique.
    pub name: String,
    /// The run it is a part of.
    pub parent: Option<RunKey>,
    /// The seed of its random numbers.
    pub seed: Option<u64>,
    /// The state that was recorded last.
    pub state: RunState,
    /// Whether it is lost when its last owner is gone.
    pub attached: bool,
    /// Who owns it, since its last start or resume.
    pub owners: Vec<Owner>,
    /// After how many seconds of running it counts as timed out.
    pub timeout_s: Option<u64>,
    /// When it was created.
    pub created: Stamp,
    /// When it was started for the first time.
    pub started: Option<Stamp>,
    /// When it was resumed for the last time.
    pub resumed: Option<Stamp>,
    /// When it ended or was recorded as lost; `None` again after a resume.
    pub ended: Option<Stamp>,
    /// When it was deleted; `None` again after a restore. A deleted experiment's runs are deleted with it, which is
    /// not marked here: see [`State::is_deleted`](crate::State::is_deleted).
    pub deleted: Option<Stamp>,
    /// The last event about it, with the time when that was appended.
    pub heard: Stamp,
    /// The machine where it was created, then where it was started or resumed last.
    pub host: String,
    /// The process, likewise.
    pub pid: u32,
    /// Who created it.
    pub actor: String,
    /// By which command or call it was created.
    pub command: String,
    /// What went wrong, when it ended so; `None` again after a resume.
    pub error: Option<RunError>,
    /// Its parameters. The first value of a name stays.
    pub params: BTreeMap<String, ParamValue>,
    /// Its tags; a plain tag has an empty value.
    pub tags: BTreeMap<String, String>,
    /// Its notes that were not removed, oldest first.
    pub notes: Vec<Note>,
    /// Its metrics, in short.
    pub metrics: Metrics,
    /// Values logged for all metrics together, the next two included.
    pub points: u64,
    /// Those that were logged when the run was not running: appended between its end and the moment its writers
    /// noticed. They were acknowledged, so they count.
    pub points_late: u64,
    /// Those whose columns the log does not define, or defines with another width. No metric has them.
    pub points_undefined: u64,
    /// Lines of its log.
    pub lines: u64,
    /// Distributions logged.
    pub histograms: u64,
    /// JSON values logged.
    pub json_values: u64,
    /// Events about it that its state or a value that is kept did not admit: a second end, another value for a param.
    pub refused: u64,
}

impl Run {
    /// The key that events name it by.
    #[must_use]
    pub fn key(&self) -> RunKey {
        self.id.key()
    }

    /// The short id for people: 8 hex digits.
    #[must_use]
    pub fn short_id(&self) -> String {
        self.id.short()
    }

    /// Whether it can stand otherwise than the log says by now, because its owners are gone or its time is over. A run that
    /// nobody owns and that may take any time cannot.
    #[must_use]
    pub fn may_lapse(&self) -> bool {
        self.attached || self.timeout_s.is_some()
    }

    /// The text of its newest note.
    #[must_use]
    pub fn last_note(&self) -> Option<&str> {
        self.notes.last().map(|note| note.text.as_str())
    }

    /// When its time is over, in ns since 1970; `None` without a time limit or before it runs.
    #[must_use]
    pub fn deadline_ns(&self) -> Option<i64> {
        let since = self.resumed.or(self.started)?;
        let timeout_ns = i64::try_from(self.timeout_s?)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000_000_000);
        Some(since.time_ns.saturating_add(timeout_ns))
    }
}

impl Encode for Owner {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.writer.0.encode(encoder)?;
        self.host.encode(encoder)?;
        self.pid.encode(encoder)
    }
}

impl<C> Decode<C> for Owner {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Owner, DecodeError> {
        let writer = WriterId(u32::decode(decoder)?);
        Ok(Owner {
            writer,
            host: String::decode(decoder)?,
            pid: u32::decode(decoder)?,
        })
    }
}

bincode::impl_borrow_decode!(Owner);
