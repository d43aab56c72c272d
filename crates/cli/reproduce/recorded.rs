//! What a run recorded of how it was started, and what of it is here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mltrack::{Code, Environment, Reproducible, RunSummary, Tracker};
use serde_json::Value;

use super::worktree::{has_commit, repository_of};
use crate::failure::{Failure, Outcome};

/// Programs whose code lies in other files than their own.
const INTERPRETERS: [&str; 16] = [
    "python", "pypy", "sh", "bash", "dash", "zsh", "fish", "node", "deno", "bun", "ruby", "perl",
    "julia", "java", "Rscript", "env",
];
/// What stands where a secret was.
const MASK: &str = "***";

/// How a run was started.
#[derive(Debug)]
pub struct Recorded {
    pub environment: Environment,
    pub words: Vec<String>,
    pub folder: PathBuf,
    /// From the top of the repository.
    pub folder_inside: PathBuf,
    pub repository: Option<PathBuf>,
    pub commit: Option<String>,
    pub remote: Option<String>,
    pub executable: Option<PathBuf>,
    executable_hash: Option<String>,
    pub setup: Option<String>,
    pub variables: BTreeMap<String, String>,
    pub patch: Option<Vec<u8>>,
}

impl Recorded {
    /// Errors: `PARTIAL` when the run recorded no command, `NOT_FOUND` when what it recorded is gone.
    pub fn of(tracker: &Tracker, run: &RunSummary) -> Outcome<Recorded> {
        let short = run.id.short();
        let nothing = |what: &str| {
            Failure::new(Code::Partial, format!("the run {short} recorded no {what}")).hint(
                "start it by a program that uses mltrack, or by mltrack run exec, with MLTRACK_CAPTURE=full",
            )
        };
        let environment = tracker
            .environment(run.id)?
            .ok_or_else(|| nothing("environment"))?;
        let document = tracker.environment_document(&environment)?;
        let document = document.ok_or_else(|| nothing("document of its environment"))?;
        let patch = tracker.environment_patch(&environment)?;
        let text = |keys: [&str; 2]| document[keys[0]][keys[1]].as_str().map(str::to_owned);
        let words = document["process"]["arguments"]
            .as_array()
            .into_iter()
            .flatten();
        let words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
        if words.is_empty() {
            return Err(nothing("command").into());
        }
        if words.iter().any(|word| word.contains(MASK)) {
            let what = "its command holds a secret, which is not kept";
            return Err(Failure::new(Code::Partial, what)
                .hint("start it by hand, with MLTRACK_REPRODUCES set to its id")
                .into());
        }
        let variables = document["variables"].as_object().into_iter().flatten();
        Ok(Recorded {
            words,
            folder: PathBuf::from(text(["process", "folder"]).unwrap_or_else(|| ".".to_owned())),
            folder_inside: PathBuf::from(
                text(["process", "folder_in_repository"]).unwrap_or_else(|| ".".to_owned()),
            ),
            repository: text(["git", "root"]).map(PathBuf::from),
            commit: text(["git", "commit"]),
            remote: text(["git", "remote"]),
            executable: text(["process", "executable"]).map(PathBuf::from),
            executable_hash: text(["process", "executable_hash"]),
            setup: document["setup"].as_str().map(str::to_owned),
            variables: variables
                .filter(|(name, _)| !name.starts_with("MLTRACK_"))
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            patch,
            environment,
        })
    }

    /// The repository that has the commit: the recorded one, or the one that we are in.
    pub fn repository_here(&self) -> Option<PathBuf> {
        let commit = self.commit.as_deref()?;
        let here = std::env::current_dir()
            .ok()
            .and_then(|folder| repository_of(&folder));
        let known = self.repository.iter().cloned().chain(here);
        known
            .filter(|folder| folder.is_dir())
            .find(|folder| has_commit(folder, commit))
    }

    /// Whether all code of the program is in its executable's file.
    pub fn is_self_contained(&self) -> bool {
        let path = self
            .executable
            .as_deref()
            .unwrap_or(Path::new(&self.words[0]));
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let feeds_another =
            name == "mltrack" && self.words.get(1).is_some_and(|word| word == "run");
        !INTERPRETERS.contains(&stem) && !feeds_another
    }

    /// The executable, if the very same bytes are here.
    pub fn executable_here(&self) -> Option<&Path> {
        let (path, hash) = (
            self.executable.as_deref()?,
            self.executable_hash.as_deref()?,
        );
        let now = mltrack::reproduce::digest_of_file(path).ok()?;
        (now == hash).then_some(path)
    }

    /// Why a reproduction can only be partly one, as far as the run itself says.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts: Vec<String> = Vec::new();
        let left_out = self.environment.left_out.iter();
        doubts.extend(left_out.map(|file| format!("not in the patch: {file}")));
        let is_doubtful = self.environment.reproducible != Reproducible::Full;
        if is_doubtful && doubts.is_empty() && self.commit.is_some() {
            doubts.push(
                "not all of its code was recorded: mltrack env show has what is missing".to_owned(),
            );
        }
        doubts
    }
}
