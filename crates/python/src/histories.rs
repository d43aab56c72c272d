//! The histories of many metrics and runs as one table.
//!
//! Invariants: rows come run by run in the order asked for, metric by metric, step by step; the names of runs and
//! metrics are kept once, however many rows have them.

use mltrack::{History, Points, RunId, Series};
use pyo3::prelude::*;

use crate::column::Column;
use crate::dict::answered;
use crate::frame::Frame;
use crate::moment::{At, at};
use crate::open::Store;

#[derive(Default)]
struct Table {
    runs: Vec<String>,
    run_places: Vec<i32>,
    names: Vec<String>,
    name_places: Vec<i32>,
    points: Points,
}

impl Table {
    fn add_run(&mut self, run: RunId, histories: Vec<History>) {
        self.runs.push(run.to_string());
        for history in histories {
            let label = label(&history);
            if let Series::Points(points) = history.series {
                self.add_points(label, points);
            }
        }
    }

    fn add_points(&mut self, name: String, points: Points) {
        let known = self.names.iter().position(|known| *known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        let len = self.run_places.len() + points.len();
        self.run_places.resize(len, self.runs.len() as i32 - 1);
        self.name_places.resize(len, place as i32);
        self.points.steps.extend(points.steps);
        self.points.values.extend(points.values);
        self.points.times_ns.extend(points.times_ns);
    }

    fn frame(self) -> Frame {
        Frame::new(vec![
            ("run".to_owned(), Column::words(self.run_places, &self.runs)),
            (
                "metric".to_owned(),
                Column::words(self.name_places, &self.names),
            ),
            ("step".to_owned(), Column::whole(self.points.steps)),
            ("value".to_owned(), Column::real(self.points.values)),
            ("time_ns".to_owned(), Column::whole(self.points.times_ns)),
        ])
    }
}

/// The name with its context, as it is shown everywhere: `loss`, `loss{subset=val}`.
fn label(history: &History) -> String {
    if history.context.is_empty() {
        return history.name.clone();
    }
    let pairs = history.context.iter();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    format!("{}{{{}}}", history.name, pairs.join(","))
}

#[pymethods]
impl Store {
    /// Every point of these metrics of these runs, of all metrics when none is named; `*` and `?` stand for others. The
    /// columns are `run`, `metric`, `step`, `value`, `time_ns`.
    #[pyo3(signature = (runs, metrics=Vec::new(), first_step=None, last_step=None, at=None))]
    fn histories(
        &self,
        py: Python<'_>,
        runs: Vec<String>,
        metrics: Vec<String>,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at: Option<At>,
    ) -> PyResult<Frame> {
        let steps = first_step.unwrap_or(i64::MIN)..=last_step.unwrap_or(i64::MAX);
        let table = py.detach(|| {
            let mut table = Table::default();
            for run in &runs {
                let run = self.run_id(run)?;
                let mut query = self.tracker().histories(run).steps(steps.clone());
                for pattern in &metrics {
                    query = query.metric(pattern);
                }
                table.add_run(run, at!(query, at).fetch()?);
            }
            Ok(table)
        });
        answered(table).map(Table::frame)
    }
}
