//! What differs between two environments, or between two lists of packages.
//!
//! Invariants: only what differs is told, in a fixed order: system and hardware first, then interpreters, packages by
//! name, code, and the command; what says the same thing twice (digests of parts, the number of a process) is left out.

use std::collections::BTreeMap;

use serde_json::Value;

/// Something that two documents say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it belongs to: `os`, `cpu`, `memory`, `gpu`, `driver`, `cuda`, `container`, `cgroup`, `host`, `python`,
    /// `rust`, `packages of KIND`, `git`, `process`, `variables`, ..
    pub group: String,
    /// The key within the group, with dots; the name of a package.
    pub key: String,
    /// What the first document says, None where it says nothing.
    pub before: Option<String>,
    /// What the second one says.
    pub after: Option<String>,
}

/// Groups in the order they are told; those that are not named follow, by name.
const ORDER: &[&str] = &[
    "os",
    "cpu",
    "memory",
    "gpu",
    "driver",
    "cuda",
    "container",
    "cgroup",
    "host",
    "python",
    "rust",
    "dependencies",
    "packages",
    "git",
    "process",
    "variables",
];

/// What follows from other keys, or differs between any two runs.
const SKIPPED: &[(&str, &str)] = &[
    ("process", "pid"),
    ("process", "arguments"),
    ("git", "patch.len"),
    ("git", "patch.files"),
    ("dependencies", "digest"),
];

/// Groups that tell about the capture, not about the environment.
const UNCOMPARED: &[&str] = &["version", "digest", "missing", "left_out"];

type Facts = BTreeMap<(usize, String, String), String>;

/// What two documents of [`environment`](crate::environment) say differently, or two of its lists of packages: added,
/// removed and changed packages by name.
///
/// ```
/// let before = serde_json::json!({ "os": { "name": "Debian" }, "python": { "version": "3.11" } });
/// let after = serde_json::json!({ "os": { "name": "Debian" }, "python": { "version": "3.12" } });
/// let differences = mltrack_capture::diff(&before, &after);
/// assert_eq!((differences[0].group.as_str(), differences[0].after.as_deref()), ("python", Some("3.12")));
/// ```
pub fn diff(before: &Value, after: &Value) -> Vec<Difference> {
    let (before, mut after) = (facts(before), facts(after));
    let mut all: BTreeMap<_, (Option<String>, Option<String>)> = BTreeMap::new();
    for (key, value) in before {
        let other = after.remove(&key);
        all.insert(key, (Some(value), other));
    }
    all.extend(
        after
            .into_iter()
            .map(|(key, value)| (key, (None, Some(value)))),
    );
    all.into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|((_, group, key), (before, after))| Difference {
            group,
            key,
            before,
            after,
        })
        .collect()
}

fn facts(document: &Value) -> Facts {
    let mut facts = Facts::new();
    for (group, value) in document.as_object().into_iter().flatten() {
        match (group.as_str(), value) {
            (group, _) if UNCOMPARED.contains(&group) => {}
            ("sources", Value::Array(sources)) => add_packages(sources, &mut facts),
            ("dependencies", _) => add_digests(value, &mut facts),
            (group, value) => flatten(group, String::new(), value, &mut facts),
        }
    }
    facts
}

fn add(group: &str, key: String, value: String, facts: &mut Facts) {
    let first = group.split(' ').next();
    let order = ORDER
        .iter()
        .position(|known| Some(*known) == first)
        .unwrap_or(ORDER.len());
    if !SKIPPED.contains(&(group, key.as_str())) {
        facts.insert((order, group.to_owned(), key), value);
    }
}

