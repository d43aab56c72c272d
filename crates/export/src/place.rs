//! Where an export is written: beside its target, under a hidden name, and renamed when it is whole.
//!
//! Invariants: the target is what it was, or all of the export, and nothing in between; what a process that died left
//! behind is removed by the next export to the same target, and only the kernel's locks say who died; what is no regular
//! file, such as a pipe, is written into and never replaced.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};

use crate::error::{Error, Result};

/// A file that is being written.
#[derive(Debug)]
pub struct NewFile(Inner);

#[derive(Debug)]
enum Inner {
    Beside {
        file: NamedTempFile,
        target: PathBuf,
    },
    Into {
        file: File,
        target: PathBuf,
    },
}

/// A folder that is being written.
#[derive(Debug)]
pub struct NewFolder {
    folder: TempDir,
    target: PathBuf,
    _lock: File,
}

/// So often a fresh name is taken by who cleans up.
const TRIES: usize = 8;

impl NewFile {
    /// Begins a file. Errors: those of the folder that it is to be in.
    pub fn at(target: &Path) -> Result<NewFile> {
        let wrap = |error| Error::io("create", target, error);
        let target = match fs::metadata(target) {
            // A link stays one: what it points to is replaced.
            Ok(known) if known.is_file() => fs::canonicalize(target).map_err(wrap)?,
            Ok(known) if known.is_dir() => return Err(wrap(io::ErrorKind::IsADirectory.into())),
            Ok(_) => {
                let file = OpenOptions::new().write(true).open(target).map_err(wrap)?;
                let target = target.to_owned();
                return Ok(NewFile(Inner::Into { file, target }));
            }
            Err(_) => target.to_owned(),
        };
        let file = beside(&target, |builder, folder| {
            let file = builder
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(folder)?;
            let lock = file.as_file().try_clone()?;
            Ok((file, lock))
        });
        let (file, _) = file.map_err(wrap)?;
        Ok(NewFile(Inner::Beside { file, target }))
    }

    /// The same for formats that are written by their path.
    pub fn by_path(target: &Path) -> Result<NewFile> {
        match NewFile::at(target)?.0 {
            Inner::Into { target, .. } => Err(Error::Special(target)),
            beside @ Inner::Beside { .. } => Ok(NewFile(beside)),
        }
    }

    /// A handle to write with.
    pub fn file(&self) -> Result<File> {
        let (file, target) = match &self.0 {
            Inner::Beside { file, target } => (file.as_file(), target),
            Inner::Into { file, target } => (file, target),
        };
        let cloned = file.try_clone();
        cloned.map_err(|error| Error::io("create", target, error))
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Inner::Beside { file, .. } => file.path(),
            Inner::Into { target, .. } => target,
        }
    }

    /// What it becomes.
    pub fn target(&self) -> &Path {
        match &self.0 {
            Inner::Beside { target, .. } | Inner::Into { target, .. } => target,
        }
    }

    /// Puts it in the place of its target.
    pub fn keep(self) -> Result {
        match self.0 {
            Inner::Into { .. } => Ok(()),
            Inner::Beside { file, target } => match file.persist(&target) {
                Ok(_) => Ok(()),
                Err(error) => Err(Error::io("rename to", &target, error.error)),
            },
        }
    }
}

impl NewFolder {
    /// Begins a folder. Errors: [`Error::Occupied`] for a target that is there and not an empty folder.
    pub fn at(target: &Path) -> Result<NewFolder> {
        let target: PathBuf = target.components().collect();
        match fs::read_dir(&target).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Ok(false) => return Err(Error::Occupied(target)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(Error::Occupied(target));
            }
            Err(error) => return Err(Error::io("read", &target, error)),
        }
        let made = beside(&target, |builder, folder| {
            let made = builder
                .permissions(Permissions::from_mode(0o777))
                .tempdir_in(folder)?;
            let lock = File::open(made.path())?;
            Ok((made, lock))
        });
        let (folder, lock) = made.map_err(|error| Error::io("create", &target, error))?;
        Ok(NewFolder {
            folder,
            target,
            _lock: lock,
        })
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Begins a file in it, and the folders that it is in.
    pub fn file(&self, name: &str) -> Result<(File, PathBuf)> {
        let (path, shown) = (self.path().join(name), self.target.join(name));
        let make = || {
            fs::create_dir_all(path.parent().unwrap_or(self.path()))?;
            File::create(&path)
        };
        let file = make().map_err(|error| Error::io("create", &shown, error))?;
        Ok((file, shown))
    }

