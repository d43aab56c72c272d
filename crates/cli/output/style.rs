//! Colours, and whether there are any.
//!
//! 1. A colour only repeats what a letter or a word says beside it.
//! 2. `--color` wins over `CLICOLOR_FORCE`, that over `NO_COLOR`, that over what the stream is.

use clap::ValueEnum;

/// What a text tells, in the eyes of whoever looks for trouble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Bad,
    Warning,
    Dim,
    Bold,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColourWish {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

/// The answer, and which of the four asked for it.
pub fn decide(
    wish: ColourWish,
    is_terminal: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> (bool, &'static str) {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let is_forced =
        variable("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    match wish {
        ColourWish::Always => (true, "--color"),
        ColourWish::Never => (false, "--color"),
        ColourWish::Auto if is_forced => (true, "CLICOLOR_FORCE"),
        ColourWish::Auto if is_set("NO_COLOR") => (false, "NO_COLOR"),
        ColourWish::Auto if variable("TERM").as_deref() == Some("dumb") => (false, "TERM"),
        ColourWish::Auto => (is_terminal, "terminal"),
    }
}

pub fn paint(text: &str, tone: Tone, colour: bool) -> String {
    let code = match tone {
        _ if !colour => return text.to_owned(),
        Tone::Plain => return text.to_owned(),
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Warning => "33",
        Tone::Dim => "2",
        Tone::Bold => "1",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(wish: ColourWish, is_terminal: bool, set: &[(&str, &str)]) -> bool {
        let variable = |name: &str| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        decide(wish, is_terminal, variable).0
    }

    #[test]
    fn a_terminal_has_colour_unless_it_is_told_not_to() {
        assert!(colour(ColourWish::Auto, true, &[]));
        assert!(colour(ColourWish::Auto, true, &[("NO_COLOR", "")]));
        assert!(!colour(ColourWish::Auto, true, &[("NO_COLOR", "1")]));
        assert!(!colour(ColourWish::Auto, true, &[("TERM", "dumb")]));
        assert!(!colour(ColourWish::Auto, false, &[]));
    }

    #[test]
    fn the_option_wins_over_the_variables() {
        assert!(colour(ColourWish::Always, false, &[("NO_COLOR", "1")]));
        assert!(!colour(ColourWish::Never, true, &[("CLICOLOR_FORCE", "1")]));
        assert!(colour(
            ColourWish::Auto,
            false,
            &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]
        ));
        assert!(!colour(ColourWish::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    }

    #[test]
    fn paint_leaves_no_trace_without_colour() {
        assert_eq!(paint("x", Tone::Bad, false), "x");
        assert_eq!(paint("x", Tone::Bad, true), "\x1b[31mx\x1b[0m");
    }
}
