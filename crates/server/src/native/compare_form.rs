//! A comparison as JSON: groups, params and metrics, and what tests found.
//!
//! Invariants: every list of a param or a metric has one entry for each group, in the order of the groups. A number that
//! JSON has no form for is a text.

use mltrack::{
    CompareGroup, CompareMetric, CompareOutcome, CompareParam, CompareResult, Comparison, Degrees,
    Interval, Tested,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::experiment_form::GoalDirection;
use super::number::Number;
use super::page::lsn_number;

/// Runs or groups of replicates side by side.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareAnswer)]
pub struct CompareForm {
    /// What is compared, in the order in which it was named.
    pub groups: Vec<CompareGroupForm>,
    /// Which of the groups the others are compared with.
    pub baseline: u64,
    /// Params, those that differ first.
    pub params: Vec<CompareParamForm>,
    /// Metrics, those that differ first and those of the machine last.
    pub metrics: Vec<CompareMetricForm>,
    /// How many params and metrics were left out, since they are equal or of the machine.
    pub hidden: u64,
    /// How many p-values were corrected for one another.
    pub tests: u64,
    /// What to know before believing it, in sentences.
    pub notes: Vec<String>,
    /// The last record that the answer takes into account.
    pub lsn: u64,
}

/// A run, or replicates.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareGroup)]
pub struct CompareGroupForm {
    /// The run that was named.
    pub run: String,
    /// Its name.
    pub name: String,
    /// Its experiment.
    pub experiment: String,
    /// All of them, oldest first.
    pub runs: Vec<String>,
    /// Whether the others are compared with it.
    pub baseline: bool,
}

/// A param of all groups.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareParam)]
pub struct CompareParamForm {
    /// Its name.
    pub name: String,
    /// Whether groups differ in it.
    pub differs: bool,
    /// Of each group, the different values that its runs have.
    pub values: Vec<Vec<Value>>,
}

/// A metric of all groups.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareMetric)]
pub struct CompareMetricForm {
    /// Its name, with its context when it has one.
    pub name: String,
    /// Which end is better, where that is known.
    pub direction: Option<GoalDirection>,
    /// Whether groups differ in it.
    pub differs: bool,
    /// The group with the best mean, where a direction is known.
    pub best: Option<u64>,
    /// Of each group.
    pub groups: Vec<CompareResultForm>,
    /// What a test of all groups at once found.
    pub test: Option<TestedForm>,
}

/// A metric of one group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareResult)]
pub struct CompareResultForm {
    /// The last values of its runs that are finite, in the order of the runs.
    pub values: Vec<Number>,
    /// How many are not.
    pub not_finite: u64,
    /// How many are.
    pub n: u64,
    /// Their mean.
    pub mean: Option<Number>,
    /// Their median.
    pub median: Option<Number>,
    /// The smallest.
    pub min: Option<Number>,
    /// The largest.
    pub max: Option<Number>,
    /// Their sample deviation; null of one value.
    pub std: Option<Number>,
    /// The interval of the mean.
    pub interval: Option<IntervalForm>,
    /// The mean less the baseline's.
    pub difference: Option<Number>,
    /// The same as a share of the size of the baseline's.
    pub relative: Option<Number>,
    /// Whether the difference is to the better.
    pub better: Option<bool>,
    /// What the test against the baseline found.
    pub test: Option<TestedForm>,
}

/// What a test found, or why it has no answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareTested)]
pub struct TestedForm {
    /// What it found.
    pub found: Option<OutcomeForm>,
    /// Why it found nothing.
    pub error: Option<String>,
}

/// What a test found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompareOutcome)]
pub struct OutcomeForm {
    /// The test.
    pub name: String,
    /// The letter that its statistic is written with.
    pub symbol: String,
    /// Its statistic.
    pub statistic: Number,
    /// Degrees of freedom, as many as the test has.
    pub df: Vec<Number>,
    /// The p-value, two-sided and not corrected.
    pub p: Number,
    /// The same corrected for all tests of the answer (Holm).
    pub p_corrected: Number,
    /// Whether that is below alpha.
    pub significant: bool,
    /// Where the p-value comes from: `exact`, `asymptotic`, `parametric` or `resampled`.
    pub method: String,
    /// How many values each group has.
    pub n: Vec<u64>,
    /// The difference of means, of tests that have one.
    pub difference: Option<EstimateForm>,
    /// The size of the effect.
    pub effect: EffectForm,
    /// What to know before believing it.
    pub notes: Vec<String>,
}

/// A value with its interval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Estimate)]
pub struct EstimateForm {
    /// The value.
    pub value: Number,
    /// Its interval, where one can be formed.
    pub interval: Option<IntervalForm>,
}

/// The size of an effect.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Effect)]
pub struct EffectForm {
    /// How it is measured.
    pub name: String,
    /// The value.
    pub value: Number,
    /// Its interval, where one can be formed.
    pub interval: Option<IntervalForm>,
}

/// The ends of an interval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Interval)]
pub struct IntervalForm {
    /// The lower end.
    pub low: Number,
    /// The upper end.
    pub high: Number,
    /// How sure it is, such as 0.95.
    pub level: f64,
}

impl From<Comparison> for CompareForm {
    fn from(compared: Comparison) -> CompareForm {
        let notes = compared.notes();
        let baseline = compared.baseline;
        let groups = compared.groups.iter().enumerate();
        CompareForm {
            groups: groups
                .map(|(place, group)| group_form(group, place == baseline))
                .collect(),
            baseline: baseline as u64,
            params: compared.params.into_iter().map(param_form).collect(),
            metrics: compared.metrics.iter().map(metric_form).collect(),
            hidden: compared.hidden as u64,
            tests: compared.tests as u64,
            notes,
            lsn: lsn_number(compared.lsn),
        }
    }
}

fn group_form(group: &CompareGroup, is_baseline: bool) -> CompareGroupForm {
    let named = group.runs.iter().find(|run| run.id == group.named);
    let text = |of: fn(&mltrack::RunSummary) -> &String| named.map(of).cloned();
    CompareGroupForm {
        run: group.named.to_string(),
        name: text(|run| &run.name).unwrap_or_default(),
        experiment: text(|run| &run.experiment_name).unwrap_or_default(),
        runs: group.runs.iter().map(|run| run.id.to_string()).collect(),
        baseline: is_baseline,
    }
}

fn param_form(param: CompareParam) -> CompareParamForm {
    let value = |value| serde_json::to_value(value).unwrap_or_default();
    let values = param.values.into_iter();
    CompareParamForm {
        name: param.name,
        differs: param.differs,
        values: values
            .map(|values| values.into_iter().map(value).collect())
            .collect(),
    }
}

fn metric_form(metric: &CompareMetric) -> CompareMetricForm {
    CompareMetricForm {
        name: metric.name.clone(),
        direction: metric.direction.map(Into::into),
        differs: metric.differs,
        best: metric.best.map(|place| place as u64),
        groups: metric.results.iter().map(result_form).collect(),
        test: metric.overall.as_ref().map(tested_form),
    }
}

fn result_form(result: &CompareResult) -> CompareResultForm {
    let described = result.description;
    let of = |part: fn(&mltrack::Description) -> f64| described.as_ref().map(|it| Number(part(it)));
    CompareResultForm {
        values: result.values.iter().copied().map(Number).collect(),
        not_finite: result.not_finite as u64,
        n: result.values.len() as u64,
        mean: of(|it| it.mean),
        median: of(|it| it.median),
        min: of(|it| it.min),
        max: of(|it| it.max),
        std: described.and_then(|it| it.deviation).map(Number),
        interval: described.and_then(|it| it.interval).map(interval_form),
        difference: result.difference.map(Number),
        relative: result.relative.map(Number),
        better: result.is_better,
        test: result.tested.as_ref().map(tested_form),
    }
}

fn interval_form(interval: Interval) -> IntervalForm {
    IntervalForm {
        low: Number(interval.low),
        high: Number(interval.high),
        level: interval.level,
    }
}

fn tested_form(tested: &Tested) -> TestedForm {
    TestedForm {
        found: tested.as_ref().ok().map(outcome_form),
        error: tested.as_ref().err().cloned(),
    }
}

fn outcome_form(found: &CompareOutcome) -> OutcomeForm {
    let outcome = &found.outcome;
    let degrees = match outcome.degrees {
        Degrees::None => vec![],
        Degrees::One(one) => vec![Number(one)],
        Degrees::Two(between, within) => vec![Number(between), Number(within)],
    };
    OutcomeForm {
        name: outcome.test.title().to_owned(),
        symbol: outcome.test.symbol().to_owned(),
        statistic: Number(outcome.statistic),
        df: degrees,
        p: Number(outcome.p),
        p_corrected: Number(found.corrected),
        significant: found.is_significant,
        method: outcome.method.to_string(),
        n: outcome.counts.iter().map(|count| *count as u64).collect(),
        difference: outcome.difference.map(|difference| EstimateForm {
            value: Number(difference.value),
            interval: difference.interval.map(interval_form),
        }),
        effect: EffectForm {
            name: outcome.effect.kind.title().to_owned(),
            value: Number(outcome.effect.value),
            interval: outcome.effect.interval.map(interval_form),
        },
        notes: outcome.notes.iter().map(ToString::to_string).collect(),
    }
}
