//! An answer that is given again whenever something is appended.
//!
//! 1. Nothing is asked twice for nothing: the log's tail wakes the watcher. What no event tells (who is gone, how long
//!    something took) is looked at every [`LOOK_AGAIN`].
//! 2. However much is written, an answer stands for [`REST`] before the next one, and Ctrl-C ends it at once.
//! 3. On a terminal the new answer takes the place of the old one; everywhere else it follows it, when it differs.

use std::io::{self, Write as _};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use mltrack::{Code, Cursor, Lsn, Tracker, door};

use crate::failure::{Failure, Outcome, Stop};
use crate::interrupt::tell_of_interrupt;

const LOOK_AGAIN: Duration = Duration::from_secs(10);
const REST: Duration = Duration::from_millis(200);

enum Woken {
    Append,
    Failed(mltrack::Error),
    Interrupt,
}

/// Calls `show`, which returns the lsn up to which it has answered, now and after every change, until interrupted.
pub fn watch<T>(tracker: &Tracker, mut show: impl FnMut() -> Outcome<u64>) -> Outcome<T> {
    let (teller, woken) = channel();
    let asks = wait_for_appends(tracker.clone(), teller.clone())?;
    // Whoever hears it is gone only when the process is.
    tell_of_interrupt(move || {
        teller.send(Woken::Interrupt).ok();
    })?;
    let mut is_asked = false;
    loop {
        let shown = door::monotonic();
        let lsn = show()?;
        if !is_asked {
            is_asked = asks.send(lsn).is_ok();
        }
        match woken.recv_timeout(LOOK_AGAIN) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Woken::Append) => {
                is_asked = false;
                rest(&woken, shown)?;
            }
            Ok(Woken::Failed(error)) => return Err(error.into()),
            Ok(Woken::Interrupt) | Err(RecvTimeoutError::Disconnected) => {
                return Err(Stop::Interrupted);
            }
        }
    }
}

/// Nothing but an interrupt can come: nobody waits for an append.
fn rest(woken: &Receiver<Woken>, shown: Instant) -> Outcome<()> {
    let left = REST.saturating_sub(door::monotonic().duration_since(shown));
    match woken.recv_timeout(left) {
        Err(RecvTimeoutError::Timeout) => Ok(()),
        _ => Err(Stop::Interrupted),
    }
}

/// A thread that waits, for each lsn that it is sent, until there is something behind it.
fn wait_for_appends(tracker: Tracker, teller: Sender<Woken>) -> Outcome<Sender<u64>> {
    let (asks, asked) = channel::<u64>();
    let wait = move || {
        while let Ok(lsn) = asked.recv() {
            let from = Lsn::new(lsn).map_or(Lsn::FIRST, |lsn| lsn.plus(1));
            let woken = match tracker.tail().from(Cursor::Lsn(from)).follow().next() {
                Some(Err(error)) => Woken::Failed(error),
                _ => Woken::Append,
            };
            if teller.send(woken).is_err() {
                return;
            }
        }
    };
    let spawned = thread::Builder::new().name("tail".into()).spawn(wait);
    spawned.map_err(|error| {
        Failure::new(
            Code::IoError,
            "cannot start a thread that waits for the log",
        )
        .cause(error)
    })?;
    Ok(asks)
}

/// A text on a terminal that the next one replaces.
#[derive(Debug, Default)]
pub struct Place {
    lines: usize,
}

impl Place {
    /// As many of the lines as find room in `height`; how many do not is said below them.
    pub fn show(&mut self, text: &str, height: usize) -> io::Result<()> {
        let (text, lines) = cut(text, height);
        let mut out = io::stdout().lock();
        if self.lines > 0 {
            write!(out, "\x1b[{}A\r\x1b[J", self.lines)?;
        }
        out.write_all(text.as_bytes())?;
        self.lines = lines;
        out.flush()
    }
}

/// The cursor stands below the last line, so one line of the terminal stays free.
fn cut(text: &str, height: usize) -> (String, usize) {
    let room = height.saturating_sub(1).max(2);
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= room {
        return (text.to_owned(), lines.len());
    }
    let shown = &lines[..room - 1];
    let left_out = lines.len() - shown.len();
    let text = format!("{}\n  {left_out} lines more\n", shown.join("\n"));
    (text, room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_how_much_is_not_shown() {
        assert_eq!(cut("a\nb\n", 3), ("a\nb\n".to_owned(), 2));
        assert_eq!(
            cut("a\nb\nc\nd\n", 4),
            ("a\nb\n  2 lines more\n".to_owned(), 3)
        );
        assert_eq!(cut("", 24), (String::new(), 0));
    }
}
