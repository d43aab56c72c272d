//! A backup's manifest: which store at which lsn, and the parts it is made of, each by the hash of its content.
//!
//! Invariants: the name of a manifest ends with the hash of its bytes, so one that is cut short or changed is known to be;
//! what an older version wrote is read for ever, and a newer version is refused by its number.

use std::fmt;
use std::str::FromStr;

use mltrack_artifact::BlobHash;
use mltrack_event::WallTime;
use serde::{Deserialize, Serialize};

/// What a manifest says of itself.
const KIND: &str = "mltrack backup";
const VERSION: u32 = 1;
/// The digits of the hash in a name: enough to find any damage, and short enough to be typed.
const HASH_DIGITS: usize = 16;
const SUFFIX: &str = ".json";

/// The name of a backup: when it was taken, and the beginning of its manifest's hash.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BackupId(String);

/// One backup.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    kind: String,
    version: u32,
    /// When it was begun, ns since 1970.
    pub time_ns: i64,
    /// The version of the program that took it.
    pub program: String,
    /// The machine that took it.
    pub host: String,
    /// The folder of the store there.
    pub path: String,
    /// The store's id, as 32 hex digits.
    pub store: String,
    /// The epoch of its newest segment.
    pub epoch: String,
    /// The last record that is in it; 0 when there is none.
    pub lsn: u64,
    /// The log, oldest segment first.
    pub log: Vec<Segment>,
    /// The other files of the store, FORMAT last.
    pub files: Vec<File>,
    /// The bytes of artifacts and data; `None` when they were left out.
    pub artifacts: Option<Artifacts>,
}

/// A segment, packed or not, or the beginning of one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Segment {
    /// The name of its file.
    pub name: String,
    /// Blake3 of its bytes.
    pub blake3: String,
    /// How many bytes.
    pub len: u64,
    /// The first lsn that it can hold.
    pub first: u64,
    /// The lsn after its last record.
    pub next: u64,
    /// What tells a sealed segment without reading it; absent for one that may grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}

/// Any other file of a store.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct File {
    /// Its path in the store.
    pub name: String,
    /// Blake3 of its bytes.
    pub blake3: String,
    /// How many bytes.
    pub len: u64,
    /// Whether only its owner may read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_secret: bool,
}

/// The blobs of a store's roots.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Artifacts {
    /// Blake3 of the list of blobs, one hash a line.
    pub list: String,
    /// How many blobs.
    pub count: u64,
    /// Roots that are not in the backup: they are not folders of that machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// Blobs that were damaged in the store and are not in the backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<String>,
}

/// Why bytes are no manifest.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Damaged(String),
    Newer(String),
}

impl Manifest {
    /// An empty one, to be filled in.
    pub(crate) fn new(time_ns: i64, host: String, path: String) -> Manifest {
        Manifest {
            kind: KIND.to_owned(),
            version: VERSION,
            time_ns,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            host,
            path,
            store: String::new(),
            epoch: String::new(),
            lsn: 0,
            log: Vec::new(),
            files: Vec::new(),
            artifacts: None,
        }
    }

    /// Its bytes, and the name that goes with them.
    pub(crate) fn encode(&self) -> (BackupId, Vec<u8>) {
        let mut bytes = serde_json::to_vec_pretty(self).expect("texts and numbers are JSON");
        bytes.push(b'\n');
        let hash = BlobHash::of(&bytes).to_string();
        let id = format!("{}-{}", stamp(self.time_ns), &hash[..HASH_DIGITS]);
        (BackupId(id), bytes)
    }

    /// Reads what was stored under this name.
    pub(crate) fn decode(id: &BackupId, bytes: &[u8]) -> Result<Manifest, Flaw> {
        let hash = BlobHash::of(bytes).to_string();
        if !id.0.ends_with(&hash[..HASH_DIGITS]) {
            return Err(Flaw::Damaged(format!(
                "its manifest, of {} bytes, is cut short or was changed",
                bytes.len()
            )));
        }
        let damaged = |error: serde_json::Error| Flaw::Damaged(format!("its manifest: {error}"));
        let said: serde_json::Value = serde_json::from_slice(bytes).map_err(damaged)?;
        if said["kind"] != KIND {
            return Err(Flaw::Damaged("it is no manifest of a backup".to_owned()));
        }
        if said["version"] != VERSION {
            return Err(Flaw::Newer(format!("version {}", said["version"])));
        }
        serde_json::from_value(said).map_err(damaged)
    }

