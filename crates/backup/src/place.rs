//! Where backups lie: a folder or a bucket, with the parts as blobs and each manifest as a note beside them.
//!
//! Invariant: a place is not a root of artifacts: whoever collects garbage there does not know what backups need.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use mltrack_artifact::{BlobStore, Options, StoreUrl};
use mltrack_log::door;

use crate::error::{Error, Result};
use crate::manifest::{BackupId, Flaw, Manifest};

/// The notes that are manifests.
pub(crate) const KIND: &str = "backups";

/// Folders take what two threads give; buckets hide that each request takes long.
const PARALLEL_LOCAL: usize = 2;
const PARALLEL_REMOTE: usize = 16;

/// A place of backups.
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) blobs: BlobStore,
    folder: Option<PathBuf>,
    is_remote: bool,
}

/// A backup in a place.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name.
    pub id: BackupId,
    /// What it is; `None` when its manifest cannot be read.
    pub manifest: Option<Manifest>,
    /// Why it cannot.
    pub flaw: Option<String>,
}

impl Place {
    /// The place at a path or an address, as roots of artifacts are given. Nothing is made and no request sent.
    pub fn open(address: &str) -> Result<Place> {
        Place::with(address, options())
    }

    /// The same with other options than the usual ones: credentials, times to wait.
    pub fn with(address: &str, options: Options) -> Result<Place> {
        let url = StoreUrl::parse(address)?;
        Ok(Place {
            folder: url.as_folder().map(Path::to_owned),
            is_remote: url.is_remote(),
            blobs: BlobStore::open(&url, options)?,
        })
    }

    /// Its name in errors.
    pub fn name(&self) -> &str {
        self.blobs.place()
    }

    /// The folder, when it is one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(crate) fn parallel(&self) -> usize {
        if self.is_remote {
            PARALLEL_REMOTE
        } else {
            PARALLEL_LOCAL
        }
    }

    /// Makes the folder, for its owner alone: everything that a store has is in it.
    pub(crate) fn make(&self) -> Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(folder);
        made.map_err(Error::io("make the folder", folder))
    }

    /// Refuses a place where stores keep artifacts.
    pub(crate) fn check_free(&self) -> Result<()> {
        let owners = self.blobs.owners()?;
        if owners.is_empty() {
            return Ok(());
        }
        Err(Error::Invalid {
            what: format!(
                "{} is a root of artifacts, whose garbage collection would free what backups need",
                self.name()
            ),
            hint: "give backups a folder or a prefix of their own".to_owned(),
        })
    }

    /// The backups that are there, the oldest first, by their names alone.
    pub fn ids(&self) -> Result<Vec<BackupId>> {
        let notes = self.blobs.notes(KIND)?;
        let mut ids: Vec<BackupId> = notes
            .iter()
            .filter_map(|note| BackupId::of_note(&note.name))
            .collect();
        ids.sort();
        Ok(ids)
    }

    /// The backups that are there, the oldest first, damaged ones included.
    pub fn list(&self) -> Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for id in self.ids()? {
            let (manifest, flaw) = match self.read(&id)? {
                None => continue,
                Some(Ok(manifest)) => (Some(manifest), None),
                Some(Err(Flaw::Damaged(what))) => (None, Some(what)),
                Some(Err(Flaw::Newer(what))) => {
                    (None, Some(format!("a newer mltrack made it: {what}")))
                }
            };
            kept.push(Kept { id, manifest, flaw });
        }
        kept.sort_by_key(|kept| {
            kept.manifest
                .as_ref()
                .map_or(0, |manifest| manifest.time_ns)
        });
        Ok(kept)
    }

    pub(crate) fn read(&self, id: &BackupId) -> Result<Option<Result<Manifest, Flaw>>> {
        let bytes = self.blobs.note(KIND, &id.note())?;
        Ok(bytes.map(|bytes| Manifest::decode(id, &bytes)))
    }

    /// The manifest of a backup. Errors: damaged, newer, or not there.
    pub(crate) fn manifest(&self, id: &BackupId) -> Result<Manifest> {
        let (backup, place) = (id.to_string(), self.name().to_owned());
        match self.read(id)? {
            None => Err(self.no_such(id.as_str())),
            Some(Ok(manifest)) => Ok(manifest),
            Some(Err(Flaw::Damaged(what))) => Err(Error::Manifest {
                backup,
                place,
                what,
            }),
            Some(Err(Flaw::Newer(what))) => Err(Error::Newer {
                backup,
                place,
                what,
            }),
        }
    }

    /// The backup that is meant: by its name or a beginning of it that only one has, or else the newest.
    pub fn find(&self, wanted: Option<&str>) -> Result<(BackupId, Manifest)> {
        let ids = self.ids()?;
        let Some(newest) = ids.last() else {
            return Err(Error::NotFound {
                what: format!("there are no backups in {}", self.name()),
                hint: format!("mltrack backup {}", self.name()),
            });
        };
        let Some(wanted) = wanted else {
            return self.newest(&ids, newest);
        };
        let fitting = ids.iter().filter(|id| id.as_str().starts_with(wanted));
        match fitting.collect::<Vec<_>>().as_slice() {
            [only] => Ok(((*only).clone(), self.manifest(only)?)),
            [] => Err(self.no_such(wanted)),
            several => Err(Error::Invalid {
                what: format!("{wanted:?} begins the names of {} backups", several.len()),
                hint: format!("name one of them: {}, ..", several[0]),
            }),
        }
    }

    /// The newest backup, where all are of one store: which one is meant could not be guessed.
    fn newest(&self, ids: &[BackupId], newest: &BackupId) -> Result<(BackupId, Manifest)> {
        let manifest = self.manifest(newest)?;
        let (mut newest, mut manifest) = (newest.clone(), manifest);
        for id in ids.iter().rev().skip(1) {
            let Some(Ok(other)) = self.read(id)? else {
                continue;
            };
            if other.store != manifest.store {
                return Err(Error::Invalid {
                    what: format!("backups of several stores lie in {}", self.name()),
                    hint: "say which one by --at; `mltrack backup ls` lists them".to_owned(),
                });
            }
            // Names tell seconds, manifests all of the time.
            if other.time_ns > manifest.time_ns {
                (newest, manifest) = (id.clone(), other);
            }
        }
        Ok((newest, manifest))
    }

    fn no_such(&self, wanted: &str) -> Error {
        Error::NotFound {
            what: format!("there is no backup {wanted} in {}", self.name()),
            hint: format!("mltrack backup ls {}", self.name()),
        }
    }
}

/// A backup is as long as what it is of, and is on the disk when it is said to be taken.
fn options() -> Options {
    Options {
        max_len: u64::MAX,
        ..Options::new(door::random_bytes::<16>, door::wall_time_ns)
    }
}
