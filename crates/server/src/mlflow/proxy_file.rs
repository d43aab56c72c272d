//! Files of the proxy that belong to no run, such as those of logged models: documents that need a blob.
//!
//! Invariants: a file is found when its bytes are stored, and they stay while it is there; who replaces a file replaces
//! it whole; a folder is where files are, and lists in as many steps as it has entries.

use mltrack::{BlobId, Document, Documents, StoredBytes, Tracker};
use serde::{Deserialize, Serialize};

use super::artifact_list::Entries;
use super::error::{Answer, MlflowError};
use super::proxy::{By, last_part};
use super::send_bytes::Content;

/// Documents of files. Their ids are paths of the proxy.
const KIND: &str = "mlflow.file";
/// A folder is removed in steps of so many files.
const REMOVED_AT_ONCE: usize = 1000;

/// What a file's document says.
#[derive(Serialize, Deserialize)]
struct Body {
    media_type: String,
}

/// Says that stored bytes are the file at a path, whatever was there before.
pub fn put(tracker: &Tracker, path: &str, stored: &StoredBytes, by: &By) -> Answer<()> {
    let media_type = stored.media_type(path).to_owned();
    let body = serde_json::to_string(&Body { media_type }).expect("a text is JSON");
    let files = tracker.documents(KIND).by(&by.0, &by.1);
    files.put_with_blobs(path, &body, &[(stored.blob(), stored.len())])?;
    Ok(())
}

/// What is to be sent for a file; `None` where there is none.
pub fn find(tracker: &Tracker, path: &str) -> Answer<Option<Content>> {
    let found = tracker.documents(KIND).get(path)?;
    let content = found.as_ref().and_then(|file| {
        let (blob, len) = content_of(file)?;
        let body: Option<Body> = serde_json::from_str(&file.body).ok();
        Some(Content {
            name: last_part(path).to_owned(),
            media_type: body.map(|body| body.media_type).unwrap_or_default(),
            blob,
            len,
        })
    });
    Ok(content)
}

fn content_of(file: &Document) -> Option<(BlobId, u64)> {
    file.blobs.first().copied()
}

/// Whether there is anything below a path.
pub fn is_folder(tracker: &Tracker, path: &str) -> Answer<bool> {
    let below = tracker.documents(KIND).ids(&format!("{path}/"), None, 1)?;
    Ok(!below.is_empty())
}

/// What is right in a folder; in the topmost one for an empty path.
pub fn entries(tracker: &Tracker, folder: &str) -> Answer<Entries> {
    let files = tracker.documents(KIND);
    let prefix = match folder {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mut entries = Entries::new();
    let mut after: Option<String> = None;
    while let Some(file) = first_behind(&files, &prefix, after.as_deref())? {
        let inside = &file.id[prefix.len()..];
        if let Some((part, _)) = inside.split_once('/') {
            entries.insert(part.to_owned(), None);
            // The last of all characters: everything in that folder is before it.
            after = Some(format!("{prefix}{part}/\u{10ffff}"));
        } else {
            let len = content_of(&file).map(|(_, len)| len);
            entries.entry(inside.to_owned()).or_insert(len);
            after = Some(file.id.as_ref().to_owned());
        }
    }
    Ok(entries)
}

fn first_behind(files: &Documents, prefix: &str, after: Option<&str>) -> Answer<Option<Document>> {
    Ok(files.list(prefix, after, 1)?.pop())
}

/// Removes the file at a path and everything below it.
pub fn remove(tracker: &Tracker, path: &str, by: &By) -> Answer<()> {
    if path.is_empty() {
        return Err(MlflowError::invalid("Invalid path"));
    }
    let files = tracker.documents(KIND).by(&by.0, &by.1);
    files.remove_many(&[path])?;
    loop {
        let ids = files.ids(&format!("{path}/"), None, REMOVED_AT_ONCE)?;
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = ids.iter().map(|(id, _)| id.as_ref()).collect();
        files.remove_many(&ids)?;
    }
}
