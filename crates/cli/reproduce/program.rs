//! Running what was recorded: a setup, then the program, each with all of its children.
//!
//! Invariants: what a program prints goes to stderr, so that stdout is the answer's alone; a program that takes too long or
//! is interrupted ends with its whole group, and nothing of it is left when the call returns.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use mltrack::{Code, door};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::failure::{Failure, Outcome, Stop};
use crate::interrupt::Interrupt;

/// How often an interrupt is looked for.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program has to end by itself when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// A program to be run.
pub struct Program<'a> {
    /// The program and its arguments.
    pub words: &'a [String],
    pub folder: &'a Path,
    /// Beside those of this process; without a value they are taken away.
    pub variables: Vec<(String, Option<String>)>,
    pub timeout: Option<Duration>,
}

impl Program<'_> {
    /// Runs it to its end.
    pub fn run(&self, interrupt: &Interrupt) -> Outcome<ExitStatus> {
        let mut child = self.start()?;
        let pid = Pid::from_child(&child);
        let over = over(pid);
        let begun = door::monotonic();
        let ended = loop {
            match over.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) if interrupt.is_set() => {
                    break Err(Stop::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) if self.is_late(begun) => {
                    break Err(self.too_slow().into());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => break Ok(()),
            }
        };
        if ended.is_err() {
            let _ = kill_process_group(pid, Signal::TERM);
            let _ = over.recv_timeout(GRACE);
        }
        // The leader is not waited for yet, so the number of the group is still its own.
        let _ = kill_process_group(pid, Signal::KILL);
        let status = child.wait().map_err(|error| self.failed(&error))?;
        ended.map(|()| status)
    }

    fn start(&self) -> Outcome<Child> {
        let (name, arguments) = self
            .words
            .split_first()
            .ok_or_else(|| Failure::new(Code::ValidationError, "there is no command to be run"))?;
        let stderr = io::stderr().as_fd().try_clone_to_owned();
        let stderr = stderr.map_err(|error| self.failed(&error))?;
        let mut command = Command::new(name);
        command
            .args(arguments)
            .current_dir(self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::from(stderr))
            .process_group(0);
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Ok(command.spawn().map_err(|error| self.failed(&error))?)
    }

    fn is_late(&self, begun: Instant) -> bool {
        let length = door::monotonic().saturating_duration_since(begun);
        self.timeout.is_some_and(|timeout| length >= timeout)
    }

    fn too_slow(&self) -> Failure {
        let timeout = self.timeout.unwrap_or_default().as_secs_f64();
        let what = format!(
            "{} took longer than {timeout} s and was ended",
            self.title()
        );
        Failure::new(Code::CommandFailed, what).hint("give it more with --timeout")
    }

    fn failed(&self, error: &io::Error) -> Failure {
        let what = format!("cannot run {}", self.title());
        let failure = Failure::new(Code::CommandFailed, what).cause(error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.hint("a setup can make it: --setup CMD"),
            _ => failure,
        }
    }

    /// The command in a line.
    pub fn title(&self) -> String {
        shown(self.words)
    }
}

/// A command as one would type it.
pub fn shown(words: &[String]) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@+%".contains(c);
    let quoted = words.iter().map(|word| {
        if !word.is_empty() && word.chars().all(is_plain) {
            return word.clone();
        }
        format!("'{}'", word.replace('\'', "'\\''"))
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Is told when a child has ended. The child stays to be waited for.
fn over(pid: Pid) -> Receiver<()> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
        // Nobody listens any more once a program was given up.
        let _ = sender.send(());
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    #[test]
    fn a_command_is_shown_as_it_can_be_typed() {
        assert_eq!(
            shown(&words("python3|train.py|--lr=0.1")),
            "python3 train.py --lr=0.1"
        );
        assert_eq!(shown(&words("echo|it's||a b")), "echo 'it'\\''s' '' 'a b'");
    }
}
