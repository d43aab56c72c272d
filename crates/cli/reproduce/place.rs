//! Where the program is run again: its code at the recorded commit, or its executable alone.

use std::path::{Path, PathBuf};

use mltrack::Code;

use super::recorded::Recorded;
use super::worktree::Worktree;
use crate::failure::{Failure, Outcome};

/// A folder to run in.
pub struct Place {
    pub folder: PathBuf,
    /// Below it files may be written; nowhere without it.
    pub top: Option<PathBuf>,
    pub is_in_repository: bool,
    /// What was done, in a line.
    pub story: String,
    worktree: Option<Worktree>,
    _temporary: Option<tempfile::TempDir>,
}

impl Place {
    /// Restores the code. Errors: `NOT_FOUND` when neither the commit nor the executable is here.
    pub fn make(
        recorded: &Recorded,
        (into, is_kept, is_dry_run): (Option<&Path>, bool, bool),
        doubts: &mut Vec<String>,
    ) -> Outcome<Place> {
        match (&recorded.commit, recorded.repository_here()) {
            (Some(commit), Some(repository)) => Place::at_commit(
                recorded,
                (&repository, commit),
                (into, is_kept, is_dry_run),
                doubts,
            ),
            (Some(commit), None) => {
                let missing = missing_commit(recorded, commit);
                if !recorded.is_self_contained() || recorded.executable_here().is_none() {
                    return Err(missing.into());
                }
                doubts.push(missing.what);
                Place::bare(recorded)
            }
            (None, _) => {
                if !recorded.is_self_contained() {
                    doubts.push("it ran in no repository, so its code was not recorded".to_owned());
                } else if recorded.executable_here().is_none() {
                    return Err(missing_executable(recorded).into());
                }
                Place::bare(recorded)
            }
        }
    }

    fn at_commit(
        recorded: &Recorded,
        (repository, commit): (&Path, &str),
        (into, is_kept, is_dry_run): (Option<&Path>, bool, bool),
        doubts: &mut Vec<String>,
    ) -> Outcome<Place> {
        let short = commit.get(..8).unwrap_or(commit);
        let patch = recorded.patch.as_deref().unwrap_or_default();
        if is_dry_run {
            return Ok(Place {
                folder: repository.join(&recorded.folder_inside),
                top: None,
                is_in_repository: true,
                story: format!(
                    "commit {short}, {} bytes of patch, would be restored",
                    patch.len()
                ),
                worktree: None,
                _temporary: None,
            });
        }
        let worktree = Worktree::add(repository, commit, into, is_kept)?;
        if !patch.is_empty() {
            worktree.apply(patch)?;
        }
        if worktree.has_submodules() {
            doubts.push("its submodules are not restored".to_owned());
        }
        let folder = worktree.path.join(&recorded.folder_inside);
        let with = if patch.is_empty() {
            ""
        } else {
            " with the recorded patch"
        };
        Ok(Place {
            story: format!("commit {short}{with} in {}", worktree.path.display()),
            top: Some(worktree.path.clone()),
            folder,
            is_in_repository: true,
            worktree: Some(worktree),
            _temporary: None,
        })
    }

    /// The program alone: in its old folder when that is there, else in an empty one.
    fn bare(recorded: &Recorded) -> Outcome<Place> {
        if recorded.folder.is_dir() && !recorded.is_self_contained() {
            return Ok(Place {
                folder: recorded.folder.clone(),
                top: None,
                is_in_repository: false,
                story: format!("as it lies in {}", recorded.folder.display()),
                worktree: None,
                _temporary: None,
            });
        }
        let temporary = tempfile::Builder::new()
            .prefix("mltrack-reproduce-")
            .tempdir();
        let temporary = temporary.map_err(|error| {
            crate::failure::file_failure("make a folder in", &std::env::temp_dir(), &error)
        })?;
        let program = recorded.executable.as_deref().unwrap_or(Path::new("?"));
        Ok(Place {
            folder: temporary.path().to_owned(),
            top: Some(temporary.path().to_owned()),
            is_in_repository: false,
            story: format!("the same executable, {}", program.display()),
            worktree: None,
            _temporary: Some(temporary),
        })
    }

    /// The command as it is run here: a path into the repository means the worktree's.
    pub fn words(&self, recorded: &Recorded) -> Vec<String> {
        let mut words = recorded.words.clone();
        let program = Path::new(&words[0]);
        let inside = recorded
            .repository
            .as_deref()
            .and_then(|top| program.strip_prefix(top).ok());
        let moved = inside
            .zip(self.top.as_deref().filter(|_| self.is_in_repository))
            .map(|(inside, top)| top.join(inside));
        let has_no_folder = !words[0].contains('/');
        let recorded_path = recorded.executable.as_deref();
        if let Some(moved) = moved.filter(|moved| moved.exists()) {
            words[0] = moved.display().to_string();
        } else if !self.folder.join(program).exists()
            && (has_no_folder || recorded.is_self_contained())
            && let Some(path) = recorded_path.filter(|path| path.exists())
        {
            words[0] = path.display().to_string();
        }
        words
    }

    pub fn way_out(&self) -> Option<String> {
        self.worktree.as_ref()?.way_out()
    }
}

fn missing_commit(recorded: &Recorded, commit: &str) -> Failure {
    let what = format!("the commit {commit} is in no repository here");
    let failure = Failure::new(Code::NotFound, what);
    match (&recorded.repository, &recorded.remote) {
        (Some(top), remote) if top.is_dir() => {
            let remote = remote.as_deref().unwrap_or("origin");
            failure.hint(format!("git -C {} fetch {remote} {commit}", top.display()))
        }
        (_, Some(remote)) => failure.hint(format!(
            "git clone {remote} and say it again inside of the clone"
        )),
        _ => failure.hint("say it again inside of a clone of its repository"),
    }
}

fn missing_executable(recorded: &Recorded) -> Failure {
    let path = recorded.executable.as_deref().unwrap_or(Path::new("?"));
    let what = format!(
        "the executable {} is not here, or is not the same",
        path.display()
    );
    Failure::new(Code::NotFound, what).hint("put the one that was run there, byte for byte")
}
