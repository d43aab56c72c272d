//! One artifact by its name: a path, with a version, `@latest` or `@best` behind it.
//!
//! Invariant: what is best is decided by the goal of the run's experiment, from the metric's value at the artifact's step
//! or the last one before it; an artifact without a step, or without such a value, is never best, and of equally good
//! ones the newest is.

use mltrack_event::{Direction, Goal, RunId};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{Artifact as Folded, Things};
use mltrack_projector_metrics::Points;
use mltrack_projector_runs::nearest;

use crate::artifact::{Artifact, OfRun};
use crate::artifact_glob::PathGlob;
use crate::artifact_reference::{Selector, readings};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::tracker::Tracker;

/// What a name led to.
enum Found {
    One(Box<Artifact>),
    /// Of these the best.
    BestOf(Vec<Artifact>),
    /// The path has versions, but not this one.
    NoVersion {
        path: String,
        newest: u32,
    },
    /// The path that was probably meant.
    Nothing(Option<String>),
}

impl Tracker {
    /// One artifact of a run: `model.pt` or `model.pt@latest` is its newest version, `model.pt@v2` its second,
    /// `model.pt@best` the one at whose step the experiment's goal was best. Of a pattern such as `ckpt/*@best` it is
    /// the best of everything that it matches, and without `@best` the one that was logged last.
    ///
    /// Errors: `NOT_FOUND` for the run, the path, with the one that was probably meant, and the version;
    /// `VALIDATION_ERROR` for `@best` in an experiment without a goal.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let experiment = tracker.new_experiment("resnet").goal("acc", mltrack::Direction::Max).create()?;
    /// let run = experiment.start_run()?;
    /// for (step, acc) in [(1, 0.5), (2, 0.9), (3, 0.7)] {
    ///     run.log_metrics(step, [("acc", acc)])?;
    ///     run.artifact("model.pt").step(step).bytes(format!("weights {step}"))?;
    /// }
    /// run.finish()?;
    /// assert_eq!(tracker.artifact(run.id(), "model.pt")?.version, 3);
    /// assert_eq!(tracker.artifact(run.id(), "model.pt@best")?.version, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn artifact(&self, run: RunId, name: &str) -> Result<Artifact> {
        self.artifact_of(run, name, Moment::Now)
    }

    /// The same as it was after this record.
    pub fn artifact_at(&self, run: RunId, name: &str, lsn: Lsn) -> Result<Artifact> {
        self.artifact_of(run, name, Moment::Lsn(lsn))
    }

    fn artifact_of(&self, run: RunId, name: &str, moment: Moment) -> Result<Artifact> {
        let Some(store) = self.store() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        match store.things_of(moment, |things, _| find(things, run, name))? {
            Found::One(artifact) => Ok(*artifact),
            Found::BestOf(artifacts) => self.best_of(run, name, artifacts, moment),
            Found::NoVersion { path, newest } => {
                let what = format!(
                    "the run {run} has no {name:?}; the newest version of {path:?} is v{newest}"
                );
                Err(Error::new(Code::NotFound, what)
                    .with_hint(format!("mltrack artifact ls {run} --all")))
            }
            Found::Nothing(near) => {
                let hint = match near {
                    Some(near) => format!("did you mean {near}?  mltrack artifact ls {run}"),
                    None => format!("mltrack artifact ls {run}"),
                };
                let what = format!("the run {run} has no artifact {name:?}");
                Err(Error::new(Code::NotFound, what).with_hint(hint))
            }
        }
    }

    fn best_of(
        &self,
        run: RunId,
        name: &str,
        artifacts: Vec<Artifact>,
        moment: Moment,
    ) -> Result<Artifact> {
        let goal = self.goal_of(run)?;
        let query = self.history(run, &*goal.metric);
        let points = match moment {
            Moment::Now => query,
            Moment::Lsn(lsn) => query.at(lsn),
            Moment::Time(time) => query.at_time(time),
        }
        .fetch()?;
        let scored = artifacts.into_iter().filter_map(|artifact| {
            let value = value_at(&points, artifact.step?)?;
            Some((artifact, value))
        });
        let best = scored.reduce(|best, next| {
            if is_better(&goal, next.1, best.1) {
                next
            } else {
                best
            }
        });
        best.map(|(artifact, _)| artifact).ok_or_else(|| {
            let what = format!(
                "{name:?}: no version of it has a step at which {} is known",
                goal.metric
            );
            Error::new(Code::NotFound, what)
                .with_hint("log it with artifact(..).step(..), or name a version: @v1")
        })
    }

    fn goal_of(&self, run: RunId) -> Result<Goal> {
        let store = self.store().ok_or_else(|| Error::no_run(run))?;
        store.with_state(|state, _| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            let experiment = state.experiment(known.experiment);
            let goal = experiment.and_then(|known| known.goal.clone());
            goal.ok_or_else(|| {
                let name = experiment.map_or("NAME", |known| known.name.as_str());
                Error::validation(format!(
                    "the experiment {name} has no goal, so nothing says what is best"
                ))
                .with_hint(format!("mltrack exp new {name} --goal METRIC:min|max"))
            })
        })
    }
}

