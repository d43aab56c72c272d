//! The code of a run in a folder of its own: a worktree of its repository at the recorded commit, with the patch.
//!
//! Invariants: the user's working tree and branch are never touched; a worktree that is not to be kept is gone when it is
//! dropped, and git has forgotten it; no hook of the repository runs.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mltrack::Code;
use tempfile::TempDir;

use crate::failure::{Failure, Outcome, file_failure};

/// What git would take from the surroundings instead of from what it is told.
const VARIABLES: [&str; 4] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
];

/// A folder with the code of a run.
#[derive(Debug)]
pub struct Worktree {
    pub path: PathBuf,
    repository: PathBuf,
    is_kept: bool,
    /// Around the worktree, when nobody said where it is to be.
    around: Option<TempDir>,
}

impl Worktree {
    /// Checks out a commit: into `into`, which must not exist or be empty and is kept, or somewhere that is gone at the
    /// end.
    pub fn add(
        repository: &Path,
        commit: &str,
        into: Option<&Path>,
        is_kept: bool,
    ) -> Outcome<Worktree> {
        let (path, around) = place(repository, into)?;
        let mut worktree = Worktree {
            path,
            repository: repository.to_owned(),
            is_kept: false,
            around,
        };
        let words = [
            OsStr::new("worktree"),
            OsStr::new("add"),
            OsStr::new("--quiet"),
            OsStr::new("--detach"),
            worktree.path.as_os_str(),
            OsStr::new(commit),
        ];
        succeed(&git(repository, &words, b"")?, "check the commit out")?;
        worktree.is_kept = is_kept || into.is_some();
        if worktree.is_kept
            && let Some(around) = worktree.around.take()
        {
            let _kept = around.keep();
        }
        Ok(worktree)
    }

    /// Brings back what was not committed when the run began.
    pub fn apply(&self, patch: &[u8]) -> Outcome<()> {
        let words = ["apply", "--binary", "--whitespace=nowarn", "-"].map(OsStr::new);
        let output = git(&self.path, &words, patch)?;
        Ok(succeed(&output, "apply the recorded patch")?)
    }

    /// Whether the commit has parts that lie in other repositories, which a worktree does not bring along.
    pub fn has_submodules(&self) -> bool {
        self.path.join(".gitmodules").is_file()
    }

    /// What to type to be rid of a worktree that was kept; `None` for one that goes by itself.
    pub fn way_out(&self) -> Option<String> {
        let (repository, path) = (self.repository.display(), self.path.display());
        self.is_kept
            .then(|| format!("git -C {repository} worktree remove --force {path}"))
    }
}

impl Drop for Worktree {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        // Programs may have left files that git does not know, and folders without the right to write.
        let words = [
            OsStr::new("worktree"),
            OsStr::new("remove"),
            OsStr::new("--force"),
            self.path.as_os_str(),
        ];
        let removed = git(&self.repository, &words, b"");
        if !removed.is_ok_and(|output| output.status.success()) {
            let _ = fs::remove_dir_all(&self.path);
            let _ = git(
                &self.repository,
                &["worktree", "prune"].map(OsStr::new),
                b"",
            );
        }
    }
}

/// The top of the repository that a folder lies in.
pub fn repository_of(folder: &Path) -> Option<PathBuf> {
    let words = ["rev-parse", "--show-toplevel"].map(OsStr::new);
    let output = git(folder, &words, b"").ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    (output.status.success() && !text.is_empty()).then(|| PathBuf::from(text))
}

/// Whether a repository has a commit, with all that it holds as far as git has it here.
pub fn has_commit(repository: &Path, commit: &str) -> bool {
    let object = format!("{commit}^{{commit}}");
    let words = ["cat-file", "-e", object.as_str()].map(OsStr::new);
    git(repository, &words, b"").is_ok_and(|output| output.status.success())
}

fn place(repository: &Path, into: Option<&Path>) -> Outcome<(PathBuf, Option<TempDir>)> {
    if let Some(into) = into {
        let path = std::path::absolute(into)
            .map_err(|error| file_failure("find the place of", into, &error))?;
        let is_taken = fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_some());
        if is_taken || path.is_file() {
            let what = format!("{} is there already, and not empty", into.display());
            return Err(Failure::new(Code::Conflict, what)
                .hint("name a folder that does not exist")
                .into());
        }
        return Ok((path, None));
    }
    let around = tempfile::Builder::new()
        .prefix("mltrack-reproduce-")
        .tempdir()
        .map_err(|error| file_failure("make a folder in", &std::env::temp_dir(), &error))?;
    // Some programs go by the name of the folder that they lie in.
    let name = repository.file_name().unwrap_or(OsStr::new("worktree"));
    Ok((around.path().join(name), Some(around)))
}

fn git(folder: &Path, words: &[&OsStr], input: &[u8]) -> Outcome<Output> {
    let no_git = |error| {
        Failure::new(Code::CommandFailed, "git cannot be run")
            .cause(error)
            .hint("install git, or put it on PATH")
    };
    let mut command = Command::new("git");
    command.args([
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
    ]);
    command.arg("-C").arg(folder).args(words);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(no_git)?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    std::thread::scope(|scope| {
        // It may complain before it has read all, and then nobody reads the rest.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output()
    })
    .map_err(|error| no_git(error).into())
}

fn succeed(output: &Output, action: &str) -> Result<(), Failure> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let what = format!("git cannot {action}");
    Err(Failure::new(Code::CommandFailed, what).cause(said))
}
