//! A run's code put back: a worktree of its repository at the commit, with the patch applied.
//!
//! Invariants: the repository's own working tree and index are not touched; a worktree whose patch does not apply is
//! removed again; no hook is started.
//!
//! ```no_run
//! use std::path::Path;
//!
//! let into = Path::new("restored");
//! let restored = mltrack_capture::worktree::restore(Path::new("."), "0123456789012345678901234567890123456789", b"", into)?;
//! assert_eq!(restored.patched_file_count, 0);
//! mltrack_capture::worktree::remove(Path::new("."), into)?;
//! # Ok::<(), mltrack_capture::worktree::RestoreError>(())
//! ```

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::{self, CommandError};
use crate::git::{Git, QUESTION};
use crate::patch_section;
use crate::secrets;
use crate::temporary::Folder;

/// How long git may take to write the files.
const CHECKOUT: Duration = Duration::from_mins(10);

/// A worktree that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where its files lie.
    pub folder: PathBuf,
    /// The commit that is checked out, on no branch.
    pub commit: String,
    /// How many files the patch changed.
    pub patched_file_count: usize,
}

/// Why the code could not be put back, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// There is no git.
    #[error("git is not installed, or not in a folder of PATH: install it")]
    NoGit,
    /// The folder belongs to no repository that git opens.
    #[error(
        "{repository} is no repository that git opens: {why}; run this in a clone of the run's repository"
    )]
    NotARepository {
        /// The folder that was given.
        repository: PathBuf,
        /// What git said.
        why: String,
    },
    /// The commit's name is not one.
    #[error("{commit:?} is no commit: a full name has 40 or 64 hexadecimal digits")]
    NotACommit {
        /// What was given.
        commit: String,
    },
    /// The repository does not have the commit.
    #[error("commit {commit} is not in {repository}: {next}")]
    CommitMissing {
        /// The commit.
        commit: String,
        /// The repository that was searched.
        repository: PathBuf,
        /// The command that may bring it.
        next: String,
    },
    /// The worktree's folder cannot be used.
    #[error("{into} is in use already: name another folder, or remove this one")]
    IntoInUse {
        /// The folder.
        into: PathBuf,
    },
    /// Git could not make or remove the worktree.
    #[error("the worktree {into}: {source}")]
    Worktree {
        /// The folder.
        into: PathBuf,
        /// What git said.
        source: CommandError,
    },
    /// The patch does not apply to the commit.
    #[error("the patch does not apply to commit {commit}: {why}; the worktree was removed again")]
    Patch {
        /// The commit.
        commit: String,
        /// What git said.
        why: String,
    },
    /// A file could not be written.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Makes a worktree of `repository` at `commit` in the new folder `into`, and applies `patch` to it. An empty patch
/// changes nothing.
///
/// On return the files lie in the folder; [`remove`] takes them away again.
///
/// # Errors
/// Each names what to do next; nothing is left behind.
pub fn restore(
    repository: &Path,
    commit: &str,
    patch: &[u8],
    into: &Path,
) -> Result<Restored, RestoreError> {
    let is_name =
        matches!(commit.len(), 40 | 64) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_name {
        return Err(RestoreError::NotACommit {
            commit: commit.to_owned(),
        });
    }
    let (git, into) = (open(repository)?, absolute(into)?);
    let object = format!("{commit}^{{commit}}");
    if git.ask(&["cat-file", "-e", &object], CHECKOUT).is_err() {
        return Err(commit_missing(&git, repository, commit));
    }
    if fs::read_dir(&into).map_or_else(
        |_| into.symlink_metadata().is_ok(),
        |mut names| names.next().is_some(),
    ) {
        return Err(RestoreError::IntoInUse { into });
    }
    let add: [&OsStr; 6] = [
        "worktree".as_ref(),
        "add".as_ref(),
        "--force".as_ref(),
        "--detach".as_ref(),
        into.as_ref(),
        commit.as_ref(),
    ];
    if let Err(source) = command::read(&mut git.command(&add), CHECKOUT, 1 << 20) {
        // What was written before it failed goes again.
        let _ = remove_with(&git, &into);
        return Err(RestoreError::Worktree { into, source });
    }
    if let Err(error) = apply(&git.at(&into), commit, patch) {
        remove_with(&git, &into)?;
        return Err(error);
    }
    Ok(Restored {
        folder: into,
        commit: commit.to_owned(),
        patched_file_count: patch_section::split(patch).0.len(),
    })
}

