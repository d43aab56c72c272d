//! The files of a folder that is logged as artifacts.
//!
//! Invariant: every file is listed before the first is stored, so that a name that no artifact can have stores nothing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::artifact_new::{Seen, file_error, look_at};
use crate::artifact_path::{normal, under};
use crate::error::{Error, Result};

/// A file, and the artifact it becomes.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub file: PathBuf,
    pub path: String,
    pub seen: Seen,
}

/// Every file in `folder` and its folders, sorted by path. Links to files are followed, links to folders are not, so
/// that no circle can arise.
pub(crate) fn files_in(folder: &Path, name: &str) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    collect(folder, name, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, name: &str, files: &mut Vec<Found>) -> Result<()> {
    let unreadable = |error| file_error(folder, "cannot be read", error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (file, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        let Some(part) = entry.file_name().to_str().map(str::to_owned) else {
            let what = format!(
                "{}: its name is not UTF-8, so it cannot name an artifact",
                file.display()
            );
            return Err(
                Error::validation(what).with_hint("rename it, or log it by a name of its own")
            );
        };
        if kind.is_dir() {
            collect(&file, &under(name, &part), files)?;
            continue;
        }
        let (file, seen) = look_at(&file)?;
        // What is neither file nor folder, such as a socket, has no bytes to keep.
        if seen.is_file && fs::metadata(&file).is_ok_and(|it| it.is_file()) {
            let path = normal(&under(name, &part))?;
            files.push(Found { file, path, seen });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_by_path_and_links_to_folders_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("b/c")).unwrap();
        for file in ["b/c/2", "b/1", "a", ".hidden"] {
            fs::write(path.join(file), file).unwrap();
        }
        std::os::unix::fs::symlink(path, path.join("b/circle")).unwrap();
        std::os::unix::fs::symlink(path.join("a"), path.join("z")).unwrap();
        let files = files_in(path, "top").unwrap();
        let paths: Vec<&str> = files.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(
            paths,
            ["top/.hidden", "top/a", "top/b/1", "top/b/c/2", "top/z"]
        );
    }

    #[test]
    fn a_name_that_no_artifact_can_have_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        let error = files_in(folder.path(), "").unwrap_err();
        assert_eq!(error.code(), crate::Code::ValidationError, "{error}");
    }
}
