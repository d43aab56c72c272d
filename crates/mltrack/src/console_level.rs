//! How much a printed line matters, by the words that loggers begin their lines with.

use mltrack_event::Level;

/// The words are looked for so far into a line: behind a time, a name, a bracket.
const LOOKED_LEN: usize = 64;

/// The level that a line says it has; that of information when it says none.
pub(crate) fn level_of(text: &str) -> Level {
    let mut end = text.len().min(LOOKED_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let words = text[..end].split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut levels = words.filter_map(level_named);
    levels.next().unwrap_or(Level::Info)
}

/// Loggers write their levels in capitals; a sentence that speaks of errors does not. `Traceback` and `Error` at the
/// beginning are what Python and Rust print when something fails.
fn level_named(word: &str) -> Option<Level> {
    match word {
        "TRACE" => Some(Level::Trace),
        "DEBUG" => Some(Level::Debug),
        "INFO" => Some(Level::Info),
        "WARN" | "WARNING" => Some(Level::Warn),
        "ERROR" | "CRITICAL" | "FATAL" | "Traceback" => Some(Level::Error),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_loggers_are_levels_and_words_of_sentences_are_not() {
        for (text, level) in [
            (
                "2026-08-01 12:00:00,123 - trainer - WARNING - slow",
                Level::Warn,
            ),
            ("[ERROR] no such file", Level::Error),
            ("level=DEBUG msg=x", Level::Debug),
            ("Traceback (most recent call last):", Level::Error),
            ("the error is 0.5", Level::Info),
            ("", Level::Info),
            ("INFO: an ERROR was mended", Level::Info),
        ] {
            assert_eq!(level_of(text), level, "{text}");
        }
        assert_eq!(level_of(&"ä".repeat(100)), Level::Info);
    }
}
