//! A run takes in a version of a dataset: all of it, a sample, or one part of a split.
//!
//! Invariants: what a selector means is decided once, when the dataset is taken in, and the run says which version that
//! was; the rows that are taken can be drawn again from what the run recorded.

use std::sync::Arc;

use mltrack_event::{DatasetUsed, Event, RunId, RunKey, Split, StreamId, canonical_json};
use mltrack_log::Lsn;

use crate::code::Code;
use crate::dataset_kind::Datasets;
use crate::dataset_version::DatasetVersion;
use crate::decide::{Decision, Plan};
use crate::error::{Error, Result};
use crate::registry::{By, resolve};
use crate::run::Run;
use crate::sampling::{Method, Sampling};
use crate::selector::Selector;
use crate::splits::{Parts, Splits};
use crate::store::Store;
use crate::tracker::Tracker;

/// A dataset that a run is about to take in; see [`Run::dataset`].
#[must_use = "nothing is taken in before `take`"]
pub struct TakeDataset<'a> {
    run: &'a Run,
    selector: String,
    split: Split,
    choice: Choice,
    groups: Option<Vec<String>>,
}

/// Which of its rows.
enum Choice {
    All,
    Sample(Sampling),
    Part(Splits),
}

/// A version of a dataset that a run took in.
#[derive(Clone, Debug)]
pub struct UsedDataset {
    version: DatasetVersion,
    split: Split,
    rows: Option<Vec<u64>>,
}

impl Run {
    /// Takes in a version of a dataset: `imagenet`, `imagenet@v3`, `@1.2.0`, `@^1.2`, a tag, a digest. What the selector
    /// means now stays with the run.
    ///
    /// Errors: `NOT_FOUND`, `VALIDATION_ERROR` for a selector that is none, `INVALID_STATE` when the run has ended.
    pub fn use_dataset(&self, selector: &str, split: Split) -> Result<UsedDataset> {
        self.dataset(selector).split(split).take()
    }

    /// The same with a sample of its rows, or one part of a split. Nothing happens before [`take`](TakeDataset::take).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{Split, Splits};
    ///
    /// tracker.dataset("digits")?.version().reference("digits.csv", "md5:4a").rows(1000).add()?;
    /// let run = tracker.experiment("digits")?.start_run()?;
    /// let splits = Splits::new(7).part(Split::Train, 0.8).part(Split::Test, 0.2);
    /// let test = run.dataset("digits").split(Split::Test).part_of(&splits).take()?;
    /// assert_eq!(test.rows().map(<[u64]>::len), Some(200));
    /// # run.finish()
    /// # }
    /// ```
    pub fn dataset(&self, selector: &str) -> TakeDataset<'_> {
        TakeDataset {
            run: self,
            selector: selector.to_owned(),
            split: Split::Train,
            choice: Choice::All,
            groups: None,
        }
    }
}

impl Tracker {
    /// Records that a run took in a version of a dataset, from outside the run: the run may have ended. The lsn is that of
    /// the record. What a run took in is a fact of its history, so there is nothing that takes it back.
    ///
    /// Errors: `NOT_FOUND` for the run or the version, `INVALID_STATE` for a run that is deleted.
    pub fn use_dataset(&self, run: RunId, selector: &str, split: &Split) -> Result<Option<Lsn>> {
        let Some(store) = self.store() else {
            return Ok(None);
        };
        let used = used(store, run.key(), selector, split)?;
        let ((), lsn) = store.decide(|state, _| {
            let known = state.run_by_id(run).ok_or_else(|| Error::no_run(run))?;
            if state.is_deleted(known) {
                let what = format!("the run {run} is deleted");
                return Err(Error::new(Code::InvalidState, what)
                    .with_hint(format!("mltrack restore {run}")));
            }
            let plan = Plan::on(StreamId::run(run.key()), vec![used.clone().into()]);
            Ok(Decision::Append(plan, ()))
        })?;
        Ok(lsn)
    }
}

