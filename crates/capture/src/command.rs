//! Other programs, started without a terminal and ended with all their children when they take too long.
//!
//! Invariants: no call waits longer than its timeout, whatever the program does; a program that is given up on is
//! killed with its group; what it prints is held only up to a limit.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

/// How much of what a program complains about is kept.
const STDERR_LEN_MAX: u64 = 4096;
/// How long a killed program has to be gone; one that hangs in the kernel is left behind.
const KILL_WAIT: Duration = Duration::from_millis(500);

/// What a program printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub status: Option<ExitStatus>,
    pub stdout: Vec<u8>,
    /// It printed more than was asked for.
    pub is_cut: bool,
    pub stderr: String,
}

/// Why a program did not answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// The program's name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It took too long and was killed.
    #[error("{program} took longer than {timeout_ms} ms and was ended")]
    Timeout {
        /// The program's name.
        program: String,
        /// The time it was given.
        timeout_ms: u128,
    },
    /// It ended with a failure.
    #[error("{program}: {message}")]
    Failed {
        /// The program's name.
        program: String,
        /// The first lines it complained with.
        message: String,
    },
}

/// A child that is killed at most once, and never after it was waited for: its number may be somebody else's by then.
struct Process {
    child: Mutex<Option<Child>>,
    pid: Option<Pid>,
}

impl Process {
    fn kill(&self) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(_), Some(pid)) = (child.as_ref(), self.pid) {
            // It may have ended by itself already.
            let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        }
    }

    /// Waits for the end, then ends what is left of the group.
    fn wait(&self) -> Option<ExitStatus> {
        if let Some(pid) = self.pid {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(WaitId::Pid(pid), options)
            {}
        }
        self.kill();
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.take().and_then(|mut child| child.wait().ok())
    }
}

fn read_up_to(pipe: Option<impl Read>, len_max: u64) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // A pipe that breaks gives what it gave.
        let _ = pipe.take(len_max + 1).read_to_end(&mut bytes);
    }
    let is_cut = bytes.len() as u64 > len_max;
    bytes.truncate(usize::try_from(len_max).unwrap_or(usize::MAX));
    (bytes, is_cut)
}

/// The same, and the rest is read and forgotten, so that the program can go on.
fn drain(mut pipe: Option<impl Read>, len_max: u64) -> Vec<u8> {
    let (bytes, _) = read_up_to(pipe.as_mut(), len_max);
    if let Some(mut pipe) = pipe {
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    bytes
}

fn name_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let verb = command.get_args().find(|word| {
        word.as_encoded_bytes()
            .first()
            .is_some_and(u8::is_ascii_lowercase)
            && !word.as_encoded_bytes().contains(&b'=')
    });
    match verb {
        Some(verb) => format!("{} {}", name.to_string_lossy(), verb.to_string_lossy()),
        None => name.to_string_lossy().into_owned(),
    }
}

/// Runs a program to its end, however that is. Standard input is what the caller set.
///
/// # Errors
/// It cannot be started, or it took too long.
pub(crate) fn run(
    command: &mut Command,
    timeout: Duration,
    stdout_len_max: usize,
) -> Result<Output, CommandError> {
    let program = name_of(command);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let start = |source| CommandError::Start {
        program: program.clone(),
        source,
    };
    let mut child = command.spawn().map_err(start)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let process = Arc::new(Process {
        pid: Pid::from_raw(child.id().cast_signed()),
        child: Mutex::new(Some(child)),
    });
    let (sender, receiver) = mpsc::channel();
    let reader = Arc::clone(&process);
    let spawned = thread::Builder::new()
        .name("mltrack-child".to_owned())
        .spawn(move || {
            let complaints = thread::Builder::new()
                .name("mltrack-child-stderr".to_owned())
                .spawn(move || drain(stderr, STDERR_LEN_MAX));
            let (stdout, is_cut) = read_up_to(stdout, stdout_len_max as u64);
            if is_cut {
                reader.kill();
            }
            let status = reader.wait();
            let stderr = complaints.ok().and_then(|thread| thread.join().ok());
            let stderr = String::from_utf8_lossy(&stderr.unwrap_or_default()).into_owned();
            // Nobody listens any more once the time is over.
            let _ = sender.send(Output {
                status,
                stdout,
                is_cut,
                stderr,
            });
        });
    if let Err(source) = spawned {
        process.kill();
        process.wait();
        return Err(start(source));
    }
    receiver
        .recv_timeout(timeout)
        .map_err(|_: RecvTimeoutError| {
            process.kill();
            // Gone by then, unless it hangs in the kernel.
            let _ = receiver.recv_timeout(KILL_WAIT);
            CommandError::Timeout {
                program: program.clone(),
                timeout_ms: timeout.as_millis(),
            }
        })
}

/// Runs a program that has to succeed, and answers with what it printed.
pub(crate) fn read(
    command: &mut Command,
    timeout: Duration,
    stdout_len_max: usize,
) -> Result<Vec<u8>, CommandError> {
    let program = name_of(command);
    let output = run(command, timeout, stdout_len_max)?;
    if !output.is_cut && output.status.is_some_and(|status| status.success()) {
        return Ok(output.stdout);
    }
    let message = if output.is_cut {
        format!("printed more than {stdout_len_max} bytes")
    } else {
        complaint(&output)
    };
    Err(CommandError::Failed { program, message })
}

/// What a program that failed complained about, in a line.
pub(crate) fn complaint(output: &Output) -> String {
    let mut lines = output
        .stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    match (lines.next(), output.status) {
        (Some(line), _) => line.to_owned(),
        (None, Some(status)) => status.to_string(),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}
