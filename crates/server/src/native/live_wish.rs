//! Which events a listener wants.
//!
//! Invariant: a wish is checked when a stream begins, so that a wrong one is an error and not a stream without events.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mltrack::{ExperimentId, RunId, TailBuilder, Tracker, door};

use super::error::Answer;
use super::live_event::LiveEvent;

/// For how long it is believed whether a run is what the filter admits, when only its points change.
const BELIEVED: Duration = Duration::from_secs(1);
/// The most runs that are remembered.
const VERDICTS_MAX: usize = 65_536;
/// The most runs that one question names.
const ASKED_MAX: usize = 256;

/// Which events are wanted; all when nothing is named.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub types: Vec<String>,
    pub run: Option<RunId>,
    pub experiment: Option<(ExperimentId, String)>,
    /// Only events of runs that this filter admits.
    pub filter: Option<String>,
}

impl Wish {
    /// Refuses what cannot be.
    pub fn check(&self, tracker: &Tracker) -> Answer<()> {
        self.of_tail(tracker.tail())
            .follow()
            .next_within(Duration::ZERO)?;
        if let Some(filter) = &self.filter {
            tracker.runs().filter(filter).limit(0).fetch()?;
        }
        Ok(())
    }

    /// The part of it that the log's reader can look for itself.
    pub fn of_tail(&self, mut tail: TailBuilder) -> TailBuilder {
        tail = tail.types(&self.types);
        if let Some(run) = self.run {
            tail = tail.run(run);
        }
        match &self.experiment {
            Some((_, name)) => tail.experiment(name),
            None => tail,
        }
    }

    /// Whether an event is wanted, but for the filter.
    pub fn wants(&self, event: &LiveEvent) -> bool {
        let known = &event.event;
        let of_type =
            self.types.is_empty() || self.types.iter().any(|name| name == known.type_name());
        let of_run = self.run.is_none() || self.run == known.run;
        let experiment = self.experiment.as_ref().map(|(id, _)| *id);
        of_type && of_run && (experiment.is_none() || experiment == known.experiment)
    }
}

/// Which runs a filter admits, as far as it was asked.
#[derive(Debug, Default)]
pub struct Sieve {
    verdicts: HashMap<RunId, (bool, Instant)>,
}

impl Sieve {
    /// Asks about the runs of these events that nothing, or nothing new, is known of. May wait for the store.
    pub fn learn(&mut self, tracker: &Tracker, filter: &str, events: &[LiveEvent]) -> Answer<()> {
        let now = door::monotonic();
        if self.verdicts.len() > VERDICTS_MAX {
            self.verdicts.clear();
        }
        let mut asked: Vec<RunId> = Vec::new();
        for event in events {
            let Some(run) = event.run() else { continue };
            let known = self.verdicts.get(&run);
            let is_known = known.is_some_and(|(_, until)| *until > now)
                && event.event.points().next().is_some();
            if !is_known && !asked.contains(&run) {
                asked.push(run);
            }
        }
        for runs in asked.chunks(ASKED_MAX) {
            let ids: Vec<String> = runs.iter().map(|run| format!("'{run}'")).collect();
            let of_these = format!("attributes.id in ({})", ids.join(", "));
            let query = tracker
                .runs()
                .with_deleted()
                .filter(filter)
                .filter(of_these);
            let admitted: Vec<RunId> = query.fetch()?.items.iter().map(|run| run.id).collect();
            for run in runs {
                let verdict = (admitted.contains(run), now + BELIEVED);
                self.verdicts.insert(*run, verdict);
            }
        }
        Ok(())
    }

    /// Whether the run of an event is admitted.
    pub fn admits(&self, event: &LiveEvent) -> bool {
        let run = event.run();
        let verdict = run.and_then(|run| self.verdicts.get(&run));
        verdict.is_some_and(|(is_admitted, _)| *is_admitted)
    }
}
