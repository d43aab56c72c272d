//! What a run printed, piece by piece, as lines.
//!
//! Invariants: a line is given when its end has come; what was written over by `\r` is as it was last; colours and other
//! control sequences are left out; memory holds one line of each output, and a longer one is cut; a line that was given
//! without its end gives nothing more when only its end comes.

use mltrack::{Level, Line, WallTime};

use super::record::Printed;

/// A line that is longer comes in several.
const LINE_LEN_MAX: usize = 256 << 10;

/// The lines that have no end yet, of both outputs.
#[derive(Debug, Default)]
pub(crate) struct Console {
    open: [Open; 2],
}

#[derive(Debug, Default)]
struct Open {
    bytes: Vec<u8>,
    /// When its first byte was printed.
    time_ns: Option<i64>,
    /// What comes now belongs to a line that was given already.
    is_rest: bool,
}

const SOURCES: [&str; 2] = ["stderr", "stdout"];

impl Console {
    /// Takes a piece of what was printed.
    pub fn print(&mut self, printed: &Printed<'_>, lines: &mut Vec<Line>) {
        let output = usize::from(printed.is_output);
        let open = &mut self.open[output];
        for piece in printed.text.split_inclusive(|byte| *byte == b'\n') {
            open.time_ns = open.time_ns.or(printed.time_ns);
            open.bytes.extend_from_slice(piece);
            if piece.ends_with(b"\n") || open.bytes.len() > LINE_LEN_MAX {
                lines.extend(open.end(SOURCES[output]));
            }
        }
    }

    /// Takes a whole line.
    pub fn line(&mut self, printed: &Printed<'_>, lines: &mut Vec<Line>) {
        self.print(printed, lines);
        let output = usize::from(printed.is_output);
        let open = &mut self.open[output];
        if !open.bytes.is_empty() {
            lines.extend(open.end(SOURCES[output]));
        }
        open.is_rest = false;
    }

    /// Ends the lines that have no end.
    pub fn flush(&mut self, lines: &mut Vec<Line>) {
        for (open, source) in self.open.iter_mut().zip(SOURCES) {
            if !open.bytes.is_empty() {
                lines.extend(open.end(source));
            }
        }
    }
}

impl Open {
    fn end(&mut self, source: &str) -> Option<Line> {
        let goes_on = !self.bytes.ends_with(b"\n");
        let is_rest = std::mem::replace(&mut self.is_rest, goes_on);
        let line = Line {
            level: Level::Info,
            source: source.to_owned(),
            text: shown(&self.bytes),
            time: self.time_ns.map(WallTime),
        };
        self.bytes.clear();
        self.time_ns = None;
        let is_only_end = is_rest && line.text.is_empty();
        (!is_only_end).then_some(line)
    }
}

/// A line as a terminal shows it in the end.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.trim_end_matches(['\n', '\r']);
    let mut parts = line.rsplit('\r').map(without_controls);
    parts.find(|part| !part.is_empty()).unwrap_or_default()
}

/// The text without control sequences and other control characters than tabs.
fn without_controls(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(one) = rest.next() {
        match one {
            '\u{1b}' => match rest.next() {
                Some('[') => {
                    let _end = rest.find(|one| ('@'..='~').contains(one));
                }
                Some(']') => {
                    let _end = rest.find(|one| matches!(one, '\u{7}' | '\u{1b}' | '\u{9c}'));
                }
                _ => {}
            },
            '\t' => kept.push(one),
            one if one.is_control() => {}
            one => kept.push(one),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str, time_ns: i64) -> Printed<'_> {
        Printed {
            is_output: true,
            time_ns: Some(time_ns),
            text: text.as_bytes(),
        }
    }

    #[test]
    fn pieces_are_joined_to_lines_with_the_times_of_their_beginnings() {
        let (mut console, mut lines) = (Console::default(), Vec::new());
        console.print(&printed("one", 1), &mut lines);
        console.print(&printed(" line\ntwo\n\nth", 2), &mut lines);
        console.print(
            &Printed {
                is_output: false,
                ..printed("error", 3)
            },
            &mut lines,
        );
        console.print(&printed("ree", 4), &mut lines);
        console.flush(&mut lines);
        console.flush(&mut lines);
        let said: Vec<_> = lines
            .iter()
            .map(|line| {
                (
                    line.source.as_str(),
                    line.text.as_str(),
                    line.time.map(|time| time.0),
                )
            })
            .collect();
        let wanted = [
            ("stdout", "one line", Some(1)),
            ("stdout", "two", Some(2)),
            ("stdout", "", Some(2)),
            ("stderr", "error", Some(3)),
            ("stdout", "three", Some(2)),
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_line_is_as_a_terminal_shows_it_in_the_end() {
        for (text, line) in [
            ("\r 1%\r 50%\r100%\n", "100%"),
            ("100%\r\n", "100%"),
            ("\x1b[31mred\x1b[0m and\tplain\n", "red and\tplain"),
            ("\x1b]0;title\x07text\n", "text"),
            ("bar\r\x1b[K\n", "bar"),
            ("\x1b", ""),
            ("\x1b[", ""),
        ] {
            assert_eq!(shown(text.as_bytes()), line, "{text:?}");
        }
    }

    #[test]
    fn the_end_of_a_line_that_was_given_is_no_line() {
        let (mut console, mut lines) = (Console::default(), Vec::new());
        for text in ["one", "\n", "two", " and more\n", "\n"] {
            console.print(&printed(text, 1), &mut lines);
            console.flush(&mut lines);
        }
        console.line(&printed("whole", 1), &mut lines);
        console.line(&printed("\n", 1), &mut lines);
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", " and more", "", "whole", ""]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let (mut console, mut lines) = (Console::default(), Vec::new());
        let piece = "x".repeat(100 << 10);
        for _ in 0..6 {
            console.print(&printed(&piece, 1), &mut lines);
        }
        assert_eq!(lines.len(), 2);
    }
}
