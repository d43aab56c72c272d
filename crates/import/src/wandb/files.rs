//! Files that a run saved, and the peer's artifacts that it logged.
//!
//! Invariants: a file is one of the run's folder, whatever its record says; a file that lies elsewhere is taken only when
//! its length and checksum are those that were logged, so that a record cannot name any file of the machine; a file that
//! was taken is taken again only when it was changed since.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use md5::{Digest as _, Md5};
use mltrack::WallTime;

use super::record::texts;
use super::take::Take;
use crate::chunk::{Chunk, Content, PastArtifact};
use crate::report::Untaken;
use crate::wire::{Fields, Read};

/// Files that the peer writes for itself are not missed when they are not there.
const OWN: u64 = 1;

impl Take {
    /// Where a file of the run lies; else why it cannot be taken.
    pub(super) fn file(&self, path: &str) -> Result<PathBuf, &'static str> {
        let Ok(path) = mltrack::artifact_path(path) else {
            return Err("its path leads out of the run's files");
        };
        let folder = self
            .files
            .as_ref()
            .ok_or("the run has no folder of files")?;
        let file = folder.join(path);
        match fs::metadata(&file) {
            Ok(known) if known.is_file() => Ok(file),
            Ok(_) => Err("it is no file"),
            Err(_) => Err("it is not in the folder of the run's files"),
        }
    }

    /// Takes a record about files that the run saves.
    pub(super) fn files_record(&mut self, message: &[u8]) -> Read<()> {
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            if number != 1 {
                continue;
            }
            let (mut path, mut kind) = (String::new(), 0);
            let mut item = Fields::of(value.bytes()?);
            while let Some((number, value)) = item.next()? {
                match number {
                    1 => path = value.text()?,
                    3 => kind = value.varint()?,
                    _ => {}
                }
            }
            if !path.is_empty() {
                self.saved.insert(path, kind == OWN);
            }
        }
        Ok(())
    }

    /// Takes the files that were saved and are not taken, or were changed since.
    pub(super) fn saved_files(&mut self, chunk: &mut Chunk) {
        let mut changed_ns = self.files_ns;
        for (path, is_own) in self.saved.clone() {
            if self.files_taken.contains(&path) {
                continue;
            }
            let is_new = self.saved_taken.insert(path.clone());
            if self.is_replayed {
                continue;
            }
            let file = match self.file(&path) {
                Ok(file) => file,
                Err(_) if is_own => continue,
                Err(why) => {
                    if is_new {
                        let what = format!("saved file {path}");
                        self.untaken.push(Untaken::damaged(what, &self.place, why));
                    }
                    continue;
                }
            };
            let modified = fs::metadata(&file).and_then(|known| known.modified());
            let since = modified
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let modified_ns = since.map_or(0, |since| since.as_nanos() as i64);
            if !is_new && modified_ns <= self.files_ns {
                continue;
            }
            changed_ns = changed_ns.max(modified_ns);
            chunk.artifacts.push(PastArtifact {
                path,
                step: None,
                time: WallTime(self.last_ns.unwrap_or(0)),
                metadata: String::new(),
                content: Content::File(file),
            });
        }
        self.files_ns = changed_ns;
    }

    /// Takes an artifact of the peer: the files of its manifest, below its name.
    pub(super) fn artifact(&mut self, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let [kind, name, digest] = texts(message, [4, 5, 6])?;
        // A table that was logged lies among the run's files, too.
        if kind == "run_table" || self.is_replayed {
            return Ok(());
        }
        let metadata = serde_json::json!({"type": kind, "digest": digest}).to_string();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            if number != 12 {
                continue;
            }
            let mut manifest = Fields::of(value.bytes()?);
            while let Some((number, value)) = manifest.next()? {
                match number {
                    4 => self.entry(&name, &metadata, value.bytes()?, chunk)?,
                    5 if !value.bytes()?.is_empty() => {
                        let what = format!("artifact {name}");
                        self.strange(&what, "its manifest lies in a file of the peer's own");
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, name: &str, metadata: &str, message: &[u8], chunk: &mut Chunk) -> Read<()> {
        let [path, digest, reference, local] = texts(message, [1, 2, 3, 6])?;
        let what = format!("file {path} of artifact {name}");
        if !reference.is_empty() {
            self.strange(&what, &format!("it only names {reference}"));
            return Ok(());
        }
        if local.is_empty() || self.files.is_none() {
            self.strange(&what, "the peer does not say where it lies");
            return Ok(());
        }
        let local = PathBuf::from(local);
        match md5_of(&local) {
            Ok(found) if found == digest => {
                self.other_len += metadata.len();
                chunk.artifacts.push(PastArtifact {
                    path: format!("{name}/{path}"),
                    step: None,
                    time: WallTime(self.last_ns.unwrap_or(0)),
                    metadata: metadata.to_owned(),
                    content: Content::File(local),
                });
            }
            Ok(_) => {
                let why = format!("{} has other bytes than were logged", local.display());
                self.untaken.push(Untaken::damaged(what, &self.place, &why));
            }
            Err(error) => {
                let why = format!("{} cannot be read: {error}", local.display());
                self.untaken.push(Untaken::damaged(what, &self.place, &why));
            }
        }
        Ok(())
    }
}

/// The checksum of a file as the peer writes it.
fn md5_of(path: &std::path::Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut file = fs::File::open(path)?;
    let mut hasher = Md5::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(base64(&hasher.finalize())),
            Ok(len) => hasher.update(&buffer[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The bytes as text of 64 letters, filled up by `=`.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_peer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.txt");
        fs::write(&path, "weights").unwrap();
        assert_eq!(md5_of(&path).unwrap(), "Y/Tx6bclNw9FlyBXXNX5Uw==");
        assert!(md5_of(folder.path()).is_err());
        for (bytes, text) in [
            (&b""[..], ""),
            (b"a", "YQ=="),
            (b"ab", "YWI="),
            (b"abc", "YWJj"),
        ] {
            assert_eq!(base64(bytes), text);
        }
    }

    #[test]
    fn a_file_is_one_of_the_runs_folder() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        fs::create_dir(&files).unwrap();
        fs::write(files.join("a.txt"), "a").unwrap();
        fs::write(folder.path().join("secret"), "b").unwrap();
        let take = Take::new("run", Some(files));
        assert!(take.file("a.txt").is_ok());
        for path in ["../secret", "/etc/passwd", "b.txt", "", "."] {
            assert!(take.file(path).is_err(), "{path}");
        }
        assert!(Take::new("run", None).file("a.txt").is_err());
    }
}
