//! How the trainers of a demo are getting on, for whoever watches stderr.
//!
//! 1. On a terminal the lines are redrawn in place; elsewhere one line comes every ten seconds; for
//!    programs one JSON object a second.
//! 2. What is drawn is a pure function of the board and the time; only [`Display`] writes.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::trainer::Validation;
use crate::output::progress::ProgressWish;
use crate::output::quantity::{short_number, took};
use crate::output::style::{Tone, paint};

const NS_PER_MS: i64 = 1_000_000;
const REDRAW_NS: i64 = 200 * NS_PER_MS;
const LINE_NS: i64 = 10_000 * NS_PER_MS;
const OBJECT_NS: i64 = 1_000 * NS_PER_MS;
/// Nobody needs to be told of what is over before they could read it.
const QUIET_NS: i64 = 500 * NS_PER_MS;
const BAR_WIDTH: usize = 20;

/// One trainer, as far as it has told.
#[derive(Clone, Debug)]
pub struct TrainerLine {
    pub name: String,
    pub epochs_done: u64,
    pub validation: Option<Validation>,
    pub is_over: bool,
}

#[derive(Clone, Debug)]
pub struct Board {
    pub trainers: Vec<TrainerLine>,
    pub epochs: u64,
    pub started_ns: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Live { colour: bool },
    Lines,
    Objects,
    Silent,
}

/// Writes a board to stderr when it is time to.
#[derive(Debug)]
pub struct Display {
    manner: Manner,
    drawn_ns: Option<i64>,
    lines_on_screen: usize,
}

impl Board {
    /// From 0 to 1. A trainer that is over has nothing left to do, however it ended.
    fn fraction(&self) -> f64 {
        let share = |trainer: &TrainerLine| {
            if trainer.is_over {
                1.0
            } else {
                trainer.epochs_done as f64 / self.epochs.max(1) as f64
            }
        };
        let sum: f64 = self.trainers.iter().map(share).sum();
        sum / self.trainers.len().max(1) as f64
    }

    /// Nanoseconds, guessed from what is done; the slowest trainer decides.
    fn left_ns(&self, now_ns: i64) -> Option<i64> {
        let slowest = self
            .trainers
            .iter()
            .filter(|trainer| !trainer.is_over)
            .map(|trainer| trainer.epochs_done)
            .min()?;
        let elapsed_ns = now_ns.saturating_sub(self.started_ns);
        (slowest > 0).then(|| {
            let rest = self.epochs.saturating_sub(slowest) as f64 / slowest as f64;
            (elapsed_ns as f64 * rest) as i64
        })
    }

    fn summary(&self, now_ns: i64) -> String {
        let running = self
            .trainers
            .iter()
            .filter(|trainer| !trainer.is_over)
            .count();
        let left = self
            .left_ns(now_ns)
            .map_or_else(String::new, |left_ns| format!(", {} left", took(left_ns)));
        let percent = (self.fraction() * 100.0).floor();
        format!(
            "{percent:.0}% of {} epochs, {running} of {} training{left}",
            self.epochs,
            self.trainers.len()
        )
    }

    fn lines(&self, now_ns: i64, colour: bool) -> Vec<String> {
        let width = self
            .trainers
            .iter()
            .map(|trainer| trainer.name.len())
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = self
            .trainers
            .iter()
            .map(|trainer| self.line(trainer, width, colour))
            .collect();
        lines.push(paint(
            &format!("  {}", self.summary(now_ns)),
            Tone::Dim,
            colour,
        ));
        lines
    }

    fn line(&self, trainer: &TrainerLine, width: usize, colour: bool) -> String {
        let filled = (trainer.epochs_done as usize * BAR_WIDTH) / (self.epochs.max(1) as usize);
        let filled = filled.min(BAR_WIDTH);
        let bar = format!("{}{}", "=".repeat(filled), " ".repeat(BAR_WIDTH - filled));
        let told = trainer.validation.map_or_else(String::new, |validation| {
            format!(
                "validation loss {} accuracy {}",
                short_number(validation.loss),
                short_number(validation.accuracy)
            )
        });
        let (word, tone) = match (trainer.is_over, trainer.epochs_done == self.epochs) {
            (true, true) => ("done ", Tone::Good),
            (true, false) => ("gone ", Tone::Bad),
            (false, _) => ("", Tone::Plain),
        };
        let name = &trainer.name;
        format!(
            "  {name:width$} [{bar}] {}{told}",
            paint(word, tone, colour)
        )
    }

