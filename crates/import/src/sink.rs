//! Writes chunks into a store, or only counts them.
//!
//! Invariants: a run is made with its first chunk and ended after its last; one run that cannot be written does not keep
//! the others from it, unless the store itself fails; with a dry run nothing is written.

use std::collections::HashMap;
use std::fs::File;

use mltrack::{
    Code, Error, ExperimentId, ParamsDiffer, Piece, PieceArtifact, PieceColumn, PieceHistogram,
    PieceValue, RemoteState, RemoteUpdate, RemoteWrite, Result, Tracker,
};

use crate::chunk::{Chunk, Content, PastArtifact, PastEnding, RunFacts};
use crate::known::{Known, TAG_PLACE, TAG_SOURCE, said_end};
use crate::report::{NEW_RUNS_MAX, Report, Untaken};
use crate::sift::sift;
use crate::source::{PastExperiment, RunHead};

/// Where runs go.
pub(crate) struct Sink<'a> {
    tracker: &'a Tracker,
    kind: &'static str,
    into: Option<&'a str>,
    is_dry: bool,
    experiments: HashMap<String, Option<ExperimentId>>,
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
    pub fn new(
        tracker: &'a Tracker,
        kind: &'static str,
        into: Option<&'a str>,
        is_dry: bool,
    ) -> Sink<'a> {
        Sink {
            tracker,
            kind,
            into,
            is_dry,
            experiments: HashMap::new(),
            runs: HashMap::new(),
            report: Report::default(),
        }
    }

    /// Makes an experiment of which more is known than a name.
    pub fn experiment(&mut self, past: &PastExperiment) -> Result<()> {
        match self.into {
            None => self.experiment_of(&past.name, Some(past)).map(drop),
            Some(_) => Ok(()),
        }
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
    pub fn begin(&mut self, head: RunHead) -> Result<Answer> {
        if !self.runs.contains_key(&head.identity) {
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
                self.experiment_of(&self.experiment_name(&known.head), None)?;
            }
            self.count(chunk);
            return Ok(());
        }
        if is_made {
            self.write_facts(known, chunk)?;
        } else {
            self.create(known, chunk)?;
        }
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

    fn experiment_name(&self, head: &RunHead) -> String {
        self.into.unwrap_or(&head.experiment).to_owned()
    }

    fn parent(&self, facts: &RunFacts) -> Option<mltrack::RunId> {
        let parent = self.runs.get(facts.parent.as_ref()?)?;
        Some(parent.run.as_ref()?.id())
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
        for artifact in &chunk.artifacts {
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
        let values = chunk.values.iter().map(|one| PieceValue {
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
        report.artifacts += chunk.artifacts.len() as u64;
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

fn content_len(artifact: &PastArtifact) -> u64 {
    match &artifact.content {
        Content::Bytes(bytes) => bytes.len() as u64,
        Content::File(path) => std::fs::metadata(path).map_or(0, |known| known.len()),
    }
}

/// Stores the bytes of an artifact, which nothing names yet.
fn store<'c>(tracker: &Tracker, artifact: &'c PastArtifact) -> Result<PieceArtifact<'c>> {
    mltrack::artifact_path(&artifact.path)?;
    let stored = match &artifact.content {
        Content::Bytes(bytes) => tracker.store_bytes(bytes.as_slice())?,
        Content::File(path) => {
            let file = File::open(path).map_err(|error| unreadable(path, error))?;
            tracker.store_bytes(file)?
        }
    };
    Ok(PieceArtifact {
        path: &artifact.path,
        stored,
        step: artifact.step,
        time: artifact.time,
        metadata: artifact.metadata.clone(),
    })
}

fn unreadable(path: &std::path::Path, error: std::io::Error) -> Error {
    Error::new(Code::NotFound, format!("cannot read {}", path.display())).with_source(error)
}

/// Whether an error is about one artifact, and not about the store.
fn is_of_one(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::NotFound | Code::ValidationError | Code::ArtifactTooLarge
    )
}
