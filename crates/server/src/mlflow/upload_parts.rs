//! Uploads that come in parts: where the parts lie until all are there.
//!
//! Invariants: a part that has its name is whole; parts come in any order, at once and again, and the last one that came
//! whole counts; an upload outlives the server; one that nobody touched for a week is taken away.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use mltrack::{Tracker, door};
use serde::{Deserialize, Serialize};

use super::error::{Answer, MlflowError};
use super::signed_link::{disk_error, nonce, server_folder};

/// No upload has more parts.
pub const PARTS_MAX: i64 = 10_000;
const ABOUT: &str = "upload.json";
const KEPT_NS: i64 = 7 * 24 * 3600 * 1_000_000_000;
const STEP_LEN: usize = 256 << 10;

/// What is said of an upload.
#[derive(Debug, Serialize, Deserialize)]
struct About {
    path: String,
    part_count: u32,
}

/// An upload that was begun.
#[derive(Debug)]
pub struct PartUpload {
    folder: PathBuf,
    about: About,
}

impl PartUpload {
    /// Begins one for a path of the proxy. Answers with its id.
    pub fn begin(tracker: &Tracker, path: &str, part_count: u32) -> Answer<String> {
        let uploads = uploads_folder(tracker)?;
        remove_old(&uploads);
        let id = nonce();
        let folder = uploads.join(&id);
        let about = About {
            path: path.to_owned(),
            part_count,
        };
        let text = serde_json::to_string(&about).expect("texts and numbers are JSON");
        let made = fs::create_dir_all(&folder).and_then(|()| fs::write(folder.join(ABOUT), text));
        made.map_err(|error| disk_error(&folder, "an upload", error))?;
        Ok(id)
    }

    /// One that was begun. Errors when there is none of this id.
    pub fn find(tracker: &Tracker, id: &str) -> Answer<PartUpload> {
        let missing = || MlflowError::missing(format!("No upload with id={id} is under way"));
        let is_id = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 32 || !id.bytes().all(is_id) {
            return Err(missing());
        }
        let folder = uploads_folder(tracker)?.join(id);
        let text = fs::read(folder.join(ABOUT)).map_err(|_| missing())?;
        let about = serde_json::from_slice(&text).map_err(|_| missing())?;
        Ok(PartUpload { folder, about })
    }

    /// The path of the proxy that it is for.
    pub fn path(&self) -> &str {
        &self.about.path
    }

    /// Keeps a part, and answers with its tag. A part that ends early leaves nothing.
    pub fn put(&self, number: u32, len_max: u64, content: impl Read) -> Answer<String> {
        if number == 0 || number > self.about.part_count {
            let what = format!("the upload has parts 1 to {}", self.about.part_count);
            return Err(MlflowError::invalid(what));
        }
        let draft = self.folder.join(format!("draft-{}", nonce()));
        let kept = copy_hashed(&draft, len_max, content).and_then(|tag| {
            fs::rename(&draft, self.folder.join(part_name(number, &tag)))?;
            self.remove_others(number, &tag)?;
            Ok(tag)
        });
        kept.map_err(|error| {
            drop(fs::remove_file(&draft));
            part_error(&draft, error, len_max)
        })
    }

    /// A part that came again counts alone.
    fn remove_others(&self, number: u32, tag: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_other = name
                .to_str()
                .and_then(part_of_name)
                .is_some_and(|(known, known_tag)| known == number && known_tag != tag);
            if is_other {
                drop(fs::remove_file(entry.path()));
            }
        }
        Ok(())
    }

    /// The files of the parts in order: those that the client says it sent, each with the tag it was told.
    pub fn files(&self, told: &BTreeMap<u32, Option<String>>) -> Answer<Vec<PathBuf>> {
        let mut found = BTreeMap::new();
        let listed = fs::read_dir(&self.folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for entry in listed.map_err(|error| disk_error(&self.folder, "an upload", error))? {
            let name = entry.file_name();
            if let Some((number, tag)) = name.to_str().and_then(part_of_name) {
                found.insert(number, (tag.to_owned(), entry.path()));
            }
        }
        let expected: Vec<u32> = (1..=self.about.part_count).collect();
        if !told.keys().copied().eq(expected.iter().copied()) {
            let count = self.about.part_count;
            let what =
                format!("the upload has {count} parts, and parts 1 to {count} must be named");
            return Err(MlflowError::invalid(what));
        }
        let mut files = Vec::new();
        for (number, tag) in told {
            let Some((known, file)) = found.remove(number) else {
                let what = format!("part {number} did not come: send it, then complete again");
                return Err(MlflowError::invalid(what));
            };
            if tag
                .as_ref()
                .is_some_and(|tag| tag.trim_matches('"') != known)
            {
                let what = format!("part {number} has the tag {known}, not what was told");
                return Err(MlflowError::invalid(what));
            }
            files.push(file);
        }
        Ok(files)
    }

    /// Takes it away with all its parts.
    pub fn remove(self) -> Answer<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(disk_error(&self.folder, "an upload", error))
            }
            _ => Ok(()),
        }
    }
}

