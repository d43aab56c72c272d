//! What an import did, for people and for programs.

use mltrack::Tracker;
use mltrack_import::Report;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Outcome;
use crate::look;
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::{OutputArguments, Sheet, print, push_line};

pub const FIELDS: &[&str] = &[
    "experiments",
    "runs_new",
    "runs_grown",
    "runs_same",
    "points",
    "histograms",
    "values",
    "lines",
    "params",
    "tags",
    "notes",
    "artifacts",
    "artifact_bytes",
    "artifacts_linked",
    "datasets",
    "bytes_read",
    "new_runs",
    "untaken_count",
    "untaken",
    "took_s",
    "dry_run",
];

/// More of what was not taken is counted only.
const UNTAKEN_SHOWN: usize = 10;
/// More runs are not named one by one.
const RUNS_SHOWN: usize = 8;

pub struct Told<'a> {
    pub report: &'a Report,
    pub took_ns: i64,
    pub is_dry: bool,
}

impl Told<'_> {
    pub fn print(
        &self,
        tracker: &Tracker,
        output: &OutputArguments,
        context: &Context,
    ) -> Outcome<()> {
        let lsn = if tracker.is_enabled() {
            look::end(tracker)?
        } else {
            0
        };
        let sheet = Sheet::of_one(FIELDS, self.item(), lsn, self.text());
        print(&sheet, output, &context.terminal)?;
        if let Some(undo) = self.undo() {
            context.note(&undo);
        }
        Ok(())
    }

    /// In the order of [`FIELDS`].
    fn item(&self) -> Vec<Value> {
        let report = self.report;
        vec![
            report.experiments.into(),
            report.runs_new.into(),
            report.runs_grown.into(),
            report.runs_same.into(),
            report.points.into(),
            report.histograms.into(),
            report.values.into(),
            report.lines.into(),
            report.params.into(),
            report.tags.into(),
            report.notes.into(),
            report.artifacts.into(),
            report.artifacts_len.into(),
            report.artifacts_linked.into(),
            report.datasets.into(),
            report.len_read.into(),
            json!(report.new_runs),
            report.untaken_count.into(),
            json!(report.untaken),
            json!(self.took_ns as f64 / 1e9),
            self.is_dry.into(),
        ]
    }

    fn text(&self) -> String {
        let report = self.report;
        let verb = if self.is_dry {
            "would import"
        } else {
            "imported"
        };
        let runs = [
            (report.runs_new, "new"),
            (report.runs_grown, "grown"),
            (report.runs_same, "as before"),
        ];
        let runs = runs.iter().filter(|(count, _)| *count > 0);
        let runs: Vec<String> = runs
            .map(|(count, word)| format!("{} {word}", grouped(*count)))
            .collect();
        let runs = if runs.is_empty() {
            "none".to_owned()
        } else {
            runs.join(", ")
        };
        let mut text = format!(
            "  {verb} runs: {runs}; {} read in {}\n",
            bytes(report.len_read),
            took(self.took_ns)
        );
        let others = [
            (report.experiments, "new experiment"),
            (report.points, "point"),
            (report.histograms, "distribution"),
            (report.values, "text or value"),
            (report.lines, "line"),
            (report.params, "parameter"),
            (report.tags, "tag"),
            (report.notes, "note"),
            (report.artifacts, "artifact"),
            (report.artifacts_linked, "linked artifact"),
            (report.datasets, "dataset"),
        ];
        let others = others.iter().filter(|(count, _)| *count > 0);
        let others: Vec<String> = others.map(|(count, noun)| counted(*count, noun)).collect();
        if !others.is_empty() {
            push_line(&mut text, &format!("  {}", others.join(", ")));
        }
        if report.untaken_count > 0 {
            let count = counted(report.untaken_count, "thing");
            push_line(
                &mut text,
                &format!("  {count} not taken, or worth knowing:"),
            );
        }
        for one in report.untaken.iter().take(UNTAKEN_SHOWN) {
            push_line(&mut text, &format!("    {one}"));
        }
        let more = report.untaken_count.saturating_sub(UNTAKEN_SHOWN as u64);
        if more > 0 {
            push_line(
                &mut text,
                &format!("    and {more} more: --json lists them"),
            );
        }
        text
    }

    fn undo(&self) -> Option<String> {
        let runs = &self.report.new_runs;
        if self.is_dry || runs.is_empty() {
            return None;
        }
        if runs.len() > RUNS_SHOWN {
            return Some("undo: mltrack rm with the ids in new_runs of --json".to_owned());
        }
        Some(format!("undo: mltrack rm {}", runs.join(" ")))
    }
}
