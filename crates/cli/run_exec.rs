//! `mltrack run exec`: a command as a run, with what it prints as its lines.
//!
//! 1. What the command prints reaches where it would have gone, byte for byte and at once; on a terminal it meets one.
//! 2. The command's exit code is ours; how it ended is how the run ended.
//! 3. A signal to us is a signal to the command, once: those of the keyboard it has been sent already.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use mltrack::{Code, Run, RunError, Tracker};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::origin::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, report};
use crate::{pairs, store};

/// Run a command as a run: its lines, its end, the machine while it runs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack run exec resnet -p lr=3e-4 -- python train.py --lr 3e-4
  mltrack console @last --grep loss

The command finds the run in MLTRACK_RUN and the store in MLTRACK_STORE. It ends as the command ends: 0 completed,
otherwise failed; cancelled after Ctrl-C or a signal. Its exit code is passed on; 127 and 126 say that it could not be
started. Lines that look like secrets are masked.")]
pub struct Arguments {
    /// The experiment, made when there is none of this name
    #[arg(value_name = "EXP")]
    experiment: String,
    /// A parameter: a JSON scalar keeps its type, everything else is text
    #[arg(short, long = "param", value_name = "K=V", value_parser = pairs::parameter)]
    param: Vec<(String, Value)>,
    /// A tag
    #[arg(short, long = "tag", value_name = "K=V", value_parser = pairs::split)]
    tag: Vec<(String, String)>,
    /// A name, instead of one that is made up
    #[arg(long)]
    name: Option<String>,
    /// The run it is a part of
    #[arg(long, value_name = "RUN")]
    parent: Option<String>,
    /// Leave what it prints where it goes, and log no lines
    #[arg(long)]
    no_console: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// As shells have it: found but not to be started, not found, ended by a signal.
const CANNOT_START: u8 = 126;
const NOT_FOUND: u8 = 127;
const SIGNALLED: i32 = 128;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let program = arguments.command[0].to_string_lossy().into_owned();
    if arguments.dry_run {
        let words: Vec<_> = arguments
            .command
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let experiment = &arguments.experiment;
        context.note(&format!(
            "would start a run of {experiment:?} and run {}",
            words.join(" ")
        ));
        return Ok(Exit::Done);
    }
    let tracker = store::builder(store::for_beginning(context)?).open()?;
    let run = start(arguments, &tracker)?;
    let relay = Relay::listen()?;
    let capture = if arguments.no_console {
        None
    } else {
        Some(run.capture_console()?)
    };
    let ended = begin(arguments, &tracker, &run).and_then(|child| relay.wait(child));
    drop(capture);
    match ended {
        Ok(status) => end(&run, &program, status, relay.signal()),
        Err(error) => cannot_start(&run, &program, &error, context),
    }
}

fn start(arguments: &Arguments, tracker: &Tracker) -> Outcome<Run> {
    let mut builder = tracker.experiment(&arguments.experiment)?.run();
    for (name, value) in &arguments.param {
        builder = builder.param(name, value);
    }
    for (name, value) in &arguments.tag {
        builder = builder.tag(name, value);
    }
    if let Some(name) = &arguments.name {
        builder = builder.name(name);
    }
    if let Some(parent) = &arguments.parent {
        builder = builder.parent_id(tracker.find_run(parent)?);
    }
    Ok(builder.start()?)
}

fn begin(arguments: &Arguments, tracker: &Tracker, run: &Run) -> io::Result<Child> {
    let mut command = Command::new(&arguments.command[0]);
    command.args(&arguments.command[1..]);
    command.env("MLTRACK_RUN", run.id().to_string());
    if let Some(path) = tracker.path() {
        command.env("MLTRACK_STORE", path);
    }
    command.spawn()
}

