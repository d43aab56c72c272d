//! A folder, the binary in it, and what the binary said.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub struct Folder(TempDir);

/// What a command said and how it ended.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Folder {
    /// Without a store.
    pub fn empty() -> Folder {
        Folder(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    /// With a store.
    pub fn with_store() -> Folder {
        let folder = Folder::empty();
        folder.ok(&["init"]);
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mltrack"));
        command.args(words).current_dir(self.path());
        for name in [
            "MLTRACK_STORE",
            "MLTRACK_ARTIFACTS",
            "MLTRACK_DATA",
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "PAGER",
        ] {
            command.env_remove(name);
        }
        command
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.path().join("data"));
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Said {
        said(
            &self
                .command(words)
                .output()
                .expect("the binary can be started"),
        )
    }

    /// The same, with something to read.
    pub fn run_with(&self, words: &[&str], input: &str) -> Said {
        let mut child = self.spawn_fed(words);
        feed(&mut child, input);
        said(&child.wait_with_output().expect("a started binary ends"))
    }

    /// With pipes on all sides.
    pub fn spawn_fed(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("the binary can be started")
    }

    /// What a command that must succeed prints.
    pub fn ok(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}\n{}{}", said.stdout, said.stderr);
        said.stdout
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let text = self.ok(words);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}\n{text}"))
    }

    /// A run from the shell, and its id.
    pub fn start_run(&self, experiment: &str) -> String {
        self.ok(&["run", "start", experiment, "-q"])
            .trim()
            .to_owned()
    }
}

pub fn feed(child: &mut Child, input: &str) {
    use std::io::Write as _;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin
        .write_all(input.as_bytes())
        .expect("the child reads what it is given");
}

fn said(output: &Output) -> Said {
    Said {
        stdout: String::from_utf8(output.stdout.clone()).expect("stdout is text"),
        stderr: String::from_utf8(output.stderr.clone()).expect("stderr is text"),
        code: output.status.code().unwrap_or(-1),
    }
}

/// One line a step.
pub fn lines_of(steps: usize, line: impl Fn(usize) -> String) -> String {
    (0..steps)
        .map(|step| line(step) + "\n")
        .collect::<Vec<_>>()
        .concat()
}
