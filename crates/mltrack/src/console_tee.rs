//! One of the program's outputs, led through this process: what is printed goes on to where it went before, byte for
//! byte, and to a second taker.
//!
//! Invariants: a program that prints to a terminal still prints to one, of the same size; when nobody reads any more
//! what is passed on, the program is told as it would be without us.

use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    OptionalActions, Winsize, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};

/// More than a pipe holds.
const PIECE_LEN: usize = 64 << 10;

/// Which output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    Out,
    Error,
}

/// An output while it is led through this process.
pub(crate) struct Tee {
    /// Where the program's bytes come out.
    inlet: Option<OwnedFd>,
    /// Where they went before.
    outlet: OwnedFd,
    /// The size of the terminal that it was.
    size: Option<Winsize>,
    bytes: Vec<u8>,
}

impl Stream {
    pub fn name(self) -> &'static str {
        match self {
            Stream::Out => "stdout",
            Stream::Error => "stderr",
        }
    }

    /// Makes `to` this output of the program.
    pub fn lead_to(self, to: impl AsFd) -> io::Result<()> {
        match self {
            Stream::Out => rustix::stdio::dup2_stdout(to)?,
            Stream::Error => rustix::stdio::dup2_stderr(to)?,
        }
        Ok(())
    }

    /// A second hold on what it is now.
    pub fn hold(self) -> io::Result<OwnedFd> {
        let held = match self {
            Stream::Out => fcntl_dupfd_cloexec(io::stdout(), 3),
            Stream::Error => fcntl_dupfd_cloexec(io::stderr(), 3),
        };
        Ok(held?)
    }
}

impl Tee {
    /// A way through this process for an output, and its mouth: what is written there comes out of the tee.
    pub fn new(stream: Stream) -> io::Result<(Tee, OwnedFd)> {
        let outlet = stream.hold()?;
        let (inlet, mouth) = if isatty(&outlet) {
            terminal(&outlet)?
        } else {
            pipe_with(PipeFlags::CLOEXEC)?
        };
        let size = tcgetwinsize(&outlet).ok();
        let tee = Tee {
            inlet: Some(inlet),
            outlet,
            size,
            bytes: vec![0; PIECE_LEN],
        };
        Ok((tee, mouth))
    }

    pub fn inlet(&self) -> Option<BorrowedFd<'_>> {
        self.inlet.as_ref().map(AsFd::as_fd)
    }

    /// Passes on what there is, and returns it; empty when nothing comes any more.
    pub fn pass(&mut self) -> &[u8] {
        let Some(inlet) = &self.inlet else {
            return &[];
        };
        let length = match rustix::io::read(inlet, &mut *self.bytes) {
            Ok(length) => length,
            Err(Errno::INTR) => return self.pass(),
            // A terminal that nobody has open any more.
            Err(_) => 0,
        };
        if length == 0 || self.pass_on(length).is_err() {
            // Whoever prints to it now is told that nobody reads.
            self.inlet = None;
        }
        &self.bytes[..length]
    }

    fn pass_on(&self, length: usize) -> io::Result<()> {
        let mut rest = &self.bytes[..length];
        while !rest.is_empty() {
            match rustix::io::write(&self.outlet, rest) {
                Ok(written) => rest = &rest[written..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let mut room = [PollFd::new(&self.outlet, PollFlags::OUT)];
                    poll(&mut room, None).ok();
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The terminal may have another size now.
    pub fn fit(&mut self) {
        if let (Some(inlet), Some(known)) = (&self.inlet, self.size)
            && let Ok(now) = tcgetwinsize(&self.outlet)
            && (now.ws_col, now.ws_row) != (known.ws_col, known.ws_row)
        {
            tcsetwinsize(inlet, now).ok();
            self.size = Some(now);
        }
    }
}

/// A terminal of our own, of the size of another one: its two ends.
fn terminal(like: &OwnedFd) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let outside = openpt(flags)?;
    grantpt(&outside)?;
    unlockpt(&outside)?;
    let name = ptsname(&outside, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let inside = rustix::fs::open(name, flags, rustix::fs::Mode::empty())?;
    // Line ends are made to what the real terminal wants by that terminal, once.
    let mut settings = tcgetattr(&inside)?;
    settings.make_raw();
    tcsetattr(&inside, OptionalActions::Now, &settings)?;
    if let Ok(size) = tcgetwinsize(like) {
        tcsetwinsize(&outside, size)?;
    }
    Ok((outside, inside))
}

/// Waits until one of several has something to read; which ones have.
pub(crate) fn wait_for(inlets: &[BorrowedFd<'_>], timeout_ms: u32) -> Vec<bool> {
    let mut polled: Vec<PollFd<'_>> = inlets
        .iter()
        .map(|inlet| PollFd::from_borrowed_fd(*inlet, PollFlags::IN))
        .collect();
    let timeout = Timespec {
        tv_sec: i64::from(timeout_ms / 1000),
        tv_nsec: i64::from(timeout_ms % 1000) * 1_000_000,
    };
    // Interrupted, nothing is ready: the caller waits again.
    poll(&mut polled, Some(&timeout)).ok();
    polled
        .iter()
        .map(|polled| !polled.revents().is_empty())
        .collect()
}

/// What this process itself has printed and keeps in memory goes to the output as it is now.
pub(crate) fn flush_own() {
    io::stdout().flush().ok();
    io::stderr().flush().ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_of_our_own_is_one_of_the_same_size_and_changes_no_byte() {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let like = openpt(flags).unwrap();
        let size = Winsize {
            ws_col: 123,
            ws_row: 45,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&like, size).unwrap();
        let (outside, inside) = terminal(&like).unwrap();
        assert!(isatty(&inside));
        assert_eq!(tcgetwinsize(&inside).unwrap().ws_col, 123);
        rustix::io::write(&inside, b"\r 5%\n\x03\x04").unwrap();
        assert_eq!(wait_for(&[outside.as_fd()], 10_000), [true]);
        let mut bytes = [0; 32];
        let length = rustix::io::read(&outside, &mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"\r 5%\n\x03\x04");
    }

    #[test]
    fn what_nobody_reads_any_more_ends_the_way() {
        let (inlet, mouth) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        let (nobody, outlet) = pipe_with(PipeFlags::CLOEXEC).unwrap();
        drop(nobody);
        let mut tee = Tee {
            inlet: Some(inlet),
            outlet,
            size: None,
            bytes: vec![0; 16],
        };
        rustix::io::write(&mouth, b"bye").unwrap();
        assert_eq!(tee.pass(), b"bye");
        assert!(tee.inlet().is_none());
        assert_eq!(rustix::io::write(&mouth, b"bye").unwrap_err(), Errno::PIPE);
    }
}
