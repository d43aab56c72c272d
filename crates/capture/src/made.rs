//! Folders that programs make and make again: they are no code, so a patch does not hold them, ignored or not.
//!
//! Invariant: a folder is known by what its maker leaves there, so code is never taken for one; only names that have no
//! other use count by themselves.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::files;

/// Folders that are known by their names.
const NAMES: &[(&str, &str)] = &[
    ("node_modules", "packages of npm"),
    ("__pycache__", "compiled Python"),
    (".ipynb_checkpoints", "copies that Jupyter makes"),
];

/// How a file begins that says its folder is a cache (bford.info/cachedir), or a store of runs.
const MARKS: &[(&str, &[u8], &str)] = &[
    (
        "CACHEDIR.TAG",
        b"Signature: 8a477f597d28d172789f06886806bc55",
        "a cache",
    ),
    ("FORMAT", b"MLTRACK\0", "a store of runs"),
    ("pyvenv.cfg", b"", "a Python environment"),
    ("conda-meta/history", b"", "a Python environment"),
];

/// Folders that were found, with what they are.
pub(crate) type Made = BTreeMap<PathBuf, &'static str>;

fn kind(root: &Path, folder: &Path) -> Option<&'static str> {
    let name = folder.file_name()?;
    if let Some((_, kind)) = NAMES.iter().find(|(known, _)| name == *known) {
        return Some(kind);
    }
    let has_mark = |file: &str, start: &[u8]| {
        let read = files::read(&root.join(folder).join(file), start.len() as u64);
        read.is_ok_and(|bytes| bytes == start)
    };
    let found = MARKS.iter().find(|(file, start, _)| has_mark(file, start));
    found.map(|(_, _, kind)| *kind)
}

/// Takes the paths away that lie in folders programs made, and answers with those folders, the outermost of each.
pub(crate) fn take(root: &Path, paths: &mut Vec<PathBuf>) -> Made {
    let mut made = Made::new();
    let mut known: HashMap<PathBuf, Option<&'static str>> = HashMap::new();
    paths.retain(|path| {
        let mut folders: Vec<&Path> = path.ancestors().skip(1).collect();
        // The last one is the top of the repository.
        folders.pop();
        for folder in folders.into_iter().rev() {
            let found = match known.get(folder) {
                Some(found) => *found,
                None => *known
                    .entry(folder.to_owned())
                    .or_insert_with(|| kind(root, folder)),
            };
            if let Some(kind) = found {
                made.insert(folder.to_owned(), kind);
                return false;
            }
        }
        true
    });
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_what_their_makers_leave() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [
            ("env/pyvenv.cfg", "home = x"),
            (
                "a/target/CACHEDIR.TAG",
                "Signature: 8a477f597d28d172789f06886806bc55\n",
            ),
            ("not/CACHEDIR.TAG", "hello"),
            ("runs/FORMAT", "MLTRACK\0\x01"),
            ("FORMAT", "MLTRACK\0"),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let all = [
            "FORMAT",
            "env/lib/a/b.py",
            "a/target/debug/x",
            "a/b.rs",
            "not/x",
            "runs/seg-1.log",
            "js/node_modules/p/node_modules/q/i.js",
            "node_modules_of_mine/x",
            "src/__pycache__/a.pyc",
        ];
        let mut paths: Vec<PathBuf> = all.iter().map(PathBuf::from).collect();
        let made = take(folder.path(), &mut paths);
        assert_eq!(
            paths,
            ["FORMAT", "a/b.rs", "not/x", "node_modules_of_mine/x"].map(PathBuf::from)
        );
        let made: Vec<_> = made
            .iter()
            .map(|(folder, kind)| format!("{}: {kind}", folder.display()))
            .collect();
        assert_eq!(
            made,
            [
                "a/target: a cache",
                "env: a Python environment",
                "js/node_modules: packages of npm",
                "runs: a store of runs",
                "src/__pycache__: compiled Python"
            ]
        );
    }
}