/// The run ends as its command did. That somebody else has ended it, maybe the command itself, is no failure.
fn end(run: &Run, program: &str, status: ExitStatus, signal: Option<i32>) -> Outcome {
    use std::os::unix::process::ExitStatusExt as _;
    let killed_by = status.signal();
    let code = killed_by.map_or(status.code(), |signal| Some(SIGNALLED + signal));
    let code = code
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX);
    let ended = match (signal, killed_by) {
        (Some(signal), _) => run.cancel(&format!("{} after signal {}", program, name_of(signal))),
        (None, Some(signal)) => {
            let text = format!("{program} was ended by signal {}", name_of(signal));
            run.fail_with(words("signal", text))
        }
        (None, None) if code == 0 => run.finish(),
        (None, None) => run.fail_with(words("exit", format!("{program} ended with {code}"))),
    };
    match ended {
        Err(error) if error.code() != Code::InvalidState => Err(error.into()),
        _ if code == 0 => Ok(Exit::Done),
        _ => Ok(Exit::Code(code)),
    }
}

fn cannot_start(run: &Run, program: &str, error: &io::Error, context: &Context) -> Outcome {
    let is_missing = error.kind() == io::ErrorKind::NotFound;
    let what = format!("cannot run {program:?}");
    run.fail_with(words("start", format!("{what}: {error}")))?;
    let code = if is_missing {
        Code::NotFound
    } else {
        Code::IoError
    };
    let failure = Failure::new(code, what)
        .cause(error)
        .hint("mltrack run exec EXP -- CMD ARGS..");
    eprint!("{}", report(&failure, false, context.stderr_colour));
    Ok(Exit::Code(if is_missing {
        NOT_FOUND
    } else {
        CANNOT_START
    }))
}

fn words(kind: &str, message: String) -> RunError {
    RunError {
        kind: kind.to_owned(),
        message,
        trace: None,
        cause: None,
        recoverable: false,
    }
}

fn name_of(signal: i32) -> String {
    let name = signal_hook::low_level::signal_name(signal);
    name.map_or_else(|| signal.to_string(), str::to_owned)
}

/// Passes signals on to the command.
struct Relay {
    /// The command, while it runs.
    child: Arc<Mutex<Option<Pid>>>,
    /// The last signal that asked for an end; 0 for none.
    signal: Arc<AtomicI32>,
}

impl Relay {
    fn listen() -> Outcome<Relay> {
        let relay = Relay {
            child: Arc::default(),
            signal: Arc::default(),
        };
        let (child, last) = (Arc::clone(&relay.child), Arc::clone(&relay.signal));
        let listen = move || -> io::Result<()> {
            let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT])?;
            let pass = move || {
                for origin in &mut signals {
                    last.store(origin.signal, Ordering::SeqCst);
                    // What the keyboard sends, it sends to the whole group: the command has it already.
                    if origin.cause != Cause::Kernel {
                        send(&child, origin.signal);
                    }
                }
            };
            thread::Builder::new().name("signals".into()).spawn(pass)?;
            Ok(())
        };
        listen().map_err(|error| {
            Failure::new(Code::InternalError, "cannot listen for signals").cause(error)
        })?;
        Ok(relay)
    }

    /// Waits for the command. Its number is let go of before it can be given to another process.
    fn wait(&self, mut child: Child) -> io::Result<ExitStatus> {
        let number = Pid::from_child(&child);
        *lock(&self.child) = Some(number);
        if let Some(signal) = self.signal() {
            send(&self.child, signal);
        }
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(number), ended) {}
        *lock(&self.child) = None;
        child.wait()
    }

    fn signal(&self) -> Option<i32> {
        Some(self.signal.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
    }
}

fn lock(child: &Mutex<Option<Pid>>) -> std::sync::MutexGuard<'_, Option<Pid>> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn send(child: &Mutex<Option<Pid>>, signal: i32) {
    if let (Some(child), Some(signal)) = (*lock(child), Signal::from_named_raw(signal)) {
        // It may be over already, or have become somebody else's.
        kill_process(child, signal).ok();
    }
}
