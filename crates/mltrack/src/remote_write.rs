//! Parameters, tags and points for a run, in one step.
//!
//! Invariant: of two writers that give one parameter different values at the same time, one is refused, and nothing of its
//! batch is appended.

use std::collections::BTreeMap;
use std::fmt;

use mltrack_event::{Event, NameKind, ParamValue, ParamsLogged, StreamId, TagRemoved, TagsSet};
use mltrack_log::Batch;
use mltrack_projector_runs::Run as Folded;

use crate::code::Code;
use crate::decide::{Claim, Step};
use crate::error::{Error, Result};
use crate::remote::{RemotePoint, RemoteRun, check_keys, is_deleted};
use crate::store::{Logged, Session, Store, push_event};

/// What is to be written to a run in one step; see [`RemoteRun::write`].
#[derive(Clone, Debug, Default)]
pub struct RemoteWrite<'a> {
    /// Points, in the order in which they were logged.
    pub points: &'a [RemotePoint<'a>],
    /// Parameters. A value that is there already must be the same, or print the same.
    pub params: Vec<(String, ParamValue)>,
    /// Tags, replacing values they had.
    pub tags: Vec<(String, String)>,
    /// Tags that go. One that is not there is no error.
    pub tags_removed: Vec<String>,
}

/// Parameters that have other values already: the source of a `CONFLICT`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamsDiffer(pub Vec<ParamDiffers>);

/// A parameter that has another value already.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDiffers {
    /// Its name.
    pub name: String,
    /// The value it has.
    pub old: ParamValue,
    /// The value it was to get.
    pub new: ParamValue,
}

impl fmt::Display for ParamsDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, differs) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let (name, old, new) = (&differs.name, &differs.old, &differs.new);
            write!(f, "{comma}{name:?} is {old} and cannot become {new}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParamsDiffer {}

impl RemoteRun {
    /// Writes all of it or nothing. Visible to every process on return.
    ///
    /// Errors: `CONFLICT` for a parameter that has another value, with [`ParamsDiffer`] as its source; `INVALID_STATE`
    /// when the run is deleted, `VALIDATION_ERROR` for a name that is none.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::RemoteWrite;
    ///
    /// let experiment = tracker.experiment("resnet")?;
    /// let run = tracker.new_remote_run(experiment.id()).create()?;
    /// let lr = |value: &str| RemoteWrite { params: vec![("lr".into(), value.into())], ..RemoteWrite::default() };
    /// run.write(&lr("0.1"))?;
    /// run.write(&lr("0.1"))?;
    /// assert_eq!(run.write(&lr("0.2")).unwrap_err().code(), mltrack::Code::Conflict);
    /// # Ok(())
    /// # }
    /// ```
    pub fn write(&self, write: &RemoteWrite<'_>) -> Result<Logged> {
        if write.params.is_empty() && write.tags.is_empty() && write.tags_removed.is_empty() {
            return self.log_points(write.points);
        }
        let Some(store) = &self.store else {
            return Ok(Logged::Disabled);
        };
        check_keys(NameKind::Param, &write.params)?;
        check_keys(NameKind::Tag, &write.tags)?;
        let session = store.session()?;
        let ((), logged) = store.decide_batch(|state, reader, batch| {
            let id = self.id();
            let run = state.run_by_id(id).ok_or_else(|| Error::no_run(id))?;
            if state.is_deleted(run) {
                return Err(is_deleted(id));
            }
            self.fill(store, session, run, write, batch)?;
            if batch.is_empty() {
                return Ok(Step::Already(()));
            }
            let stream = StreamId::run(run.key());
            let unchanged = [stream, StreamId::experiment(run.experiment)];
            let claim = Claim::on(stream, &unchanged, reader.next_lsn());
            Ok(Step::Append(claim, Vec::new(), ()))
        })?;
        Ok(logged.unwrap_or(Logged::Disabled))
    }

    fn fill(
        &self,
        store: &Store,
        session: &Session,
        run: &Folded,
        write: &RemoteWrite<'_>,
        batch: &mut Batch,
    ) -> Result<()> {
        let key = run.key();
        let params = new_params(&run.params, &write.params)?;
        if !params.is_empty() {
            let (actor, command) = store.by();
            let logged = ParamsLogged {
                run: key,
                params,
                actor,
                command,
            };
            push_event(batch, &logged.into(), None)?;
        }
        self.push_points(session, write.points, batch)?;
        if !write.tags.is_empty() {
            let ((actor, command), tags) = (store.by(), write.tags.clone());
            let set = TagsSet {
                run: key,
                tags,
                actor,
                command,
            };
            push_event(batch, &set.into(), None)?;
        }
        let removed = write.tags_removed.iter();
        for tag in removed.filter(|tag| run.tags.contains_key(*tag)) {
            let ((actor, command), tag) = (store.by(), tag.clone());
            let removed = TagRemoved {
                run: key,
                key: tag,
                actor,
                command,
            };
            push_event(batch, &Event::from(removed), None)?;
        }
        Ok(())
    }
}

/// What is not there yet; an error when values differ from those that are.
fn new_params(
    known: &BTreeMap<String, ParamValue>,
    params: &[(String, ParamValue)],
) -> Result<Vec<(String, ParamValue)>> {
    let (mut new, mut differ) = (Vec::new(), Vec::new());
    for (name, value) in params {
        match known.get(name) {
            None => new.push((name.clone(), value.clone())),
            // Who is elsewhere often has texts alone.
            Some(old) if old.same(value) || old.to_string() == value.to_string() => {}
            Some(old) => differ.push(ParamDiffers {
                name: name.clone(),
                old: old.clone(),
                new: value.clone(),
            }),
        }
    }
    if differ.is_empty() {
        return Ok(new);
    }
    let differ = ParamsDiffer(differ);
    let what = format!("a parameter keeps its value: {differ}");
    Err(Error::new(Code::Conflict, what)
        .with_hint("log it under another name, or start a new run")
        .with_source(differ))
}
