//! What the tests share: a store in a folder of its own, and processes to share it with.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use mltrack::{Code, Error, Run, Tracker};
use tempfile::TempDir;

/// A store that vanishes with the test.
pub struct Store {
    folder: TempDir,
    pub tracker: Tracker,
}

impl Store {
    pub fn new() -> Store {
        let folder = tempfile::tempdir().unwrap();
        let tracker = open(folder.path());
        Store { folder, tracker }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A second tracker, as another process would have one.
    pub fn another(&self) -> Tracker {
        open(self.path())
    }
}

fn open(path: &Path) -> Tracker {
    Tracker::builder(path)
        .actor("tester")
        .command("tests")
        .open()
        .unwrap()
}

pub fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> Code {
    result.unwrap_err().code()
}

/// Logs the same value again and again.
pub fn log_ones(run: &Run, name: &str, count: usize) {
    for _ in 0..count {
        run.log_metric(name, 1.0).unwrap();
    }
}

/// Which part a process plays, and on which store.
const ROLE: &str = "MLTRACK_TEST_ROLE";
const STORE: &str = "MLTRACK_TEST_STORE";

/// The role of this process, when another test started it.
pub fn role() -> Option<(String, Tracker)> {
    let role = std::env::var(ROLE).ok()?;
    Some((role, open(Path::new(&std::env::var(STORE).unwrap()))))
}

/// Another process of this very program, killed at the end of the test if it still runs.
pub struct Process {
    pub child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    /// Starts `test` in a process of its own; it asks [`role`] what to do.
    pub fn start(test: &str, role: &str, store: &Path) -> Process {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(STORE, store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Process { child, lines }
    }

    /// Waits for what the process says, past what the test harness says.
    pub fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(
                self.lines.read_line(&mut line).unwrap() > 0,
                "the process ended early"
            );
            if let Some((_, said)) = line.split_once("SAYS ") {
                return said.trim().to_owned();
            }
        }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn say(what: impl std::fmt::Display) {
    println!("SAYS {what}");
}

/// Sleeps until somebody kills this process, or until its parent is gone.
pub fn wait_for_the_end() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}