/// Removes a worktree that [`restore`] made, with everything in it. One that is gone already is forgotten by git.
///
/// # Errors
/// Git refuses to, for example since `into` is the repository itself.
pub fn remove(repository: &Path, into: &Path) -> Result<(), RestoreError> {
    remove_with(&open(repository)?, &absolute(into)?)
}

fn remove_with(git: &Git, into: &Path) -> Result<(), RestoreError> {
    let remove: [&OsStr; 5] = [
        "worktree".as_ref(),
        "remove".as_ref(),
        "--force".as_ref(),
        "--force".as_ref(),
        into.as_ref(),
    ];
    let prune: [&OsStr; 2] = ["worktree".as_ref(), "prune".as_ref()];
    let is_there = into.symlink_metadata().is_ok();
    let mut command = if is_there {
        git.command(&remove)
    } else {
        git.command(&prune)
    };
    let removed = command::read(&mut command, CHECKOUT, 1 << 20);
    removed.map(drop).map_err(|source| RestoreError::Worktree {
        into: into.to_owned(),
        source,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, RestoreError> {
    std::path::absolute(path).map_err(|source| RestoreError::Io {
        path: path.to_owned(),
        source,
    })
}

fn open(repository: &Path) -> Result<Git, RestoreError> {
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    let git = Git::find(repository, &variables)
        .ok_or(RestoreError::NoGit)?
        .with_network();
    let refused = |why: String| RestoreError::NotARepository {
        repository: repository.to_owned(),
        why,
    };
    if !repository.is_dir() {
        return Err(refused("there is no such folder".to_owned()));
    }
    git.ask(&["rev-parse", "--git-dir"], QUESTION)
        .map_err(|error| refused(error.to_string()))?;
    Ok(git)
}

/// Tells how to get the commit: from the remote, all of its history where this clone has only a part.
fn commit_missing(git: &Git, repository: &Path, commit: &str) -> RestoreError {
    let line = |arguments: &[&str]| git.line(arguments, QUESTION).unwrap_or_default();
    let remotes = line(&["remote"]);
    let remote = remotes
        .lines()
        .find(|&name| name == "origin")
        .or_else(|| remotes.lines().next());
    let next = match remote {
        Some(remote) if line(&["rev-parse", "--is-shallow-repository"]) == "true" => {
            format!("this clone holds a part of the history; run `git fetch --unshallow {remote}`")
        }
        Some(remote) => {
            let address =
                secrets::url(&line(&["config", "--get", &format!("remote.{remote}.url")]));
            format!(
                "run `git fetch {remote} {commit}` to get it from {address}, or name the clone that the run ran in"
            )
        }
        None => "it has no remote to fetch from; name the clone that the run ran in".to_owned(),
    };
    RestoreError::CommitMissing {
        commit: commit.to_owned(),
        repository: repository.to_owned(),
        next,
    }
}

fn apply(git: &Git, commit: &str, patch: &[u8]) -> Result<(), RestoreError> {
    if patch.is_empty() {
        return Ok(());
    }
    let temporary = std::env::temp_dir();
    let at = |place: &Path| {
        let place = place.to_owned();
        move |source| RestoreError::Io {
            path: place,
            source,
        }
    };
    let folder = Folder::new(&temporary).map_err(at(&temporary))?;
    let file = folder.join("patch");
    fs::write(&file, patch).map_err(at(&file))?;
    let arguments: [&OsStr; 4] = [
        "apply".as_ref(),
        "--binary".as_ref(),
        "--whitespace=nowarn".as_ref(),
        file.as_ref(),
    ];
    let applied = command::read(&mut git.command(&arguments), CHECKOUT, 1 << 20);
    applied.map(drop).map_err(|error| RestoreError::Patch {
        commit: commit.to_owned(),
        why: error.to_string(),
    })
}
