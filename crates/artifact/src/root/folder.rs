//! A root in a folder of this machine, written with the system's calls. Why not with `object_store`: docs/decisions/0007.
//!
//! Invariants: bytes are written to a new file, which has no name or one below `drafts/`, and it gets its key when it is
//! whole, so a file with a key is;
//! with [`Sync::Data`] a rename that promises durability comes after the sync of the file and before the sync of its folder.

use std::fs::{self, File};
use std::io::{self, IoSlice, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;

use super::{Found, Peeked, Promise, Root, direct};
use crate::error::{Error, Result};
use crate::object::HEADER_LEN;
use crate::options::{Options, Sync};

const DRAFTS: &str = "drafts";

pub(crate) struct Folder {
    root: PathBuf,
    place: String,
    sync: Sync,
    nonce: fn() -> [u8; 16],
    /// Set when the system turned out to have no files without a name, or no way to give them one.
    has_no_unnamed: AtomicBool,
}

impl Folder {
    /// The root in this folder, which is made when the first object is put.
    pub fn new(root: &Path, options: &Options) -> Folder {
        Folder {
            root: root.to_owned(),
            place: root.display().to_string(),
            sync: options.sync,
            nonce: options.nonce,
            has_no_unnamed: AtomicBool::new(false),
        }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// A new file below `drafts/`, which is made when it is missing. Whether it is one for [`direct::write`], too.
    fn draft(&self, is_direct: bool) -> Result<(File, PathBuf, bool)> {
        let name = format!("{:032x}", u128::from_be_bytes((self.nonce)()));
        let path = self.root.join(DRAFTS).join(name);
        let create = || -> io::Result<(File, bool)> {
            if is_direct && let Some(file) = direct::create(&path)? {
                return Ok((file, true));
            }
            let file = File::options().write(true).create_new(true).open(&path)?;
            Ok((file, false))
        };
        let made = match create() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_folder(&self.root.join(DRAFTS), self.sync)?;
                create()
            }
            other => other,
        };
        let (file, is_direct) = made.map_err(Error::io("create", &path))?;
        Ok((file, path, is_direct))
    }

    /// Writes a draft and moves it into place; a draft that fails is taken away.
    fn place_draft(
        &self,
        key: &str,
        (promise, is_direct): (Promise, bool),
        write: impl FnOnce(&mut File, bool) -> io::Result<()>,
    ) -> Result<()> {
        let (mut file, draft, is_direct) = self.draft(is_direct)?;
        let is_durable = promise == Promise::Durable && self.sync == Sync::Data;
        let written = write(&mut file, is_direct)
            .and_then(|()| if is_durable { file.sync_data() } else { Ok(()) })
            .map_err(Error::io("write", &draft));
        drop(file);
        let placed = written.and_then(|()| self.rename(&draft, key, is_durable));
        if placed.is_err() {
            // What is left of it is found by gc if even this fails.
            drop(fs::remove_file(&draft));
        }
        placed
    }

    /// Writes around the cache a file that has no name before it has its key. `false` where that cannot be done, or the
    /// key is taken, by a file that is to be replaced in one step: then nothing was put.
    fn put_unnamed(&self, key: &str, parts: &[Bytes]) -> Result<bool> {
        if self.has_no_unnamed.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let target = self.path(key);
        let folder = target.parent().expect("a key has a folder");
        let made = match direct::create_unnamed(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // As in `rename`, the sync before the manifest covers the folder too.
                make_folder(folder, Sync::None)?;
                direct::create_unnamed(folder)
            }
            other => other,
        };
        if let Some(mut file) = made.map_err(Error::io("create a file in", folder))? {
            direct::write(&mut file, parts).map_err(Error::io("write", &target))?;
            match direct::name(&file, &target) {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
                // The usual way says what is wrong, if it is more than that names cannot be given.
                Err(_) => {}
            }
        }
        self.has_no_unnamed.store(true, Ordering::Relaxed);
        Ok(false)
    }

    fn rename(&self, draft: &Path, key: &str, is_durable: bool) -> Result<()> {
        let target = self.path(key);
        let folder = target.parent().expect("a key has a folder");
        if let Err(error) = fs::rename(draft, &target) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(Error::io("move a finished file to", &target)(error));
            }
            // The sync before the manifest covers the folder too: one for each of 256 folders would cost seconds.
            let sync = if is_durable { self.sync } else { Sync::None };
            make_folder(folder, sync)?;
            fs::rename(draft, &target).map_err(Error::io("move a finished file to", &target))?;
        }
        if is_durable {
            sync_folder(folder)?;
        }
        Ok(())
    }

    fn walk(&self, folder: &Path, each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(Error::io("list", folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(Error::io("list", folder))?;
            let path = entry.path();
            let metadata = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(Error::io("look at", &path))?,
            };
            if metadata.is_dir() {
                self.walk(&path, each)?;
            } else if let Some(found) = self.found(&path, &metadata) {
                each(found)?;
            }
        }
        Ok(())
    }

    /// What has no textual name was not put by this crate.
    fn found(&self, path: &Path, metadata: &fs::Metadata) -> Option<Found> {
        let key = path.strip_prefix(&self.root).ok()?.to_str()?;
        metadata.is_file().then(|| Found {
            key: key.to_owned(),
            len: metadata.len(),
            time_ns: modified_ns(metadata),
        })
    }
}