    /// Bytes of the log and the settings, as they were in the store.
    pub fn len(&self) -> u64 {
        let log: u64 = self.log.iter().map(|part| part.len).sum();
        log + self.files.iter().map(|file| file.len).sum::<u64>()
    }

    /// Whether the log has no record.
    pub fn is_empty(&self) -> bool {
        self.lsn == 0
    }

    /// Every part that it names, with its hash, the list of artifacts included.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        let log = self
            .log
            .iter()
            .map(|part| (part.name.as_str(), part.blake3.as_str()));
        let files = self
            .files
            .iter()
            .map(|file| (file.name.as_str(), file.blake3.as_str()));
        let list = self
            .artifacts
            .iter()
            .map(|all| ("the list of artifacts", all.list.as_str()));
        log.chain(files).chain(list)
    }
}

/// `20261122T061500Z`.
fn stamp(time_ns: i64) -> String {
    let text = WallTime(time_ns).to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let digits: String = seconds
        .chars()
        .filter(|character| !matches!(character, '-' | ':'))
        .collect();
    format!("{}Z", digits.trim_end_matches('Z'))
}

impl BackupId {
    /// The name as one types it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn note(&self) -> String {
        format!("{}{SUFFIX}", self.0)
    }

    pub(crate) fn of_note(name: &str) -> Option<BackupId> {
        name.strip_suffix(SUFFIX)?.parse().ok()
    }
}

impl FromStr for BackupId {
    type Err = String;

    fn from_str(text: &str) -> Result<BackupId, String> {
        let parts = text.split_once('-').filter(|(time, hash)| {
            time.len() == 16
                && time
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || b"TZ".contains(&byte))
                && hash.len() == HASH_DIGITS
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        match parts {
            Some(_) => Ok(BackupId(text.to_owned())),
            None => Err(format!(
                "{text:?} is no backup's name: `mltrack backup ls` lists them"
            )),
        }
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let mut manifest = Manifest::new(1_795_328_100_000_000_000, "host".into(), "/s".into());
        manifest.lsn = 7;
        manifest.log.push(Segment {
            name: "seg-00000000000000000001.log".into(),
            blake3: BlobHash::of(b"a").to_string(),
            len: 1,
            first: 1,
            next: 8,
            mark: None,
        });
        manifest
    }

    #[test]
    fn a_manifest_comes_back_under_its_name() {
        let (id, bytes) = manifest().encode();
        assert!(id.as_str().starts_with("20261122T"), "{id}");
        assert_eq!(BackupId::of_note(&id.note()), Some(id.clone()));
        assert_eq!(Manifest::decode(&id, &bytes), Ok(manifest()));
    }

    #[test]
    fn every_cut_and_every_flipped_byte_is_found() {
        let (id, bytes) = manifest().encode();
        for len in 0..bytes.len() {
            let cut = Manifest::decode(&id, &bytes[..len]);
            assert!(matches!(cut, Err(Flaw::Damaged(_))), "cut at {len}");
            let mut flipped = bytes.clone();
            flipped[len] ^= 0x20;
            let flipped = Manifest::decode(&id, &flipped);
            assert!(matches!(flipped, Err(Flaw::Damaged(_))), "flipped at {len}");
        }
    }

    #[test]
    fn a_newer_version_is_told_from_damage() {
        let newer = Manifest {
            version: 2,
            ..manifest()
        };
        let (id, bytes) = newer.encode();
        assert_eq!(
            Manifest::decode(&id, &bytes),
            Err(Flaw::Newer("version 2".into()))
        );
    }

    #[test]
    fn other_files_beside_manifests_are_no_backups() {
        for name in [
            "a.json",
            "20261122T061500Z-zz.json",
            "20261122T061500Z.json",
            "",
        ] {
            assert_eq!(BackupId::of_note(name), None, "{name}");
        }
    }
}
