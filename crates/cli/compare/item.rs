//! What was compared, for programs: one item a param, metric, or fact of the environment or the code.
//!
//! Invariant: numbers are whole here; the table rounds them.

use mltrack::{
    CompareMetric, CompareOutcome, CompareParam, CompareResult, Degrees, Direction, Interval,
    Tested,
};
use serde_json::{Map, Value, json};

use super::Found;
use super::code::Fact;
use super::patch::FilePatch;
use crate::output::quantity::number;

pub const FIELDS: &[&str] = &["name", "kind", "direction", "differs", "groups", "test"];

/// In the order of [`FIELDS`].
pub fn items(found: &Found) -> Vec<Vec<Value>> {
    let params = found
        .compared
        .params
        .iter()
        .map(|param| of_param(found, param));
    let metrics = found
        .compared
        .metrics
        .iter()
        .map(|metric| of_metric(found, metric));
    let facts = found.facts.iter().map(|fact| of_fact(found, fact));
    let files = found.files.iter().map(|file| of_file(found, file));
    params.chain(metrics).chain(facts).chain(files).collect()
}

fn of_param(found: &Found, param: &CompareParam) -> Vec<Value> {
    let group = |place: usize| json!({ "values": param.values[place] });
    let groups = groups(found, group);
    vec![
        param.name.as_str().into(),
        "param".into(),
        Value::Null,
        param.differs.into(),
        groups,
        Value::Null,
    ]
}

fn of_fact(found: &Found, fact: &Fact) -> Vec<Value> {
    let group = |place: usize| json!({ "values": [fact.values[place]] });
    vec![
        fact.name.as_str().into(),
        fact.kind.into(),
        Value::Null,
        true.into(),
        groups(found, group),
        Value::Null,
    ]
}

fn of_file(found: &Found, file: &FilePatch) -> Vec<Value> {
    let group = |place: usize| {
        let difference = file.differences[place].as_ref();
        json!({
            "values": [file.values[place]],
            "diff": difference.map(|difference| difference.unified.as_str()),
        })
    };
    vec![
        format!("patch {}", file.path).into(),
        "code".into(),
        Value::Null,
        true.into(),
        groups(found, group),
        Value::Null,
    ]
}

fn of_metric(found: &Found, metric: &CompareMetric) -> Vec<Value> {
    let group = |place: usize| {
        let mut value = of_result(&metric.results[place]);
        value["best"] = (metric.best == Some(place)).into();
        value
    };
    let direction = metric.direction.map(|direction| match direction {
        Direction::Min => "min",
        Direction::Max => "max",
    });
    vec![
        metric.name.as_str().into(),
        "metric".into(),
        direction.into(),
        metric.differs.into(),
        groups(found, group),
        metric.overall.as_ref().map_or(Value::Null, tested),
    ]
}

/// One object a group: its runs, whether it is the baseline, and what `of` says of it.
fn groups(found: &Found, of: impl Fn(usize) -> Value) -> Value {
    let all = found.compared.groups.iter().enumerate();
    let group = |(place, group): (usize, &mltrack::CompareGroup)| {
        let ids = group.runs.iter().map(|run| run.id.to_string());
        let mut value = Map::new();
        value.insert("run".into(), group.named.to_string().into());
        value.insert("runs".into(), ids.collect::<Vec<_>>().into());
        value.insert("baseline".into(), (place == found.compared.baseline).into());
        if let Value::Object(more) = of(place) {
            value.extend(more);
        }
        Value::Object(value)
    };
    all.map(group).collect()
}

fn of_result(result: &CompareResult) -> Value {
    let described = result.description;
    let of = |part: fn(&mltrack::Description) -> f64| described.as_ref().map(|it| number(part(it)));
    json!({
        "values": result.values.iter().map(|value| number(*value)).collect::<Vec<_>>(),
        "not_finite": result.not_finite,
        "n": result.values.len(),
        "mean": of(|it| it.mean),
        "median": of(|it| it.median),
        "min": of(|it| it.min),
        "max": of(|it| it.max),
        "std": described.and_then(|it| it.deviation).map(number),
        "interval": described.and_then(|it| it.interval).map(ends),
        "difference": result.difference.map(number),
        "relative": result.relative.map(number),
        "better": result.is_better,
        "test": result.tested.as_ref().map(tested),
    })
}

fn ends(interval: Interval) -> Value {
    json!([number(interval.low), number(interval.high)])
}

/// A test's answer, or why it has none.
fn tested(tested: &Tested) -> Value {
    match tested {
        Ok(found) => outcome(found),
        Err(why) => json!({ "error": why }),
    }
}

fn outcome(found: &CompareOutcome) -> Value {
    let outcome = &found.outcome;
    let degrees = match outcome.degrees {
        Degrees::None => vec![],
        Degrees::One(one) => vec![number(one)],
        Degrees::Two(between, within) => vec![number(between), number(within)],
    };
    let difference = outcome.difference.map(|difference| {
        json!({ "value": number(difference.value), "interval": difference.interval.map(ends) })
    });
    json!({
        "name": outcome.test.title(),
        "statistic": number(outcome.statistic),
        "df": degrees,
        "p": number(outcome.p),
        "p_corrected": number(found.corrected),
        "significant": found.is_significant,
        "method": outcome.method.to_string(),
        "n": outcome.counts,
        "difference": difference,
        "effect": {
            "name": outcome.effect.kind.title(),
            "value": number(outcome.effect.value),
            "interval": outcome.effect.interval.map(ends),
        },
        "notes": outcome.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
