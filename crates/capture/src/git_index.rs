//! A copy of the index in which untracked files are known and files that stay out look unchanged.
//!
//! Invariant: the repository's own index is read, never written; its copy keeps the time of the original, by which git
//! knows which entries it has to compare byte by byte.

use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::command;
use crate::git::Git;
use crate::git_status::Changed;
use crate::temporary::Folder;
use crate::untracked::Added;

/// No object has this name, so git takes the content from the working tree.
const NO_OBJECT: &str = "1111111111111111111111111111111111111111";

/// An index that nobody else uses.
#[derive(Debug)]
pub(crate) struct Index {
    git: Git,
    folder: Folder,
    path: PathBuf,
    object_len: usize,
}

impl Index {
    /// Copies the index of the repository at `git_dir`; one that is not there yet is empty.
    pub(crate) fn copy(
        git: &Git,
        git_dir: &Path,
        temporary: &Path,
        object_len: usize,
    ) -> io::Result<Index> {
        let folder = Folder::new(temporary)?;
        let path = folder.join("index");
        match File::open(git_dir.join("index")) {
            Ok(mut original) => {
                let modified = original.metadata()?.modified()?;
                let mut copy = File::create_new(&path)?;
                io::copy(&mut original, &mut copy)?;
                copy.set_times(FileTimes::new().set_modified(modified))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(Index {
            git: git.clone(),
            folder,
            path,
            object_len,
        })
    }

    /// A git command that sees this index.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.git.command(arguments);
        command.env("GIT_INDEX_FILE", &self.path);
        command
    }

    /// Hands `input` to a command that changes this index.
    fn feed(&self, arguments: &[&str], input: &[u8], timeout: Duration) -> Result<(), String> {
        let path = self.folder.join("input");
        fs::write(&path, input).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        command::read(self.command(arguments).stdin(file), timeout, 1 << 16)
            .map(drop)
            .map_err(|error| error.to_string())
    }

    fn record(&self, mode: &str, object: &str, path: &Path, input: &mut Vec<u8>) {
        let object = if object.is_empty() {
            NO_OBJECT.repeat(2)[..self.object_len].to_owned()
        } else {
            object.to_owned()
        };
        input.extend_from_slice(format!("{mode} {object} 0\t").as_bytes());
        input.extend_from_slice(path.as_os_str().as_bytes());
        input.push(0);
    }

    /// Makes `added` and what was not merged known, and the paths of `hidden` as they are in the commit.
    pub(crate) fn adjust(
        &self,
        added: &[Added],
        unmerged: &[Added],
        hidden: &[&Changed],
        timeout: Duration,
    ) -> Result<(), String> {
        let mut input = Vec::new();
        let mut unchanged = Vec::new();
        for file in unmerged {
            self.record("0", "", &file.path, &mut input);
        }
        for file in unmerged.iter().chain(added) {
            self.record(file.mode, "", &file.path, &mut input);
        }
        for changed in hidden {
            self.record("0", "", &changed.path, &mut input);
            if let Some((mode, object)) = &changed.before {
                self.record(mode, object, &changed.path, &mut input);
                unchanged.extend_from_slice(changed.path.as_os_str().as_bytes());
                unchanged.push(0);
            }
        }
        if !input.is_empty() {
            let arguments = ["update-index", "-z", "--replace", "--index-info"];
            self.feed(&arguments, &input, timeout)?;
        }
        if !unchanged.is_empty() {
            let arguments = ["update-index", "-z", "--assume-unchanged", "--stdin"];
            self.feed(&arguments, &unchanged, timeout)?;
        }
        Ok(())
    }

    /// Lets git look at the files it was told not to look at.
    pub(crate) fn look_everywhere(&self, timeout: Duration, len_max: usize) -> Result<(), String> {
        let mut list = self.command(&["ls-files", "-v", "-z"]);
        let listed =
            command::read(&mut list, timeout, len_max).map_err(|error| error.to_string())?;
        let mut input = Vec::new();
        // A lower-case letter marks what is assumed unchanged.
        for record in listed.split(|&byte| byte == 0) {
            if let [b'a'..=b'z', b' ', path @ ..] = record {
                input.extend_from_slice(path);
                input.push(0);
            }
        }
        if input.is_empty() {
            return Ok(());
        }
        let arguments = ["update-index", "-z", "--no-assume-unchanged", "--stdin"];
        self.feed(&arguments, &input, timeout)
    }
}
