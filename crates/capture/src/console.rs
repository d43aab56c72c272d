//! What a program prints, as lines of a log: whole lines at once, progress bars as what they were last.
//!
//! Invariants: bytes come in any pieces and give the same lines; memory is bounded whatever comes; a line is given once,
//! and again only when the program itself wrote it over; a line holds no control characters but tabs, and what looks
//! like a secret is masked before anybody sees it.

mod escape;
mod utf8;

use std::borrow::Cow;
use std::collections::VecDeque;

use escape::{Escape, Move};
use utf8::Utf8;

/// A longer line is given in several.
pub const LINE_LEN_MAX: usize = 16 << 10;
/// A program may go back so many lines to write one over.
const ROWS_MAX: usize = 16;
/// What is written over again and again is given so often at most, before it is left alone.
const PROGRESS_INTERVAL_NS: i64 = 10_000_000_000;

/// A line that was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// Without its end, colours and other control sequences.
    pub text: String,
    /// When its last part was printed, in ns since 1970.
    pub time_ns: i64,
}

/// Makes lines of what a program prints to one of its outputs.
pub struct Assembler {
    rows: VecDeque<Row>,
    /// The row that is being written.
    at: usize,
    utf8: Utf8,
    escape: Escape,
    mask: fn(&str) -> Cow<'_, str>,
    is_in_key: bool,
}

#[derive(Default)]
struct Row {
    text: String,
    time_ns: i64,
    /// The next text begins the row anew.
    is_at_start: bool,
    /// It was written over, so it may be again.
    is_progress: bool,
    /// What it holds has not been given.
    is_fresh: bool,
    /// When it was given, or a piece of it; or else begun.
    since_ns: Option<i64>,
}

impl Assembler {
    /// `mask` is given each line before it leaves.
    #[must_use]
    pub fn new(mask: fn(&str) -> Cow<'_, str>) -> Assembler {
        Assembler {
            rows: VecDeque::from([Row::default()]),
            at: 0,
            utf8: Utf8::default(),
            escape: Escape::default(),
            mask,
            is_in_key: false,
        }
    }

    /// Takes in what was printed, and adds the lines that are whole.
    pub fn write(&mut self, bytes: &[u8], now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        let mut text = std::mem::take(&mut self.utf8);
        text.decode(bytes, |piece| self.take_in(piece, now_ns, lines));
        self.utf8 = text;
    }

    /// Adds what programs are writing over for long: progress bars, as they are now.
    pub fn rest(&mut self, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        for at in 0..self.rows.len() {
            let row = &self.rows[at];
            let since = row.since_ns.unwrap_or(row.time_ns);
            let is_due = now_ns.saturating_sub(since) >= PROGRESS_INTERVAL_NS;
            if row.is_progress && row.is_fresh && is_due && !row.text.is_empty() {
                self.give(at, now_ns, lines);
            }
        }
    }

    /// Adds what is left: nothing more is printed.
    pub fn finish(&mut self, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        let mut text = std::mem::take(&mut self.utf8);
        text.finish(|piece| self.take_in(piece, now_ns, lines));
        self.utf8 = text;
        for at in 0..self.rows.len() {
            if self.rows[at].is_fresh && !self.rows[at].text.is_empty() {
                self.give(at, now_ns, lines);
            }
        }
        self.rows = VecDeque::from([Row::default()]);
        self.at = 0;
    }

    /// How many bytes were no UTF-8 and stand as U+FFFD in the lines.
    #[must_use]
    pub fn replaced_count(&self) -> u64 {
        self.utf8.replaced_count()
    }

    fn take_in(&mut self, text: &str, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.escape.is_open() {
                let (length, step) = self.escape.read(rest);
                rest = &rest[length..];
                self.go(step);
                continue;
            }
            let is_plain = |byte: &u8| *byte >= 0x20 && *byte != 0x7f || *byte == b'\t';
            let plain = rest.bytes().take_while(|byte| is_plain(byte)).count();
            self.put(&rest[..plain], now_ns, lines);
            rest = &rest[plain..];
            if let Some(control) = rest.bytes().next() {
                rest = &rest[1..];
                self.control(control, now_ns, lines);
            }
        }
    }

    fn control(&mut self, control: u8, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        match control {
            b'\n' => self.end_line(now_ns, lines),
            b'\r' => self.rows[self.at].is_at_start = true,
            0x08 => {
                self.rows[self.at].text.pop();
            }
            0x1b => self.escape.open(),
            _ => {}
        }
    }

    fn go(&mut self, step: Move) {
        match step {
            Move::Up(count) => self.at = self.at.saturating_sub(count),
            Move::Down(count) => self.at = self.at.saturating_add(count).min(self.rows.len() - 1),
            Move::ToStart => self.rows[self.at].is_at_start = true,
            Move::Clear => self.rows[self.at].text.clear(),
            Move::None => {}
        }
    }

    fn put(&mut self, text: &str, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        let mut text = text;
        while !text.is_empty() {
            let row = &mut self.rows[self.at];
            if std::mem::take(&mut row.is_at_start) {
                row.is_progress |= !row.text.is_empty();
                row.text.clear();
            }
            let room = LINE_LEN_MAX.saturating_sub(row.text.len());
            let mut cut = text.len().min(room);
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            row.text.push_str(&text[..cut]);
            row.time_ns = now_ns;
            row.since_ns.get_or_insert(now_ns);
            row.is_fresh |= cut > 0;
            text = &text[cut..];
            if !text.is_empty() {
                self.give(self.at, now_ns, lines);
                self.rows[self.at].text.clear();
            }
        }
    }

    fn end_line(&mut self, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        self.rows[self.at].is_at_start = false;
        if self.at + 1 < self.rows.len() {
            // The program had gone back: this line may be written over once more.
            self.at += 1;
            return;
        }
        let row = &mut self.rows[self.at];
        if row.since_ns.is_none() {
            (row.is_fresh, row.time_ns) = (true, now_ns);
        }
        if row.is_fresh {
            self.give(self.at, now_ns, lines);
        }
        self.rows.push_back(Row::default());
        if self.rows.len() > ROWS_MAX {
            if self.rows[0].is_fresh {
                self.give(0, now_ns, lines);
            }
            self.rows.pop_front();
        }
        self.at = self.rows.len() - 1;
    }

    fn give(&mut self, at: usize, now_ns: i64, lines: &mut Vec<ConsoleLine>) {
        let row = &mut self.rows[at];
        row.is_fresh = false;
        row.since_ns = Some(now_ns);
        let text = if row.is_progress {
            // Spaces there wipe what stood behind.
            row.text.trim_end().to_owned()
        } else {
            row.text.clone()
        };
        let text = self.masked(text);
        let time_ns = self.rows[at].time_ns;
        lines.push(ConsoleLine { text, time_ns });
    }

    /// A private key takes many lines, and one from its middle does not look like one.
    fn masked(&mut self, text: String) -> String {
        let is_edge = |edge: &str| text.contains(edge) && text.contains("PRIVATE KEY-----");
        let (begins, ends) = (is_edge("-----BEGIN "), is_edge("-----END "));
        if self.is_in_key || begins {
            // One that begins and ends in a line is whole.
            self.is_in_key = !ends && (self.is_in_key || begins);
            return "***".to_owned();
        }
        match (self.mask)(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }
}

impl std::fmt::Debug for Assembler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assembler")
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
