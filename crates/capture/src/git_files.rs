//! What the files of a repository say about its commit where git itself cannot be asked.
//!
//! Invariants: files are only read; what they say is taken for a commit only if it looks like one.

use std::path::{Path, PathBuf};

use crate::files;

/// How many links a reference may follow.
const LINK_COUNT_MAX: usize = 5;

/// Branch and commit, as far as the files tell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub branch: Option<String>,
    pub commit: Option<String>,
}

/// The folder at or above `folder` that holds a `.git`.
pub(crate) fn root(folder: &Path) -> Option<&Path> {
    folder
        .ancestors()
        .find(|folder| folder.join(".git").symlink_metadata().is_ok())
}

/// Where a repository keeps its files: `.git`, or the folder that a file of that name leads to.
fn git_dir(root: &Path) -> PathBuf {
    let dot_git = root.join(".git");
    let link = files::text(&dot_git).and_then(|text| {
        text.strip_prefix("gitdir:")
            .map(|path| root.join(path.trim()))
    });
    link.unwrap_or(dot_git)
}

fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn packed(folder: &Path, reference: &str) -> Option<String> {
    let bytes = files::read(&folder.join("packed-refs"), 64 << 20).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (object, _) = lines.find(|(_, name)| *name == reference)?;
    Some(object.to_owned())
}

/// Reads `HEAD` of the repository whose working tree starts at `root`.
pub(crate) fn head(root: &Path) -> Head {
    let own = git_dir(root);
    let common = files::text(&own.join("commondir"))
        .map_or_else(|| own.clone(), |path| own.join(path.trim()));
    let mut text = files::text(&own.join("HEAD")).unwrap_or_default();
    let mut branch = None;
    for _ in 0..LINK_COUNT_MAX {
        let Some(reference) = text.strip_prefix("ref:").map(|name| name.trim().to_owned()) else {
            break;
        };
        // No reference lies outside its folder.
        if !reference.starts_with("refs/") || reference.split('/').any(|part| part == "..") {
            return Head::default();
        }
        branch = reference
            .strip_prefix("refs/heads/")
            .map(str::to_owned)
            .or(branch);
        text = files::text(&own.join(&reference))
            .or_else(|| files::text(&common.join(&reference)))
            .or_else(|| packed(&common, &reference))
            .unwrap_or_default();
    }
    let commit = text.trim();
    Head {
        branch,
        commit: is_object(commit).then(|| commit.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    fn check(files: &[(&str, &str)], branch: Option<&str>, commit: Option<&str>) {
        let folder = repository(files);
        let head = head(folder.path());
        assert_eq!(
            (head.branch.as_deref(), head.commit.as_deref()),
            (branch, commit),
            "{files:?}"
        );
    }

    #[test]
    fn heads_are_read_from_loose_packed_and_linked_files() {
        check(
            &[
                (".git/HEAD", "ref: refs/heads/a/b\n"),
                (".git/refs/heads/a/b", COMMIT),
            ],
            Some("a/b"),
            Some(COMMIT),
        );
        let packed = format!("# pack-refs\n{COMMIT} refs/heads/main\n");
        check(
            &[
                (".git/HEAD", "ref: refs/heads/main\n"),
                (".git/packed-refs", &packed),
            ],
            Some("main"),
            Some(COMMIT),
        );
        check(&[(".git/HEAD", COMMIT)], None, Some(COMMIT));
        let linked = [
            (".git", "gitdir: real/worktrees/w\n"),
            ("real/worktrees/w/HEAD", "ref: refs/heads/w"),
            ("real/worktrees/w/commondir", "../..\n"),
            ("real/refs/heads/w", COMMIT),
        ];
        check(&linked, Some("w"), Some(COMMIT));
    }

    #[test]
    fn damaged_heads_are_none() {
        check(
            &[(".git/HEAD", "ref: refs/heads/main\n")],
            Some("main"),
            None,
        );
        check(&[(".git/HEAD", "ref: refs/../../secret")], None, None);
        check(&[(".git/HEAD", "\0\0")], None, None);
        check(
            &[
                (".git/HEAD", "ref: refs/heads/x"),
                (".git/refs/heads/x", "ref: refs/heads/x"),
            ],
            Some("x"),
            None,
        );
        check(&[], None, None);
    }

    #[test]
    fn the_root_is_the_nearest_folder_with_a_repository() {
        let folder = repository(&[("a/.git/HEAD", ""), ("a/b/c", "")]);
        assert_eq!(
            root(&folder.path().join("a/b")),
            Some(folder.path().join("a").as_path())
        );
    }
}
