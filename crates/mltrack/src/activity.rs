//! What happened in stretches of time: how many runs began, how they ended, how long they and their devices were busy.
//!
//! Invariants: a run counts once, in the stretch in which it began; its time is divided over the stretches that it lay
//! in; everything is read from the columns that searching uses, so that no run is decoded for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::sync::Arc;

use mltrack_event::{RunState, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_runs::search::{
    Aggregate, Attribute, Column, ColumnData, ColumnSource, Family, Window, select,
};

use crate::activity_groups::Groups;
use crate::activity_series::{ActivitySeries, Row};
use crate::activity_settings::{Settings, settings};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::run_query::RunQuery;
use crate::run_table::{AskedTable, RunTable};

/// The most stretches of one question.
const STRETCHES_MAX: usize = 20_000;

/// What tells the series of an answer apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityBy {
    /// The experiment.
    Experiment,
    /// The state that a run has.
    State,
    /// Who created it.
    User,
    /// The machine it ran on last.
    Host,
}

/// A question about what happened when; see [`RunQuery::activity`].
#[derive(Clone, Debug)]
pub struct ActivityQuery {
    /// Where stretches begin and end, rising; one more than there are stretches.
    pub edges: Vec<WallTime>,
    /// What tells the series apart; `None`: only all runs together are told.
    pub by: Option<ActivityBy>,
    /// At most so many series, those with the most runs first.
    pub series_max: usize,
    /// Whether parameters are compared, too.
    pub with_settings: bool,
}

/// What happened when.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Activity {
    /// All runs together.
    pub whole: ActivitySeries,
    /// By what was asked for, those with the most runs first.
    pub series: Vec<ActivitySeries>,
    /// How many series there are, told or not.
    pub series_count: usize,
    /// For each stretch, how many different settings of parameters its runs have; `None` when not asked for.
    pub settings: Option<Vec<u64>>,
    /// For each stretch, which share of all values of parameters that were tried in all stretches it tried, from 0 to 1.
    pub coverage: Option<Vec<f64>>,
    /// The last record that the answer takes into account.
    pub lsn: Option<Lsn>,
    /// What is not wrong and yet probably not meant, as in [`Page`](crate::Page).
    pub notes: Vec<String>,
}

impl RunQuery {
    /// Asks what happened when, of the runs that are meant. Orders and limits mean nothing here.
    ///
    /// Errors: `VALIDATION_ERROR` for edges that do not rise, and those of [`fetch`](RunQuery::fetch).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let day_ns = 86_400_000_000_000;
    /// let now = mltrack::WallTime(mltrack::door::wall_time_ns() + day_ns);
    /// let question = mltrack::ActivityQuery {
    ///     edges: vec![mltrack::WallTime(0), now],
    ///     by: Some(mltrack::ActivityBy::Experiment),
    ///     series_max: 10,
    ///     with_settings: true,
    /// };
    /// let activity = tracker.runs().activity(&question)?;
    /// assert_eq!((activity.whole.total, activity.series[0].name.as_str()), (1, "resnet"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn activity(self, question: &ActivityQuery) -> Result<Activity> {
        check(question)?;
        let all = Window {
            offset: 0,
            limit: usize::MAX,
        };
        let counted = self.at_table(|asked| {
            let selected = select(&asked.table, &asked.question(&[], self.mode(), all))
                .map_err(|error| Error::search(error, self.mode()))?;
            let counted = count(question, asked, &selected.rows);
            let counted = counted.map_err(|error| {
                Error::new(Code::IoError, "the table of runs cannot be read").with_source(error)
            })?;
            Ok(Activity {
                lsn: asked.lsn,
                notes: selected.notes.iter().map(ToString::to_string).collect(),
                ..counted
            })
        })?;
        Ok(counted.unwrap_or_default())
    }
}

fn check(question: &ActivityQuery) -> Result<()> {
    let count = question.edges.len();
    if !(2..=STRETCHES_MAX + 1).contains(&count) {
        let what = format!("there are {count} edges, and from 2 to {STRETCHES_MAX} are possible");
        return Err(Error::validation(what).with_hint("ask for longer stretches or a shorter time"));
    }
    if !question.edges.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(Error::validation("the edges of the stretches do not rise"));
    }
    Ok(())
}

