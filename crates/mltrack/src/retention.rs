//! How long the artifacts of a run are kept, in days: said by a tag of the run, honoured by `gc`.
//!
//! Invariants: an artifact that is too old is removed first, as by hand, and can be brought back for as long as any
//! removal; its age is told by the log's own time as well as by the wall clock, so that a clock that was wrong for a
//! moment removes nothing; what a version of a model is made of, and what this library says of a run itself, stay.

use std::collections::HashMap;

use mltrack_event::{ArtifactId, RunKey};
use mltrack_projector_lineage::{Artifact as Folded, Things};

use crate::artifact_edit::{needed_by_models, plan, removals};
use crate::artifact_keep::RESERVED;
use crate::decide::Decision;
use crate::error::{Error, Result};
use crate::start::RunBuilder;
use crate::store::Store;

/// The tag of a run that says for how many days its artifacts are kept.
pub const RETENTION_TAG: &str = "mltrack.artifact_retention_days";

const DAY_NS: i64 = 86_400_000_000_000;
/// Artifacts that one batch removes.
const AT_ONCE_MAX: usize = 100_000;

impl RunBuilder {
    /// For how many days the run's artifacts are kept; then [`gc`](crate::Tracker::gc) removes them, and later their
    /// bytes. For ever unless said otherwise, or what
    /// [`Builder::artifact_retention_days`](crate::Builder::artifact_retention_days) says. It is a tag of the run,
    /// [`RETENTION_TAG`], that can be changed at any time.
    pub fn artifact_retention_days(self, days: u32) -> RunBuilder {
        self.tag(RETENTION_TAG, days.to_string())
    }

    /// What the tracker says, where nothing is said for the run.
    pub(crate) fn default_retention(&mut self, days: Option<u32>) {
        let is_said = self.tags.iter().any(|(key, _)| key == RETENTION_TAG);
        if let Some(days) = days.filter(|_| !is_said) {
            self.tags.push((RETENTION_TAG.to_owned(), days.to_string()));
        }
    }
}

/// An artifact that is older than its run wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expired {
    pub id: ArtifactId,
    pub days: u32,
}

/// Every artifact that is too old at `now_ns`, when the log's newest record is from `newest_ns`.
pub(crate) fn expired(store: &Store, now_ns: i64, newest_ns: i64) -> Result<Vec<Expired>> {
    let days = store.with_state(|state, _| {
        let runs = state
            .runs()
            .filter_map(|run| Some((run.key(), days_of(run.tags.get(RETENTION_TAG)?)?)));
        Ok(runs.collect::<HashMap<RunKey, u32>>())
    })?;
    if days.is_empty() {
        return Ok(Vec::new());
    }
    let now_ns = now_ns.min(newest_ns);
    store.with_things(|things, _| {
        let needed = needed_by_models(things);
        let mut found = Vec::new();
        for (run, days) in &days {
            let before_ns = now_ns.saturating_sub(i64::from(*days).saturating_mul(DAY_NS));
            let rows = things.artifacts_of(*run);
            let old = rows.filter(|row| row.time_ns < before_ns && !needed.contains_key(&row.id));
            let old = old.filter(|row| !row.path.starts_with(RESERVED));
            found.extend(old.map(|row| Expired {
                id: row.id,
                days: *days,
            }));
        }
        found.sort_by_key(|expired| expired.id);
        Ok(found)
    })
}

/// Removes what is too old and still there; how many that were.
pub(crate) fn remove_expired(store: &Store, expired: &[Expired]) -> Result<usize> {
    let mut count = 0;
    for part in expired.chunks(AT_ONCE_MAX) {
        let (removed, _) = store.decide_things(|things, _| {
            let by_days = live_by_days(things, part);
            let mut events = Vec::new();
            for (days, rows) in &by_days {
                events.extend(removals(rows, &format!("retention {days} d"), &store.by()));
            }
            let rows: Vec<&Folded> = by_days.into_values().flatten().collect();
            if rows.is_empty() {
                return Ok(Decision::Already(0));
            }
            Ok(Decision::Append(plan(&rows, events), rows.len()))
        })?;
        count += removed;
    }
    Ok(count)
}

fn live_by_days<'a>(
    things: &'a Things,
    expired: &[Expired],
) -> std::collections::BTreeMap<u32, Vec<&'a Folded>> {
    let mut by_days: std::collections::BTreeMap<u32, Vec<&Folded>> =
        std::collections::BTreeMap::new();
    for expired in expired {
        let row = things.artifact(expired.id).filter(|row| row.is_live());
        if let Some(row) = row {
            by_days.entry(expired.days).or_default().push(row);
        }
    }
    by_days
}

/// Days, when the tag says a number of them; what it says otherwise keeps everything.
fn days_of(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// A default for the runs of a tracker. Errors: `VALIDATION_ERROR` for 0 days.
pub(crate) fn check_days(days: u32) -> Result<u32> {
    if days == 0 {
        return Err(Error::validation("artifacts cannot be kept for 0 days")
            .with_hint("keep them for at least 1 day"));
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use mltrack_log::door;

    use super::*;
    use crate::Tracker;

    #[test]
    fn artifacts_that_are_old_by_both_clocks_are_removed_and_can_be_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::builder(folder.path())
            .artifact_retention_days(30)
            .open()
            .unwrap();
        let experiment = tracker.experiment("resnet").unwrap();
        let runs = [
            experiment.start_run().unwrap(),
            experiment
                .run()
                .artifact_retention_days(90)
                .start()
                .unwrap(),
            experiment
                .run()
                .tag(RETENTION_TAG, "for ever")
                .start()
                .unwrap(),
        ];
        for run in &runs {
            run.log_artifact_bytes("model.pt", "weights").unwrap();
            run.log_artifact_bytes("mltrack/environment.json", "{}")
                .unwrap();
            run.finish().unwrap();
        }
        let store = tracker.store().unwrap();
        let after = |days: i64| door::wall_time_ns() + days * DAY_NS;
        let count = |now_ns, newest_ns| expired(store, now_ns, newest_ns).unwrap().len();
        assert_eq!(
            (count(after(29), after(29)), count(after(31), after(1))),
            (0, 0)
        );
        assert_eq!(
            (count(after(31), after(31)), count(after(91), after(91))),
            (1, 2)
        );
        let old = expired(store, after(31), after(31)).unwrap();
        assert_eq!(remove_expired(store, &old).unwrap(), 1);
        assert_eq!(remove_expired(store, &old).unwrap(), 0);
        let removed = tracker
            .artifacts()
            .run(runs[0].id())
            .with_removed()
            .path("model.pt")
            .fetch()
            .unwrap()
            .items;
        assert_eq!(removed[0].removed.as_ref().unwrap().why, "retention 30 d");
        tracker.restore_artifacts(&removed).unwrap();
        assert_eq!(
            tracker.artifacts().path("model.pt").fetch().unwrap().total,
            3
        );
    }
}
