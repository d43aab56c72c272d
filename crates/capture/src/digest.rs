//! Digests of what a run ran in: equal environments have equal digests, whoever ran there and whichever code.
//!
//! Invariant: host, user, folders, arguments, variables, code and times are no part of it.

use serde_json::Value;

/// What makes an environment: keys of the document, from its top. The kernel is none of them: programs are not built
/// for one.
const KEYS: &[&[&str]] = &[
    &["os", "name"],
    &["os", "version"],
    &["os", "arch"],
    &["cpu", "model"],
    &["cpu", "flags"],
    &["gpu"],
    &["driver", "version"],
    &["cuda", "version"],
    &["python", "implementation"],
    &["python", "version"],
    &["rust", "version"],
    &["dependencies", "digest"],
];

/// Keys of a GPU that belong to one device.
const OF_ONE_DEVICE: &[&str] = &["uuid_hash", "index", "bus"];

/// `blake3:` and the hash of what makes the environment that `document` describes.
pub fn digest(document: &Value) -> String {
    let mut hasher = blake3::Hasher::new();
    for path in KEYS {
        let value = path.iter().try_fold(document, |value, key| value.get(key));
        let text = value
            .map(|value| without_identity(value).to_string())
            .unwrap_or_default();
        hasher.update(format!("{}\n{}\n", path.join("."), text).as_bytes());
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}

fn without_identity(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(without_identity).collect(),
        Value::Object(pairs) => pairs
            .iter()
            .filter(|(key, _)| !OF_ONE_DEVICE.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_makes_the_environment_counts() {
        let one = json!({ "os": { "name": "Linux", "kernel": "6.1" }, "host": { "hash": "a" }, "gpu": [{ "name": "H200", "uuid_hash": "1" }] });
        let same = json!({ "os": { "name": "Linux", "kernel": "6.2" }, "host": { "hash": "b" }, "gpu": [{ "name": "H200", "uuid_hash": "2" }] });
        let other = json!({ "os": { "name": "Linux" }, "gpu": [{ "name": "A100" }] });
        assert_eq!(digest(&one), digest(&same));
        assert_ne!(digest(&one), digest(&other));
        assert!(digest(&json!(null)).starts_with("blake3:"));
    }
}
