//! Keys that are for some experiments only.
//!
//! A request names the experiments or runs that it is about in its fields or in its path. Those of a key with a scope
//! are read before any handler sees the request. Our own interface has rows of its own.
//!
//! Invariants: what stands in no row is refused; every name in a request must be in the scope, not only the first.

use std::fmt;

use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};
use mltrack::{ExperimentId, RunId, Tracker};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::fields::Fields;
use crate::mlflow::experiment_of_model;
use crate::refusal::Refusal;
use crate::scope_native;

/// Endpoints of `MLflow`'s interface whose fields name all that they are about.
const FIELDS: &[&str] = &[
    "artifacts/list",
    "experiments/get",
    "experiments/get-by-name",
    "experiments/search-datasets",
    "experiments/set-experiment-tag",
    "experiments/delete-experiment-tag",
    "experiments/update",
    "metrics/get-history",
    "metrics/get-history-bulk",
    "metrics/get-history-bulk-interval",
    "runs/create",
    "runs/delete",
    "runs/delete-tag",
    "runs/get",
    "runs/log-batch",
    "runs/log-inputs",
    "runs/log-metric",
    "runs/log-parameter",
    "runs/outputs",
    "runs/restore",
    "runs/search",
    "runs/set-tag",
    "runs/update",
];

/// The experiments that a request names, by id or by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    experiments: Vec<String>,
    names: Vec<String>,
    runs: Vec<String>,
    /// Logged models, which values of metrics may be about. An empty id is none.
    models: Vec<String>,
    /// Runs whose artifacts a path may lead to, when there are such runs.
    homes: Vec<RunId>,
}

/// The part of a value of a metric that names something.
#[derive(Deserialize)]
struct About {
    #[serde(default)]
    model_id: Value,
}

/// The texts and numbers of a value; what is neither is a name that nothing has.
fn push_all(value: &Value, place: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => place.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| push_all(value, place)),
        other => place.push(other.to_string()),
    }
}