    fn object(&self, now_ns: i64) -> Value {
        let trainer = |trainer: &TrainerLine| json!({"name": trainer.name, "epochs_done": trainer.epochs_done, "over": trainer.is_over});
        json!({
            "progress": self.fraction(),
            "left_s": self.left_ns(now_ns).map(|left_ns| left_ns as f64 / 1e9),
            "epochs": self.epochs,
            "trainers": self.trainers.iter().map(trainer).collect::<Vec<_>>(),
        })
    }
}

impl Display {
    pub fn new(wish: ProgressWish, is_terminal: bool, colour: bool) -> Display {
        let manner = match wish {
            ProgressWish::Json => Manner::Objects,
            ProgressWish::None => Manner::Silent,
            ProgressWish::Auto if is_terminal => Manner::Live { colour },
            ProgressWish::Auto => Manner::Lines,
        };
        Display {
            manner,
            drawn_ns: None,
            lines_on_screen: 0,
        }
    }

    /// Stderr may be closed: then nobody watches, and training goes on.
    pub fn show(&mut self, board: &Board, now_ns: i64) {
        let (pause_ns, quiet_ns) = match self.manner {
            Manner::Live { .. } => (REDRAW_NS, QUIET_NS),
            Manner::Lines => (LINE_NS, LINE_NS),
            Manner::Objects => (OBJECT_NS, 0),
            Manner::Silent => return,
        };
        let is_early = now_ns.saturating_sub(board.started_ns) < quiet_ns;
        let is_soon = self
            .drawn_ns
            .is_some_and(|drawn_ns| now_ns.saturating_sub(drawn_ns) < pause_ns);
        if is_early || is_soon {
            return;
        }
        self.drawn_ns = Some(now_ns);
        let _ = match self.manner {
            Manner::Live { colour } => self.redraw(&board.lines(now_ns, colour)),
            Manner::Lines => writeln!(io::stderr(), "training: {}", board.summary(now_ns)),
            Manner::Objects => writeln!(io::stderr(), "{}", board.object(now_ns)),
            Manner::Silent => Ok(()),
        };
    }

    /// A remark between two drawings.
    pub fn say(&mut self, text: &str) {
        if self.manner == Manner::Objects {
            return;
        }
        self.erase();
        let _ = writeln!(io::stderr(), "{text}");
        self.drawn_ns = None;
    }

    /// Takes the live lines away.
    pub fn erase(&mut self) {
        if self.lines_on_screen > 0 {
            let _ = write!(io::stderr(), "\x1b[{}A\x1b[J", self.lines_on_screen);
            self.lines_on_screen = 0;
        }
    }

    fn redraw(&mut self, lines: &[String]) -> io::Result<()> {
        self.erase();
        self.lines_on_screen = lines.len();
        writeln!(io::stderr(), "{}", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let trainer = |name: &str, epochs_done, is_over| TrainerLine {
            name: name.to_owned(),
            epochs_done,
            validation: Some(Validation {
                loss: 0.25,
                accuracy: 0.97,
            }),
            is_over,
        };
        Board {
            trainers: vec![trainer("softmax", 10, true), trainer("mlp", 5, false)],
            epochs: 10,
            started_ns: 0,
        }
    }

    #[test]
    fn the_slowest_trainer_decides_how_long_it_takes() {
        assert_eq!(
            board().summary(8_000_000_000),
            "75% of 10 epochs, 1 of 2 training, 8.0s left"
        );
    }

    #[test]
    fn a_trainer_that_is_gone_says_so() {
        let mut board = board();
        board.trainers[1].is_over = true;
        let lines = board.lines(1, false);
        assert!(
            lines[0].contains("[====================] done"),
            "{lines:?}"
        );
        assert!(
            lines[1].contains("[==========          ] gone"),
            "{lines:?}"
        );
        assert_eq!(board.left_ns(1), None);
    }

    #[test]
    fn programs_get_one_object() {
        let object = board().object(2_000_000_000);
        assert_eq!(object["progress"], 0.75);
        assert_eq!(object["left_s"], 2.0);
        assert_eq!(object["trainers"][0]["over"], true);
    }
}
