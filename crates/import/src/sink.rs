//! Writes chunks into a store, or only counts them.
//!
//! Invariants: a run is made with its first chunk and ended after its last; one run that cannot be written does not keep
//! the others from it, unless the store itself fails; with a dry run nothing is written.

use std::collections::{BTreeSet, HashMap};

use mltrack::{
    Code, Error, ExperimentId, ParamsDiffer, Piece, PieceColumn, PieceHistogram, PieceValue,
    RemoteState, RemoteUpdate, RemoteWrite, Result, Tracker,
};

use crate::chunk::{Chunk, Content, PastArtifact, PastEnding, RunFacts};
use crate::doomed::Doomed;
use crate::fit::fit_run;
use crate::known::{Known, TAG_PLACE, TAG_SOURCE, said_end};
use crate::pass::Options;
use crate::report::{NEW_RUNS_MAX, Report, Untaken};
use crate::sift::sift;
use crate::source::{PastExperiment, RunHead};
use crate::stored::{content_len, is_of_one, store};
use crate::{inputs, links};

/// Where runs go.
pub(crate) struct Sink<'a> {
    tracker: &'a Tracker,
    kind: &'static str,
    into: Option<&'a str>,
    names: &'a [(String, String)],
    /// Those of them that the source has.
    met: BTreeSet<&'a str>,
    is_dry: bool,
    experiments: HashMap<String, Option<ExperimentId>>,
    /// Experiments that are deleted behind their last run.
    doomed: Vec<Doomed>,
    runs: HashMap<String, Known>,
    pub report: Report,
}

/// What a source is to do with a run.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Go on there.
    Open(Option<String>),
    /// Leave it.
    Skip,
}