impl TakeDataset<'_> {
    /// What the run does with it; it learns from it unless said otherwise.
    pub fn split(mut self, split: Split) -> Self {
        self.split = split;
        self
    }

    /// Only a sample of its rows.
    pub fn sample(mut self, sampling: &Sampling) -> Self {
        self.choice = Choice::Sample(sampling.clone());
        self
    }

    /// Only the rows of its part of a split: the part that has the name of [`split`](TakeDataset::split).
    pub fn part_of(mut self, splits: &Splits) -> Self {
        self.choice = Choice::Part(splits.clone());
        self
    }

    /// The group of each row, for a sample or a split that is stratified. Without them the column that it names is read
    /// from the stored content.
    pub fn groups(mut self, groups: impl IntoIterator<Item: Into<String>>) -> Self {
        self.groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Takes it in. Visible on return, unless the log does not move.
    ///
    /// Errors: those of [`Run::use_dataset`], and `VALIDATION_ERROR` for a sample of a version whose count of rows nobody
    /// said.
    pub fn take(self) -> Result<UsedDataset> {
        let Some(inner) = self.run.inner() else {
            return Ok(UsedDataset {
                version: DatasetVersion::disabled(),
                split: self.split,
                rows: None,
            });
        };
        let version = Tracker::of(Arc::clone(&inner.store)).dataset_version(&self.selector)?;
        let (rows, sampling) = self.choose(&version)?;
        let event = event(
            (inner.key, inner.store.by()),
            (&version, &self.selector),
            &self.split,
            sampling,
        );
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))?;
        let split = self.split;
        Ok(UsedDataset {
            version,
            split,
            rows,
        })
    }

    /// The rows that are taken, and what the run records of that.
    fn choose(&self, version: &DatasetVersion) -> Result<(Option<Vec<u64>>, String)> {
        match &self.choice {
            Choice::All => Ok((None, String::new())),
            Choice::Sample(sampling) => {
                let (total, rows) = match self.groups.clone() {
                    Some(groups) => (groups.len() as u64, sampling.rows_by(groups)?),
                    None => version.sample(sampling)?,
                };
                let record = canonical_json(&sampling.record(total, &rows));
                Ok((Some(rows), record))
            }
            Choice::Part(splits) => {
                let (total, parts) = match self.groups.clone() {
                    Some(groups) => (groups.len() as u64, splits.rows_by(groups)?),
                    None => version.divide(splits)?,
                };
                let part = parts.into_iter().find(|(split, _)| *split == self.split);
                let (_, rows) = part.ok_or_else(|| {
                    Error::validation(format!("the split has no part {}", self.split))
                })?;
                let record = canonical_json(&splits.record(&self.split, total, &rows));
                Ok((Some(rows), record))
            }
        }
    }
}

impl DatasetVersion {
    /// How many rows it has, and those that a sampling takes of them. Where the sample is stratified, its column is read
    /// from the stored content.
    ///
    /// Errors: `VALIDATION_ERROR` when nobody said how many rows it has, or for a column that it has not.
    pub fn sample(&self, sampling: &Sampling) -> Result<(u64, Vec<u64>)> {
        if let (Method::Stratified, Some(by)) = (&sampling.method, &sampling.by) {
            let groups = self.column(by)?;
            return Ok((groups.len() as u64, sampling.rows_by(groups)?));
        }
        let total = self.count()?;
        Ok((total, sampling.rows(total)?))
    }

    /// How many rows it has, and how a split divides them, each part with its rows. Errors: those of
    /// [`sample`](DatasetVersion::sample).
    pub fn divide(&self, splits: &Splits) -> Result<(u64, Parts)> {
        if let Some(by) = &splits.by {
            let groups = self.column(by)?;
            return Ok((groups.len() as u64, splits.rows_by(groups)?));
        }
        let total = self.count()?;
        Ok((total, splits.rows(total)?))
    }

    fn count(&self) -> Result<u64> {
        self.rows.ok_or_else(|| {
            let what = format!("nobody said how many rows {} has", self.selector());
            Error::validation(what).with_hint("dataset.version()..rows(n), or groups(..)")
        })
    }
}

impl UsedDataset {
    /// The version that was taken in.
    #[must_use]
    pub fn version(&self) -> &DatasetVersion {
        &self.version
    }

    /// What the run does with it.
    #[must_use]
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// The rows that were taken, counted from 0 and in order; `None` for all.
    #[must_use]
    pub fn rows(&self) -> Option<&[u64]> {
        self.rows.as_deref()
    }
}

/// What a run that is about to start takes in.
pub(crate) fn used(
    store: &Arc<Store>,
    run: RunKey,
    selector: &str,
    split: &Split,
) -> Result<DatasetUsed> {
    let parsed: Selector = selector.parse()?;
    store.with_things(|things, _| {
        let (dataset, number) = resolve::<Datasets>(things, &parsed)?;
        let version = DatasetVersion::of(store, dataset, dataset.version(number).cloned());
        let by = store.by();
        Ok(event((run, by), (&version, selector), split, String::new()))
    })
}

fn event(
    (run, (actor, command)): (RunKey, By),
    (version, selector): (&DatasetVersion, &str),
    split: &Split,
    sampling: String,
) -> DatasetUsed {
    DatasetUsed {
        run,
        dataset: version.dataset,
        number: version.number,
        name: version.name().to_owned(),
        digest: version.digest.clone(),
        selector: selector.to_owned(),
        split: split.clone(),
        sampling,
        actor,
        command,
    }
}

/// The events of what a run takes in from its first moment on.
pub(crate) fn events(
    store: &Arc<Store>,
    run: RunKey,
    datasets: &[(String, Split)],
) -> Result<Vec<Event>> {
    let used = datasets
        .iter()
        .map(|(selector, split)| Ok(used(store, run, selector, split)?.into()));
    used.collect()
}
