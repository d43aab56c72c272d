//! The program's own standard output and error as lines of a run.
//!
//! Invariants: what was printed reaches where it went before, byte for byte and at once, also what C code and child
//! processes print; the outputs are as they were when the run ends, when the guard is dropped, and when a panic unwinds
//! through it; a forked child touches nothing of it.

use std::io::Write as _;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use mltrack_log::door;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::code::Code;
use crate::console::{Console, ConsoleWriter};
use crate::console_tee::{Stream, Tee, flush_own, wait_for};
use crate::error::{Error, Result};
use crate::run::Run;

/// The process whose outputs are captured; 0 when none is. A forked child finds its parent here.
static CAPTURING: AtomicU32 = AtomicU32::new(0);

/// How often the size of a terminal is looked at.
const LOOK_MS: u32 = 500;
/// After the outputs are restored, silence of this length means that everything has come out.
const SILENCE_MS: u32 = 30;
/// What child processes that live on still print is waited for so long.
const DRAIN: Duration = Duration::from_secs(2);
/// How long restoring waits for the thread, which may be writing to a terminal that stands still.
const GRACE: Duration = Duration::from_secs(10);

/// Standard output and error are captured while this lives; see [`Run::capture_console`].
#[must_use = "the console is captured until this is dropped"]
#[derive(Debug)]
pub struct ConsoleCapture {
    /// Restores the outputs when it ends.
    _console: Option<Console>,
}

impl Run {
    /// Logs what this process prints to its standard output and error as lines of the run, as [`Run::console`] does,
    /// with the sources `stdout` and `stderr`. It still reaches where it went before, byte for byte; a terminal stays
    /// one, so progress bars stay too. What C code and child processes print is captured as well.
    ///
    /// Ends with the guard, and with the run. What C code keeps in a buffer of its own then goes past the log: let it
    /// flush before. One run of a process at a time.
    ///
    /// Errors: `CONFLICT` while another run captures, `IO_ERROR` when an output is closed.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let tracker = mltrack::Tracker::open("project")?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// let capture = run.capture_console()?;
    /// println!("epoch 1: loss 0.5");
    /// drop(capture);
    /// run.finish()?;
    /// assert_eq!(tracker.lines(run.id()).source("stdout").fetch()?[0].text, "epoch 1: loss 0.5");
    /// # Ok(())
    /// # }
    /// ```
    pub fn capture_console(&self) -> Result<ConsoleCapture> {
        if self.inner().is_none() {
            return Ok(ConsoleCapture { _console: None });
        }
        take_turn()?;
        let begun = begin(self);
        if begun.is_err() {
            CAPTURING.store(0, std::sync::atomic::Ordering::Release);
        }
        let console = begun.map_err(|error| {
            Error::new(Code::IoError, "the console cannot be captured").with_source(error)
        })?;
        Ok(ConsoleCapture {
            _console: Some(console),
        })
    }
}

fn take_turn() -> Result<()> {
    let process = std::process::id();
    let taken = CAPTURING.fetch_update(AcqRel, Acquire, |known| {
        (known != process).then_some(process)
    });
    match taken {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(
            Code::Conflict,
            "another run captures the console of this process",
        )
        .with_hint("drop its guard first, or end that run")),
    }
}

fn begin(run: &Run) -> std::io::Result<Console> {
    flush_own();
    let console = run.console();
    let (mut ways, mut mouths) = (Vec::new(), Vec::new());
    for stream in [Stream::Out, Stream::Error] {
        let (tee, mouth) = Tee::new(stream)?;
        ways.push((tee, console.writer(stream.name())));
        mouths.push((stream, stream.hold()?, mouth));
    }
    let (told, teller) = pipe_with(PipeFlags::CLOEXEC)?;
    let (done, is_done) = channel();
    let thread = std::thread::Builder::new().name("mltrack-tee".into());
    thread.spawn(move || pass(ways, &told, &done))?;
    let mut before = Vec::new();
    for (stream, held, mouth) in mouths {
        let led = stream.lead_to(&mouth);
        before.push((stream, held));
        if let Err(error) = led {
            restore(&before);
            return Err(error);
        }
    }
    console.before_end(move || {
        restore(&before);
        // The thread learns by its end being closed.
        drop(teller);
        is_done.recv_timeout(GRACE).ok();
        CAPTURING.store(0, std::sync::atomic::Ordering::Release);
    });
    Ok(console)
}

/// Leads the outputs to where they went before.
fn restore(before: &[(Stream, OwnedFd)]) {
    flush_own();
    for (stream, held) in before {
        stream.lead_to(held).ok();
    }
}

/// The thread: passes on and has logged what is printed, until it is told to end and nothing comes any more.
fn pass(mut ways: Vec<(Tee, ConsoleWriter)>, told: &OwnedFd, done: &Sender<()>) {
    let mut end = None;
    loop {
        let wait_ms = if end.is_some() { SILENCE_MS } else { LOOK_MS };
        let mut inlets: Vec<_> = ways.iter().filter_map(|(tee, _)| tee.inlet()).collect();
        if inlets.is_empty() && end.is_some() {
            break;
        }
        if end.is_none() {
            inlets.push(told.as_fd());
        }
        let mut ready = wait_for(&inlets, wait_ms);
        if end.is_none() && ready.pop() == Some(true) {
            end = Some(door::monotonic() + DRAIN);
        } else if end.is_some_and(|end| door::monotonic() >= end || !ready.contains(&true)) {
            break;
        }
        let mut ready = ready.into_iter();
        for (tee, writer) in &mut ways {
            if tee.inlet().is_some() && ready.next() == Some(true) {
                // Logging never fails, it only may have no room.
                writer.write_all(tee.pass()).ok();
            }
            tee.fit();
        }
    }
    drop(ways);
    done.send(()).ok();
}
