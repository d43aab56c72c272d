//! What a search can ask of runs that is not in their fold: the data sets they took in, and where their artifacts are.
//!
//! Invariants: nothing is looked up before a filter or an order asks for it; what the caller says about a run stands for
//! everything that the log says about it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use mltrack_event::{ExperimentId, RunId, RunKey};
use mltrack_projector_runs::State;
use mltrack_projector_runs::search::{ColumnData, LIST_END, TextsBuilder};

use crate::error::Result;
use crate::moment::Moment;
use crate::store::Store;

/// A data set that a run took in, as filters ask for it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TakenDataset {
    /// The run.
    pub run: RunId,
    /// The data set's name.
    pub name: String,
    /// The digest of what was taken in.
    pub digest: String,
    /// What for; empty when nobody said.
    pub context: String,
}

/// Says where a run's artifacts are, given its experiment and the tags of that.
type Locate = Box<dyn Fn(RunId, ExperimentId, &BTreeMap<String, String>) -> String + Send + Sync>;

/// What a caller knows that the log does not say, or says otherwise.
#[derive(Default)]
pub(crate) struct Beside {
    pub datasets: Vec<TakenDataset>,
    pub locate: Option<Locate>,
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut beside = f.debug_struct("Beside");
        beside.field("datasets", &self.datasets);
        beside.finish_non_exhaustive()
    }
}

impl Beside {
    /// `name`, `digest` or `context` of the data sets of each run.
    pub fn datasets(
        &self,
        (store, moment): (&Store, Moment),
        state: &State,
        field: &str,
    ) -> Result<ColumnData> {
        let mut said: HashMap<RunKey, BTreeSet<&str>> = HashMap::new();
        for taken in &self.datasets {
            let text = match field {
                "name" => &taken.name,
                "digest" => &taken.digest,
                _ => &taken.context,
            };
            let texts = said.entry(taken.run.key()).or_default();
            if !text.is_empty() {
                texts.insert(text);
            }
        }
        store.things_at(moment, |things, _| {
            let text = |row: u32| {
                let key = state.brief_at(row)?.id.key();
                if let Some(texts) = said.get(&key) {
                    return joined(texts.iter().copied());
                }
                let used = things.uses_of_run(key).datasets.iter();
                let texts: BTreeSet<String> = used
                    .map(|used| match field {
                        "name" => used.name.clone(),
                        "digest" => used.digest.clone(),
                        _ => used.split.to_string(),
                    })
                    .collect();
                joined(texts.iter().map(String::as_str))
            };
            Ok(column((0..state.slot_count()).map(text)))
        })
    }

    /// Where the artifacts of each run are.
    pub fn artifact_uris(&self, state: &State) -> ColumnData {
        let Some(locate) = &self.locate else {
            return ColumnData::Missing;
        };
        let text = |row: u32| {
            let brief = state.brief_at(row)?;
            let tags = &state.experiment(brief.experiment)?.tags;
            Some(locate(brief.id, brief.experiment, tags))
        };
        column((0..state.slot_count()).map(text))
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(LIST_END.encode_utf8(&mut [0; 4])))
}

fn column(texts: impl Iterator<Item = Option<String>>) -> ColumnData {
    let mut builder = TextsBuilder::default();
    texts.for_each(|text| builder.push(text.as_deref()));
    let texts = builder.build();
    if texts.dictionary().is_empty() {
        return ColumnData::Missing;
    }
    ColumnData::Texts(texts)
}
