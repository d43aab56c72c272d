//! Small files with names of their own, beside the blobs of a root: what somebody who keeps blobs there says of them.
//!
//! Invariants: a note that can be found is whole and was durable before it could be; a name leads nowhere but into the
//! folder of its kind; garbage collection takes none away.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::keys;
use crate::root::Promise;
use crate::store::BlobStore;

/// A note in a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name, without its kind.
    pub name: String,
    /// Length in bytes.
    pub len: u64,
}

impl BlobStore {
    /// Writes a note; one of that name is replaced in one step.
    pub fn put_note(&self, kind: &str, name: &str, content: &[u8]) -> Result<()> {
        let content = Bytes::copy_from_slice(content);
        let key = key(kind, name)?;
        self.inner.root.put(&key, &[content], Promise::Durable)
    }

    /// Writes a note unless there is one of that name. Whether it was written: of two that try at once, one has it where
    /// the root can tell them apart, which S3 can and a folder cannot.
    pub fn put_new_note(&self, kind: &str, name: &str, content: &[u8]) -> Result<bool> {
        let content = Bytes::copy_from_slice(content);
        self.inner.root.put_new(&key(kind, name)?, content)
    }

    /// All of a note.
    pub fn note(&self, kind: &str, name: &str) -> Result<Option<Bytes>> {
        self.inner.root.get(&key(kind, name)?)
    }

    /// Takes a note away. Whether it was there.
    pub fn remove_note(&self, kind: &str, name: &str) -> Result<bool> {
        self.inner.root.delete(&key(kind, name)?)
    }

    /// The notes of a kind, by their names.
    pub fn notes(&self, kind: &str) -> Result<Vec<Note>> {
        let folder = kind_folder(kind)?;
        let mut notes = Vec::new();
        self.inner.root.list(&folder, &mut |found| {
            let name = found
                .key
                .strip_prefix(&folder)
                .and_then(|name| name.strip_prefix('/'));
            if let Some(name) = name.filter(|name| is_name(name)) {
                notes.push(Note {
                    name: name.to_owned(),
                    len: found.len,
                });
            }
            Ok(())
        })?;
        notes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(notes)
    }

    /// The names of the stores that put blobs here.
    pub fn owners(&self) -> Result<Vec<String>> {
        let mut owners = Vec::new();
        self.inner.root.list(keys::OWNERS, &mut |found| {
            owners.extend(found.key.rsplit('/').next().map(str::to_owned));
            Ok(())
        })?;
        owners.sort();
        Ok(owners)
    }
}

fn key(kind: &str, name: &str) -> Result<String> {
    if is_name(name) {
        return Ok(format!("{}/{name}", kind_folder(kind)?));
    }
    Err(Error::Name {
        name: name.to_owned(),
        why: "a note is named by 1 to 100 letters, digits, `-` and single `.`".to_owned(),
    })
}

fn kind_folder(kind: &str) -> Result<String> {
    let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_ours = [
        keys::BLOBS,
        keys::MANIFESTS,
        keys::CHUNKS,
        keys::LINKS,
        keys::OWNERS,
    ];
    if is_kind && !is_ours.contains(&kind) && kind != "drafts" {
        return Ok(kind.to_owned());
    }
    Err(Error::Name {
        name: kind.to_owned(),
        why: "a kind of notes has a-z only, and is none of the folders of blobs".to_owned(),
    })
}

fn is_name(name: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=100).contains(&name.len())
        && name.bytes().all(is_fine)
        && !name.starts_with('.')
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, StoreUrl};

    fn store() -> BlobStore {
        let options = Options::new(|| [7; 16], || 0);
        BlobStore::open(&StoreUrl::parse("memory:").unwrap(), options).unwrap()
    }

    #[test]
    fn a_note_comes_back_is_listed_and_goes() {
        let store = store();
        store.put_note("backups", "b.json", b"two").unwrap();
        store.put_note("backups", "a.json", b"one").unwrap();
        let names: Vec<String> = store
            .notes("backups")
            .unwrap()
            .into_iter()
            .map(|note| note.name)
            .collect();
        assert_eq!(names, ["a.json", "b.json"]);
        assert_eq!(store.note("backups", "a.json").unwrap().unwrap(), "one");
        assert!(store.remove_note("backups", "a.json").unwrap());
        assert_eq!(store.note("backups", "a.json").unwrap(), None);
    }

    #[test]
    fn of_two_new_notes_of_one_name_the_first_stays() {
        let store = store();
        assert!(store.put_new_note("claims", "claim", b"one").unwrap());
        assert!(!store.put_new_note("claims", "claim", b"two").unwrap());
        assert_eq!(store.note("claims", "claim").unwrap().unwrap(), "one");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let store = store();
        for (kind, name) in [
            ("backups", ""),
            ("backups", "../blobs"),
            ("backups", "a/b"),
            ("backups", ".hidden"),
            ("blobs", "a"),
            ("drafts", "a"),
            ("a/b", "a"),
            ("", "a"),
        ] {
            let refused = store.put_note(kind, name, b"").unwrap_err();
            assert_eq!(refused.kind(), crate::ErrorKind::Invalid, "{kind}/{name}");
        }
    }
}
