//! How far a long command is, on stderr.
//!
//! 1. Nothing is said in the first half second: most commands are done by then.
//! 2. On a terminal one line is drawn over and over, and gone at the end; elsewhere a line every ten seconds; with
//!    `--progress json` an object a line, for tools.
//! 3. Who no longer reads stderr is no reason to stop.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use mltrack::door;
use serde_json::json;

use super::quantity::{grouped, took};
use crate::context::Context;

/// How progress is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressWish {
    /// A bar on a terminal, a line every ten seconds elsewhere
    #[default]
    Auto,
    /// One JSON object a line
    Json,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Bar,
    Lines,
    Json,
    Silent,
}

/// Tells how far something is that counts up to a total, which may not be known.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    noun: &'static str,
    total: Option<u64>,
    manner: Manner,
    begun: Instant,
    told: Option<Instant>,
}

const SILENCE: Duration = Duration::from_millis(500);
const BAR_LEN: usize = 24;

impl Progress {
    /// `what` is done, as in "folding"; `noun` is counted, as in "events".
    pub fn new(
        what: &'static str,
        noun: &'static str,
        total: Option<u64>,
        context: &Context,
    ) -> Progress {
        let manner = match context.progress {
            ProgressWish::None => Manner::Silent,
            ProgressWish::Json => Manner::Json,
            ProgressWish::Auto if context.stderr_is_terminal => Manner::Bar,
            ProgressWish::Auto => Manner::Lines,
        };
        Progress {
            what,
            noun,
            total: total.filter(|total| *total > 0),
            manner,
            begun: door::monotonic(),
            told: None,
        }
    }

    /// Something else is done from now on.
    pub fn step(&mut self, what: &'static str, noun: &'static str) {
        if self.what != what {
            (self.what, self.noun, self.total) = (what, noun, None);
            self.begun = door::monotonic();
        }
    }

    /// So many are done, of so many.
    pub fn at_of(&mut self, done: u64, total: u64) {
        self.total = Some(total).filter(|total| *total > 0);
        self.at(done);
    }

    /// So many are done.
    pub fn at(&mut self, done: u64) {
        let now = door::monotonic();
        let since = self.told.map_or(self.begun, |told| told);
        let pause = match self.manner {
            Manner::Silent => return,
            Manner::Lines => Duration::from_secs(10),
            Manner::Bar | Manner::Json if self.told.is_none() => SILENCE,
            Manner::Bar | Manner::Json => Duration::from_millis(100),
        };
        if now.duration_since(since) < pause {
            return;
        }
        self.told = Some(now);
        let text = match self.manner {
            Manner::Bar => format!("\r\x1b[K  {}", self.line(done, now)),
            Manner::Json => format!("{}\n", self.object(done, now)),
            _ => format!("{}\n", self.line(done, now)),
        };
        let mut stderr = io::stderr().lock();
        stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush())
            .ok();
    }

    /// `folding [=====>    ] 9,100,000/12,400,000 events  1,600,000/s  2.1s left`
    fn line(&self, done: u64, now: Instant) -> String {
        let Progress { what, noun, .. } = self;
        let elapsed_s = now.duration_since(self.begun).as_secs_f64();
        let rate = done as f64 / elapsed_s.max(1e-9);
        let speed = speed(rate);
        let Some(total) = self.total else {
            return format!("{what} {} {noun}  {speed}/s", grouped(done));
        };
        let share = (done as f64 / total as f64).clamp(0.0, 1.0);
        let bar = bar(share);
        let left_s = (total.saturating_sub(done)) as f64 / rate.max(1e-9);
        let left = took((left_s * 1e9) as i64);
        let (done, total) = (grouped(done), grouped(total));
        format!("{what} {bar} {done}/{total} {noun}  {speed}/s  {left} left")
    }

    fn object(&self, done: u64, now: Instant) -> serde_json::Value {
        let elapsed_s = now.duration_since(self.begun).as_secs_f64();
        json!({
            "progress": self.what,
            "noun": self.noun,
            "done": done,
            "total": self.total,
            "elapsed_s": elapsed_s,
            "rate": done as f64 / elapsed_s.max(1e-9),
        })
    }
}

impl Drop for Progress {
    /// The bar makes room for the answer.
    fn drop(&mut self) {
        if self.manner == Manner::Bar && self.told.is_some() {
            write!(io::stderr(), "\r\x1b[K").ok();
        }
    }
}

/// Things that take seconds each have a rate, too.
fn speed(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        grouped(rate as u64)
    }
}

fn bar(share: f64) -> String {
    let filled = (share * BAR_LEN as f64) as usize;
    let head = if filled < BAR_LEN { ">" } else { "" };
    let body = "=".repeat(filled);
    format!("[{:<BAR_LEN$}]", format!("{body}{head}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(total: Option<u64>) -> Progress {
        Progress {
            what: "folding",
            noun: "events",
            total,
            manner: Manner::Silent,
            begun: door::monotonic(),
            told: None,
        }
    }

    #[test]
    fn a_line_has_a_bar_a_rate_and_the_time_left() {
        let progress = progress(Some(4_000_000));
        let now = progress.begun + Duration::from_secs(2);
        assert_eq!(
            progress.line(1_000_000, now),
            "folding [======>                 ] 1,000,000/4,000,000 events  500,000/s  6.0s left"
        );
        assert_eq!(
            progress.line(4_000_000, now),
            "folding [========================] 4,000,000/4,000,000 events  2,000,000/s  0ms left"
        );
    }

    #[test]
    fn without_a_total_there_is_no_bar() {
        let progress = progress(None);
        let now = progress.begun + Duration::from_secs(1);
        assert_eq!(progress.line(1500, now), "folding 1,500 events  1,500/s");
        let object = progress.object(1500, now);
        assert_eq!(
            (&object["done"], &object["total"]),
            (&json!(1500), &json!(null))
        );
    }

    #[test]
    fn slow_progress_has_a_rate() {
        let progress = progress(None);
        let now = progress.begun + Duration::from_secs(4);
        assert_eq!(progress.line(1, now), "folding 1 events  0.2/s");
    }

    #[test]
    fn more_than_the_total_is_still_a_line() {
        let progress = progress(Some(10));
        let line = progress.line(12, progress.begun);
        assert!(
            line.contains("12/10 events") && line.ends_with("0ms left"),
            "{line}"
        );
    }
}
