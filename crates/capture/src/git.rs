//! Git, asked without a terminal, without hooks, without the network, and without a change to the repository.
//!
//! Invariants: every question has a deadline; the index on disk is never written; nothing that the repository configures
//! for people (pagers, external diffs, text conversions, file system monitors, hooks) is started. Filters that
//! attributes name do run: without them git cannot compare.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::command::{self, CommandError};
use crate::request;

/// How long a single quick question may take.
pub(crate) const QUESTION: Duration = Duration::from_secs(2);
const ANSWER_LEN_MAX: usize = 1 << 20;

/// Variables of git that tell where configuration lies; all others would change what is asked.
const KEPT: &[&str] = &[
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_EXEC_PATH",
];

const SETTINGS: &[&str] = &[
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.quotePath=true",
    "core.safecrlf=false",
    "core.pager=cat",
    // A split index would be written in part beside the repository's own.
    "core.splitIndex=false",
    "index.skipHash=false",
    "color.ui=false",
    "diff.noPrefix=false",
    "diff.mnemonicPrefix=false",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "diff.ignoreSubmodules=none",
    "status.showUntrackedFiles=all",
    "gc.auto=0",
    "maintenance.auto=false",
    "credential.helper=",
    "advice.detachedHead=false",
    "apply.ignoreWhitespace=no",
    "apply.whitespace=nowarn",
];

/// A program and the folder it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    program: PathBuf,
    variables: Vec<(OsString, OsString)>,
    pub folder: PathBuf,
    reaches_network: bool,
}

fn is_kept(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return true;
    };
    !name.starts_with("GIT_")
        || KEPT.contains(&name)
        || name.starts_with("GIT_CONFIG_KEY_")
        || name.starts_with("GIT_CONFIG_VALUE_")
}

impl Git {
    /// The git that `PATH` leads to.
    pub(crate) fn find(folder: &Path, variables: &[(OsString, OsString)]) -> Option<Git> {
        let kept = variables.iter().filter(|(name, _)| is_kept(name));
        Some(Git {
            program: request::program("git", variables)?,
            variables: kept.cloned().collect(),
            folder: folder.to_owned(),
            reaches_network: false,
        })
    }

    /// The same git in another folder.
    pub(crate) fn at(&self, folder: &Path) -> Git {
        Git {
            folder: folder.to_owned(),
            ..self.clone()
        }
    }

    /// The same git, allowed to fetch what a partial clone lacks: for restoring, never for capturing.
    pub(crate) fn with_network(self) -> Git {
        Git {
            reaches_network: true,
            ..self
        }
    }

    /// A command that waits for nobody.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_ASKPASS", "false")
            .env("SSH_ASKPASS", "false")
            .env("LC_ALL", "C")
            .env("LANGUAGE", "C")
            .env("GIT_PAGER", "cat")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .arg("--no-pager");
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        if !self.reaches_network {
            command
                .env("GIT_NO_LAZY_FETCH", "1")
                .args(["-c", "protocol.allow=never"]);
        }
        command.args(arguments);
        command
    }

    /// What git prints about a quick question.
    pub(crate) fn ask(
        &self,
        arguments: &[&str],
        timeout: Duration,
    ) -> Result<Vec<u8>, CommandError> {
        command::read(&mut self.command(arguments), timeout, ANSWER_LEN_MAX)
    }

    /// The same, one line of text.
    pub(crate) fn line(
        &self,
        arguments: &[&str],
        timeout: Duration,
    ) -> Result<String, CommandError> {
        let bytes = self.ask(arguments, timeout)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    }

    /// The same, a path: whatever stands before the final line break.
    pub(crate) fn path(
        &self,
        arguments: &[&str],
        timeout: Duration,
    ) -> Result<PathBuf, CommandError> {
        let mut bytes = self.ask(arguments, timeout)?;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(PathBuf::from(OsString::from_vec(bytes)))
    }
}