impl<'a> Sink<'a> {
    pub fn new(tracker: &'a Tracker, kind: &'static str, options: &'a Options) -> Sink<'a> {
        Sink {
            tracker,
            kind,
            into: options.into.as_deref(),
            names: &options.names,
            met: BTreeSet::new(),
            is_dry: options.is_dry,
            experiments: HashMap::new(),
            doomed: Vec::new(),
            runs: HashMap::new(),
            report: Report::default(),
        }
    }

    /// Makes an experiment of which more is known than a name.
    pub fn experiment(&mut self, past: &PastExperiment) -> Result<()> {
        if self.into.is_some() {
            return Ok(());
        }
        let name = self.mapped(&past.name);
        if !past.is_deleted {
            return self.experiment_of(&name, Some(past)).map(drop);
        }
        if let Some(doomed) = Doomed::find(self.tracker, self.kind, &past.identity)? {
            self.experiments.insert(name, Some(doomed.experiment()));
            self.doomed.push(doomed);
            return Ok(());
        }
        let count = self.report.experiments;
        let made = self.experiment_of(&name, Some(past))?;
        if let Some(id) = made.filter(|_| self.report.experiments > count) {
            let doomed = Doomed::new(self.kind, &past.identity, id);
            doomed.write(self.tracker)?;
            self.doomed.push(doomed);
        } else if !self.is_dry {
            let why = "it was deleted there, and one of that name is here: its runs go there, and are deleted";
            let what = format!("experiment {name}");
            let untaken = Untaken::noted(what, &past.identity, why);
            self.report.add_untaken([untaken]);
        }
        Ok(())
    }

    /// Deletes the experiments that are deleted there.
    pub fn finish_experiments(&mut self) -> Result<()> {
        for (old, new) in self
            .names
            .iter()
            .filter(|(old, _)| !self.met.contains(old.as_str()))
        {
            let why = format!("there is no experiment of that name, so none is called {new:?}");
            let untaken = Untaken::noted(format!("experiment {old:?}"), self.kind, &why);
            self.report.add_untaken([untaken]);
        }
        let doomed = std::mem::take(&mut self.doomed);
        if self.is_dry {
            return Ok(());
        }
        doomed
            .into_iter()
            .try_for_each(|one| one.delete(self.tracker))
    }

    /// The name that an experiment of the source has here.
    fn mapped(&mut self, name: &str) -> String {
        let Some((old, new)) = self.names.iter().find(|(old, _)| old == name) else {
            return name.to_owned();
        };
        self.met.insert(old);
        new.clone()
    }

    /// The experiment of this name, made when there is none; `None` when nothing is to be made.
    fn experiment_of(
        &mut self,
        name: &str,
        past: Option<&PastExperiment>,
    ) -> Result<Option<ExperimentId>> {
        if let Some(id) = self.experiments.get(name) {
            return Ok(*id);
        }
        let id = match self.tracker.find_experiment(name) {
            Ok(found) if self.tracker.is_enabled() => Some(found.id()),
            Ok(_) => {
                self.report.experiments += 1;
                None
            }
            Err(error) if error.code() == Code::NotFound => {
                self.report.experiments += 1;
                self.make_experiment(name, past)?
            }
            Err(error) => return Err(error),
        };
        self.experiments.insert(name.to_owned(), id);
        Ok(id)
    }

    fn make_experiment(
        &self,
        name: &str,
        past: Option<&PastExperiment>,
    ) -> Result<Option<ExperimentId>> {
        if self.is_dry {
            return Ok(None);
        }
        let mut new = self.tracker.new_experiment(name);
        if let Some(past) = past {
            new = new.description(&past.description);
            for (key, value) in &past.tags {
                new = new.tag(key, value);
            }
        }
        Ok(Some(new.get_or_create()?.id()))
    }

    /// A run comes: what is its source to do?
    pub fn begin(&mut self, mut head: RunHead) -> Result<Answer> {
        if !self.runs.contains_key(&head.identity) {
            self.report.add_untaken(fit_run(&mut head));
            let identity = head.identity.clone();
            let known = Known::find(self.tracker, self.kind, head)?;
            if known.is_deleted && !known.said.is_deleted {
                let (run, name) = (known.run_id().to_owned(), known.head.name.clone());
                let why = format!("it was deleted in this store; mltrack restore {run} first");
                self.report
                    .add_untaken([Untaken::deleted("run", name, &why)]);
            }
            self.runs.insert(identity.clone(), known);
            return Ok(self.answer(&identity));
        }
        Ok(self.answer(&head.identity))
    }

    fn answer(&self, identity: &str) -> Answer {
        match self.runs.get(identity) {
            Some(known) if known.is_deleted => Answer::Skip,
            Some(known) => Answer::Open(known.place().map(str::to_owned)),
            None => Answer::Skip,
        }
    }

    /// Takes a chunk of the run that began under this identity.
    pub fn take(&mut self, identity: &str, chunk: &mut Chunk) -> Result<()> {
        self.report.len_read += chunk.len_read;
        let Some(mut known) = self.runs.remove(identity) else {
            return Ok(());
        };
        if known.is_refused {
            self.runs.insert(identity.to_owned(), known);
            return Ok(());
        }
        let taken = self.take_into(&mut known, chunk);
        if let Some(ending) = chunk.ending.take() {
            known.ending = Some(ending);
        }
        self.runs.insert(identity.to_owned(), known);
        taken
    }

    fn take_into(&mut self, known: &mut Known, chunk: &mut Chunk) -> Result<()> {
        if !chunk.mark.is_empty() {
            known.said.mark.clone_from(&chunk.mark);
        }
        if chunk.is_empty() && (chunk.facts.is_none() || known.run.is_some()) {
            // The mark is written down with what comes next.
            return Ok(());
        }
        self.report.add_untaken(sift(&known.head.name, chunk));
        known.has_grown = true;
        let is_made = known.run.is_some();
        if self.is_dry {
            if !is_made && !known.is_new {
                known.is_new = true;
                let name = self.experiment_name(&known.head);
                self.experiment_of(&name, None)?;
            }
            self.count(chunk);
            return Ok(());
        }
        if is_made {
            self.write_facts(known, chunk)?;
            begin(known, chunk)?;
        } else if let Err(error) = self.create(known, chunk) {
            return self.refuse(known, error);
        }
        self.take_inputs(known, chunk)?;
        if let Some(ending) = &chunk.ending {
            known.said.ended = Some(said_end(ending));
        }
        self.bring(known, chunk)?;
        self.count(chunk);
        Ok(())
    }

    fn create(&mut self, known: &mut Known, chunk: &Chunk) -> Result<()> {
        let name = self.experiment_name(&known.head);
        let experiment = self.experiment_of(&name, None)?;
        let experiment = experiment
            .ok_or_else(|| Error::new(Code::InternalError, "a dry run writes nothing"))?;
        let mut facts = chunk.facts.clone().unwrap_or_default();
        let first = chunk
            .points
            .columns
            .iter()
            .filter_map(|column| column.times_ns.first());
        facts.started = facts
            .started
            .or_else(|| first.min().map(|time| mltrack::WallTime(*time)));
        let parent = self.parent(&facts);
        let (kind, identity) = (self.kind, known.head.identity.clone());
        known.create(self.tracker, experiment, &facts, |mut new| {
            new = new.tag(TAG_SOURCE, kind).tag(TAG_PLACE, &identity);
            if let Some(parent) = parent {
                new = new.parent(parent);
                if let Some(key) = &facts.parent_tag {
                    new = new.tag(key, parent.to_string());
                }
            }
            for (name, value) in &chunk.params {
                new = new.param(name, value.clone());
            }
            for (key, value) in &chunk.tags {
                new = new.tag(key, value);
            }
            Ok(new)
        })?;
        if self.report.new_runs.len() < NEW_RUNS_MAX {
            self.report.new_runs.push(known.run_id().to_owned());
        }
        Ok(())
    }

    /// A run whose experiment takes no runs here keeps no other run from being taken.
    fn refuse(&mut self, known: &mut Known, error: Error) -> Result<()> {
        if error.code() != Code::InvalidState {
            return Err(error);
        }
        (known.is_refused, known.has_grown) = (true, false);
        let untaken = Untaken::refused("run", &known.head.name, &error.to_string());
        self.report.add_untaken([untaken]);
        Ok(())
    }

    /// Datasets that the run took in.
    fn take_inputs(&mut self, known: &Known, chunk: &mut Chunk) -> Result<()> {
        let Some(run) = known.run.as_ref().filter(|_| !chunk.inputs.is_empty()) else {
            return Ok(());
        };
        let refused = inputs::take(self.tracker, run.id(), &mut chunk.inputs)?;
        self.report.add_untaken(refused);
        Ok(())
    }

    fn experiment_name(&mut self, head: &RunHead) -> String {
        match self.into {
            Some(into) => into.to_owned(),
            None => self.mapped(&head.experiment),
        }
    }

    fn parent(&self, facts: &RunFacts) -> Option<mltrack::RunId> {
        self.runs.get(facts.parent.as_ref()?)?.id()
    }

    /// Parameters and tags of a run that is there.
    fn write_facts(&mut self, known: &Known, chunk: &mut Chunk) -> Result<()> {
        let Some(run) = &known.run else {
            return Ok(());
        };
        let write = |params, tags| {
            run.write(&RemoteWrite {
                params,
                tags,
                ..RemoteWrite::default()
            })
        };
        let (mut params, tags) = (
            std::mem::take(&mut chunk.params),
            std::mem::take(&mut chunk.tags),
        );
        if params.is_empty() && tags.is_empty() {
            return Ok(());
        }
        let written = write(params.clone(), tags.clone());
        let Err(error) = written else {
            (chunk.params, chunk.tags) = (params, tags);
            return Ok(());
        };
        let source = std::error::Error::source(&error);
        let Some(ParamsDiffer(differ)) = source.and_then(|source| source.downcast_ref()) else {
            return Err(error);
        };
        for one in differ {
            let why = format!(
                "the run has it as {} already, and a parameter keeps its value",
                one.old
            );
            let untaken = Untaken::refused(
                format!("parameter {} = {}", one.name, one.new),
                &known.head.name,
                &why,
            );
            self.report.add_untaken([untaken]);
            params.retain(|(name, _)| *name != one.name);
        }
        write(params.clone(), tags.clone())?;
        (chunk.params, chunk.tags) = (params, tags);
        Ok(())
    }

    /// Everything else, in one step.
    fn bring(&mut self, known: &mut Known, chunk: &mut Chunk) -> Result<()> {
        let mut artifacts = Vec::new();
        let links = links::tables(known, chunk);
        for artifact in &chunk.artifacts {
            if matches!(artifact.content, Content::Link { .. }) {
                continue;
            }
            match store(self.tracker, artifact) {
                Ok(stored) => artifacts.push(stored),
                Err(error) if is_of_one(&error) => {
                    let what = format!("artifact {}", artifact.path);
                    let untaken = Untaken::refused(what, &known.head.name, &error.to_string());
                    self.report.add_untaken([untaken]);
                }
                Err(error) => return Err(error),
            }
        }
        let columns = chunk
            .points
            .columns
            .iter()
            .filter(|column| !column.steps.is_empty());
        let columns = columns.map(|column| PieceColumn {
            name: &column.name,
            steps: &column.steps,
            times_ns: &column.times_ns,
            values: &column.values,
        });
        let histograms = chunk.histograms.iter().map(|one| PieceHistogram {
            name: &one.name,
            step: one.step,
            time: one.time,
            edges: &one.edges,
            counts: &one.counts,
            sums: one.sums,
        });
        let values = chunk.values.iter().chain(&links).map(|one| PieceValue {
            name: &one.name,
            step: one.step,
            time: one.time,
            json: one.json.clone(),
        });
        let mut piece = Piece {
            columns: columns.collect(),
            histograms: histograms.collect(),
            values: values.collect(),
            lines: chunk.lines.clone(),
            notes: chunk.notes.clone(),
            artifacts,
        };
        known.bring(&mut piece)
    }

    fn count(&mut self, chunk: &Chunk) {
        let report = &mut self.report;
        report.points += chunk.points.len() as u64;
        report.histograms += chunk.histograms.len() as u64;
        report.values += chunk.values.len() as u64;
        report.lines += chunk.lines.len() as u64;
        report.params += chunk.params.len() as u64;
        report.tags += chunk.tags.len() as u64;
        report.notes += chunk.notes.len() as u64;
        let is_link = |one: &&PastArtifact| matches!(one.content, Content::Link { .. });
        let linked = chunk.artifacts.iter().filter(is_link).count();
        report.artifacts += (chunk.artifacts.len() - linked) as u64;
        report.artifacts_linked += linked as u64;
        report.datasets += chunk.inputs.len() as u64;
        report.artifacts_len += chunk.artifacts.iter().map(content_len).sum::<u64>();
    }

    /// The run has no more for now. What ends only because its store does goes on while that is followed.
    pub fn finish(&mut self, identity: &str, is_followed: bool) -> Result<()> {
        let Some(known) = self.runs.get_mut(identity) else {
            return Ok(());
        };
        let waits = |ending: &PastEnding| is_followed && !ending.is_said;
        if self.is_dry || known.ending.as_ref().is_none_or(waits) {
            return Ok(());
        }
        let Some((ending, run)) = known.ending.take().zip(known.run.clone()) else {
            return Ok(());
        };
        if !known.has_ended_so(self.tracker, &ending)? {
            let said = Some(said_end(&ending));
            if known.said.ended != said {
                known.said.ended = said;
                known.bring(&mut Piece::default())?;
            }
            run.update(&RemoteUpdate {
                state: Some(RemoteState::Ended(ending.state)),
                time: Some(ending.time),
                ..RemoteUpdate::default()
            })?;
            known.has_grown = true;
        }
        if ending.is_deleted && !known.said.is_deleted {
            known.said.is_deleted = true;
            known.bring(&mut Piece::default())?;
            self.tracker.delete_run(run.id())?;
        }
        Ok(())
    }

    /// Nobody follows any more.
    pub fn finish_all(&mut self) -> Result<()> {
        let waiting = self.runs.iter().filter(|(_, known)| known.ending.is_some());
        let waiting: Vec<String> = waiting.map(|(identity, _)| identity.clone()).collect();
        waiting
            .iter()
            .try_for_each(|identity| self.finish(identity, false))
    }

    /// Counts the runs.
    pub fn close(mut self) -> Report {
        for known in self.runs.values() {
            let count = match (known.is_new, known.has_grown) {
                (true, _) => &mut self.report.runs_new,
                (false, true) => &mut self.report.runs_grown,
                // One that has nothing in it is no run here.
                (false, false) if known.run.is_none() && !known.is_deleted => continue,
                (false, false) => &mut self.report.runs_same,
            };
            *count += 1;
        }
        self.report
    }
}

/// A run that waited begins.
fn begin(known: &Known, chunk: &Chunk) -> Result<()> {
    if let Some((run, time)) = known.run.as_ref().zip(chunk.begun) {
        run.update(&RemoteUpdate {
            state: Some(RemoteState::Running),
            time: Some(time),
            ..RemoteUpdate::default()
        })?;
    }
    Ok(())
}
