//! The page about environments names what a capture holds, and what is recorded by default.

use std::collections::BTreeSet;
use std::fs;

use mltrack_capture::{ALLOWLIST, environment, minimal};
use serde_json::Value;

use crate::support::Repository;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/environment.md");
    fs::read_to_string(path).expect("docs/environment.md is there")
}

/// Words between backticks.
fn words(page: &str) -> BTreeSet<String> {
    page.lines()
        .flat_map(|line| {
            line.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a key is named, or its last part is told to belong to a group named on the same line.
fn is_named(page: &str, group: &str, key: &str) -> bool {
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .any(|line| {
            let names: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
            let is_of_group = names
                .iter()
                .any(|name| *name == group || name.starts_with(&format!("{group}.")));
            let is_key = |name: &&&str| {
                **name == key || **name == format!("{group}.{key}") || **name == format!(".{key}")
            };
            is_of_group && (key.is_empty() || names.iter().any(|name| is_key(&name)))
        })
}

fn undocumented(document: &Value) -> Vec<String> {
    let page = page();
    let mut unnamed = Vec::new();
    for (group, value) in document.as_object().into_iter().flatten() {
        let keys: Vec<String> = match value {
            Value::Object(pairs) if group != "variables" => pairs.keys().cloned().collect(),
            _ => vec![String::new()],
        };
        let is_unnamed = |key: &String| {
            !is_named(&page, group, key) && !is_named(&page, &format!("{group}.{key}"), "")
        };
        unnamed.extend(
            keys.into_iter()
                .filter(is_unnamed)
                .map(|key| format!("{group}.{key}")),
        );
    }
    unnamed
}

#[test]
fn every_key_of_a_document_is_on_the_page() {
    let repository = Repository::with_commit();
    repository.git(&["remote", "add", "origin", "https://host/code.git"]);
    repository.write(
        "Cargo.lock",
        b"[[package]]\nname = \"a\"\nversion = \"1\"\n",
    );
    repository.write("train.py", b"changed\n");
    repository.write("__pycache__/train.pyc", b"\0");
    let mut request = repository.request();
    request.build = vec![("mltrack".to_owned(), "0.1.0".to_owned())];
    let capture = environment(&request);
    assert_eq!(undocumented(&capture.document), [] as [String; 0]);
    assert_eq!(undocumented(&minimal(&request).document), [] as [String; 0]);
    assert_eq!(
        undocumented(&serde_json::json!({ "os": { "nonsense": 1 } })),
        ["os.nonsense"]
    );
}

#[test]
fn the_list_of_variables_is_on_the_page() {
    let words = words(&page());
    let missing: Vec<_> = ALLOWLIST
        .iter()
        .filter(|name| !words.contains(**name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
