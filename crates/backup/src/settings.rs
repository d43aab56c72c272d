//! The files of a store that are neither the log nor derived from it: where artifacts lie, how far webhooks were told,
//! and keys.
//!
//! Invariant: they are read before the log, so what they say of the log is in the backup.

use std::fs;
use std::io;
use std::path::{Component, Path};

use serde_json::Value;

use crate::error::{Error, Result};

/// Where a store keeps blobs when nobody chose another place, and where a restored one has all of them.
pub(crate) const ARTIFACTS: &str = "artifacts";
/// The list of roots.
pub(crate) const ROOTS: &str = "roots.json";

/// Each with whether only its owner may read it.
const FILES: [(&str, bool); 4] = [
    (ROOTS, false),
    ("server/webhooks.json", false),
    ("server/secrets.json", true),
    ("server/links.key", true),
];

/// One of them.
pub(crate) struct Setting {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub is_secret: bool,
}

/// Those that are there.
pub(crate) fn read(store: &Path, with_secrets: bool) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    for (name, is_secret) in FILES.iter().filter(|(_, secret)| with_secrets || !secret) {
        let path = store.join(name);
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => settings.push(Setting {
                name,
                bytes: read.map_err(Error::io("read", &path))?,
                is_secret: *is_secret,
            }),
        }
    }
    Ok(settings)
}

/// Whether a manifest may name a file so: relative, and leading nowhere else.
pub(crate) fn is_inside(name: &str) -> bool {
    let mut components = Path::new(name).components();
    !name.is_empty() && components.all(|part| matches!(part, Component::Normal(_)))
}

/// The list of roots for a restored store. What lay in folders lies in its own folder now, when `has_blobs`; addresses stay.
/// It is another owner: a root that it shares with the original is never swept by either.
pub(crate) fn roots_of_copy(bytes: &[u8], has_blobs: bool) -> Option<Vec<u8>> {
    let mut known: Value = serde_json::from_slice(bytes).ok()?;
    let object = known.as_object_mut()?;
    object.remove("owner");
    for list in ["artifacts", "data"] {
        let Some(urls) = object.get_mut(list).and_then(Value::as_array_mut) else {
            continue;
        };
        let mut kept: Vec<Value> = Vec::new();
        for url in urls.iter().filter_map(Value::as_str) {
            let stays = url.contains("://") || !has_blobs && Path::new(url).is_absolute();
            if !stays && !kept.iter().any(|kept| kept == ARTIFACTS) {
                kept.push(ARTIFACTS.into());
            }
            if stays {
                kept.push(url.into());
            }
        }
        *urls = kept;
    }
    serde_json::to_vec_pretty(&known).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, has_blobs: bool) -> Value {
        serde_json::from_slice(&roots_of_copy(text.as_bytes(), has_blobs).unwrap()).unwrap()
    }

    #[test]
    fn folders_become_the_stores_own_and_addresses_stay_in_order() {
        let text = r#"{"kind":"k","owner":"o","artifacts":["s3://b/p","/mnt/a","blobs"],"data":["/mnt/d"]}"#;
        let known = copied(text, true);
        assert_eq!(
            known["artifacts"],
            serde_json::json!(["s3://b/p", "artifacts"])
        );
        assert_eq!(known["data"], serde_json::json!(["artifacts"]));
        assert_eq!(known.get("owner"), None);
        let known = copied(text, false);
        let all = serde_json::json!(["s3://b/p", "/mnt/a", "artifacts"]);
        assert_eq!(
            known["artifacts"], all,
            "without blobs they are where they were"
        );
    }

    #[test]
    fn names_that_lead_out_of_a_store_are_known() {
        for name in ["", "/etc/passwd", "../x", "a/../../x", "./x"] {
            assert!(!is_inside(name), "{name}");
        }
        assert!(is_inside("server/links.key"));
    }
}
