//! The files below a folder, as names with slashes: nested names of metrics are folders there.
//!
//! Invariants: files come in the order of their names; a folder that links to itself is looked at once; what cannot be
//! read is said.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::report::Untaken;

/// Deeper than anybody nests names.
const DEPTH_MAX: usize = 64;

/// The files below a folder; none when there is no folder.
pub(super) fn files(folder: &Path, said: &mut Vec<Untaken>) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    walk(folder, "", 0, &mut seen, &mut found, said);
    found.sort();
    found
}

fn walk(
    folder: &Path,
    above: &str,
    depth: usize,
    seen: &mut BTreeSet<(u64, u64)>,
    found: &mut Vec<(String, PathBuf)>,
    said: &mut Vec<Untaken>,
) {
    let is_new =
        |known: &fs::Metadata, seen: &mut BTreeSet<_>| seen.insert((known.dev(), known.ino()));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if depth == 0 && error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => {
            let why = format!("cannot be read: {error}");
            return said.push(Untaken::damaged("folder", folder.to_string_lossy(), &why));
        }
    };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Some(name) = name.to_str() else {
            let why = "its name is no UTF-8";
            said.push(Untaken::damaged("file", path.to_string_lossy(), why));
            continue;
        };
        let name = format!("{above}{name}");
        match fs::metadata(&path) {
            Ok(known) if known.is_dir() => {
                if depth < DEPTH_MAX && is_new(&known, seen) {
                    walk(&path, &format!("{name}/"), depth + 1, seen, found, said);
                }
            }
            Ok(known) if known.is_file() => found.push((name, path)),
            Ok(_) => {
                let why = "it is neither a folder nor a file";
                said.push(Untaken::damaged("file", path.to_string_lossy(), why));
            }
            Err(error) => {
                let why = format!("cannot be read: {error}");
                said.push(Untaken::damaged("file", path.to_string_lossy(), &why));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_in_their_order_and_loops_end() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("val/deep")).unwrap();
        for name in ["val/deep/acc ", "val/acc", "loss"] {
            fs::write(root.path().join(name), b"").unwrap();
        }
        std::os::unix::fs::symlink(root.path().join("val"), root.path().join("val/deep/loop"))
            .unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("gone")).unwrap();
        let mut said = Vec::new();
        let found = files(root.path(), &mut said);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert!(
            names.starts_with(&["loss", "val/acc", "val/deep/acc "]),
            "{names:?}"
        );
        assert!(names.len() < 8 && said.len() == 1, "{names:?} {said:?}");
        assert!(files(&root.path().join("none"), &mut said).is_empty() && said.len() == 1);
    }
}