fn count(question: &ActivityQuery, asked: &AskedTable<'_>, rows: &[u32]) -> io::Result<Activity> {
    let (table, now_ns) = (&asked.table, asked.present.now_ns());
    let edges: Vec<i64> = question.edges.iter().map(|edge| edge.0).collect();
    let rows = known_of(table, rows)?;
    let groups = question
        .by
        .map(|by| Groups::of(table, asked.state, by))
        .transpose()?;
    let mut whole = ActivitySeries::new(edges.len() - 1);
    let told = groups
        .as_ref()
        .map(|groups| Told::of(&rows, groups, (&edges, now_ns), question.series_max));
    let mut series: HashMap<usize, ActivitySeries> = HashMap::new();
    let mut begun: Vec<(usize, usize)> = Vec::new();
    for row in &rows {
        let stretch = stretch_of(&edges, row.begun_ns);
        begun.extend(stretch.map(|stretch| (stretch, row.slot)));
        whole.add(row, stretch, (&edges, now_ns));
        if let (Some(groups), Some(told)) = (&groups, &told) {
            let group = groups.of_row(row.slot);
            if told.places.contains_key(&group) {
                let of_group = series
                    .entry(group)
                    .or_insert_with(|| ActivitySeries::new(edges.len() - 1));
                of_group.add(row, stretch, (&edges, now_ns));
            }
        }
    }
    whole.finish(&edges);
    let settings = if question.with_settings {
        settings(table, begun, edges.len() - 1)?
    } else {
        Settings::default()
    };
    let series_count = told.as_ref().map_or(0, |told| told.count);
    let mut series: Vec<(usize, ActivitySeries)> = series.into_iter().collect();
    series.sort_by_key(|(group, _)| {
        told.as_ref()
            .and_then(|told| told.places.get(group))
            .copied()
    });
    let named = series.into_iter().map(|(group, mut of_group)| {
        if let Some(groups) = &groups {
            (of_group.key, of_group.name) = groups.names[group].clone();
        }
        of_group.finish(&edges);
        of_group
    });
    Ok(Activity {
        whole,
        series: named.collect(),
        series_count,
        settings: settings.different,
        coverage: settings.coverage,
        ..Activity::default()
    })
}

/// The groups that are told of: found before any is divided into stretches, for both can be very many.
struct Told {
    /// Those with the most runs, and the place of each.
    places: HashMap<usize, usize>,
    /// How many groups have something in the whole time.
    count: usize,
}

impl Told {
    fn of(
        rows: &[Row],
        groups: &Groups,
        (edges, now_ns): (&[i64], i64),
        series_max: usize,
    ) -> Told {
        let whole = [edges[0], edges[edges.len() - 1]];
        let mut weights: HashMap<usize, ActivitySeries> = HashMap::new();
        for row in rows {
            let weight = weights
                .entry(groups.of_row(row.slot))
                .or_insert_with(|| ActivitySeries::new(1));
            weight.add(row, stretch_of(&whole, row.begun_ns), (&whole, now_ns));
        }
        let busy = weights
            .into_iter()
            .filter(|(_, of_group)| of_group.total > 0 || of_group.run_seconds[0] > 0.0);
        let busy = busy.map(|(group, of_group)| (std::cmp::Reverse(of_group.total), group));
        let mut busy: Vec<_> = busy.collect();
        busy.sort_unstable();
        let count = busy.len();
        let places = busy.into_iter().take(series_max).enumerate();
        Told {
            places: places.map(|(place, (_, group))| (group, place)).collect(),
            count,
        }
    }
}

/// The stretch that a time lies in.
pub(crate) fn stretch_of(edges: &[i64], time_ns: i64) -> Option<usize> {
    let at = edges
        .partition_point(|edge| *edge <= time_ns)
        .checked_sub(1)?;
    (at + 1 < edges.len()).then_some(at)
}

pub(crate) fn attribute(table: &RunTable<'_>, attribute: Attribute) -> io::Result<Arc<ColumnData>> {
    table.column(&Column::Attribute(attribute))
}

