//! Finding the peer's files: one for each run, in a folder of the run's own.
//!
//! Invariants: files come in the order of their paths; one that several links lead to is found once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::followed;

impl followed::Found for PathBuf {
    const FILES: &'static str = ".wandb files";
    const HINT: &'static str = "name the folder wandb, or a .wandb file in it";
    const NONE_HINT: &'static str =
        "they lie in wandb/offline-run-.. and wandb/run-..; name the folder wandb";

    /// The files of a folder: its own, those of its folders of runs, and those below a folder `wandb` in it.
    fn find(
        root: &Path,
        unreadable: &mut impl FnMut(&Path, &io::Error),
    ) -> io::Result<Vec<PathBuf>> {
        if fs::metadata(root)?.is_file() {
            return Ok(vec![root.to_owned()]);
        }
        let mut found = Vec::new();
        let mut folders = Vec::new();
        look(root, &mut found, &mut folders)?;
        for folder in folders {
            let is_inner = folder.file_name().is_some_and(|name| name == "wandb");
            let mut inner = Vec::new();
            let looked = look(&folder, &mut found, &mut inner);
            let looked = looked.and_then(|()| {
                let inner = inner.iter().filter(|_| is_inner);
                inner
                    .clone()
                    .try_for_each(|folder| look(folder, &mut found, &mut Vec::new()))
            });
            if let Err(error) = looked {
                unreadable(&folder, &error);
            }
        }
        // `latest-run` is a link to one of the others, which have their own names.
        let mut seen = BTreeSet::new();
        found.retain(|path| {
            fs::metadata(path).is_ok_and(|known| seen.insert((known.dev(), known.ino())))
        });
        found.sort();
        Ok(found)
    }

    fn files(&self) -> &[PathBuf] {
        std::slice::from_ref(self)
    }
}

/// The peer's files in a folder, and its folders. Links are not followed to folders.
fn look(folder: &Path, files: &mut Vec<PathBuf>, folders: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            folders.push(path);
        } else if path.extension().is_some_and(|ending| ending == "wandb") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::followed::Found as _;

    #[test]
    fn each_folder_of_a_run_is_found_once() {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "wandb/offline-run-2-b/run-b.wandb",
            "wandb/run-1-a/run-a.wandb",
            "wandb/run-1-a/files/deep/run-x.wandb",
            "wandb/run-1-a/run-a.wandb.synced",
            "wandb/notes.txt",
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let wandb = root.path().join("wandb");
        std::os::unix::fs::symlink("run-1-a", wandb.join("latest-run")).unwrap();
        let names = |root: &Path| -> Vec<String> {
            let found = PathBuf::find(root, &mut |path, error| {
                panic!("{}: {error}", path.display())
            })
            .unwrap();
            let names = found
                .iter()
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
            names.collect()
        };
        let all = ["run-b.wandb", "run-a.wandb"];
        assert_eq!(names(&wandb), all);
        assert_eq!(names(root.path()), all);
        assert_eq!(names(&wandb.join("run-1-a")), ["run-a.wandb"]);
        assert_eq!(
            names(&wandb.join("latest-run/run-a.wandb")),
            ["run-a.wandb"]
        );
    }
}