fn find(things: &Things, run: RunId, name: &str) -> Result<Found> {
    let node = things.thing_run(run.key()).filter(|node| node.id == run);
    let node = node.ok_or_else(|| Error::no_run(run))?;
    let of_run = OfRun::of(node);
    for (path, selector) in readings(name) {
        if path.contains(['*', '?']) && things.newest_artifact(run.key(), path).is_none() {
            if let Some(found) = of_pattern(things, &of_run, (run, path, selector)) {
                return Ok(found);
            }
            continue;
        }
        let is_there = |row: &&Folded| row.is_live();
        let mut versions = things
            .versions_of(run.key(), path)
            .filter(is_there)
            .peekable();
        let Some(newest) = versions.peek().copied() else {
            continue;
        };
        return Ok(match selector {
            Selector::Latest => Found::One(Box::new(of_run.artifact(newest))),
            Selector::Version(number) => match versions.find(|row| row.version == number) {
                Some(row) => Found::One(Box::new(of_run.artifact(row))),
                None => Found::NoVersion {
                    path: path.to_owned(),
                    newest: newest.version,
                },
            },
            Selector::Best => Found::BestOf(versions.map(|row| of_run.artifact(row)).collect()),
        });
    }
    let paths = things.artifacts_of(run.key()).map(|row| &*row.path);
    Ok(Found::Nothing(nearest(name, paths).map(str::to_owned)))
}

/// Of everything that a pattern matches the one that was logged last, or what the best is chosen from.
fn of_pattern(
    things: &Things,
    of_run: &OfRun,
    (run, pattern, selector): (RunId, &str, Selector),
) -> Option<Found> {
    let glob = PathGlob::new(pattern);
    let mut rows: Vec<&Folded> = things
        .artifacts_of(run.key())
        .filter(|row| glob.matches(&row.path))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.lsn));
    let newest = rows.first()?;
    match selector {
        Selector::Latest => Some(Found::One(Box::new(of_run.artifact(newest)))),
        Selector::Best => Some(Found::BestOf(
            rows.into_iter().map(|row| of_run.artifact(row)).collect(),
        )),
        Selector::Version(_) => None,
    }
}

/// The value at a step, or the last one before it. Of several at one step the last counts.
fn value_at(points: &Points, step: i64) -> Option<f64> {
    let known = points.steps.iter().zip(&points.values);
    let before = known.filter(|(at, value)| **at <= step && !value.is_nan());
    before.max_by_key(|(at, _)| **at).map(|(_, value)| *value)
}

fn is_better(goal: &Goal, value: f64, than: f64) -> bool {
    match goal.direction {
        Direction::Min => value < than,
        Direction::Max => value > than,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_at_a_step_is_the_last_one_that_was_known_by_then() {
        let points = Points {
            steps: vec![1, 5, 5, 9],
            values: vec![0.1, 0.2, 0.3, f64::NAN],
            ..Points::default()
        };
        assert_eq!(value_at(&points, 0), None);
        assert_eq!(value_at(&points, 4), Some(0.1));
        assert_eq!(value_at(&points, 5), Some(0.3));
        assert_eq!(value_at(&points, 9), Some(0.3));
    }
}
