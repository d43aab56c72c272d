//! Finding a run by what people type: an id or its beginning, a name, `exp/12`, `@last`, `@running`, `@best`.
//!
//! Invariant: a text never silently means one of several runs: then the candidates are the answer. An exact id beats a
//! name, and a name beats the beginning of an id; otherwise a run called `a` could not be named.

use std::cmp::Ordering;

use mltrack_event::{Direction, ExperimentId, Goal, RunId};

use crate::brief::Brief;
use crate::experiment::Experiment;
use crate::nearest::nearest;
use crate::run::Run;
use crate::state::State;

/// Whether deleted runs are meant too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deleted {
    /// Only runs that are not deleted: for everything but a restore.
    Hidden,
    /// Only deleted runs: for a restore.
    Only,
    /// Both.
    Included,
}

/// Why a text names no single run.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FindError {
    /// Look at the list of runs, or take the name that was probably meant.
    #[error("no run {text:?}")]
    NoRun {
        /// What was asked for.
        text: String,
        /// The name of a run that is only a slip away.
        nearest: Option<String>,
    },
    /// Look at the list of experiments, or take the name that was probably meant.
    #[error("no experiment {text:?}")]
    NoExperiment {
        /// What was asked for.
        text: String,
        /// The name of an experiment that is only a slip away.
        nearest: Option<String>,
    },
    /// Name one of the candidates by its full id.
    #[error("{text:?} can mean {} runs", candidates.len())]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// What it can mean, in the order of creation.
        candidates: Vec<RunId>,
    },
    /// Say which experiment's best run is meant: `NAME/@best`.
    #[error("several experiments have a goal, so {text:?} needs the name of one before it")]
    WhichExperiment {
        /// What was asked for.
        text: String,
        /// The experiments with a goal.
        candidates: Vec<String>,
    },
    /// Give the experiment a goal: `mltrack exp edit NAME --goal METRIC:min|max`.
    #[error("without a goal there is no best run{}", experiment.as_ref().map(|name| format!(" of {name:?}")).unwrap_or_default())]
    NoGoal {
        /// The experiment, when one was named or there is only one.
        experiment: Option<String>,
    },
}

impl State {
    /// The run that `text` names. `@running` asks `is_running`, which knows who is alive.
    pub fn find_run(
        &self,
        text: &str,
        deleted: Deleted,
        is_running: impl Fn(&Run) -> bool,
    ) -> Result<&Run, FindError> {
        let found = self.find_runs(text, deleted, is_running)?;
        match found[..] {
            [] => Err(self.no_run(text)),
            [run] => Ok(run),
            _ => {
                let candidates = found.iter().map(|run| run.id).collect();
                Err(FindError::Ambiguous {
                    text: text.to_owned(),
                    candidates,
                })
            }
        }
    }

