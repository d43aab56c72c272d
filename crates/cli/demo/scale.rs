//! `mltrack demo --scale ..`: a store as large as wanted, of trainings that were made up.
//!
//! 1. Several runs of one experiment are under way at once, as on a cluster, so their records lie between each other.
//! 2. Everything goes through the library's import, with times in the past; nothing is written around it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

use mltrack::{Columns, EndState, Importer, PastEnd, PastRun, RunError, RunId, WallTime};

use super::scale_curve::Training;
use super::scale_model::{Fate, Plan, Scale, metric_name, plan, rare_name};
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::store;

/// Runs of an experiment that are under way at the same time.
const RUNS_AT_ONCE: u64 = 16;
/// A run logs so many steps before the next one has its turn.
const TURN_STEPS: u64 = 50;
/// Runs of an experiment, so that a large store has several.
const EXPERIMENT_RUNS: u64 = 5000;
const LINE_NS: i64 = 1_000_000_000;
/// Where nobody watches, a line comes less often.
const QUIET_LINE_NS: i64 = 10_000_000_000;

/// What was wished for beside the scale.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    pub seed: u64,
    /// One metric a record, as `log_metric` writes, instead of a row of all.
    pub is_single: bool,
    pub is_f64: bool,
}

impl FromStr for Scale {
    type Err = String;

    /// `runs=100000,params=20,metrics=10,points=500,columns=1000,experiments=1`; what is not said stays small.
    fn from_str(text: &str) -> Result<Scale, String> {
        let mut scale = Scale {
            runs: 100,
            params: 20,
            metrics: 10,
            points: 500,
            columns: 0,
            experiments: None,
        };
        for part in text.split(',') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("{part:?} is no NAME=COUNT"))?;
            let count: u64 = value
                .replace('_', "")
                .parse()
                .map_err(|_| format!("{value:?} is no count"))?;
            let (field, max) = match name {
                "runs" => (&mut scale.runs, 10_000_000),
                "points" => (&mut scale.points, 1_000_000_000),
                "params" => {
                    scale.params = within(name, count, 0, 10_000)? as usize;
                    continue;
                }
                "metrics" => {
                    scale.metrics = within(name, count, 1, 10_000)? as usize;
                    continue;
                }
                "columns" => {
                    scale.columns = within(name, count, 0, 100_000)? as usize;
                    continue;
                }
                "experiments" => {
                    scale.experiments = Some(within(name, count, 1, 10_000)?);
                    continue;
                }
                _ => {
                    return Err(format!(
                        "{name:?} is none of runs, params, metrics, points, columns, experiments"
                    ));
                }
            };
            *field = within(name, count, 1, max)?;
        }
        Ok(scale)
    }
}

fn within(name: &str, count: u64, min: u64, max: u64) -> Result<u64, String> {
    if (min..=max).contains(&count) {
        return Ok(count);
    }
    Err(format!("{name} is {min} to {max}"))
}

pub fn run(scale: &Scale, manner: &Manner, context: &Context) -> Outcome {
    let place = store::for_beginning(context)?;
    let tracker = store::builder(&place).open()?;
    let interrupt = Interrupt::listen()?;
    let mut told = Progress::new(scale, context);
    let wanted = scale.experiments.map(|count| scale.runs.div_ceil(count));
    let each = wanted.unwrap_or(EXPERIMENT_RUNS);
    let experiments = scale.runs.div_ceil(each);
    for experiment in 0..experiments {
        let first = experiment * each;
        let runs = first..(first + each).min(scale.runs);
        let name = format!("scale-{}", experiment + 1);
        let mut import = tracker.experiment(&name)?.import()?;
        let columns = Named {
            each: columns(scale, manner, &mut import)?,
            rare: rare_columns(scale, &mut import)?,
        };
        let mut begin = runs.start;
        while begin < runs.end {
            let group = begin..(begin + RUNS_AT_ONCE).min(runs.end);
            begin = group.end;
            make_group(scale, manner, group, (&mut import, &columns), &mut told)?;
            told.show(context);
            if interrupt.is_set() {
                import.flush()?;
                return Err(Stop::Interrupted);
            }
        }
    }
    tracker.flush()?;
    tracker.close()?;
    told.end(&place, experiments, context)
}

/// What is logged together: everything, or each metric for itself.
fn columns(scale: &Scale, manner: &Manner, import: &mut Importer) -> Outcome<Vec<Columns>> {
    let names: Vec<String> = (0..scale.metrics).map(metric_name).collect();
    if !manner.is_single {
        return Ok(vec![import.columns(names)?]);
    }
    let each = names.into_iter().map(|name| Ok(import.columns([name])?));
    each.collect()
}

/// The rare metrics, each for itself.
fn rare_columns(scale: &Scale, import: &mut Importer) -> Outcome<Vec<Columns>> {
    let places = 0..scale.rare().1;
    places
        .map(|place| Ok(import.columns([rare_name(place)])?))
        .collect()
}

/// The metrics of an experiment, as they are logged.
struct Named {
    each: Vec<Columns>,
    rare: Vec<Columns>,
}

/// A run under way.
struct Underway {
    id: RunId,
    plan: Plan,
    training: Training,
    step: u64,
    time_ns: i64,
}

