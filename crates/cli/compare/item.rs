//! What was compared, for programs: one item a param, metric, or fact of the environment or the code.
//!
//! Invariants: numbers are whole here; the table rounds them. An item is made when it is written, and the keys of what is
//! nested in it are sorted, as those of any answer are.

use mltrack::{CompareMetric, CompareParam, Direction, Tested};
use serde::{Serialize, Serializer};

use super::Found;
use super::code::Fact;
use super::outcome::TestedForm;
use super::patch::FilePatch;
use super::result::ResultForm;
use crate::output::items::ItemValue;

pub const FIELDS: &[&str] = &["name", "kind", "direction", "differs", "groups", "test"];

/// What stands in a field of [`FIELDS`].
#[derive(Serialize)]
#[serde(untagged)]
pub enum Field<'a> {
    Nothing,
    Text(&'a str),
    Made(String),
    Is(bool),
    Groups(Groups<'a>),
    Tested(TestedForm<'a>),
}

impl ItemValue for Field<'_> {
    fn plain(&self) -> String {
        match self {
            Field::Nothing => String::new(),
            Field::Text(text) => (*text).to_owned(),
            Field::Made(text) => text.clone(),
            nested => {
                serde_json::to_string(nested).expect("keys are texts, and nothing else fails")
            }
        }
    }
}

/// Of each group, one object: its runs, whether it is the baseline, and what is said of it.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    found: &'a Found,
    names: &'a [GroupNames],
    said: Said<'a>,
}

/// What is said of groups.
#[derive(Clone, Copy)]
enum Said<'a> {
    Param(&'a CompareParam),
    Metric(&'a CompareMetric),
    Fact(&'a Fact),
    File(&'a FilePatch),
}

/// The ids of a group's runs, as texts: every item has them.
pub struct GroupNames {
    pub run: String,
    pub runs: Vec<String>,
}

/// A group with values only.
#[derive(Serialize)]
struct ValuesForm<'a, V> {
    baseline: bool,
    run: &'a str,
    runs: &'a [String],
    values: V,
}

#[derive(Serialize)]
struct FileForm<'a> {
    baseline: bool,
    diff: Option<&'a str>,
    run: &'a str,
    runs: &'a [String],
    values: [Option<&'a str>; 1],
}

/// The names of all groups, for [`items`].
pub fn names(found: &Found) -> Vec<GroupNames> {
    let groups = found.compared.groups.iter();
    let names = groups.map(|group| GroupNames {
        run: group.named.to_string(),
        runs: group.runs.iter().map(|run| run.id.to_string()).collect(),
    });
    names.collect()
}

/// How many items there are.
pub fn count(found: &Found) -> usize {
    let compared = &found.compared;
    compared.params.len() + compared.metrics.len() + found.facts.len() + found.files.len()
}

/// Each in the order of [`FIELDS`].
pub fn items<'a>(
    found: &'a Found,
    names: &'a [GroupNames],
) -> impl Iterator<Item = [Field<'a>; FIELDS.len()]> {
    let groups = move |said| Field::Groups(Groups { found, names, said });
    let params = found.compared.params.iter();
    let params = params.map(move |param| of_param(param, groups(Said::Param(param))));
    let metrics = found.compared.metrics.iter();
    let metrics = metrics.map(move |metric| of_metric(metric, groups(Said::Metric(metric))));
    let facts = found.facts.iter();
    let facts = facts.map(move |fact| of_fact(fact, groups(Said::Fact(fact))));
    let files = found.files.iter();
    let files = files.map(move |file| of_file(file, groups(Said::File(file))));
    params.chain(metrics).chain(facts).chain(files)
}

fn of_param<'a>(param: &'a CompareParam, groups: Field<'a>) -> [Field<'a>; FIELDS.len()] {
    [
        Field::Text(&param.name),
        Field::Text("param"),
        Field::Nothing,
        Field::Is(param.differs),
        groups,
        Field::Nothing,
    ]
}

fn of_metric<'a>(metric: &'a CompareMetric, groups: Field<'a>) -> [Field<'a>; FIELDS.len()] {
    let direction = metric.direction.map(|direction| match direction {
        Direction::Min => "min",
        Direction::Max => "max",
    });
    let tested = |tested: &'a Tested| Field::Tested(TestedForm::from(tested));
    [
        Field::Text(&metric.name),
        Field::Text("metric"),
        direction.map_or(Field::Nothing, Field::Text),
        Field::Is(metric.differs),
        groups,
        metric.overall.as_ref().map_or(Field::Nothing, tested),
    ]
}

fn of_fact<'a>(fact: &'a Fact, groups: Field<'a>) -> [Field<'a>; FIELDS.len()] {
    [
        Field::Text(&fact.name),
        Field::Text(fact.kind),
        Field::Nothing,
        Field::Is(true),
        groups,
        Field::Nothing,
    ]
}

fn of_file<'a>(file: &FilePatch, groups: Field<'a>) -> [Field<'a>; FIELDS.len()] {
    [
        Field::Made(format!("patch {}", file.path)),
        Field::Text("code"),
        Field::Nothing,
        Field::Is(true),
        groups,
        Field::Nothing,
    ]
}

impl Serialize for Groups<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = 0..self.names.len();
        match self.said {
            Said::Param(param) => {
                let values = |place| self.values(place, param.values[place].as_slice());
                serializer.collect_seq(places.map(values))
            }
            Said::Fact(fact) => {
                let values = |place| self.values(place, [fact.values[place].as_deref()]);
                serializer.collect_seq(places.map(values))
            }
            Said::File(file) => serializer.collect_seq(places.map(|place| self.file(place, file))),
            Said::Metric(metric) => {
                let result = |place| self.result(place, metric);
                serializer.collect_seq(places.map(result))
            }
        }
    }
}

impl<'a> Groups<'a> {
    fn is_baseline(&self, place: usize) -> bool {
        place == self.found.compared.baseline
    }

    fn values<V>(&self, place: usize, values: V) -> ValuesForm<'a, V> {
        ValuesForm {
            baseline: self.is_baseline(place),
            run: &self.names[place].run,
            runs: &self.names[place].runs,
            values,
        }
    }

    fn file(&self, place: usize, file: &'a FilePatch) -> FileForm<'a> {
        let difference = file.differences[place].as_ref();
        FileForm {
            baseline: self.is_baseline(place),
            diff: difference.map(|difference| difference.unified.as_str()),
            run: &self.names[place].run,
            runs: &self.names[place].runs,
            values: [file.values[place].as_deref()],
        }
    }

    fn result(&self, place: usize, metric: &'a CompareMetric) -> ResultForm<'a> {
        let is_best = metric.best == Some(place);
        let of = (self.is_baseline(place), is_best);
        ResultForm::new(&metric.results[place], &self.names[place], of)
    }
}
