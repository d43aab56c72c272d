//! Decisions that need a state: look, plan, append if nobody was faster, else look again.
//!
//! Invariant: a plan is made from the fold of every record before `seen`, and is appended only while no control event
//! of the streams it depends on is newer; so of two that exclude each other exactly one is appended.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mltrack_event::{EndState, Event, RunEnded, RunLost, RunState, StreamId};
use mltrack_log::{Batch, Condition, LogError, Lsn, Reader, door};
use mltrack_projector::Follower;
use mltrack_projector_runs::{Run, Runs, State, run_state_at};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::lock::guard;
use crate::store::{Logged, Store, push_event};

/// A decision is worth waiting for, unlike a point: others that log at full speed may keep the lock for longer than a
/// logging call would wait. A holder that stands still is reported after this.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(10);
/// Each round somebody gets through, so this many losses in a row mean that something else is wrong.
pub(crate) const ROUNDS_MAX: usize = 10_000;

/// Events to append as one batch.
pub(crate) struct Plan {
    /// The stream of the batch.
    pub stream: StreamId,
    /// Streams on which nothing may have happened since.
    pub unchanged: Vec<StreamId>,
    pub events: Vec<Event>,
}

impl Plan {
    /// Events of one stream that depend on that stream only.
    pub fn on(stream: StreamId, events: Vec<Event>) -> Plan {
        Plan {
            stream,
            unchanged: vec![stream],
            events,
        }
    }
}

/// Which streams are as they were when a batch was planned.
pub(crate) struct Claim {
    stream: mltrack_log::StreamId,
    unchanged: Vec<mltrack_log::StreamId>,
    seen: Lsn,
}

impl Claim {
    /// A batch of `stream`, planned when every record before `seen` was known.
    pub fn on(stream: StreamId, unchanged: &[StreamId], seen: Lsn) -> Claim {
        let unchanged = unchanged.iter();
        Claim {
            stream: mltrack_log::StreamId(stream.0),
            unchanged: unchanged
                .map(|stream| mltrack_log::StreamId(stream.0))
                .collect(),
            seen,
        }
    }
}

/// What was decided, the batch being ready.
pub(crate) enum Step<T> {
    /// Append the batch while the claim holds; these of its events may move a gate.
    Append(Claim, Vec<Event>, T),
    /// Nothing is to be done.
    Already(T),
}

/// What was decided.
pub(crate) enum Decision<T> {
    /// Append this; then `T` is the answer.
    Append(Plan, T),
    /// Nothing is to be done.
    Already(T),
}

impl Store {
    /// Decides and acts. The lsn is that of the last record appended.
    pub fn decide<T>(
        &self,
        mut plan: impl FnMut(&State, &Reader) -> Result<Decision<T>>,
    ) -> Result<(T, Option<Lsn>)> {
        let (answer, logged) =
            self.decide_batch(|state, reader, batch| match plan(state, reader)? {
                Decision::Already(answer) => Ok(Step::Already(answer)),
                Decision::Append(plan, answer) => {
                    for event in &plan.events {
                        push_event(batch, event, None)?;
                    }
                    let claim = Claim::on(plan.stream, &plan.unchanged, reader.next_lsn());
                    Ok(Step::Append(claim, plan.events, answer))
                }
            })?;
        Ok((answer, logged.and_then(Logged::lsn)))
    }

    /// The same for whoever fills the batch himself, for instance with times. `None` when nothing was to be done.
    pub fn decide_batch<T>(
        &self,
        mut plan: impl FnMut(&State, &Reader, &mut Batch) -> Result<Step<T>>,
    ) -> Result<(T, Option<Logged>)> {
        let session = self.session()?;
        let mut follower = guard(&session.follower);
        let mut batch = Batch::new();
        for _ in 0..ROUNDS_MAX {
            self.catch_up(&mut follower)?;
            self.sweep(&mut follower)?;
            batch.clear();
            let planned = plan(follower.state(), follower.reader(), &mut batch);
            if !self.is_believed(&mut follower)? {
                continue;
            }
            let (claim, events, answer) = match planned? {
                Step::Already(answer) => return Ok((answer, None)),
                Step::Append(claim, events, answer) => (claim, events, answer),
            };
            if let Some(logged) = self.append_claim(&mut batch, &claim)? {
                session.watch.did(&events);
                return Ok((answer, Some(logged)));
            }
        }
        Err(keeps_changing())
    }

    /// `None` when somebody else was faster.
    pub fn append_plan(&self, batch: &mut Batch, plan: &Plan, seen: Lsn) -> Result<Option<Logged>> {
        for event in &plan.events {
            push_event(batch, event, None)?;
        }
        let claim = Claim::on(plan.stream, &plan.unchanged, seen);
        let appended = self.append_claim(batch, &claim)?;
        if appended.is_some() {
            self.session()?.watch.did(&plan.events);
        }
        Ok(appended)
    }

    /// Appends a batch while its claim holds; `None` when it does not, and the batch is as it was.
    pub fn append_claim(&self, batch: &mut Batch, claim: &Claim) -> Result<Option<Logged>> {
        let condition = Condition {
            stream: claim.stream,
            unchanged: &claim.unchanged,
            seen: claim.seen,
        };
        let deadline = door::monotonic() + BUSY_WAIT_MAX;
        loop {
            match self.log()?.append_if(batch, condition) {
                Err(LogError::Conflict { .. }) => return Ok(None),
                Err(LogError::Busy { .. }) if door::monotonic() < deadline => {}
                appended => return self.settle(self.session()?, batch, appended).map(Some),
            }
        }
    }

    /// Records, once for each writer, what is true of runs that nobody else will end: lost, or out of time.
    pub fn sweep(&self, follower: &mut Follower<Runs>) -> Result<()> {
        let session = self.session()?;
        if session.is_swept.swap(true, Relaxed) {
            return Ok(());
        }
        let now_ns = door::wall_time_ns();
        let mut plans = Vec::new();
        for run in follower.state().running() {
            let is_alive = |writer| self.is_alive(follower.reader(), writer);
            let event = match run_state_at(run, now_ns, is_alive) {
                RunState::Lost => self.lost(run),
                RunState::TimedOut => self.timed_out(run),
                _ => continue,
            };
            plans.push(Plan::on(StreamId::run(run.key()), vec![event]));
        }
        let mut batch = Batch::new();
        for plan in plans {
            // A conflict means that somebody else has dealt with it; any other failure leaves it to the next writer,
            // and what this caller came for goes on.
            self.append_plan(&mut batch, &plan, follower.next_lsn())
                .ok();
            batch.clear();
        }
        self.catch_up(follower)
    }

    pub fn lost(&self, run: &Run) -> Event {
        let (actor, command) = (self.identity.actor.clone(), self.identity.command.clone());
        RunLost {
            run: run.key(),
            actor,
            command,
        }
        .into()
    }

    fn timed_out(&self, run: &Run) -> Event {
        let (actor, command) = (self.identity.actor.clone(), self.identity.command.clone());
        let state = EndState::TimedOut;
        RunEnded {
            run: run.key(),
            state,
            error: None,
            actor,
            command,
        }
        .into()
    }
}

/// What a decision says that was overtaken too often.
pub(crate) fn keeps_changing() -> Error {
    Error::new(Code::Busy, "others keep changing the same thing")
}
