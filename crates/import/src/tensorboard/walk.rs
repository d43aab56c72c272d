//! Finding runs: every folder with event files in it is one, as the peer shows them.
//!
//! Invariants: runs come in the order of their names, and files of one in that of theirs; a folder that links to itself
//! is looked at once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::followed;

/// A folder with event files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Its path below the folder that is imported; `.` for that itself.
    pub name: String,
    pub folder: PathBuf,
    pub files: Vec<PathBuf>,
}

/// Deeper than anybody puts runs.
const DEPTH_MAX: usize = 64;

impl followed::Found for Found {
    const FILES: &'static str = "event files";
    const HINT: &'static str = "name the folder that TensorBoard gets as --logdir";
    const NONE_HINT: &'static str =
        "they have tfevents in their names; name the folder that TensorBoard gets as --logdir";

    /// The runs in a folder, or the one that a lone file is.
    fn find(root: &Path, unreadable: &mut impl FnMut(&Path, &io::Error)) -> io::Result<Vec<Found>> {
        let known = fs::metadata(root)?;
        if known.is_file() {
            let folder = root.parent().unwrap_or(Path::new("")).to_owned();
            return Ok(vec![Found {
                name: ".".into(),
                folder,
                files: vec![root.to_owned()],
            }]);
        }
        let mut walk = Walk {
            root,
            seen: BTreeSet::from([(known.dev(), known.ino())]),
            found: Vec::new(),
        };
        // The folder itself must be one.
        fs::read_dir(root)?;
        walk.folder(root, 0, unreadable);
        walk.found.sort();
        Ok(walk.found)
    }

    fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

/// Whether a file is one that the peer would read, by its name.
pub(crate) fn is_event_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.contains("tfevents") && !name.ends_with(".profile-empty")
}

struct Walk<'a> {
    root: &'a Path,
    seen: BTreeSet<(u64, u64)>,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn folder(
        &mut self,
        folder: &Path,
        depth: usize,
        unreadable: &mut impl FnMut(&Path, &io::Error),
    ) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return unreadable(folder, &error),
        };
        let mut files = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            // Through links, as the peer goes. One that leads nowhere is nothing.
            let Ok(known) = fs::metadata(&path) else {
                continue;
            };
            if known.is_dir() {
                if depth < DEPTH_MAX && self.seen.insert((known.dev(), known.ino())) {
                    self.folder(&path, depth + 1, unreadable);
                }
            } else if known.is_file() && is_event_file(&path) {
                files.push(path);
            }
        }
        if !files.is_empty() {
            files.sort();
            self.found.push(Found {
                name: self.name(folder),
                folder: folder.to_owned(),
                files,
            });
        }
    }

    fn name(&self, folder: &Path) -> String {
        match folder.strip_prefix(self.root) {
            Ok(rest) if !rest.as_os_str().is_empty() => rest.to_string_lossy().into_owned(),
            _ => ".".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::followed::Found as _;

    #[test]
    fn each_folder_with_event_files_is_a_run() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "events.out.tfevents.1.a",
            "b/train/events.out.tfevents.2.a",
            "b/train/events.out.tfevents.1.a",
            "a/notes.txt",
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("b/loop")).unwrap();
        let found = Found::find(root.path(), &mut |path, error| {
            panic!("{}: {error}", path.display())
        })
        .unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.files.len()))
            .collect();
        assert_eq!(names, [(".", 1), ("b/train", 2)]);
        assert!(found[1].files[0].to_string_lossy().contains("tfevents.1"));
    }
}