pub(crate) fn integer(data: &ColumnData, row: usize) -> Option<i64> {
    match data {
        ColumnData::Integers { values, present } => present.get(row).then(|| values[row]),
        _ => None,
    }
}

fn known_of(table: &RunTable<'_>, rows: &[u32]) -> io::Result<Vec<Row>> {
    let created = attribute(table, Attribute::Created)?;
    let started = attribute(table, Attribute::Started)?;
    let ended = attribute(table, Attribute::Ended)?;
    let states = attribute(table, Attribute::Status)?;
    let state_names = names_of_states(&states);
    let gpus = gpus(table)?;
    let rows = rows.iter().filter_map(|row| {
        let row = *row as usize;
        let started_ns = integer(&started, row);
        let state = match &*states {
            ColumnData::Texts(texts) => state_names.get(*texts.codes().get(row)? as usize)?,
            _ => return None,
        };
        Some(Row {
            slot: row,
            begun_ns: started_ns.or_else(|| integer(&created, row))?,
            started_ns,
            ended_ns: integer(&ended, row),
            is_running: *state == RunState::Running.name(),
            state,
            gpus: gpus.get(row).copied().unwrap_or_default(),
        })
    });
    Ok(rows.collect())
}

/// The state that each text of a column of states means.
fn names_of_states(states: &ColumnData) -> Vec<&'static str> {
    let ColumnData::Texts(texts) = states else {
        return Vec::new();
    };
    let name = |text: &str| {
        let known = RunState::ALL.iter().find(|state| state.name() == text);
        known.map_or("unknown", |state| state.name())
    };
    texts.dictionary().iter().map(name).collect()
}

/// How many GPUs the system metrics of each run tell of; empty when those of no run tell of any.
fn gpus(table: &RunTable<'_>) -> io::Result<Vec<u32>> {
    let mut devices: BTreeMap<u32, BTreeSet<Box<str>>> = BTreeMap::new();
    for name in table.names(Family::Metric) {
        if let Some(device) = device_of(&name) {
            devices.entry(device).or_default().insert(name);
        }
    }
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts = vec![0_u32; table.len()];
    for names in devices.into_values() {
        let mut has = mltrack_projector_runs::search::Bitmap::none(table.len());
        for name in names {
            let points = Column::Metric {
                name,
                aggregate: Aggregate::Count,
                is_step: false,
            };
            has.or(&table.column(&points)?.present(table.len()));
        }
        has.rows().for_each(|row| counts[row] += 1);
    }
    Ok(counts)
}

/// The device that a system metric is about which every device has: ours, and what the trackers that runs come from call
/// it.
fn device_of(metric: &str) -> Option<u32> {
    let (rest, kinds): (&str, &[&str]) = if let Some(rest) = metric.strip_prefix("system/gpu.") {
        (rest, &[".memory.bytes", ".utilization.percent"])
    } else if let Some(rest) = metric.strip_prefix("system/gpu_") {
        (
            rest,
            &["_memory_usage_megabytes", "_utilization_percentage"],
        )
    } else {
        let rest = metric.strip_prefix("system.gpu.")?;
        (rest, &[".memoryAllocatedBytes", ".memoryAllocated", ".gpu"])
    };
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    kinds
        .contains(&&rest[end..])
        .then(|| rest[..end].parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_belongs_to_the_stretch_that_it_begins() {
        let edges = [0, 10, 20];
        let of = |time| stretch_of(&edges, time);
        assert_eq!((of(-1), of(0), of(9)), (None, Some(0), Some(0)));
        assert_eq!((of(10), of(19), of(20)), (Some(1), Some(1), None));
    }

    #[test]
    fn a_device_is_known_by_the_metrics_that_each_has() {
        assert_eq!(device_of("system/gpu.3.memory.bytes"), Some(3));
        assert_eq!(device_of("system/gpu_12_utilization_percentage"), Some(12));
        assert_eq!(device_of("system.gpu.0.gpu"), Some(0));
        for other in [
            "system/gpu.3.process.memory.bytes",
            "system/gpu..gpu",
            "gpu",
            "system/cpu.0",
        ] {
            assert_eq!(device_of(other), None, "{other}");
        }
    }
}
