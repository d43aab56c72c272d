//! Runs or groups of replicates side by side, and whether they really differ.
//!
//! Invariant: what is told is what the library answers: numbers are whole, and what there is none of is `None`.

use mltrack::{
    CompareGroup, CompareMetric, CompareOutcome, CompareParam, CompareResult, CompareTest,
    Comparison, Degrees, Direction, Interval, Tested,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::dict::{answered, dict, list, param};
use crate::failure::invalid;
use crate::moment::{At, at};
use crate::open::Store;

#[pymethods]
impl Store {
    /// Compares 2 to 100 runs, or the replicates that each stands for.
    #[pyo3(signature = (runs, by=Vec::new(), test=None, baseline=None, alpha=0.05, all=false, across=false, at=None))]
    fn compare<'py>(
        &self,
        py: Python<'py>,
        runs: Vec<String>,
        by: Vec<String>,
        test: Option<&str>,
        baseline: Option<&str>,
        alpha: f64,
        all: bool,
        across: bool,
        at: Option<At>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let test = test.map(str::parse::<CompareTest>).transpose();
        let test = test.map_err(|what| invalid(&what, "docs/compare.md says what each asks"))?;
        let compared = py.detach(|| {
            let ids = runs.iter().map(|run| self.run_id(run));
            let ids: Vec<_> = ids.collect::<mltrack::Result<_>>()?;
            let mut query = at!(self.tracker().compare(ids), at)
                .alpha(alpha)
                .all(all)
                .across(across);
            if !by.is_empty() {
                query = query.by(by);
            }
            if let Some(test) = test {
                query = query.test(test);
            }
            if let Some(run) = baseline {
                query = query.baseline(self.run_id(run)?);
            }
            query.fetch()
        });
        told(py, &answered(compared)?)
    }
}

fn told<'py>(py: Python<'py>, compared: &Comparison) -> PyResult<Bound<'py, PyAny>> {
    let dict = dict!(py, {
        "groups": list(py, &compared.groups, told_group)?,
        "baseline": compared.baseline,
        "params": list(py, &compared.params, told_param)?,
        "metrics": list(py, &compared.metrics, told_metric)?,
        "hidden": compared.hidden,
        "tests": compared.tests,
        "notes": compared.notes(),
        "lsn": compared.lsn.map(mltrack::Lsn::get),
    });
    Ok(dict.into_any())
}

fn told_group<'py>(py: Python<'py>, group: &CompareGroup) -> PyResult<Bound<'py, PyAny>> {
    let ids: Vec<String> = group.runs.iter().map(|run| run.id.to_string()).collect();
    let dict = dict!(py, { "run": group.named.to_string(), "runs": ids });
    Ok(dict.into_any())
}

fn told_param<'py>(py: Python<'py>, known: &CompareParam) -> PyResult<Bound<'py, PyAny>> {
    let values = list(py, &known.values, |py, values| {
        Ok(list(py, values, param)?.into_any())
    });
    let dict = dict!(py, {
        "name": known.name.as_str(),
        "differs": known.differs,
        "values": values?,
    });
    Ok(dict.into_any())
}

fn told_metric<'py>(py: Python<'py>, metric: &CompareMetric) -> PyResult<Bound<'py, PyAny>> {
    let direction = metric.direction.map(|direction| match direction {
        Direction::Min => "min",
        Direction::Max => "max",
    });
    let dict = dict!(py, {
        "name": metric.name.as_str(),
        "direction": direction,
        "differs": metric.differs,
        "best": metric.best,
        "groups": list(py, &metric.results, told_result)?,
        "test": tested(py, metric.overall.as_ref())?,
    });
    Ok(dict.into_any())
}

fn told_result<'py>(py: Python<'py>, result: &CompareResult) -> PyResult<Bound<'py, PyAny>> {
    let described = result.description;
    let of = |part: fn(&mltrack::Description) -> f64| described.as_ref().map(part);
    let dict = dict!(py, {
        "values": &result.values,
        "not_finite": result.not_finite,
        "n": result.values.len(),
        "mean": of(|it| it.mean),
        "median": of(|it| it.median),
        "min": of(|it| it.min),
        "max": of(|it| it.max),
        "std": described.and_then(|it| it.deviation),
        "interval": ends(described.and_then(|it| it.interval)),
        "difference": result.difference,
        "relative": result.relative,
        "better": result.is_better,
        "test": tested(py, result.tested.as_ref())?,
    });
    Ok(dict.into_any())
}

fn ends(interval: Option<Interval>) -> Option<(f64, f64)> {
    interval.map(|interval| (interval.low, interval.high))
}

/// A test's answer, or why it has none.
fn tested<'py>(py: Python<'py>, tested: Option<&Tested>) -> PyResult<Option<Bound<'py, PyDict>>> {
    match tested {
        None => Ok(None),
        Some(Ok(found)) => told_outcome(py, found).map(Some),
        Some(Err(why)) => Ok(Some(dict!(py, { "error": why.as_str() }))),
    }
}

fn told_outcome<'py>(py: Python<'py>, found: &CompareOutcome) -> PyResult<Bound<'py, PyDict>> {
    let outcome = &found.outcome;
    let degrees = match outcome.degrees {
        Degrees::None => vec![],
        Degrees::One(one) => vec![one],
        Degrees::Two(between, within) => vec![between, within],
    };
    let notes = outcome.notes.iter().map(ToString::to_string);
    let notes: Vec<String> = notes.collect();
    Ok(dict!(py, {
        "name": outcome.test.title(),
        "statistic": outcome.statistic,
        "df": degrees,
        "p": outcome.p,
        "p_corrected": found.corrected,
        "significant": found.is_significant,
        "method": outcome.method.to_string(),
        "n": &outcome.counts,
        "difference": outcome.difference.map(|difference| difference.value),
        "difference_interval": ends(outcome.difference.and_then(|difference| difference.interval)),
        "effect": outcome.effect.kind.title(),
        "effect_size": outcome.effect.value,
        "effect_interval": ends(outcome.effect.interval),
        "notes": PyList::new(py, notes)?,
    }))
}