fn make_group(
    scale: &Scale,
    manner: &Manner,
    group: std::ops::Range<u64>,
    (import, columns): (&mut Importer, &Named),
    told: &mut Progress,
) -> Outcome<()> {
    let mut underway = Vec::new();
    for index in group {
        let plan = plan(scale, manner.seed, index, told.started_ns);
        let id = import.begin(&past_run(&plan, index))?;
        let training = Training::new(scale, &plan, manner.is_f64);
        let time_ns = plan.started_ns;
        underway.push(Underway {
            id,
            plan,
            training,
            step: 0,
            time_ns,
        });
    }
    let mut row = Vec::new();
    while !underway.is_empty() {
        for run in &mut underway {
            let turn = run.step..(run.step + TURN_STEPS).min(run.plan.steps);
            for step in turn.clone() {
                run.time_ns = run.training.advance(&mut row);
                log(
                    import,
                    &columns.each,
                    (run.id, step as i64, run.time_ns),
                    &row,
                )?;
            }
            run.step = turn.end;
            told.points += (turn.end - turn.start) * row.len() as u64;
        }
        for run in underway.extract_if(.., |run| run.step == run.plan.steps) {
            told.runs += 1;
            for (place, value) in &run.plan.rare {
                let step = run.plan.steps as i64;
                log(
                    import,
                    &columns.rare[*place..=*place],
                    (run.id, step, run.time_ns),
                    &[*value],
                )?;
            }
            if let Some(end) = end_of(run.plan.fate) {
                import.end(run.id, WallTime(run.time_ns), end)?;
            }
        }
    }
    Ok(import.flush()?)
}

fn log(
    import: &mut Importer,
    columns: &[Columns],
    (run, step, time_ns): (RunId, i64, i64),
    row: &[f64],
) -> Outcome<()> {
    let time = WallTime(time_ns);
    if let [all] = columns {
        return Ok(import.log(run, *all, step, time, row)?);
    }
    for (column, value) in columns.iter().zip(row) {
        import.log(run, *column, step, time, std::slice::from_ref(value))?;
    }
    Ok(())
}

fn past_run(plan: &Plan, index: u64) -> PastRun {
    PastRun {
        seed: Some(plan.seed),
        is_detached: plan.fate == Fate::GoesOn,
        host: format!("node-{}", index % 64),
        pid: 1000 + (index % 30_000) as u32,
        params: plan.params.clone(),
        tags: plan.tags.clone(),
        ..PastRun::new(plan.name.clone(), WallTime(plan.started_ns))
    }
}

fn end_of(fate: Fate) -> Option<PastEnd> {
    let failed = |kind: &str, message: &str| {
        let error = RunError {
            kind: kind.into(),
            message: message.into(),
            trace: None,
            cause: None,
            recoverable: false,
        };
        PastEnd::Ended(EndState::Failed, Some(error))
    };
    Some(match fate {
        Fate::Completes => PastEnd::Ended(EndState::Completed, None),
        Fate::Diverges => failed("Diverged", "the loss is not finite"),
        Fate::RunsOutOfMemory => failed("OutOfMemory", "cannot allocate 8.00 GiB"),
        Fate::IsCancelled => PastEnd::Ended(EndState::Cancelled, None),
        Fate::TimesOut => PastEnd::Ended(EndState::TimedOut, None),
        Fate::IsLost => PastEnd::Lost,
        Fate::GoesOn => return None,
    })
}

/// How far it is, for whoever watches stderr.
struct Progress {
    runs: u64,
    runs_wanted: u64,
    points: u64,
    started_ns: i64,
    told_ns: i64,
}

impl Progress {
    fn new(scale: &Scale, context: &Context) -> Progress {
        Progress {
            runs: 0,
            runs_wanted: scale.runs,
            points: 0,
            started_ns: context.started_ns,
            told_ns: context.started_ns,
        }
    }

    fn rate(&self, now_ns: i64) -> String {
        let elapsed_s = (now_ns - self.started_ns).max(1) as f64 / 1e9;
        format!("{:.1} M points/s", self.points as f64 / elapsed_s / 1e6)
    }

    fn show(&mut self, context: &Context) {
        let interval_ns = if context.stderr_is_terminal {
            LINE_NS
        } else {
            QUIET_LINE_NS
        };
        let now_ns = now_ns();
        if now_ns - self.told_ns < interval_ns {
            return;
        }
        self.told_ns = now_ns;
        context.note(&format!(
            "{} of {}, {} points, {}",
            grouped(self.runs),
            counted(self.runs_wanted, "run"),
            grouped(self.points),
            self.rate(now_ns)
        ));
    }

    fn end(&self, place: &Path, experiments: u64, context: &Context) -> Outcome {
        let now_ns = now_ns();
        let text = format!(
            "made {} in {} with {} points: {} in {} ({})\n",
            counted(self.runs, "run"),
            counted(experiments, "experiment"),
            grouped(self.points),
            bytes(log_len(place)),
            took(now_ns - context.started_ns),
            self.rate(now_ns)
        );
        io::stdout().write_all(text.as_bytes())?;
        Ok(Exit::Done)
    }
}

/// The bytes of the files that lie in the store itself.
fn log_len(place: &Path) -> u64 {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.metadata().ok());
    files
        .filter(fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_read_from_its_parts_and_bounded() {
        let scale: Scale = "runs=100_000,params=0,metrics=10,points=7".parse().unwrap();
        assert_eq!((scale.runs, scale.params), (100_000, 0));
        assert_eq!((scale.metrics, scale.points), (10, 7));
        assert_eq!("runs=3".parse::<Scale>().unwrap().points, 500);
        let wide: Scale = "columns=1000,experiments=1".parse().unwrap();
        assert_eq!((wide.rare(), wide.experiments), ((485, 485), Some(1)));
        for (text, what) in [
            ("", "is no NAME=COUNT"),
            ("runs", "is no NAME=COUNT"),
            ("runs=x", "is no count"),
            ("runs=0", "runs is 1 to"),
            ("metrics=0", "metrics is 1 to"),
            ("steps=1", "none of runs"),
        ] {
            assert!(text.parse::<Scale>().unwrap_err().contains(what), "{text}");
        }
    }
}