fn uploads_folder(tracker: &Tracker) -> Answer<PathBuf> {
    Ok(server_folder(tracker)?.join("uploads"))
}

fn part_name(number: u32, tag: &str) -> String {
    format!("{number:05}-{tag}")
}

fn part_of_name(name: &str) -> Option<(u32, &str)> {
    let (number, tag) = name.split_once('-')?;
    Some((number.parse().ok()?, tag))
}

/// Writes what comes to a file, and answers with its hash.
fn copy_hashed(to: &Path, len_max: u64, mut from: impl Read) -> io::Result<String> {
    let mut file = File::create_new(to)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; STEP_LEN];
    let mut len = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        len += count as u64;
        if len > len_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count])?;
    }
}

fn part_error(path: &Path, error: io::Error, len_max: u64) -> MlflowError {
    if error.kind() == io::ErrorKind::FileTooLarge {
        let what = format!("a part has more bytes than an artifact may have, which is {len_max}");
        return MlflowError::new(super::error::Reason::ContentTooLarge, what);
    }
    disk_error(path, "a part", error)
}

/// Takes away what was left lying. What fails is tried again by the next upload.
fn remove_old(uploads: &Path) {
    let now_ns = door::wall_time_ns();
    for entry in fs::read_dir(uploads).into_iter().flatten().flatten() {
        let touched = entry.metadata().and_then(|it| it.modified());
        let age_ns = touched.ok().and_then(|time| {
            let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(now_ns - i64::try_from(since.as_nanos()).ok()?)
        });
        if age_ns.is_some_and(|age_ns| age_ns > KEPT_NS) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

/// The content of files one behind the other; each is open only while it is read.
pub struct Joined {
    left: std::vec::IntoIter<PathBuf>,
    open: Option<File>,
}

impl Joined {
    /// Of these files.
    pub fn new(files: Vec<PathBuf>) -> Joined {
        Joined {
            left: files.into_iter(),
            open: None,
        }
    }
}

impl Read for Joined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(file) = &mut self.open {
                let count = file.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
            }
            match self.left.next() {
                Some(path) => self.open = Some(File::open(path)?),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_touched_for_a_week_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        for upload in [&old, &new] {
            fs::create_dir(upload).unwrap();
            fs::write(upload.join(ABOUT), "{}").unwrap();
        }
        let week = std::time::Duration::from_hours(8 * 24);
        let then = fs::metadata(&old).unwrap().modified().unwrap() - week;
        File::open(&old).unwrap().set_modified(then).unwrap();
        remove_old(folder.path());
        assert!(!old.exists() && new.exists());
    }

    #[test]
    fn a_part_that_fails_leaves_nothing_and_a_full_disk_is_told() {
        struct Full;
        impl Read for Full {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path().join("store")).unwrap();
        let id = PartUpload::begin(&tracker, "1/a", 2).unwrap();
        let upload = PartUpload::find(&tracker, &id).unwrap();
        let error = upload.put(1, 100, Full).unwrap_err();
        assert!(format!("{error:?}").contains("DiskFull"), "{error:?}");
        let error = upload.put(2, 3, &b"four"[..]).unwrap_err();
        assert!(
            format!("{error:?}").contains("ContentTooLarge"),
            "{error:?}"
        );
        assert!(upload.put(3, 100, &b"x"[..]).is_err());
        let names = fs::read_dir(&upload.folder).unwrap();
        assert_eq!(names.count(), 1, "only what is said of it");
    }
}
