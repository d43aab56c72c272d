//! Running a command of the gate: shown before it runs, with a failure that says what the shell would have said.
//!
//! A command never reads standard input, so that the gate behaves the same without a terminal.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How much of what failing tests said is said again at the end.
const FAILURE_LINES_MAX: usize = 200;

/// How many tests the test runners counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

/// The folder of the workspace: the parent of `crates/`. Cargo tells which one: clones that share a target folder may
/// run the program that another of them built.
pub fn root() -> PathBuf {
    let told = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let folder = told.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder
        .ancestors()
        .nth(2)
        .expect("crates/xtask lies two folders below the root")
        .to_owned()
}

/// Cargo's build folder as this run uses it.
pub fn target_folder() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// A stable folder outside the clone, for tools and for what fuzzing has learned.
pub fn cache_folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("MLTRACK_CACHE_DIR") {
        return std::path::absolute(folder).context("cannot place MLTRACK_CACHE_DIR");
    }
    let home = std::env::home_dir().context("no home folder: set MLTRACK_CACHE_DIR")?;
    Ok(home.join(".cache").join("mltrack"))
}

/// Cargo in the workspace's folder, with the given arguments.
pub fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    command
}

/// Shows the command, runs it and fails unless it exits with 0.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    show(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("{} ended with {status}", line_of(command));
    }
    Ok(())
}

/// Like [`run`], and reads the test runners' closing lines as they pass by.
pub fn run_tests(command: &mut Command) -> anyhow::Result<TestCounts> {
    show(command);
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let mut counts = TestCounts::default();
    let mut failures = Failures::default();
    let output = child
        .stdout
        .take()
        .expect("standard output was asked to be a pipe");
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cannot read what the tests print")?;
        let mut screen = std::io::stdout().lock();
        screen
            .write_all(&line)
            .and_then(|()| screen.write_all(b"\n"))
            .context("cannot print")?;
        let line = String::from_utf8_lossy(&line);
        counts.add(&line);
        failures.add(&line);
    }
    let status = child.wait().context("cannot wait for the tests")?;
    if !status.success() {
        bail!(
            "{} ended with {status}, {} failed\n{}",
            line_of(command),
            counts.failed,
            failures.lines.join("\n")
        );
    }
    Ok(counts)
}

/// Like [`run`], but ends the command when it takes longer than `limit`.
pub fn run_within(command: &mut Command, limit: Duration) -> anyhow::Result<()> {
    show(command);
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| cannot_start(command))?;
    let start = now();
    loop {
        match child.try_wait().context("cannot wait for a command")? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => bail!("{} ended with {status}", line_of(command)),
            None if start.elapsed() > limit => {
                child
                    .kill()
                    .context("cannot end a command that takes too long")?;
                child
                    .wait()
                    .context("cannot wait for a command that was ended")?;
                bail!(
                    "{} was still running after {} s",
                    line_of(command),
                    limit.as_secs()
                );
            }
            None => std::thread::sleep(POLL_INTERVAL),
        }
    }
}

/// Standard output of a command that must succeed.
pub fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!(
            "{} ended with {}\n{}",
            line_of(command),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("{} printed no text", line_of(command)))
}

/// Whether a program of this name can be found.
pub fn has_program(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps mkfs and losetup where an ordinary user's PATH does not look.
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&folders)
        .chain(system)
        .any(|folder| folder.join(name).is_file())
}

/// The start of a measurement of how long a step takes.
#[expect(
    clippy::disallowed_methods,
    reason = "the gate times its own steps and links no crate of ours"
)]
pub fn now() -> Instant {
    Instant::now()
}

fn show(command: &Command) {
    println!("$ {}", line_of(command));
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", line_of(command))
}

fn line_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What failing tests said, so that the end of a long log tells it once more.
#[derive(Debug, Default)]
struct Failures {
    lines: Vec<String>,
    is_inside: bool,
}

impl Failures {
    /// Keeps the part between cargo's `failures:` and its closing line, and the lines in which pytest and Vitest name a test
    /// that failed.
    fn add(&mut self, line: &str) {
        let is_closing = line.starts_with("test result: ");
        self.is_inside = !is_closing && (self.is_inside || line == "failures:");
        let names_one = ["FAILED ", " FAIL ", "AssertionError: ", "ERROR "];
        let is_wanted = self.is_inside || names_one.iter().any(|begin| line.starts_with(begin));
        if is_wanted && self.lines.len() < FAILURE_LINES_MAX {
            self.lines.push(line.to_owned());
        }
    }
}

impl TestCounts {
    /// Sums two runs of tests.
    pub fn plus(self, other: TestCounts) -> TestCounts {
        TestCounts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }

    /// Counts `test result: ok. 3 passed; 0 failed; 1 ignored; ..`; any other line counts nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        for part in counts.split(['.', ';']) {
            let Some((number, word)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_summed_with_and_without_colour() {
        let mut counts = TestCounts::default();
        counts.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s");
        counts.add("test result: \u{1b}[31mFAILED\u{1b}[m. 2 passed; 4 failed; 0 ignored; 0 measured; finished in 1.00s");
        counts.add("test a_sentence ... ok");
        assert_eq!(
            counts,
            TestCounts {
                passed: 14,
                failed: 4,
                ignored: 1
            }
        );
    }

    #[test]
    fn what_failing_tests_said_is_said_again_and_nothing_else() {
        let mut command = Command::new("printf");
        command.arg("test a ... ok\nfailures:\n\n---- b stdout ----\nleft: 1\ntest result: FAILED.\nlater\nFAILED c.py::d\n");
        let mut failures = Failures::default();
        let printed = output(&mut command).unwrap();
        printed.lines().for_each(|line| failures.add(line));
        assert_eq!(
            failures.lines.join("\n"),
            "failures:\n\n---- b stdout ----\nleft: 1\nFAILED c.py::d"
        );
    }

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(&mut Command::new("false")).unwrap_err();
        assert!(error.to_string().starts_with("false ended with"), "{error}");
        assert!(run(&mut Command::new("a-program-that-is-nowhere")).is_err());
    }

    #[test]
    fn a_command_that_takes_too_long_is_ended() {
        let mut command = Command::new("tail");
        command.args(["-f", "/dev/null"]);
        let error = run_within(&mut command, Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("still running"), "{error}");
    }

    #[test]
    fn failing_tests_are_an_error_even_when_their_lines_say_ok() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo 'test result: ok. 0 passed; 0 failed'; exit 3"]);
        assert!(run_tests(&mut command).is_err());
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
    }
}