/// Every leaf of a value, with the way to it. A list of plain values is one leaf.
fn flatten(group: &str, key: String, value: &Value, facts: &mut Facts) {
    let below = |name: &str| {
        if key.is_empty() {
            name.to_owned()
        } else {
            format!("{key}.{name}")
        }
    };
    match value {
        Value::Object(pairs) => {
            for (name, value) in pairs {
                flatten(group, below(name), value, facts);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_object) => {
            for (index, value) in values.iter().enumerate() {
                flatten(group, below(&index.to_string()), value, facts);
            }
        }
        Value::Array(values) => {
            let words: Vec<String> = values.iter().map(text).collect();
            add(group, key, words.join(" "), facts);
        }
        value => add(group, key, text(value), facts),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The kind of a source, with its path where it is one of several of its kind.
fn source_names(sources: &[Value]) -> impl Iterator<Item = (String, &Value)> {
    let kind = |source: &Value| source["kind"].as_str().unwrap_or("unknown").to_owned();
    sources.iter().map(move |source| {
        let own = kind(source);
        let is_one_of_several = sources.iter().filter(|other| kind(other) == own).count() > 1;
        let path = source["path"].as_str().filter(|_| is_one_of_several);
        (
            path.map_or_else(|| own.clone(), |path| format!("{own} {path}")),
            source,
        )
    })
}

fn add_packages(sources: &[Value], facts: &mut Facts) {
    for (name, source) in source_names(sources) {
        for (package, version) in source["packages"].as_object().into_iter().flatten() {
            add(
                &format!("packages of {name}"),
                package.clone(),
                text(version),
                facts,
            );
        }
    }
}

fn add_digests(dependencies: &Value, facts: &mut Facts) {
    let sources = dependencies["sources"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for (name, source) in source_names(sources) {
        add("dependencies", name, text(&source["digest"]), facts);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(before: &Value, after: &Value) -> Vec<String> {
        let none = || "-".to_owned();
        let differences = diff(before, after).into_iter();
        differences
            .map(|difference| {
                format!(
                    "{} {}: {} > {}",
                    difference.group,
                    difference.key,
                    difference.before.unwrap_or_else(none),
                    difference.after.unwrap_or_else(none)
                )
            })
            .collect()
    }

    #[test]
    fn system_and_hardware_come_first_and_what_is_equal_is_not_told() {
        let before = json!({ "version": 1, "digest": "x", "git": { "commit": "1" }, "os": { "name": "a", "arch": "x" }, "process": { "pid": 1, "command": "c" }, "variables": { "A": "1" } });
        let after = json!({ "version": 1, "digest": "y", "git": { "commit": "2" }, "os": { "name": "b", "arch": "x" }, "process": { "pid": 2, "command": "c" }, "gpu": [{ "name": "g" }] });
        assert_eq!(
            shown(&before, &after),
            [
                "os name: a > b",
                "gpu 0.name: - > g",
                "git commit: 1 > 2",
                "variables A: 1 > -"
            ]
        );
        assert_eq!(shown(&before, &before), [] as [String; 0]);
    }

    #[test]
    fn packages_are_told_by_name() {
        let list = |packages: Value| json!({ "version": 1, "sources": [{ "kind": "pip", "path": "p", "digest": "d", "packages": packages }] });
        let before = list(json!({ "torch": "2.1", "numpy": "1.26", "gone": "1" }));
        let after = list(json!({ "torch": "2.2", "numpy": "1.26", "added": "3" }));
        assert_eq!(
            shown(&before, &after),
            [
                "packages of pip added: - > 3",
                "packages of pip gone: 1 > -",
                "packages of pip torch: 2.1 > 2.2"
            ]
        );
    }

    #[test]
    fn lists_and_sources_are_compared_as_they_are() {
        let document = |flags: Value, digest: &str| json!({ "cpu": { "flags": flags }, "dependencies": { "digest": digest, "sources": [{ "kind": "cargo", "digest": digest }] } });
        let shown = shown(
            &document(json!(["avx"]), "1"),
            &document(json!(["avx", "avx2"]), "2"),
        );
        assert_eq!(
            shown,
            ["cpu flags: avx > avx avx2", "dependencies cargo: 1 > 2"]
        );
    }
}
