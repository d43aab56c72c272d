//! How things look: colours, signs and dashes, for dark and light terminals, and for those without either.
//!
//! Invariants: only the sixteen colours of the terminal are named, so its own palette decides how they look; whatever a
//! colour says, a letter, a sign or a dash beside it says too.

use mltrack::RunState;
use ratatui_core::style::{Color, Modifier, Style};

/// What the background of the terminal is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark background.
    #[default]
    Dark,
    /// Light background.
    Light,
}

impl Theme {
    /// What `COLORFGBG` says, which many terminals set to `foreground;background`.
    #[must_use]
    pub fn of_variable(text: &str) -> Option<Theme> {
        let background: u8 = text.rsplit(';').next()?.trim().parse().ok()?;
        Some(match background {
            7 | 9..=15 => Theme::Light,
            _ => Theme::Dark,
        })
    }
}

/// The signs that the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Braille dots, rules and marks.
    #[default]
    Unicode,
    /// Letters and signs of ASCII only.
    Ascii,
}

/// Everything about looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// The background.
    pub theme: Theme,
    /// Whether there are colours.
    pub has_colour: bool,
    /// Which signs there are.
    pub glyphs: Glyphs,
}

/// What a text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Bad,
    Warning,
    Faint,
    Strong,
    /// What has the cursor.
    Chosen,
}

/// So many lines of one chart can be told apart.
pub const SERIES_MAX: usize = 6;

/// Dots drawn and dots left out along a line, for each series: solid, dashed, dotted, and so on.
const DASHES: [&[bool]; SERIES_MAX] = [
    &[true],
    &[true, true, true, true, false, false],
    &[true, false, false],
    &[true, true, true, true, true, false, true, false],
    &[true, true, false, false],
    &[
        true, true, true, true, true, true, true, true, false, false, false,
    ],
];

const LETTERS: [&str; SERIES_MAX] = ["A", "B", "C", "D", "E", "F"];

impl Look {
    /// The style of a tone.
    pub(crate) fn tone(self, tone: Tone) -> Style {
        let plain = Style::new();
        match tone {
            Tone::Plain => plain,
            Tone::Faint => plain.add_modifier(Modifier::DIM),
            Tone::Strong => plain.add_modifier(Modifier::BOLD),
            Tone::Chosen => plain.add_modifier(Modifier::REVERSED),
            Tone::Good => self.coloured(Color::Green),
            Tone::Bad => self.coloured(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Warning => self.coloured(match self.theme {
                Theme::Dark => Color::Yellow,
                Theme::Light => Color::Magenta,
            }),
        }
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// The colour of a line of a chart. Neighbours differ in lightness as well as in hue.
    pub(crate) fn series(self, index: usize) -> Style {
        let colours = match self.theme {
            Theme::Dark => [
                Color::LightCyan,
                Color::Yellow,
                Color::LightMagenta,
                Color::LightBlue,
                Color::LightGreen,
                Color::LightRed,
            ],
            Theme::Light => [
                Color::Blue,
                Color::Red,
                Color::Cyan,
                Color::Magenta,
                Color::Green,
                Color::Black,
            ],
        };
        self.coloured(colours[index % SERIES_MAX])
    }

    /// Its letter.
    pub(crate) fn letter(index: usize) -> &'static str {
        LETTERS[index % SERIES_MAX]
    }

    /// Whether its line has a dot so many dots from its beginning.
    pub(crate) fn is_drawn(index: usize, dot: usize) -> bool {
        let dash = DASHES[index % SERIES_MAX];
        dash[dot % dash.len()]
    }

    /// Its line, four dots long, for a legend.
    pub(crate) fn sample(self, index: usize) -> &'static str {
        match (self.glyphs, index % SERIES_MAX) {
            (Glyphs::Ascii, _) => "",
            (Glyphs::Unicode, 0) => "⠤⠤⠤",
            (Glyphs::Unicode, 1) => "⠤⠤ ⠤",
            (Glyphs::Unicode, 2) => "⠄⠠ ⠄",
            (Glyphs::Unicode, 3) => "⠤⠤⠄⠠",
            (Glyphs::Unicode, 4) => "⠤ ⠤ ⠤",
            (Glyphs::Unicode, _) => "⠤⠤⠤⠤ ⠤",
        }
    }

    /// A sign, a letter and a word that say the same, and the tone they are said in.
    pub(crate) fn state(self, state: RunState) -> (&'static str, &'static str, &'static str, Tone) {
        let (sign, ascii, letter, word, tone) = match state {
            RunState::Pending => ("·", ".", "P", "pending", Tone::Faint),
            RunState::Queued => ("…", ".", "Q", "queued", Tone::Faint),
            RunState::Running => ("●", "*", "R", "running", Tone::Strong),
            RunState::Completed => ("✓", "+", "C", "done", Tone::Good),
            RunState::Failed => ("✗", "x", "F", "failed", Tone::Bad),
            RunState::Cancelled => ("■", "#", "X", "cancelled", Tone::Warning),
            RunState::TimedOut => ("⊘", "!", "T", "timed out", Tone::Bad),
            RunState::Lost => ("?", "?", "L", "lost", Tone::Bad),
        };
        match self.glyphs {
            Glyphs::Unicode => (sign, letter, word, tone),
            Glyphs::Ascii => (ascii, letter, word, tone),
        }
    }

    /// One of two signs.
    pub(crate) fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => unicode,
            Glyphs::Ascii => ascii,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_background_is_what_the_terminal_says() {
        assert_eq!(Theme::of_variable("0;15"), Some(Theme::Light));
        assert_eq!(Theme::of_variable("15;default;0"), Some(Theme::Dark));
        assert_eq!(Theme::of_variable("12;8"), Some(Theme::Dark));
        assert_eq!(Theme::of_variable("x"), None);
    }

    #[test]
    fn no_two_series_look_alike_without_colours() {
        let looks =
            |index: usize| -> Vec<bool> { (0..66).map(|dot| Look::is_drawn(index, dot)).collect() };
        for index in 0..SERIES_MAX {
            for other in 0..index {
                assert_ne!(looks(index), looks(other), "{index} and {other}");
                assert_ne!(Look::letter(index), Look::letter(other));
            }
        }
    }

    #[test]
    fn every_state_has_a_letter_of_its_own() {
        let look = Look::default();
        let mut letters: Vec<&str> = RunState::ALL
            .iter()
            .map(|state| look.state(*state).1)
            .collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), RunState::ALL.len());
    }
}