    /// All runs that `text` can mean, in the order of creation; none is an empty list.
    pub fn find_runs(
        &self,
        text: &str,
        deleted: Deleted,
        is_running: impl Fn(&Run) -> bool,
    ) -> Result<Vec<&Run>, FindError> {
        let (experiment, name) = self.split_experiment(text)?;
        let mut meant = self.meant(experiment, deleted);
        let slots: Vec<u32> = match name {
            "@last" => meant
                .next_back()
                .map(|(slot, _)| slot)
                .into_iter()
                .collect(),
            "@running" => {
                let is_meant = |run: &&Run| self.is_wanted(&Brief::of(run), experiment, deleted);
                let running = self.running().filter(is_meant);
                return Ok(running.filter(|run| is_running(run)).collect());
            }
            "@best" => {
                let runs = meant.filter_map(|(slot, _)| self.run_at(slot));
                return Ok(self.best(runs, experiment, text)?.into_iter().collect());
            }
            number if experiment.is_some() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                let number = number.parse().ok();
                let of_number = meant.filter(|(_, brief)| Some(brief.number) == number);
                of_number.map(|(slot, _)| slot).collect()
            }
            name => self.named(experiment, deleted, name),
        };
        let runs = slots.into_iter().filter_map(|slot| self.run_at(slot));
        Ok(runs.collect())
    }

    /// The runs that can be meant, as briefs with their slots.
    fn meant(
        &self,
        experiment: Option<ExperimentId>,
        deleted: Deleted,
    ) -> impl DoubleEndedIterator<Item = (u32, Brief)> {
        let briefs = self.briefs();
        briefs.filter(move |(_, brief)| self.is_wanted(brief, experiment, deleted))
    }

    fn is_wanted(&self, brief: &Brief, experiment: Option<ExperimentId>, deleted: Deleted) -> bool {
        experiment.is_none_or(|experiment| experiment == brief.experiment)
            && self.is_meant(brief, deleted)
    }

    fn is_meant(&self, brief: &Brief, deleted: Deleted) -> bool {
        match deleted {
            Deleted::Included => true,
            Deleted::Only => self.is_brief_deleted(brief),
            Deleted::Hidden => !self.is_brief_deleted(brief),
        }
    }

    /// By exact id, else by name, else by the beginning of the id or of its short form. A whole id is looked up; what is
    /// shorter, or is a name, is looked for in one pass.
    fn named(&self, experiment: Option<ExperimentId>, deleted: Deleted, text: &str) -> Vec<u32> {
        let prefix = HexPrefix::parse(text);
        let exact = prefix.as_ref().and_then(|prefix| self.exact(prefix));
        let exact = exact.filter(|(_, brief)| self.is_wanted(brief, experiment, deleted));
        if let Some((slot, _)) = exact {
            return vec![slot];
        }
        let [mut of_short, mut of_name, mut of_beginning] = [const { Vec::new() }; 3];
        for (slot, brief) in self.meant(experiment, deleted) {
            let short = short_bytes(&brief.id);
            if let Some(prefix) = &prefix
                && (prefix.begins(&brief.id.to_bytes()) || prefix.begins(&short))
            {
                of_beginning.push(slot);
                if prefix.digits == SHORT_DIGITS && prefix.begins(&short) {
                    of_short.push(slot);
                }
            }
            if self.name_at(slot) == text {
                of_name.push(slot);
            }
        }
        let found = [of_short, of_name, of_beginning];
        found
            .into_iter()
            .find(|slots| !slots.is_empty())
            .unwrap_or_default()
    }

    /// The run whose id these digits are, all of them.
    fn exact(&self, prefix: &HexPrefix) -> Option<(u32, Brief)> {
        if prefix.digits != ID_DIGITS {
            return None;
        }
        let id = RunId::from_bytes(prefix.bytes);
        let slot = self.slot_of(id.key())?;
        let brief = self.brief_at(slot)?;
        (brief.id == id).then_some((slot, brief))
    }

    /// `exp/12` is run 12 of `exp`; a name may hold slashes itself, and then the longest experiment name counts.
    fn split_experiment<'a>(
        &self,
        text: &'a str,
    ) -> Result<(Option<ExperimentId>, &'a str), FindError> {
        let mut splits = text
            .rmatch_indices('/')
            .map(|(at, _)| (&text[..at], &text[at + 1..]));
        let known = splits.find_map(|(name, rest)| {
            self.experiment_by_name(name)
                .map(|experiment| (Some(experiment.id), rest))
        });
        if let Some(split) = known {
            return Ok(split);
        }
        match text.rsplit_once('/') {
            Some((name, rest))
                if !(0..self.slot_count()).any(|slot| self.name_at(slot) == text) =>
            {
                let is_number = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
                if is_number || rest.starts_with('@') {
                    Err(self.no_experiment(name))
                } else {
                    Ok((None, text))
                }
            }
            _ => Ok((None, text)),
        }
    }

    fn best<'a>(
        &'a self,
        runs: impl Iterator<Item = &'a Run>,
        experiment: Option<ExperimentId>,
        text: &str,
    ) -> Result<Option<&'a Run>, FindError> {
        let experiment = match experiment.and_then(|id| self.experiments.get(&id)) {
            Some(experiment) => experiment,
            None => self.only_goal(text)?,
        };
        let Some(goal) = &experiment.goal else {
            return Err(FindError::NoGoal {
                experiment: Some(experiment.name.clone()),
            });
        };
        Ok(self.best_of(runs.filter(|run| run.experiment == experiment.id), goal))
    }

    /// The experiment that is meant when none is named: the only one with a goal.
    fn only_goal(&self, text: &str) -> Result<&Experiment, FindError> {
        let live: Vec<&Experiment> = self
            .experiments
            .values()
            .filter(|known| known.deleted.is_none())
            .collect();
        let mut with_goal = live.iter().filter(|known| known.goal.is_some());
        match (with_goal.next(), with_goal.next()) {
            (Some(experiment), None) => Ok(experiment),
            (None, _) => {
                let only = if let [only] = live[..] {
                    Some(only.name.clone())
                } else {
                    None
                };
                Err(FindError::NoGoal { experiment: only })
            }
            (Some(_), Some(_)) => {
                let with_goal = live.iter().filter(|known| known.goal.is_some());
                let candidates = with_goal.map(|known| known.name.clone()).collect();
                Err(FindError::WhichExperiment {
                    text: text.to_owned(),
                    candidates,
                })
            }
        }
    }

    /// The run that came nearest to a goal at any step; of several, the oldest. `None` when no run logged its metric.
    pub fn best_of<'a>(&self, runs: impl Iterator<Item = &'a Run>, goal: &Goal) -> Option<&'a Run> {
        let scored = runs.filter_map(|run| self.score(run, goal).map(|value| (value, run)));
        let better = |a: f64, b: f64| match goal.direction {
            Direction::Min => a.total_cmp(&b),
            Direction::Max => b.total_cmp(&a),
        };
        let best = scored.reduce(|best, next| match better(next.0, best.0) {
            Ordering::Less => next,
            _ => best,
        });
        best.map(|(_, run)| run)
    }

    /// The best value that a run reached: of the metric without context, else the best in any context.
    #[must_use]
    pub fn score(&self, run: &Run, goal: &Goal) -> Option<f64> {
        let mut fallback: Option<f64> = None;
        for summary in run.metrics.summaries() {
            let Some(metric) = self.dictionary.metric(summary.metric) else {
                continue;
            };
            if metric.name != goal.metric {
                continue;
            }
            let point = match goal.direction {
                Direction::Min => summary.min,
                Direction::Max => summary.max,
            };
            let Some(value) = point.map(|point| point.value) else {
                continue;
            };
            if metric.context.is_empty() {
                return Some(value);
            }
            fallback = Some(match (fallback, goal.direction) {
                (None, _) => value,
                (Some(other), Direction::Min) => other.min(value),
                (Some(other), Direction::Max) => other.max(value),
            });
        }
        fallback
    }

    fn no_run(&self, text: &str) -> FindError {
        let live = self.meant(None, Deleted::Hidden);
        let nearest = nearest(text, live.map(|(slot, _)| self.name_at(slot))).map(str::to_owned);
        FindError::NoRun {
            text: text.to_owned(),
            nearest,
        }
    }

    /// The experiment of this name, or the error that names the nearest one.
    pub fn find_experiment(&self, name: &str) -> Result<&Experiment, FindError> {
        self.experiment_by_name(name)
            .ok_or_else(|| self.no_experiment(name))
    }

    fn no_experiment(&self, name: &str) -> FindError {
        let nearest = nearest(name, self.names.keys().map(String::as_str)).map(str::to_owned);
        FindError::NoExperiment {
            text: name.to_owned(),
            nearest,
        }
    }
}

/// Digits of a full id and of its short form.
const ID_DIGITS: usize = 32;
const SHORT_DIGITS: usize = 8;

/// The bytes of the short id: the last four.
fn short_bytes(id: &RunId) -> [u8; 4] {
    let [.., a, b, c, d] = id.to_bytes();
    [a, b, c, d]
}

/// The beginning of an id, as digits that may end in the middle of a byte.
struct HexPrefix {
    bytes: [u8; ID_DIGITS / 2],
    digits: usize,
}

impl HexPrefix {
    fn parse(text: &str) -> Option<HexPrefix> {
        if text.is_empty() || text.len() > ID_DIGITS {
            return None;
        }
        let mut bytes = [0; ID_DIGITS / 2];
        for (at, digit) in text.bytes().enumerate() {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            bytes[at / 2] |= value << (4 * (1 - at % 2));
        }
        Some(HexPrefix {
            bytes,
            digits: text.len(),
        })
    }

    fn begins(&self, id: &[u8]) -> bool {
        let whole = self.digits / 2;
        if self.digits > 2 * id.len() || id[..whole] != self.bytes[..whole] {
            return false;
        }
        self.digits.is_multiple_of(2) || id[whole] >> 4 == self.bytes[whole] >> 4
    }
}