    /// Puts it in the place of its target.
    pub fn keep(self) -> Result {
        let renamed = fs::rename(self.folder.path(), &self.target);
        renamed.map_err(|error| Error::io("rename to", &self.target, error))?;
        // It has another name now, and there is nothing to clean up.
        let _ = self.folder.keep();
        Ok(())
    }
}

/// Makes something beside a target that only this process holds, after the leavings of the dead are gone.
fn beside<T>(
    target: &Path,
    make: impl Fn(&mut Builder<'_, '_>, &Path) -> io::Result<(T, File)>,
) -> io::Result<(T, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".part-");
    sweep(folder, &prefix);
    for _ in 0..TRIES {
        let (file, lock) = match make(Builder::new().prefix(&prefix), folder) {
            // Who cleans up met it before it was opened.
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => continue,
            begun => begun?,
        };
        // Where files cannot be locked, nobody can take it for left behind either.
        let is_ours = !matches!(lock.try_lock(), Err(TryLockError::WouldBlock));
        if is_ours && is_there(&lock)? {
            return Ok((file, lock));
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Whether it has a name still: who cleans up may have met it before it was locked.
fn is_there(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.nlink() > 0)
}

/// Removes what nobody holds. What cannot be removed stays: it is in nobody's way.
fn sweep(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let is_part = |name: &OsStr| {
        let (name, prefix) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
        name.starts_with(prefix)
    };
    for entry in entries.filter_map(io::Result::ok) {
        if is_part(&entry.file_name()) {
            remove_dead(&entry.path());
        }
    }
}

fn remove_dead(path: &Path) {
    let Ok(file) = File::open(path) else {
        return;
    };
    if file.try_lock().is_err() {
        return;
    }
    let is_folder = file.metadata().is_ok_and(|known| known.is_dir());
    let _ = if is_folder {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_the_old_one_until_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        fs::write(&target, "old").unwrap();
        let new = NewFile::at(&target).unwrap();
        new.file().unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        drop(new);
        assert_eq!(names(folder.path()), ["a"]);
        let new = NewFile::at(&target).unwrap();
        new.file().unwrap().write_all(b"new").unwrap();
        new.keep().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_write_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".a.part-000000"), "half").unwrap();
        fs::create_dir(folder.path().join(".a.part-111111")).unwrap();
        fs::write(folder.path().join(".b.part-000000"), "another's").unwrap();
        let first = NewFile::at(&folder.path().join("a")).unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        let second = NewFile::at(&folder.path().join("a")).unwrap();
        assert_eq!(names(folder.path()).len(), 3);
        first.keep().unwrap();
        second.keep().unwrap();
        assert_eq!(names(folder.path()), [".b.part-000000", "a"]);
    }

    #[test]
    fn a_folder_is_put_in_the_place_of_nothing_or_of_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        let new = NewFolder::at(&target).unwrap();
        new.file("exp=a/part-0").unwrap();
        assert!(!target.exists());
        new.keep().unwrap();
        assert!(target.join("exp=a/part-0").is_file());
        assert!(matches!(NewFolder::at(&target), Err(Error::Occupied(_))));
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        NewFolder::at(&empty).unwrap().keep().unwrap();
        assert_eq!(names(folder.path()), ["empty", "out"]);
    }

    #[test]
    fn what_is_no_file_is_written_into_and_a_link_stays_one() {
        let new = NewFile::at(Path::new("/dev/null")).unwrap();
        assert_eq!(new.path(), Path::new("/dev/null"));
        new.keep().unwrap();
        assert!(matches!(
            NewFile::by_path(Path::new("/dev/null")),
            Err(Error::Special(_))
        ));
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let new = NewFile::at(&link).unwrap();
        new.file().unwrap().write_all(b"new").unwrap();
        new.keep().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }
}
