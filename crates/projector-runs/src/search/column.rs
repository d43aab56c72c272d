//! What a filter or an order can ask of a run: its columns, and what kind of value each holds.

use std::fmt;

use super::expr::Mode;

/// A column of the table of runs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Column {
    /// A number out of a metric's points.
    Metric {
        /// The metric as people write it: `loss`, or `loss{subset=val}` with a context.
        name: Box<str>,
        /// Which number.
        aggregate: Aggregate,
        /// Whether the step of that number is meant and not the number.
        is_step: bool,
    },
    /// A parameter's value.
    Param(Box<str>),
    /// A tag's value.
    Tag(Box<str>),
    /// What every run has, or can have once.
    Attribute(Attribute),
    /// Something about the data sets that a run took in: `name`, `digest` or `context`. A run can have several, which
    /// stand in one text with [`LIST_END`](super::LIST_END) between them, and a comparison admits the run when it admits
    /// one of them. A state has none: they are told by the fold of what is beside runs.
    Dataset(Box<str>),
}

/// Which number of a metric's points.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Aggregate {
    /// The value at the highest step.
    Last,
    /// The value at the lowest step.
    First,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The mean of all values that are numbers.
    Mean,
    /// How many points there are, a whole number.
    Count,
}

impl Aggregate {
    /// Every aggregate, with the word that stands behind a metric's name.
    pub const ALL: [(&'static str, Aggregate); 6] = [
        ("last", Aggregate::Last),
        ("first", Aggregate::First),
        ("min", Aggregate::Min),
        ("max", Aggregate::Max),
        ("mean", Aggregate::Mean),
        ("count", Aggregate::Count),
    ];

    pub(crate) fn of_word(word: &str) -> Option<Aggregate> {
        let known = Aggregate::ALL.iter().find(|(known, _)| *known == word);
        known.map(|(_, aggregate)| *aggregate)
    }

    /// Whether one point has this number, so that it has a step.
    #[must_use]
    pub fn has_step(self) -> bool {
        !matches!(self, Aggregate::Mean | Aggregate::Count)
    }
}

/// What every run has, or can have once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Attribute {
    /// Its id: [`ColumnData::Ids`](crate::search::ColumnData::Ids).
    Id,
    /// Its name.
    Name,
    /// The name of its experiment.
    Experiment,
    /// The id of its experiment.
    ExperimentId,
    /// Its number in the experiment.
    Number,
    /// The name of its state, as [`RunState::name`](mltrack_event::RunState::name) has it.
    Status,
    /// When it was created, in ns since 1970, like the next two.
    Created,
    /// When it was started for the first time.
    Started,
    /// When it ended.
    Ended,
    /// How long it ran until it ended or, while it runs, until now, in ns. Made of the two above.
    Took,
    /// Who created it.
    Actor,
    /// The machine it ran on last.
    Host,
    /// The process, likewise.
    Pid,
    /// The seed of its random numbers.
    Seed,
    /// How many values were logged for its metrics.
    Points,
    /// How many lines its log has.
    Lines,
    /// How many notes it has.
    Notes,
    /// By which command it was created.
    Command,
    /// What went wrong.
    Error,
    /// Whether it is deleted by itself: 1, or missing.
    Deleted,
    /// Whether the tags say that its source tree had changes that were not committed: 1, or missing. Made of tags.
    Dirty,
    /// The state as `MLflow` calls it. Made of the status.
    MlflowStatus,
    /// When `MLflow` says it was started: when it was created, where it was not started yet. Made of the two.
    MlflowStarted,
    /// Where `MLflow`'s clients find its files. Only who serves them knows: a state has none.
    ArtifactUri,
    /// The name of an experiment's state. It and those below are columns of experiments only.
    ExperimentStatus,
    /// When it was changed last.
    Updated,
    /// When it went to the archive.
    Archived,
    /// Whose it is.
    Owner,
    /// What it is about.
    Description,
    /// What it is to show.
    Hypothesis,
    /// The metric that its runs are after.
    Goal,
    /// How many runs it has.
    RunCount,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Number,
    Integer,
    Time,
    Duration,
    Id,
    Status,
    ExperimentStatus,
    Text,
    /// Text that may spell a number or a truth value.
    Typed,
    Flag,
}

/// A property as filters name it.
pub(crate) struct Name {
    pub attribute: Attribute,
    pub names: &'static [&'static str],
}

const fn name(attribute: Attribute, names: &'static [&'static str]) -> Name {
    Name { attribute, names }
}

