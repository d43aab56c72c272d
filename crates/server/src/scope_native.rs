//! What a key that is for some experiments only may ask of our own interface.
//!
//! Invariants: a row admits a call whose every place that can name an experiment, a run or an artifact is looked at here,
//! or that its handler narrows to the scope; what stands in no row is refused; a run is named by its whole id, so that
//! what is looked at here is what the handler reads, whatever is renamed meanwhile.

use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};
use mltrack::{ArtifactId, ExperimentId, RunId, Tracker};
use serde_json::Value;
use url::form_urlencoded;

use crate::refusal::Refusal;

/// What a call is about, besides what its query and its body name.
enum Row {
    /// Nothing of the store, or what the handler narrows.
    Narrowed,
    /// What its query and its body name: at least one experiment or run.
    Asked,
    /// Two runs that its query names.
    Between,
    /// Runs that its query lists.
    SideBySide,
    Experiment(String),
    Run(String),
    Artifact(String),
}

/// Everything that a request names.
#[derive(Default)]
struct Named {
    experiments: Vec<String>,
    runs: Vec<String>,
    /// Runs that only narrow the question.
    parents: Vec<String>,
    artifacts: Vec<String>,
}

/// Whether a request to our interface stays within the scope. `path` is what follows `/api/v1/`.
pub fn check(
    tracker: &Tracker,
    scope: &[String],
    (method, uri, path): (&Method, &Uri, &str),
    body: &Bytes,
) -> Result<(), Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    let row = row(method, &parts).ok_or_else(|| {
        refusal(
            scope,
            ", and this call is about more than single experiments",
        )
        .hint("use a key without a scope; docs/security.md lists what this one may ask")
    })?;
    let mut named = Named::default();
    named.add_query(uri.query().unwrap_or_default(), &row);
    named.add_body(body)?;
    let is_asked = !(named.experiments.is_empty() && named.runs.is_empty());
    match row {
        Row::Narrowed => {}
        Row::Asked | Row::Between | Row::SideBySide if is_asked => {}
        Row::Asked | Row::Between | Row::SideBySide => {
            return Err(refusal(scope, ", and this call names none of them")
                .hint("name an experiment with experiment=, or runs by their whole ids"));
        }
        Row::Experiment(text) => named.experiments.push(text),
        Row::Run(text) => named.runs.push(text),
        Row::Artifact(text) => named.artifacts.push(text),
    }
    named.check(tracker, scope)
}

fn row(method: &Method, parts: &[&str]) -> Option<Row> {
    match *method {
        Method::GET | Method::HEAD => looking(parts),
        Method::POST => posting(parts),
        Method::PUT => match parts {
            ["preferences"] => Some(Row::Narrowed),
            ["runs", run, "artifacts"] => Some(Row::Run(decoded(run))),
            _ => None,
        },
        Method::PATCH => match parts {
            ["experiments", name] => Some(Row::Experiment(decoded(name))),
            ["runs", run] => Some(Row::Run(decoded(run))),
            _ => None,
        },
        Method::DELETE => match parts {
            ["runs", run] => Some(Row::Run(decoded(run))),
            ["artifacts", id] => Some(Row::Artifact(decoded(id))),
            _ => None,
        },
        _ => None,
    }
}

fn looking(parts: &[&str]) -> Option<Row> {
    Some(match parts {
        ["openapi.json" | "preferences" | "experiments" | "runs" | "columns"]
        | ["runs", "groups"] => Row::Narrowed,
        ["activity" | "artifacts" | "events" | "operations" | "records"] => Row::Asked,
        ["environment", "diff"] => Row::Between,
        ["compare"] => Row::SideBySide,
        ["experiments", name] => Row::Experiment(decoded(name)),
        ["artifacts", id] | ["artifacts", id, "bytes" | "check"] => Row::Artifact(decoded(id)),
        ["runs", run]
        | [
            "runs",
            run,
            "analytics" | "artifacts" | "console" | "environment" | "histograms" | "inputs"
            | "notes" | "outputs" | "values",
        ]
        | ["runs", run, "metrics", _] => Row::Run(decoded(run)),
        _ => return None,
    })
}

fn posting(parts: &[&str]) -> Option<Row> {
    Some(match parts {
        ["runs", "search"] => Row::Narrowed,
        ["activity" | "history" | "runs"]
        | ["history", "groups"]
        | ["runs", "bulk" | "compare"] => Row::Asked,
        ["artifacts", id, "check" | "restore"] => Row::Artifact(decoded(id)),
        ["runs", run, "end" | "log" | "restore"] => Row::Run(decoded(run)),
        _ => return None,
    })
}

