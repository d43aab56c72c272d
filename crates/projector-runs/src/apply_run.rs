//! The fold of runs: their lives, what describes them, and their points.
//!
//! Invariants: a run moves only as [`RunState::after`] allows, so of two ends the first counts; a param keeps its first
//! value; points that were acknowledged count even when the run had ended, and are told apart.

use mltrack_event::{Event, MetricBatchLogged, MetricsView, RunCreated, RunMove, RunState};
use mltrack_projector::{Entry, WriterId};

use crate::apply::Outcome;
use crate::metrics::{Columns, Point};
use crate::run::{Note, Owner, Run};
use crate::state::State;
use mltrack_projector::Stamp;

impl State {
    pub(crate) fn apply_metrics(&mut self, view: &MetricsView<'_>, entry: &Entry<'_>) {
        let row = Row {
            view,
            time_ns: entry.time_ns,
        };
        let dictionary = &self.dictionary;
        let Some(run) = self.runs.get_mut(view.run) else {
            self.oddities.orphaned += 1;
            return;
        };
        run.hear(entry);
        let is_defined = run.metrics.add(view.columns, &row, dictionary);
        run.count_points(view.len() as u64, is_defined);
    }

    fn apply_batch(&mut self, logged: &MetricBatchLogged, entry: &Entry<'_>) -> Outcome {
        let Some(run) = self.runs.get_mut(logged.run) else {
            return Outcome::Orphaned;
        };
        run.hear(entry);
        let is_defined = Rows::new(logged, entry.time_ns)
            .is_some_and(|rows| run.metrics.add(logged.columns, &rows, &self.dictionary));
        run.count_points(logged.values.len() as u64, is_defined);
        Outcome::Applied
    }

    pub(crate) fn apply_run_event(&mut self, event: &Event, entry: &Entry<'_>) -> Outcome {
        match event {
            Event::RunCreated(created) => return self.create_run(created, entry),
            Event::MetricsLogged(logged) => {
                // The log's own points are read in place; this is one that somebody decoded in full.
                let batch = MetricBatchLogged {
                    run: logged.run,
                    columns: logged.columns,
                    steps: vec![logged.step],
                    times: Vec::new(),
                    values: logged.values.clone(),
                };
                return self.apply_batch(&batch, entry);
            }
            Event::MetricBatchLogged(logged) => return self.apply_batch(logged, entry),
            _ => {}
        }
        let Some(run) = event.run().and_then(|key| self.run_mut(key)) else {
            return Outcome::Orphaned;
        };
        run.hear(entry);
        let outcome = run.apply(event, entry);
        if outcome == Outcome::Refused {
            run.refused += 1;
        }
        outcome
    }

    fn create_run(&mut self, created: &RunCreated, entry: &Entry<'_>) -> Outcome {
        let key = created.run.key();
        if let Some(known) = self.run_mut(key) {
            known.refused += 1;
            if known.id != created.run {
                self.oddities.run_collisions.push(created.run);
            }
            return Outcome::Refused;
        }
        self.push_run(Run::new(created, entry));
        let Some(experiment) = self.experiments.get_mut(&created.experiment) else {
            // The run is real all the same: it can be found by its id.
            return Outcome::Orphaned;
        };
        experiment.run_number_max = experiment.run_number_max.max(created.number);
        Outcome::Applied
    }
}

impl Run {
    fn new(created: &RunCreated, entry: &Entry<'_>) -> Run {
        let at = Stamp::of(entry);
        Run {
            id: created.run,
            experiment: created.experiment,
            number: created.number,
            name: created.name.clone(),
            parent: created.parent,
            seed: created.seed,
            state: RunState::Pending,
            attached: !created.detached,
            owners: Vec::new(),
            timeout_s: created.timeout_s,
            created: at,
            started: None,
            resumed: None,
            ended: None,
            deleted: None,
            heard: Stamp {
                lsn: entry.lsn,
                time_ns: entry.commit_time_ns,
            },
            host: created.host.clone(),
            pid: created.pid,
            actor: created.actor.clone(),
            command: created.command.clone(),
            error: None,
            params: created.params.iter().cloned().collect(),
            tags: created.tags.iter().cloned().collect(),
            notes: Vec::new(),
            metrics: crate::metrics::Metrics::default(),
            points: 0,
            points_late: 0,
            points_undefined: 0,
            lines: 0,
            histograms: 0,
            json_values: 0,
            refused: 0,
        }
    }

    pub(crate) fn hear(&mut self, entry: &Entry<'_>) {
        self.heard = Stamp {
            lsn: entry.lsn,
            time_ns: entry.commit_time_ns,
        };
    }

    fn count_points(&mut self, count: u64, is_defined: bool) {
        self.points += count;
        if self.state != RunState::Running {
            self.points_late += count;
        }
        if !is_defined {
            self.points_undefined += count;
        }
    }

