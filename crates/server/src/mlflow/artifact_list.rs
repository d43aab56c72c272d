//! What is in a folder of artifacts: of a run, and of the proxy.
//!
//! Invariants: a list is by name, each folder once; the pages of one list together are the list; the path of a file is
//! an empty list, as that of nothing.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mltrack::{RunId, Tracker};
use serde_json::{Map, Value, json};

use super::check::{no_run, parse_run_id};
use super::error::{Answer, MlflowError};
use super::history::run_id;
use super::message::Message;
use super::proxy_path::{Place, checked};
use super::wire::{ARTIFACT_LOCATION, artifact_uri};
use super::{endpoint, proxy_file};
use crate::blocking::blocking;
use crate::shared::Shared;

/// Entries of one page. Only folders that no person reads through have more.
const PAGE_LEN: usize = 10_000;

/// Both lists.
pub fn routes() -> Router<Shared> {
    let router = endpoint(
        Router::new(),
        "/2.0/mlflow/artifacts/list",
        get(list_of_run),
    );
    endpoint(
        router,
        "/2.0/mlflow-artifacts/artifacts",
        get(list_of_proxy),
    )
}

/// The entries of a folder: a length for a file, none for a folder.
pub type Entries = BTreeMap<String, Option<u64>>;

async fn list_of_run(State(shared): State<Shared>, message: Message) -> Answer<Json<Value>> {
    let fields = message.0;
    let run = parse_run_id(run_id(&fields)?)?;
    let folder = checked(fields.optional_text("path")?.unwrap_or_default())?;
    let after = after(fields.optional_text("page_token")?)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let root = root_of(&tracker, run)?;
        let entries = entries_of_run(&tracker, run, &folder)?;
        let mut answer = page(&entries, &folder, after.as_deref());
        answer.insert("root_uri".to_owned(), root.into());
        Ok(Json(Value::Object(answer)))
    })
    .await
}

async fn list_of_proxy(State(shared): State<Shared>, message: Message) -> Answer<Json<Value>> {
    let path = checked(message.0.optional_text("path")?.unwrap_or_default())?;
    let after = after(message.0.optional_text("page_token")?)?;
    let tracker = shared.tracker().clone();
    blocking(move || {
        let entries = entries_at(&tracker, &path)?;
        Ok(Json(Value::Object(page(&entries, "", after.as_deref()))))
    })
    .await
}

/// Where a run's artifacts are, as clients are told. Errors when there is no such run.
pub fn root_of(tracker: &Tracker, run: RunId) -> Answer<String> {
    let known = tracker.experiment_of_run(run, ARTIFACT_LOCATION)?;
    let (experiment, location) = known.ok_or_else(|| no_run(run))?;
    let location = location.unwrap_or_else(|| format!("mlflow-artifacts:/{experiment}"));
    Ok(artifact_uri(&location, &run.to_string()))
}

/// What is in a folder of the proxy.
pub fn entries_at(tracker: &Tracker, path: &str) -> Answer<Entries> {
    match Place::of(tracker, path)? {
        Place::Run(run, folder) => entries_of_run(tracker, run, &folder),
        Place::File(folder) => proxy_file::entries(tracker, &folder),
    }
}

/// What is in a folder of a run; everything at the top for an empty one.
pub fn entries_of_run(tracker: &Tracker, run: RunId, folder: &str) -> Answer<Entries> {
    let found = tracker.artifacts().run(run).path(folder).fetch()?;
    let files = found.items.iter().map(|it| (it.path.as_str(), it.len));
    Ok(entries(folder, files))
}

/// The entries right in a folder, of files below it or beside it.
pub fn entries<'a>(folder: &str, files: impl Iterator<Item = (&'a str, u64)>) -> Entries {
    let mut entries = Entries::new();
    for (path, len) in files {
        let inside = match folder {
            "" => Some(path),
            folder => path
                .strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/')),
        };
        match inside.map(|inside| inside.split_once('/').ok_or(inside)) {
            None => {}
            Some(Ok((part, _))) => drop(entries.insert(part.to_owned(), None)),
            Some(Err(name)) => {
                // A run may have a file and a folder of one name, which no disk could: the folder leads on.
                entries.entry(name.to_owned()).or_insert(Some(len));
            }
        }
    }
    entries
}

/// The entries behind a name, as the wire has them.
pub fn page(entries: &Entries, folder: &str, after: Option<&str>) -> Map<String, Value> {
    let left = entries
        .iter()
        .filter(|(name, _)| after.is_none_or(|after| name.as_str() > after));
    let mut files = Vec::new();
    let mut answer = Map::new();
    let mut last = "";
    for (name, len) in left {
        if files.len() == PAGE_LEN {
            let token = URL_SAFE_NO_PAD.encode(last);
            answer.insert("next_page_token".to_owned(), token.into());
            break;
        }
        files.push(file(folder, name, *len));
        last = name;
    }
    if !files.is_empty() {
        answer.insert("files".to_owned(), files.into());
    }
    answer
}

fn file(folder: &str, name: &str, len: Option<u64>) -> Value {
    let path = match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    match len {
        Some(len) => json!({"path": path, "is_dir": false, "file_size": len}),
        None => json!({"path": path, "is_dir": true}),
    }
}

/// The name behind which a page begins.
pub fn after(token: Option<&str>) -> Answer<Option<String>> {
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let name = URL_SAFE_NO_PAD.decode(token).ok();
    let name = name.and_then(|name| String::from_utf8(name).ok());
    let invalid = || MlflowError::invalid(format!("Invalid page token, {token}"));
    name.map(Some).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_lists_what_is_right_in_it() {
        let files = [("a/b/c", 1), ("a/d", 2), ("a/b/e", 3), ("f", 4), ("ab", 5)];
        let names = |folder| -> Vec<(String, Option<u64>)> {
            entries(folder, files.into_iter()).into_iter().collect()
        };
        let expected = |pairs: &[(&str, Option<u64>)]| -> Vec<(String, Option<u64>)> {
            pairs
                .iter()
                .map(|(name, len)| ((*name).to_owned(), *len))
                .collect()
        };
        assert_eq!(
            names(""),
            expected(&[("a", None), ("ab", Some(5)), ("f", Some(4))])
        );
        assert_eq!(names("a"), expected(&[("b", None), ("d", Some(2))]));
        assert_eq!(names("a/d"), expected(&[]));
        assert_eq!(names("nothing"), expected(&[]));
    }

    #[test]
    fn pages_together_are_the_list() {
        let all: Entries = (0..PAGE_LEN + 5)
            .map(|number| (format!("{number:06}"), Some(0)))
            .collect();
        let first = page(&all, "x", None);
        let token = first["next_page_token"].as_str().unwrap();
        let behind = after(Some(token)).unwrap();
        let second = page(&all, "x", behind.as_deref());
        assert_eq!(first["files"].as_array().unwrap().len(), PAGE_LEN);
        assert_eq!(second["files"].as_array().unwrap().len(), 5);
        assert_eq!(second["files"][0]["path"], format!("x/{PAGE_LEN:06}"));
        assert!(!second.contains_key("next_page_token"));
        assert!(after(Some("*")).is_err());
    }
}
