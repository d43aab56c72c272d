//! Figures of runs over time, one for each stretch.
//!
//! Invariants: a run counts in the stretch in which it began; its time is divided over the stretches that it lay in.

use std::collections::BTreeMap;

/// Figures of some runs, one for each stretch.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ActivitySeries {
    /// What they have in common: an experiment's id, a state, a user, a host. Empty for all runs together.
    pub key: String,
    /// The same for people: an experiment's name.
    pub name: String,
    /// How many began in all stretches together.
    pub total: u64,
    /// How many began.
    pub runs: Vec<u64>,
    /// Those by the state that they have.
    pub states: BTreeMap<&'static str, Vec<u64>>,
    /// For how many seconds runs were running, whenever they began.
    pub run_seconds: Vec<f64>,
    /// For how many seconds devices were taken by them: each GPU that their system metrics tell of counts as long as the
    /// run was running.
    pub gpu_seconds: Vec<f64>,
    /// Seconds from start to end of those that began there and have ended: the median.
    pub took_median: Vec<Option<f64>>,
    /// The same: nine of ten took at most so long.
    pub took_p90: Vec<Option<f64>>,
    took: Vec<Vec<f64>>,
    /// By how many runs and GPUs more than in the stretch before each stretch is filled from end to end; empty for none.
    filled: Vec<(i64, i64)>,
}

/// What is known of a run here.
pub(crate) struct Row {
    pub slot: usize,
    pub begun_ns: i64,
    pub started_ns: Option<i64>,
    pub ended_ns: Option<i64>,
    pub is_running: bool,
    pub state: &'static str,
    pub gpus: u32,
}

impl ActivitySeries {
    pub(crate) fn new(len: usize) -> ActivitySeries {
        ActivitySeries {
            runs: vec![0; len],
            run_seconds: vec![0.0; len],
            gpu_seconds: vec![0.0; len],
            took: vec![Vec::new(); len],
            ..ActivitySeries::default()
        }
    }

    pub(crate) fn add(
        &mut self,
        row: &Row,
        stretch: Option<usize>,
        (edges, now_ns): (&[i64], i64),
    ) {
        if let Some(stretch) = stretch {
            self.total += 1;
            self.runs[stretch] += 1;
            let len = self.runs.len();
            let of_state = self.states.entry(row.state).or_insert_with(|| vec![0; len]);
            of_state[stretch] += 1;
            if let (Some(started), Some(ended)) = (row.started_ns, row.ended_ns) {
                self.took[stretch].push(seconds(ended.saturating_sub(started).max(0)));
            }
        }
        // What is lost and never recorded an end ran for nobody knows how long.
        let end = row.ended_ns.or(row.is_running.then_some(now_ns));
        let (Some(started), Some(end)) = (row.started_ns, end) else {
            return;
        };
        let first = edges
            .partition_point(|edge| *edge <= started)
            .saturating_sub(1);
        let behind = edges.partition_point(|edge| *edge < end);
        let behind = behind.min(edges.len() - 1);
        let gpus = row.gpus;
        let mut partly = |stretch: usize| {
            let until = end.min(edges[stretch + 1]);
            let busy_s = seconds(until.saturating_sub(started.max(edges[stretch])).max(0));
            self.run_seconds[stretch] += busy_s;
            self.gpu_seconds[stretch] += busy_s * f64::from(gpus);
        };
        // Runs and stretches can both be many: what a run fills from end to end is noted at its two ends.
        if behind.saturating_sub(first) <= 2 {
            (first..behind).for_each(partly);
            return;
        }
        partly(first);
        partly(behind - 1);
        self.filled.resize(edges.len(), (0, 0));
        for (at, sign) in [(first + 1, 1), (behind - 1, -1)] {
            self.filled[at].0 += sign;
            self.filled[at].1 += sign * i64::from(gpus);
        }
    }

    pub(crate) fn finish(&mut self, edges: &[i64]) {
        let (mut runs, mut gpus) = (0, 0);
        for (stretch, more) in std::mem::take(&mut self.filled).into_iter().enumerate() {
            (runs, gpus) = (runs + more.0, gpus + more.1);
            if runs > 0 {
                let long_s = seconds(edges[stretch + 1].saturating_sub(edges[stretch]));
                self.run_seconds[stretch] += runs as f64 * long_s;
                self.gpu_seconds[stretch] += gpus as f64 * long_s;
            }
        }
        for took in &mut self.took {
            took.sort_by(f64::total_cmp);
            self.took_median.push(quantile(took, 50));
            self.took_p90.push(quantile(took, 90));
        }
        self.took = Vec::new();
    }
}

fn seconds(ns: i64) -> f64 {
    ns as f64 / 1e9
}

/// The smallest value that at least so many percent are not larger than.
fn quantile(sorted: &[f64], percent: usize) -> Option<f64> {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::stretch_of;

    #[test]
    fn the_time_of_a_run_is_divided_over_the_stretches_it_lay_in() {
        let second = 1_000_000_000;
        let edges = [0, 10 * second, 20 * second, 30 * second];
        let mut series = ActivitySeries::new(3);
        let row = Row {
            slot: 0,
            begun_ns: 8 * second,
            started_ns: Some(8 * second),
            ended_ns: None,
            is_running: true,
            state: "running",
            gpus: 2,
        };
        series.add(
            &row,
            stretch_of(&edges, row.begun_ns),
            (&edges, 21 * second),
        );
        let mut told = series.clone();
        told.finish(&edges);
        assert_eq!(told.run_seconds, [2.0, 10.0, 1.0]);
        assert_eq!(told.gpu_seconds, [4.0, 20.0, 2.0]);
        assert_eq!(told.runs, [1, 0, 0]);
        // It began before the first edge, and nobody knows when it ended.
        let lost = Row {
            started_ns: Some(-5 * second),
            begun_ns: -5 * second,
            is_running: false,
            ..row
        };
        series.add(
            &lost,
            stretch_of(&edges, lost.begun_ns),
            (&edges, 21 * second),
        );
        series.finish(&edges);
        assert_eq!(series.run_seconds, [2.0, 10.0, 1.0]);
    }

    #[test]
    fn many_runs_over_many_stretches_fill_each_of_them() {
        let edges: Vec<i64> = (0..=1_000).map(|second| second * 1_000_000_000).collect();
        let mut series = ActivitySeries::new(1_000);
        for number in 0..3_i64 {
            let started_ns = number * 1_000_000_000 + 500_000_000;
            let row = Row {
                slot: 0,
                begun_ns: started_ns,
                started_ns: Some(started_ns),
                ended_ns: Some(i64::MAX),
                is_running: false,
                state: "completed",
                gpus: 4,
            };
            series.add(&row, None, (&edges, 0));
        }
        series.finish(&edges);
        let first = series.run_seconds[..5].to_vec();
        assert_eq!(first, [0.5, 1.5, 2.5, 3.0, 3.0]);
        assert_eq!(series.run_seconds[998..].to_vec(), [3.0, 3.0]);
        assert_eq!(series.gpu_seconds[998..].to_vec(), [12.0, 12.0]);
    }

    #[test]
    fn quantiles_are_values_that_are_there() {
        assert_eq!(quantile(&[], 50), None);
        assert_eq!(quantile(&[3.0], 90), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 50), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 90), Some(4.0));
    }
}
