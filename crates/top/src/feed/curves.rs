//! The lines of the charts, read again only when a metric has more points than before.
//!
//! Invariants: by steps the library's buckets are drawn; by times every point is looked at once, stretch by stretch,
//! without holding them all. Either way the extremes are those that were logged.

use std::collections::HashMap;
use std::sync::Arc;

use mltrack::{Result, RunId, RunSummary, Series, Tracker};

use crate::question::{Axis, Chart, ChartWish, Curve};
use crate::spots::{ByTime, Spot};

#[derive(Default)]
pub struct Curves {
    known: HashMap<(RunId, String), Known>,
}

/// Two questions with equal marks have the same answer.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    count: u64,
    spots_max: usize,
    by_time: bool,
}

struct Known {
    mark: Mark,
    spots: Arc<Vec<Spot>>,
}

impl Curves {
    /// A chart for each label, with a line of every run that has the metric.
    pub fn charts(
        &mut self,
        tracker: &Tracker,
        runs: &[Arc<RunSummary>],
        labels: &[String],
        wish: ChartWish,
    ) -> Result<Vec<Chart>> {
        self.known.retain(|(run, label), _| {
            labels.contains(label) && runs.iter().any(|known| known.id == *run)
        });
        for run in runs {
            self.read(tracker, run, labels, wish)?;
        }
        let chart = |label: &String| Chart {
            label: label.clone(),
            curves: runs
                .iter()
                .filter_map(|run| self.curve(run, label, wish))
                .collect(),
        };
        Ok(labels.iter().map(chart).collect())
    }

    fn curve(&self, run: &RunSummary, label: &str, wish: ChartWish) -> Option<Curve> {
        let known = self.known.get(&(run.id, label.to_owned()))?;
        let since_ns = run.started.unwrap_or(run.created).0 as f64;
        let spots = match wish.axis {
            Axis::Step | Axis::Time => Arc::clone(&known.spots),
            Axis::Relative => Arc::new(
                known
                    .spots
                    .iter()
                    .map(|spot| spot.moved(-since_ns))
                    .collect(),
            ),
        };
        Some(Curve { run: run.id, spots })
    }

    /// Reads what has become more.
    fn read(
        &mut self,
        tracker: &Tracker,
        run: &RunSummary,
        labels: &[String],
        wish: ChartWish,
    ) -> Result<()> {
        let mut stale: HashMap<String, Mark> = HashMap::new();
        for label in labels {
            let Some(metric) = run.metrics.get(label) else {
                continue;
            };
            let mark = Mark {
                count: metric.count,
                spots_max: wish.spots_max,
                by_time: wish.axis != Axis::Step,
            };
            let known = self.known.get(&(run.id, label.clone()));
            if known.is_none_or(|known| known.mark != mark) {
                stale.insert(label.clone(), mark);
            }
        }
        if stale.is_empty() {
            return Ok(());
        }
        let names = stale.keys().map(|label| name_of(label));
        let query = names.fold(tracker.histories(run.id), mltrack::HistoriesQuery::metric);
        let found = if wish.axis == Axis::Step {
            by_step(query, wish.spots_max)?
        } else {
            by_time(query, wish.spots_max)?
        };
        for (label, spots) in found {
            if let Some(mark) = stale.get(&label).copied() {
                let spots = Arc::new(spots);
                self.known.insert((run.id, label), Known { mark, spots });
            }
        }
        Ok(())
    }
}

fn by_step(query: mltrack::HistoriesQuery, count_max: usize) -> Result<Vec<(String, Vec<Spot>)>> {
    let histories = query.buckets(count_max).fetch()?;
    let spots = histories
        .iter()
        .filter_map(|history| match &history.series {
            Series::Buckets(buckets) => {
                let label = label(&history.name, &history.context);
                Some((label, buckets.iter().map(Spot::from).collect()))
            }
            Series::Points(_) => None,
        });
    Ok(spots.collect())
}

fn by_time(query: mltrack::HistoriesQuery, count_max: usize) -> Result<Vec<(String, Vec<Spot>)>> {
    let found = query.fold(|found| {
        let spots = found.metrics.iter().map(|metric| {
            let mut made = ByTime::new(count_max);
            for stretch in &metric.stretches {
                made.add_all(&stretch.read(true)?);
            }
            Ok((label(&metric.name, &metric.context), made.finish()))
        });
        spots.collect()
    })?;
    Ok(found.unwrap_or_default())
}

/// `loss`, or `loss{subset=val}`.
fn label(name: &str, context: &[(String, String)]) -> String {
    if context.is_empty() {
        return name.to_owned();
    }
    let pairs = context.iter().map(|(key, value)| format!("{key}={value}"));
    format!("{name}{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

/// The name in a label, as a pattern that it matches.
fn name_of(label: &str) -> String {
    let name = match label.find('{') {
        Some(at) if label.ends_with('}') => &label[..at],
        _ => label,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_label_is_what_stands_before_its_context() {
        let context = [("subset".to_owned(), "val".to_owned())];
        assert_eq!(name_of(&label("loss", &context)), "loss");
        assert_eq!(name_of("lr{0"), "lr{0");
    }
}
