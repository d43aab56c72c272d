//! Victims as child processes that answer line by line, and waiting for conditions with a deadline.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use mltrack_log::failpoint::POINTS;
use mltrack_log::{WriterId, door};

/// Longer than anything takes that is not stuck, on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_mins(1);
pub const SIGKILL: i32 = 9;
/// Kills at each named point at least; and at most in one store, so that a store does not grow without end.
pub const ROUNDS_MIN: u64 = 100;

/// A program of the suite: a package, its binary, and the variable that names a build of it made elsewhere.
#[derive(Clone, Copy)]
pub enum Program {
    /// Writes and follows the log itself.
    Victim,
    /// Logs a metric to a run through the library.
    Trainer,
}

impl Program {
    /// Where it is, built once per run of the suite.
    fn path(self) -> &'static Path {
        static VICTIM: OnceLock<PathBuf> = OnceLock::new();
        static TRAINER: OnceLock<PathBuf> = OnceLock::new();
        let (path, variable, package, binary) = match self {
            Program::Victim => (
                &VICTIM,
                "MLTRACK_CRASH_VICTIM",
                "mltrack-log",
                "crash-victim",
            ),
            Program::Trainer => (
                &TRAINER,
                "MLTRACK_CRASH_TRAINER",
                "mltrack",
                "crash-trainer",
            ),
        };
        path.get_or_init(|| match std::env::var_os(variable) {
            Some(path) => path.into(),
            None => build(package, binary),
        })
    }
}

fn build(package: &str, binary: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--features", "failpoints"]);
    command.args(["--package", package, "--bin", binary]);
    command.args(["--message-format", "json", "--manifest-path"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{binary} does not build");
    let text = String::from_utf8(output.stdout).expect("cargo prints text");
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let executable = |message: serde_json::Value| Some(message["executable"].as_str()?.to_owned());
    PathBuf::from(
        messages
            .filter_map(executable)
            .next_back()
            .expect("cargo names what it built"),
    )
}

/// A victim process. Dropping it kills it.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<String>,
    /// What it was started as, for messages.
    name: String,
}

impl Process {
    /// Starts a victim; `fail` is what `MLTRACK_FAIL` says to it.
    pub fn start(arguments: &[String], fail: Option<&str>) -> Process {
        Process::start_program(Program::Victim, arguments, fail)
    }

    /// Starts a program of the suite.
    pub fn start_program(program: Program, arguments: &[String], fail: Option<&str>) -> Process {
        Process::start_with(program, arguments, fail, &[])
    }

    /// The same with variables of its own.
    pub fn start_with(
        program: Program,
        arguments: &[String],
        fail: Option<&str>,
        variables: &[(&str, &str)],
    ) -> Process {
        let mut command = Command::new(program.path());
        command.envs(variables.iter().copied());
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
            .env_remove("MLTRACK_FAIL")
            .env_remove("MLTRACK_CANARY");
        if let Some(fail) = fail {
            command.env("MLTRACK_FAIL", fail);
        }
        let mut child = command.spawn().expect("the victim starts");
        let output = child.stdout.take().expect("it was piped");
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        Process {
            child,
            input,
            answers,
            name: arguments.join(" "),
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a command. A dead victim does not hear it, which is no mistake of the suite.
    pub fn tell(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            writeln!(input, "{line}").ok();
        }
    }

    /// Ends the victim's input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// The next answer; `None` when the victim is gone.
    pub fn answer(&self) -> Option<String> {
        self.answer_within(PATIENCE)
            .expect("the victim answers in time")
    }

    /// The next answer, `Ok(None)` when the victim is gone, `Err` when there is none in time.
    pub fn answer_within(&self, limit: Duration) -> Result<Option<String>, RecvTimeoutError> {
        match self.answers.recv_timeout(limit) {
            Ok(line) => {
                assert!(!line.starts_with("error"), "{} failed: {line}", self.name);
                Ok(Some(line))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(timeout) => Err(timeout),
        }
    }

    /// The next answer; `None` when the victim has ended, though a child of it may still hold its output.
    pub fn answer_while_alive(&mut self) -> Option<String> {
        let mut next = None;
        until(PATIENCE, "the victim answers or ends", || {
            let has_ended = self.child.try_wait().expect("our child can be waited for");
            next = self
                .answer_within(Duration::from_millis(1))
                .unwrap_or_default();
            next.is_some() || has_ended.is_some()
        });
        next
    }

    /// Waits for an answer that starts like this and returns the words behind it.
    pub fn expect(&self, start: &str) -> Vec<String> {
        let line = self
            .answer()
            .unwrap_or_else(|| panic!("{} died before {start:?}", self.name));
        let mut words = line.split(' ').map(str::to_owned);
        assert_eq!(words.next().as_deref(), Some(start), "{line}");
        words.collect()
    }

    /// Waits for `open` and returns the writer's id, which is 0 for a tailer.
    pub fn expect_open(&self) -> WriterId {
        WriterId(number(&self.expect("open")[0]))
    }

    /// Tells and waits for `done`.
    pub fn run(&mut self, line: &str) {
        self.tell(line);
        self.expect("done");
    }

    /// Closes in order.
    pub fn close(mut self) {
        self.end_input();
        self.expect("closed");
        let status = self.wait();
        assert!(status.success(), "{status}");
    }

    /// Kills with SIGKILL and reaps.
    pub fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().expect("our child can be waited for");
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        until(PATIENCE, "the victim ends", || {
            status = self.child.try_wait().expect("our child can be waited for");
            status.is_some()
        });
        status.expect("just seen")
    }

    /// Waits for the end; whether it was by SIGKILL.
    pub fn is_killed(&mut self) -> bool {
        self.wait().signal() == Some(SIGKILL)
    }

    /// Sends a signal by name.
    pub fn signal(&self, name: &str) {
        let id = self.id().to_string();
        let status = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .expect("kill runs");
        assert!(status.success(), "kill -s {name} {id}: {status}");
    }

    /// Whether the kernel has stopped the process.
    pub fn is_stopped(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Kills at each named point: a hundred, or an equal share of `MLTRACK_CRASH_ROUNDS` when that is more.
pub fn rounds_per_point() -> u64 {
    let rounds: u64 = std::env::var("MLTRACK_CRASH_ROUNDS").map_or(0, |text| number(&text));
    rounds.div_ceil(POINTS.len() as u64).max(ROUNDS_MIN)
}

/// A number in an answer.
pub fn number<T: std::str::FromStr>(word: &str) -> T {
    word.parse()
        .unwrap_or_else(|_| panic!("{word:?} is a number"))
}

/// Waits until the condition holds and returns how long that took.
pub fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) -> Duration {
    let start = door::monotonic();
    while !condition() {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::park_timeout(Duration::from_micros(100));
    }
    start.elapsed()
}
