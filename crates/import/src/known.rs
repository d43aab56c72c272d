//! What the store knows of a run of a peer's: which run it became, and how far it was taken.
//!
//! Invariants: the id of the run that is made is a function of where it comes from, so who was killed between making it
//! and marking it finds it again; what is written down changes only together with what it speaks of.

use mltrack::{Code, NameKind, Piece, PieceMark, RemoteRun, Result, RunId, RunState, Tracker};
use serde::{Deserialize, Serialize};

use crate::chunk::{PastEnding, RunFacts};
use crate::source::RunHead;

/// The tags by which people find what was imported.
pub(crate) const TAG_SOURCE: &str = "import.source";
pub(crate) const TAG_PLACE: &str = "import.place";
/// Purged runs are imported anew; so many times.
const TURNS_MAX: u32 = 1000;

/// What is written down of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    schema: u32,
    source: String,
    identity: String,
    /// Its id here; empty before it is made.
    run: String,
    /// How often it was purged here and imported anew.
    turn: u32,
    /// How far it was taken, in the words of its source.
    pub mark: String,
    /// How it ended, when that is known.
    pub ended: Option<(String, i64)>,
    pub is_deleted: bool,
    /// Artifacts of which only the place was recorded.
    #[serde(default)]
    pub links: u64,
}

/// A run of a peer's store, here.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the run"
)]
pub(crate) struct Known {
    pub head: RunHead,
    pub said: Said,
    mark: PieceMark,
    pub run: Option<RemoteRun>,
    /// It is deleted here, so nothing can be added.
    pub is_deleted: bool,
    /// Its experiment takes no runs, so nothing of it is taken.
    pub is_refused: bool,
    pub is_new: bool,
    pub has_grown: bool,
    /// An end that waits until nobody follows the store any more.
    pub ending: Option<PastEnding>,
}

/// How something of a source is called among the documents.
pub(crate) fn document_id(kind: &str, identity: &str) -> String {
    let hash = blake3::hash(identity.as_bytes()).to_hex();
    format!("{kind}:{}", &hash[..32])
}

impl Known {
    /// What the store knows of it now.
    pub fn find(tracker: &Tracker, kind: &str, head: RunHead) -> Result<Known> {
        let id = document_id(kind, &head.identity);
        let (mark, said) = tracker.piece_mark(&id)?;
        let mut known = Known {
            said: Said {
                schema: 1,
                source: kind.to_owned(),
                identity: head.identity.clone(),
                ..Said::default()
            },
            head,
            mark,
            run: None,
            is_deleted: false,
            is_refused: false,
            is_new: false,
            has_grown: false,
            ending: None,
        };
        if let Some(said) = said.and_then(|said| serde_json::from_str::<Said>(&said).ok()) {
            known.attach(tracker, said)?;
        }
        Ok(known)
    }

    fn attach(&mut self, tracker: &Tracker, said: Said) -> Result<()> {
        let Ok(id) = said.run.parse::<RunId>() else {
            return Ok(());
        };
        match tracker.remote_run(id) {
            Ok(run) => {
                self.run = Some(run);
                self.said = said;
            }
            Err(error) if error.code() == Code::InvalidState => {
                self.is_deleted = true;
                self.said = said;
            }
            // It is gone for good, and so may be taken again, under another id.
            Err(error) if error.code() == Code::NotFound => self.said.turn = said.turn + 1,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The run's id here, as text; empty before it is made.
    pub fn run_id(&self) -> &str {
        &self.said.run
    }

    /// The run's id here, also of one that is deleted.
    pub fn id(&self) -> Option<RunId> {
        let made = self.run.as_ref().map(RemoteRun::id);
        made.or_else(|| self.said.run.parse().ok())
    }

    /// Where to go on.
    pub fn place(&self) -> Option<&str> {
        let is_marked = self.run.is_some() && !self.said.mark.is_empty();
        is_marked.then_some(self.said.mark.as_str())
    }

    /// Makes the run, unless somebody who was killed has made it.
    pub fn create(
        &mut self,
        tracker: &Tracker,
        experiment: mltrack::ExperimentId,
        facts: &RunFacts,
        describe: impl Fn(mltrack::NewRemoteRun) -> Result<mltrack::NewRemoteRun>,
    ) -> Result<()> {
        let started_ms = facts.started.map_or(0, |time| time.0 / 1_000_000).max(0);
        for turn in self.said.turn..TURNS_MAX {
            let id = RunId::from_parts(started_ms as u64, self.hash(turn));
            let mut new = tracker.new_remote_run(experiment).id(id);
            if NameKind::Run.check(&self.head.name).is_ok() {
                new = new.name(&self.head.name);
            }
            if let Some(started) = facts.started {
                new = new.started(started);
            }
            new = new.queued(facts.is_queued);
            if let Some(user) = &facts.user {
                new = new.user(user);
            }
            let made = match describe(new)?.create() {
                Err(error) if error.code() == Code::Conflict => tracker.remote_run(id),
                made => made,
            };
            match made {
                Err(error) if error.code() == Code::NotFound => {}
                made => {
                    self.run = Some(made?);
                    self.said.run = id.to_string();
                    self.said.turn = turn;
                    self.is_new = true;
                    return Ok(());
                }
            }
        }
        let what = format!("{} was purged too often", self.head.identity);
        Err(mltrack::Error::new(Code::Conflict, what))
    }

    fn hash(&self, turn: u32) -> [u8; 10] {
        let mut hasher = blake3::Hasher::new();
        for part in [self.said.source.as_str(), &self.head.identity] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&turn.to_le_bytes());
        let mut ten = [0; 10];
        ten.copy_from_slice(&hasher.finalize().as_bytes()[..10]);
        ten
    }

    /// Appends a piece, and what is known from then on, as one.
    pub fn bring(&mut self, piece: &mut Piece<'_>) -> Result<()> {
        let says = serde_json::to_string(&self.said).expect("numbers and texts are JSON");
        if let Some(run) = &self.run {
            run.bring(piece, &mut self.mark, &says)?;
        }
        Ok(())
    }

    /// Whether the run stands here as it does there.
    pub fn has_ended_so(&self, tracker: &Tracker, ending: &PastEnding) -> Result<bool> {
        if self.said.ended.as_ref() != Some(&said_end(ending)) {
            return Ok(false);
        }
        let Some(run) = &self.run else {
            return Ok(true);
        };
        Ok(tracker.run_summary(run.id())?.state != RunState::Running)
    }
}

/// How an end is written down.
pub(crate) fn said_end(ending: &PastEnding) -> (String, i64) {
    let state = match ending.state {
        mltrack::EndState::Completed => "completed",
        mltrack::EndState::Failed => "failed",
        mltrack::EndState::Cancelled => "cancelled",
        mltrack::EndState::TimedOut => "timed_out",
    };
    (state.to_owned(), ending.time.0)
}
