//! Coming back to a run: resuming one that stands still, joining one that runs.
//!
//! Invariant: whoever logs to an attached run is one of its owners in the log first, so the run is not lost while
//! anybody logs to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mltrack_capture::system::PREFIX;
use mltrack_event::{
    EndState, Event, ParamValue, RunAttached, RunEnded, RunId, RunMove, RunResumed, RunStarted,
    RunState, StreamId,
};
use mltrack_log::{Lsn, Reader, door};
use mltrack_projector_runs::{Run as Folded, State, run_state_at};

use crate::code::Code;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::recorder::Recorder;
use crate::run::{Facts, Inner, Role, Run};
use crate::store::Store;
use crate::system_metrics::Coming;

/// What may be done to get in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entrance {
    /// Only joining a running run.
    Attach,
    /// Making it run again too.
    Resume,
}

/// What the log knows about a run that is entered.
struct Known {
    facts: Facts,
    params: BTreeMap<String, ParamValue>,
    first_steps: BTreeMap<String, i64>,
    coming: Coming,
    /// The number of the next sample of the machine.
    next_sample: i64,
    seed: Option<u64>,
    as_of: Lsn,
}

/// A handle to a run that exists.
pub(crate) fn enter(store: &Arc<Store>, id: RunId, entrance: Entrance) -> Result<Run> {
    let (known, lsn) = admit(store, id, entrance)?;
    let since = lsn.unwrap_or(known.as_of);
    let (coming, sample, seed) = (known.coming, known.next_sample, known.seed);
    let (facts, recorder) = known.into_parts(lsn);
    let run = Run::begin(Arc::clone(store), facts, recorder, since)?;
    if coming == Coming::Started {
        run.capture_environment(seed);
    }
    Ok(run.sample_system(coming, sample))
}

/// Makes the present writer, a forked child's, an owner of a run that its parent has a handle to.
pub(crate) fn join(inner: &Inner) -> Result<Recorder> {
    let (known, lsn) = admit(&inner.store, inner.facts.id, Entrance::Attach)?;
    let since = lsn.unwrap_or(known.as_of);
    inner.store.session()?.watch.register(&inner.gate, since);
    Ok(known.into_parts(lsn).1)
}

fn admit(store: &Store, id: RunId, entrance: Entrance) -> Result<(Known, Option<Lsn>)> {
    store.decide(|state, reader| {
        let run = state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
        if state.is_deleted(run) {
            return Err(Error::new(
                Code::InvalidState,
                format!("the run {id} is deleted"),
            ));
        }
        let (role, events) = steps_in(store, run, reader, entrance)?;
        let coming = match events.last() {
            None | Some(Event::RunAttached(_)) => Coming::Joined,
            Some(_) => Coming::Started,
        };
        let known = Known::of(state, run, (role, coming), reader.next_lsn());
        if events.is_empty() {
            return Ok(Decision::Already(known));
        }
        Ok(Decision::Append(
            Plan::on(StreamId::run(run.key()), events),
            known,
        ))
    })
}

/// The events that make this writer log to the run, and what its handle will mean.
fn steps_in(
    store: &Store,
    run: &Folded,
    reader: &Reader,
    entrance: Entrance,
) -> Result<(Role, Vec<Event>)> {
    let is_alive = |writer| store.is_alive(reader, writer);
    let now = run_state_at(run, door::wall_time_ns(), is_alive);
    if now == RunState::Running {
        let writer = store.writer()?;
        let is_owner = !run.attached || run.owners.iter().any(|owner| owner.writer == writer);
        let events = if is_owner {
            Vec::new()
        } else {
            vec![attached(store, run)]
        };
        return Ok((Role::Guest, events));
    }
    if entrance == Entrance::Attach {
        now.admit_logging().map_err(|refused| {
            Error::from(refused).with_hint(format!("tracker.resume(\"{}\".parse()?)", run.id))
        })?;
    }
    let mut events = Vec::new();
    // What every reader sees already is recorded first, so that the log tells the story in order.
    if run.state == RunState::Running {
        events.push(if now == RunState::Lost {
            store.lost(run)
        } else {
            timed_out(store, run)
        });
    }
    if matches!(now, RunState::Pending | RunState::Queued) {
        now.after(RunMove::Start)?;
        events.push(started(store, run));
    } else {
        now.after(RunMove::Resume)?;
        events.push(resumed(store, run));
    }
    Ok((
        if run.attached {
            Role::Host
        } else {
            Role::Guest
        },
        events,
    ))
}

impl Known {
    fn of(state: &State, run: &Folded, (role, coming): (Role, Coming), as_of: Lsn) -> Known {
        let steps = run.metrics.summaries().iter().filter_map(|summary| {
            let metric = state.dictionary().metric(summary.metric)?;
            let next = summary.last.step.saturating_add(1);
            metric
                .context
                .is_empty()
                .then(|| (metric.name.clone(), next))
        });
        let samples = run.metrics.summaries().iter().filter_map(|summary| {
            let metric = state.dictionary().metric(summary.metric)?;
            metric.name.starts_with(PREFIX).then_some(summary.last.step)
        });
        let next_sample = samples.max().map_or(0, |last| last.saturating_add(1));
        let facts = Facts {
            id: run.id,
            experiment: run.experiment,
            number: run.number,
            name: run.name.clone(),
            role,
        };
        Known {
            facts,
            params: run.params.clone(),
            first_steps: steps.collect(),
            coming,
            next_sample,
            seed: run.seed,
            as_of,
        }
    }

    fn into_parts(self, lsn: Option<Lsn>) -> (Facts, Recorder) {
        let seen = lsn.map_or(self.as_of, |lsn| lsn.plus(1));
        (
            self.facts,
            Recorder::new(Names::new(self.first_steps), self.params, seen),
        )
    }
}

fn attached(store: &Store, run: &Folded) -> Event {
    let (actor, command) = store.by();
    let (host, pid) = (store.identity.host.clone(), std::process::id());
    RunAttached {
        run: run.key(),
        host,
        pid,
        actor,
        command,
    }
    .into()
}

fn started(store: &Store, run: &Folded) -> Event {
    let (actor, command) = store.by();
    let (host, pid) = (store.identity.host.clone(), std::process::id());
    RunStarted {
        run: run.key(),
        attached: run.attached,
        host,
        pid,
        actor,
        command,
    }
    .into()
}

fn resumed(store: &Store, run: &Folded) -> Event {
    let (actor, command) = store.by();
    let (host, pid) = (store.identity.host.clone(), std::process::id());
    RunResumed {
        run: run.key(),
        attached: run.attached,
        host,
        pid,
        actor,
        command,
    }
    .into()
}

fn timed_out(store: &Store, run: &Folded) -> Event {
    let (actor, command) = store.by();
    let (state, error) = (EndState::TimedOut, None);
    RunEnded {
        run: run.key(),
        state,
        error,
        actor,
        command,
    }
    .into()
}