/// The attributes of the full grammar. The first name is ours, the others are taken too.
pub(crate) const ATTRIBUTES: [Name; 19] = [
    name(Attribute::Id, &["id", "run_id"]),
    name(Attribute::Name, &["name", "run_name", "run name"]),
    name(Attribute::Experiment, &["experiment", "experiment_name"]),
    name(Attribute::ExperimentId, &["experiment_id"]),
    name(Attribute::Number, &["number"]),
    name(Attribute::Status, &["status", "state"]),
    name(Attribute::Created, &["created"]),
    name(Attribute::Started, &["started", "start_time"]),
    name(Attribute::Ended, &["ended", "end_time"]),
    name(Attribute::Took, &["took", "duration"]),
    name(Attribute::Actor, &["actor", "user", "user_id", "creator"]),
    name(Attribute::Host, &["host"]),
    name(Attribute::Pid, &["pid"]),
    name(Attribute::Seed, &["seed"]),
    name(Attribute::Points, &["points"]),
    name(Attribute::Lines, &["lines"]),
    name(Attribute::Notes, &["notes"]),
    name(Attribute::Command, &["command"]),
    name(Attribute::Error, &["error"]),
];

/// The attributes of experiments, in the same way.
pub(crate) const EXPERIMENT_ATTRIBUTES: [Name; 12] = [
    name(Attribute::ExperimentId, &["id", "experiment_id"]),
    name(
        Attribute::Experiment,
        &["name", "experiment", "experiment_name"],
    ),
    name(Attribute::ExperimentStatus, &["status", "state"]),
    name(Attribute::Created, &["created", "creation_time"]),
    name(Attribute::Updated, &["updated", "last_update_time"]),
    name(Attribute::Archived, &["archived"]),
    name(Attribute::Owner, &["owner"]),
    name(Attribute::Actor, &["actor", "user", "creator"]),
    name(Attribute::Description, &["description"]),
    name(Attribute::Hypothesis, &["hypothesis"]),
    name(Attribute::Goal, &["goal"]),
    name(Attribute::RunCount, &["runs"]),
];

/// The attributes that a table has.
pub(crate) fn attributes(mode: Mode) -> &'static [Name] {
    match mode {
        Mode::Mlflow | Mode::Full => &ATTRIBUTES,
        Mode::Experiments | Mode::MlflowExperiments => &EXPERIMENT_ATTRIBUTES,
    }
}

/// The attribute that is a fact and needs no comparison.
pub(crate) const DIRTY: &str = "dirty";

/// The tags that make a run dirty when one of them is `true`.
pub(crate) const DIRTY_TAGS: [&str; 2] = ["mltrack.dirty", "git.dirty"];

impl Attribute {
    /// The attribute of this name in the full grammar, in any case.
    pub(crate) fn of_name(mode: Mode, name: &str) -> Option<Attribute> {
        if !mode.is_about_experiments() && name.eq_ignore_ascii_case(DIRTY) {
            return Some(Attribute::Dirty);
        }
        let is_called = |known: &&Name| known.names.iter().any(|n| n.eq_ignore_ascii_case(name));
        attributes(mode)
            .iter()
            .find(is_called)
            .map(|known| known.attribute)
    }

    /// Every name of every attribute, for suggestions.
    pub(crate) fn names(mode: Mode) -> impl Iterator<Item = &'static str> {
        let names = attributes(mode).iter().flat_map(|known| known.names);
        let fact = (!mode.is_about_experiments()).then_some(DIRTY);
        names.copied().chain(fact)
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Attribute::Id => Kind::Id,
            Attribute::Name
            | Attribute::Experiment
            | Attribute::Actor
            | Attribute::Host
            | Attribute::Command
            | Attribute::Error
            | Attribute::MlflowStatus
            | Attribute::ArtifactUri
            | Attribute::Owner
            | Attribute::Description
            | Attribute::Hypothesis
            | Attribute::Goal => Kind::Text,
            Attribute::ExperimentStatus => Kind::ExperimentStatus,
            Attribute::Status => Kind::Status,
            Attribute::Created
            | Attribute::Started
            | Attribute::MlflowStarted
            | Attribute::Ended
            | Attribute::Updated
            | Attribute::Archived => Kind::Time,
            Attribute::Took => Kind::Duration,
            Attribute::Dirty | Attribute::Deleted => Kind::Flag,
            Attribute::ExperimentId
            | Attribute::Number
            | Attribute::Pid
            | Attribute::Seed
            | Attribute::Points
            | Attribute::Lines
            | Attribute::Notes
            | Attribute::RunCount => Kind::Integer,
        }
    }
}

impl Column {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Column::Metric {
                aggregate: Aggregate::Count,
                ..
            }
            | Column::Metric { is_step: true, .. } => Kind::Integer,
            Column::Metric { .. } => Kind::Number,
            Column::Param(_) | Column::Tag(_) => Kind::Typed,
            Column::Attribute(attribute) => attribute.kind(),
            Column::Dataset(_) => Kind::Text,
        }
    }

    /// The last value of a metric.
    #[must_use]
    pub fn metric(name: &str) -> Column {
        Column::Metric {
            name: name.into(),
            aggregate: Aggregate::Last,
            is_step: false,
        }
    }
}

/// What can have names of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// Metrics, as people write them: with their context.
    Metric,
    /// Parameters.
    Param,
    /// Tags.
    Tag,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Metric => "metric",
            Family::Param => "param",
            Family::Tag => "tag",
        })
    }
}