    fn apply(&mut self, event: &Event, entry: &Entry<'_>) -> Outcome {
        if let Some((_, step)) = RunMove::of(event) {
            return self.make_move(step, event, entry);
        }
        match event {
            Event::RunAttached(_) if self.state != RunState::Running => return Outcome::Refused,
            Event::RunAttached(attached) => {
                self.own(entry.writer, &attached.host, attached.pid);
            }
            Event::RunDeleted(_) if self.deleted.is_some() => return Outcome::Refused,
            Event::RunDeleted(_) => self.deleted = Some(Stamp::of(entry)),
            Event::RunRestored(_) if self.deleted.is_none() => return Outcome::Refused,
            Event::RunRestored(_) => self.deleted = None,
            Event::ParamsLogged(logged) => {
                return self.log_params(&logged.params);
            }
            Event::TagsSet(set) => self.tags.extend(set.tags.iter().cloned()),
            Event::RunRenamed(renamed) => self.name.clone_from(&renamed.name),
            Event::TagRemoved(removed) => drop(self.tags.remove(&removed.key)),
            Event::NoteAdded(added) => {
                self.notes.push(Note {
                    at: Stamp::of(entry),
                    text: added.text.clone(),
                    actor: added.actor.clone(),
                });
            }
            Event::NoteRemoved(removed) => {
                self.notes.retain(|note| note.at.lsn.get() != removed.note);
            }
            Event::ParamsRemoved(removed) => {
                for name in &removed.names {
                    self.params.remove(name);
                }
            }
            Event::LogLine(logged) => self.lines += logged.lines.len() as u64,
            Event::HistogramLogged(_) => self.histograms += 1,
            Event::JsonLogged(_) => self.json_values += 1,
            // Another fold keeps them.
            Event::EnvironmentCaptured(_)
            | Event::ArtifactLogged(_)
            | Event::ArtifactsRemoved(_)
            | Event::ArtifactsRestored(_)
            | Event::ArtifactUsed(_)
            | Event::DatasetUsed(_)
            | Event::ModelUsed(_) => {}
            // A variant that `mltrack-event` gained and this fold does not know yet.
            _ => return Outcome::Unknown,
        }
        Outcome::Applied
    }

    fn make_move(&mut self, step: RunMove, event: &Event, entry: &Entry<'_>) -> Outcome {
        let Ok(state) = self.state.after(step) else {
            return Outcome::Refused;
        };
        self.state = state;
        match event {
            Event::RunStarted(started) => {
                self.started = Some(Stamp::of(entry));
                self.run_from(started.attached, &started.host, started.pid, entry.writer);
            }
            Event::RunResumed(resumed) => {
                self.resumed = Some(Stamp::of(entry));
                self.ended = None;
                self.error = None;
                self.run_from(resumed.attached, &resumed.host, resumed.pid, entry.writer);
            }
            Event::RunEnded(ended) => {
                self.ended = Some(Stamp::of(entry));
                self.error.clone_from(&ended.error);
            }
            Event::RunLost(_) => self.ended = Some(Stamp::of(entry)),
            _ => {}
        }
        Outcome::Applied
    }

    /// From a start or a resume on, only who comes from then on owns the run.
    fn run_from(&mut self, attached: bool, host: &str, pid: u32, writer: WriterId) {
        self.attached = attached;
        host.clone_into(&mut self.host);
        self.pid = pid;
        self.owners.clear();
        if attached {
            self.own(writer, host, pid);
        }
    }

    fn own(&mut self, writer: WriterId, host: &str, pid: u32) {
        self.owners.retain(|owner| owner.writer != writer);
        self.owners.push(Owner {
            writer,
            host: host.to_owned(),
            pid,
        });
    }

    fn log_params(&mut self, params: &[(String, mltrack_event::ParamValue)]) -> Outcome {
        let mut outcome = Outcome::Applied;
        for (name, value) in params {
            let kept = self
                .params
                .entry(name.clone())
                .or_insert_with(|| value.clone());
            if !kept.same(value) {
                outcome = Outcome::Refused;
            }
        }
        outcome
    }
}

/// One step's values: a row of one point per column.
struct Row<'a> {
    view: &'a MetricsView<'a>,
    time_ns: i64,
}

impl Columns for Row<'_> {
    fn width(&self) -> usize {
        self.view.len()
    }

    fn for_each(&self, column: usize, mut add: impl FnMut(Point)) {
        if let Some(value) = self.view.value(column) {
            add(Point {
                value,
                step: self.view.step,
                time_ns: self.time_ns,
            });
        }
    }
}

/// A columnar batch whose lengths agree.
struct Rows<'a> {
    logged: &'a MetricBatchLogged,
    width: usize,
    time_ns: i64,
}

impl<'a> Rows<'a> {
    fn new(logged: &'a MetricBatchLogged, time_ns: i64) -> Option<Rows<'a>> {
        let rows = logged.steps.len();
        let has_times = logged.times.is_empty() || logged.times.len() == rows;
        let is_whole = rows > 0 && logged.values.len().is_multiple_of(rows);
        (has_times && is_whole).then(|| Rows {
            logged,
            width: logged.values.len() / rows,
            time_ns,
        })
    }
}

impl Columns for Rows<'_> {
    fn width(&self) -> usize {
        self.width
    }

    fn for_each(&self, column: usize, mut add: impl FnMut(Point)) {
        let rows = self.logged.steps.len();
        let values = &self.logged.values[column * rows..(column + 1) * rows];
        for (row, (value, step)) in values.iter().zip(&self.logged.steps).enumerate() {
            let time_ns = self.logged.times.get(row).copied().unwrap_or(self.time_ns);
            add(Point {
                value: *value,
                step: *step,
                time_ns,
            });
        }
    }
}