/// A part of a path as handlers see it.
pub fn decoded(part: &str) -> String {
    // A plus sign is a blank in forms, and itself in paths.
    let pair = part.replace('+', "%2B").replace('&', "%26");
    let pair = format!("_={pair}");
    let mut pairs = form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

fn refusal(scope: &[String], more: &str) -> Refusal {
    let what = format!(
        "this key is only for the experiments {}{more}",
        scope.join(", ")
    );
    Refusal::new(StatusCode::FORBIDDEN, what)
}

impl Named {
    /// A name may stand several times, and each counts.
    fn add_query(&mut self, query: &str, row: &Row) {
        let is_between = matches!(row, Row::Between);
        let is_list = matches!(row, Row::SideBySide);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if is_list && name == "runs" {
                // As the handler parts them.
                let runs = value.split(',').map(str::trim);
                let runs = runs.filter(|run| !run.is_empty());
                self.runs.extend(runs.map(str::to_owned));
                continue;
            }
            let place = match &*name {
                "experiment" => &mut self.experiments,
                "run" => &mut self.runs,
                "before" | "after" if is_between => &mut self.runs,
                "baseline" if is_list => &mut self.runs,
                "parent" => &mut self.parents,
                _ => continue,
            };
            place.push(value.into_owned());
        }
    }

    /// Handlers read a body as this does, and refuse one in which a member stands twice.
    fn add_body(&mut self, body: &Bytes) -> Result<(), Refusal> {
        if body.is_empty() {
            return Ok(());
        }
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            let what = format!("the body is no JSON: {error}");
            Refusal::new(StatusCode::BAD_REQUEST, what)
        })?;
        push_all(&body["experiment"], &mut self.experiments);
        push_all(&body["runs"], &mut self.runs);
        push_all(&body["parent"], &mut self.parents);
        for group in body["groups"].as_array().into_iter().flatten() {
            push_all(&group["runs"], &mut self.runs);
        }
        Ok(())
    }

    fn check(&self, tracker: &Tracker, scope: &[String]) -> Result<(), Refusal> {
        let is_ours = |name: &str| scope.iter().any(|known| known == name);
        let foreign = || refusal(scope, "").hint("name one of them, or use another key");
        for text in &self.experiments {
            // As handlers find it: what can be an id is one.
            let by_id = text.parse().ok().map(ExperimentId);
            let found = by_id.and_then(|id| tracker.experiment_by_id(id).ok());
            let found = found.or_else(|| tracker.find_experiment(text).ok());
            if !found.is_some_and(|found| is_ours(found.name())) {
                return Err(foreign());
            }
        }
        let is_our_run = |id: RunId| {
            let run = tracker.run_summary(id).ok();
            run.is_some_and(|run| is_ours(&run.experiment_name))
        };
        for text in self.runs.iter().chain(&self.parents) {
            let id: RunId = text.parse().map_err(|_| {
                refusal(scope, ", and a run is named by its whole id to it")
                    .hint("GET /api/v1/runs tells the ids of its runs")
            })?;
            if !is_our_run(id) {
                return Err(foreign());
            }
        }
        for text in &self.artifacts {
            let id = text.parse::<ArtifactId>().ok();
            let found = id.and_then(|id| tracker.artifact_by_id(id).ok());
            if !found.is_some_and(|found| is_our_run(found.run)) {
                return Err(foreign());
            }
        }
        Ok(())
    }
}

/// The texts of a value; what is none is a name that nothing has.
fn push_all(value: &Value, place: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => place.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| push_all(value, place)),
        other => place.push(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_is_what_its_handler_sees() {
        assert_eq!(decoded("a%2Fb%20c+d&e=f"), "a/b c+d&e=f");
        assert_eq!(decoded(""), "");
    }

    #[test]
    fn every_run_of_every_list_counts() {
        let mut named = Named::default();
        let body = br#"{"runs":["a",["b"]],"groups":[{"runs":["c"]},{"runs":7}],"parent":"d","experiment":["e","f"]}"#;
        assert!(named.add_body(&Bytes::from_static(body)).is_ok());
        assert_eq!(named.runs, ["a", "b", "c", "7"]);
        assert_eq!(
            (named.parents, named.experiments.len()),
            (vec!["d".to_owned()], 2)
        );
        assert!(
            Named::default()
                .add_body(&Bytes::from_static(b"{"))
                .is_err()
        );
    }

    #[test]
    fn a_word_of_a_query_counts_however_often_it_stands() {
        let mut named = Named::default();
        named.add_query("run=a&run=b&%72un=c&before=7&experiment=x", &Row::Asked);
        assert_eq!(
            (named.runs.join(""), named.experiments.len()),
            ("abc".to_owned(), 1)
        );
        named.add_query("before=d&after=e", &Row::Between);
        assert_eq!(named.runs.join(""), "abcde");
        named.add_query("runs=f,g&runs=,h&baseline=i", &Row::SideBySide);
        assert_eq!(named.runs.join(""), "abcdefghi");
    }
}