impl<'de> Deserialize<'de> for Named {
    /// Of an object. A field that stands twice counts twice, whichever of the two a handler would go by.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut named = Named::default();
                while let Some(field) = map.next_key::<String>()? {
                    if field == "metrics" {
                        let about = map.next_value::<Option<Vec<About>>>()?;
                        let about = about.into_iter().flatten();
                        about.for_each(|value| push_all(&value.model_id, &mut named.models));
                        continue;
                    }
                    match named.place(&field) {
                        Some(place) => push_all(&map.next_value()?, place),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(named)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// Which part of the interface a path belongs to.
enum Place<'a> {
    Fields,
    Artifact(&'a str),
    Artifacts,
    Other,
}

/// Whether a request with this body stays within the scope.
pub fn check(
    tracker: &Tracker,
    scope: &[String],
    (method, uri): (&Method, &Uri),
    body: &Bytes,
) -> Result<(), Refusal> {
    if let Some(path) = uri.path().strip_prefix("/api/v1/") {
        return scope_native::check(tracker, scope, (method, uri, path), body);
    }
    let query = Fields::of_query(uri.query().unwrap_or_default());
    let mut named = Named::default();
    match place(uri.path()) {
        Place::Fields if *method == Method::GET => named.add_query(&query),
        Place::Fields => named = serde_json::from_slice(body).map_err(|_| refusal(scope))?,
        Place::Artifact(path) => named.add_path(path, scope)?,
        Place::Artifacts => {
            let path = query.optional_text("path").ok().flatten();
            named.add_path(path.unwrap_or_default(), scope)?;
        }
        Place::Other => return Err(refusal(scope)),
    }
    if named.is_within(tracker, scope) {
        Ok(())
    } else {
        Err(refusal(scope))
    }
}

fn place(path: &str) -> Place<'_> {
    let Some(rest) = path
        .strip_prefix("/api/2.0/")
        .or_else(|| path.strip_prefix("/ajax-api/2.0/"))
    else {
        return Place::Other;
    };
    match rest.strip_prefix("mlflow-artifacts/artifacts") {
        Some("" | "/") => return Place::Artifacts,
        Some(path) => return path.strip_prefix('/').map_or(Place::Other, Place::Artifact),
        None => {}
    }
    match rest.strip_prefix("mlflow/") {
        Some(rest) if FIELDS.contains(&rest) => Place::Fields,
        _ => Place::Other,
    }
}

fn refusal(scope: &[String]) -> Refusal {
    let what = format!("this key is only for the experiments {}", scope.join(", "));
    Refusal::new(StatusCode::FORBIDDEN, what).hint("name one of them, or use another key")
}

impl Named {
    /// Where the values of a field go.
    fn place(&mut self, field: &str) -> Option<&mut Vec<String>> {
        match field {
            "experiment_id" | "experiment_ids" => Some(&mut self.experiments),
            "experiment_name" => Some(&mut self.names),
            "run_id" | "run_ids" | "run_uuid" => Some(&mut self.runs),
            "model_id" => Some(&mut self.models),
            _ => None,
        }
    }

    fn add_query(&mut self, query: &Fields) {
        for field in [
            "experiment_id",
            "experiment_ids",
            "experiment_name",
            "run_id",
            "run_ids",
            "run_uuid",
        ] {
            if let (Some(value), Some(place)) = (query.get(field), self.place(field)) {
                push_all(value, place);
            }
        }
    }

    /// The experiment that owns an artifact is the first part of its path. What looks like the folder of a run is that
    /// of its own experiment, wherever that keeps its artifacts.
    fn add_path(&mut self, path: &str, scope: &[String]) -> Result<(), Refusal> {
        let first = path.split('/').next().unwrap_or_default();
        // What is written in some other way could be read as another path.
        let climbs = path.split('/').any(|part| part == ".." || part == ".");
        if climbs || path.contains(['%', '\\']) || !first.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(refusal(scope));
        }
        self.experiments.push(first.to_owned());
        let parts: Vec<&str> = path.split('/').collect();
        let pairs = parts.windows(2).filter(|pair| pair[1] == "artifacts");
        self.homes
            .extend(pairs.filter_map(|pair| pair[0].parse::<RunId>().ok()));
        Ok(())
    }

    fn is_within(&self, tracker: &Tracker, scope: &[String]) -> bool {
        let is_any =
            !(self.experiments.is_empty() && self.names.is_empty() && self.runs.is_empty());
        let is_ours = |id: ExperimentId| {
            let found = tracker.experiment_by_id(id).ok();
            found.is_some_and(|found| scope.iter().any(|name| name == found.name()))
        };
        let of_run = |id: RunId| {
            let found = tracker.run_summary(id).ok();
            found.map(|run| scope.contains(&run.experiment_name))
        };
        is_any
            && self.names.iter().all(|name| scope.contains(name))
            && self
                .experiments
                .iter()
                .all(|id| id.parse().is_ok_and(|id| is_ours(ExperimentId(id))))
            && self.runs.iter().all(|id| {
                let of_run = id.parse().ok().and_then(of_run);
                of_run.unwrap_or(false)
            })
            && self.homes.iter().all(|id| of_run(*id).unwrap_or(true))
            && self
                .models
                .iter()
                .all(|id| id.is_empty() || experiment_of_model(tracker, id).is_some_and(is_ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_counts_also_one_that_stands_twice() {
        let body = br#"{"run_id":"a","metrics":[{"run_id":"no","model_id":"m"}],"run_uuid":"b","run_id":"c","experiment_ids":["1",2],"experiment_name":null,"model_id":"n"}"#;
        let named: Named = serde_json::from_slice(body).unwrap();
        assert_eq!(named.runs, ["a", "b", "c"]);
        assert_eq!(named.models, ["m", "n"]);
        assert_eq!(named.experiments, ["1", "2"]);
        assert!(named.names.is_empty());
    }

    #[test]
    fn an_artifact_belongs_to_the_experiment_its_path_begins_with() {
        let scope = ["a".to_owned()];
        let of = |path: &str| {
            let mut named = Named::default();
            named.add_path(path, &scope).map(|()| named.experiments)
        };
        assert_eq!(of("12/run/artifacts/model.pt").unwrap(), ["12"]);
        for path in [
            "../12/a",
            "12/../13/a",
            "%31%32/a",
            "12/%2e%2e/13/a",
            "12\\..\\13",
            "models/a",
        ] {
            assert!(of(path).is_err(), "{path}");
        }
    }
}