impl Root for Folder {
    fn place(&self) -> &str {
        &self.place
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn put(&self, key: &str, parts: &[Bytes], promise: Promise) -> Result<()> {
        // What is made durable in a moment anyway need not fill the cache before that.
        let len: usize = parts.iter().map(Bytes::len).sum();
        let is_direct = self.sync == Sync::Data && promise == Promise::Whole;
        let is_direct = is_direct && len >= direct::LEN_MIN;
        if is_direct && self.put_unnamed(key, parts)? {
            return Ok(());
        }
        self.place_draft(key, (promise, is_direct), |file, is_direct| {
            if is_direct {
                direct::write(file, parts)
            } else {
                write_all(file, parts)
            }
        })
    }

    fn put_new(&self, key: &str, content: Bytes) -> Result<bool> {
        if self.head(key)?.is_some() {
            return Ok(false);
        }
        self.put(key, &[content], Promise::Durable)?;
        Ok(true)
    }

    fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let path = self.path(key);
        let Some(mut file) = open(&path)? else {
            return Ok(None);
        };
        let len = file.metadata().map_err(Error::io("look at", &path))?.len();
        let mut content = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        file.read_to_end(&mut content)
            .map_err(Error::io("read", &path))?;
        Ok(Some(content.into()))
    }

    fn head(&self, key: &str) -> Result<Option<Found>> {
        let path = self.path(key);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(self.found(&path, &metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("look at", &path)(error)),
        }
    }

    fn peek(&self, key: &str) -> Result<Option<Peeked>> {
        let path = self.path(key);
        let Some(mut file) = open(&path)? else {
            return Ok(None);
        };
        let len = file.metadata().map_err(Error::io("look at", &path))?.len();
        let mut header = [0; HEADER_LEN];
        let is_there = len >= HEADER_LEN as u64 && file.read_exact(&mut header).is_ok();
        Ok(Some(Peeked {
            len,
            header: Some(if is_there { header } else { [0; HEADER_LEN] }),
        }))
    }

    fn delete(&self, key: &str) -> Result<bool> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("remove", &path)(error)),
        }
    }

    fn list(&self, folder: &str, each: &mut dyn FnMut(Found) -> Result<()>) -> Result<()> {
        self.walk(&self.path(folder), each)
    }

    fn settle(&self, key: Option<&str>) -> Result<()> {
        if self.sync == Sync::None {
            return Ok(());
        }
        let Some(key) = key else {
            let root = File::open(&self.root).map_err(Error::io("open", &self.root))?;
            return rustix::fs::syncfs(&root)
                .map_err(|error| Error::io("sync", &self.root)(error.into()));
        };
        let path = self.path(key);
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        file.sync_data().map_err(Error::io("sync", &path))?;
        sync_folder(path.parent().expect("a key has a folder"))
    }

    fn sweep_drafts(&self) -> Result<u64> {
        let mut freed = 0;
        let mut drafts = Vec::new();
        self.list(DRAFTS, &mut |found| {
            drafts.push(found);
            Ok(())
        })?;
        for draft in drafts {
            if self.delete(&draft.key)? {
                freed += draft.len;
            }
        }
        Ok(freed)
    }

    fn sign(&self, _: &str, _: Duration) -> Result<String> {
        Err(Error::Unsupported {
            place: self.place.clone(),
            what: "give links",
            next: "`mltrack serve` hands out the blobs of a folder",
        })
    }

    fn put_stream(&self, key: &str, content: &mut dyn io::Read) -> Result<()> {
        self.place_draft(key, (Promise::Durable, false), |file, _| {
            io::copy(content, file).map(drop)
        })
    }
}

fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open", path)(error)),
    }
}

/// Writes the parts with one call where the system takes all of them at once.
fn write_all(file: &mut File, parts: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Makes a folder and those above it, each durable in its parent.
pub(crate) fn make_folder(folder: &Path, sync: Sync) -> Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new(""));
    make_folder(parent, sync)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        other => other.map_err(Error::io("create the folder", folder))?,
    }
    if sync == Sync::Data {
        sync_folder(parent)?;
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let file = File::open(folder).map_err(Error::io("open", folder))?;
    file.sync_all().map_err(Error::io("sync", folder))
}

/// When a file was last written to.
pub(crate) fn modified_ns(metadata: &fs::Metadata) -> i64 {
    match metadata.modified() {
        Ok(time) => match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
            Err(_) => 0,
        },
        Err(_) => metadata.mtime().saturating_mul(1_000_000_000),
    }
}
