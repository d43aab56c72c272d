//! The few facts of a document that lists and filters show.
//!
//! Invariant: keys are sorted and stand once.

use serde_json::Value;

/// Key of the summary, and where its value stands in the document.
const FACTS: &[(&str, &[&str])] = &[
    ("arch", &["os", "arch"]),
    ("command", &["process", "command"]),
    ("container.image", &["container", "image"]),
    ("container.kind", &["container", "kind"]),
    ("cpu.cores", &["cpu", "cores"]),
    ("cpu.model", &["cpu", "model"]),
    ("cpu.threads", &["cpu", "threads"]),
    ("cuda.version", &["cuda", "version"]),
    ("cwd", &["process", "folder"]),
    ("dependencies.digest", &["dependencies", "digest"]),
    ("driver.version", &["driver", "version"]),
    ("environment.digest", &["digest"]),
    ("executable.hash", &["process", "executable_hash"]),
    ("git.branch", &["git", "branch"]),
    ("git.commit", &["git", "commit"]),
    ("git.dirty", &["git", "dirty"]),
    ("git.remote", &["git", "remote"]),
    ("host.hash", &["host", "hash"]),
    ("host.name", &["host", "name"]),
    ("kernel", &["os", "kernel"]),
    ("memory.bytes", &["memory", "bytes"]),
    ("os.name", &["os", "name"]),
    ("os.version", &["os", "version"]),
    ("python.version", &["python", "version"]),
    ("rust.version", &["rust", "version"]),
];

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What `document` says about each fact, and `gpu.N.name` and `gpu.N.memory` (bytes) of each device.
pub(crate) fn of(document: &Value) -> Vec<(String, String)> {
    let mut summary: Vec<(String, String)> = FACTS
        .iter()
        .filter_map(|(key, path)| {
            let value = path
                .iter()
                .try_fold(document, |value, key| value.get(key))?;
            Some(((*key).to_owned(), text(value)))
        })
        .collect();
    let devices = document.get("gpu").and_then(Value::as_array);
    for (index, device) in devices.into_iter().flatten().enumerate() {
        for (name, key) in [("name", "name"), ("memory", "memory_bytes")] {
            if let Some(value) = device.get(key) {
                summary.push((format!("gpu.{index}.{name}"), text(value)));
            }
        }
    }
    summary.sort();
    summary
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_that_are_known_are_listed_in_order() {
        let document = json!({ "os": { "name": "Linux" }, "git": { "dirty": true }, "gpu": [{ "name": "H200", "memory_bytes": 5 }] });
        let pairs = [
            ("git.dirty", "true"),
            ("gpu.0.memory", "5"),
            ("gpu.0.name", "H200"),
            ("os.name", "Linux"),
        ];
        assert_eq!(
            of(&document),
            pairs.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        assert!(FACTS.is_sorted());
    }
}
