//! Patterns of SQL: `%` is any text, `_` any one character, everything else is itself.
//!
//! Invariant: matching takes at most (length of text x length of pattern) steps, whatever the pattern.

/// A pattern, prepared for many texts.
pub(crate) enum Pattern {
    /// Parts that come one after another with anything in between, in the text's own case: what most patterns are.
    Parts(Vec<Box<str>>),
    /// Character by character.
    Characters {
        characters: Vec<char>,
        is_any_case: bool,
    },
}

impl Pattern {
    pub fn new(pattern: &str, is_any_case: bool) -> Pattern {
        if !is_any_case && !pattern.contains('_') {
            return Pattern::Parts(pattern.split('%').map(Into::into).collect());
        }
        let characters = pattern.chars();
        Pattern::Characters {
            characters: if is_any_case {
                characters.map(folded).collect()
            } else {
                characters.collect()
            },
            is_any_case,
        }
    }

    pub fn admits(&self, text: &str) -> bool {
        match self {
            Pattern::Parts(parts) => has_parts(text, parts),
            Pattern::Characters {
                characters,
                is_any_case,
            } => has_characters(text, characters, *is_any_case),
        }
    }
}

fn has_parts(text: &str, parts: &[Box<str>]) -> bool {
    let (first, last, between) = match parts {
        [] => return text.is_empty(),
        [only] => return *text == **only,
        [first, between @ .., last] => (first, last, between),
    };
    // Comparing with an empty part is slow: some processors stumble over its address, which is nowhere.
    if !first.is_empty() && !text.starts_with(&**first) {
        return false;
    }
    let mut rest = &text[first.len()..];
    if !last.is_empty() {
        match rest.strip_suffix(&**last) {
            Some(inner) => rest = inner,
            None => return false,
        }
    }
    for part in between {
        let Some(at) = rest.find(&**part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    true
}

fn has_characters(text: &str, pattern: &[char], is_any_case: bool) -> bool {
    let mut text = text.chars();
    let mut at = 0;
    // Where to go on when what was tried does not fit: behind the last `%`, one character further into the text.
    let mut retry: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if pattern.get(at) == Some(&'%') {
            at += 1;
            retry = Some((at, text.clone()));
            continue;
        }
        let Some(found) = text.next() else {
            return at == pattern.len();
        };
        let found = if is_any_case { folded(found) } else { found };
        if pattern
            .get(at)
            .is_some_and(|wanted| *wanted == '_' || *wanted == found)
        {
            at += 1;
            continue;
        }
        let Some((percent, rest)) = &mut retry else {
            return false;
        };
        if rest.next().is_none() {
            return false;
        }
        at = *percent;
        text = rest.clone();
    }
}

/// One character for both cases: the lower one, where that is a single character.
fn folded(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

/// Whether a text contains another, whatever the case. The other is already in lower case.
pub(crate) fn contains(text: &str, wanted: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(wanted);
    }
    let (text, wanted) = (text.as_bytes(), wanted.as_bytes());
    let Some(first) = wanted.first() else {
        return true;
    };
    text.len() >= wanted.len()
        && (0..=text.len() - wanted.len()).any(|at| {
            text[at].to_ascii_lowercase() == *first
                && text[at..at + wanted.len()].eq_ignore_ascii_case(wanted)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_wildcards_match_what_they_stand_for() {
        for (text, pattern, expected) in [
            ("kind-elk", "kind%", true),
            ("kind-elk", "%elk", true),
            ("kind-elk", "%d-e%", true),
            ("kind-elk", "kind_elk", true),
            ("kind-elk", "kind", false),
            ("kind-elk", "KIND%", false),
            ("aab", "%ab", true),
            ("aaab", "a%ab%", true),
            ("", "%", true),
            ("", "", true),
            ("", "_", false),
            ("é", "_", true),
            ("a.b", "a_b", true),
            ("axb", "a.b", false),
            ("a\nb", "a%b", true),
            ("aba", "ab%ba", false),
            ("abba", "ab%ba", true),
            ("abcbcd", "a%bc%d", true),
            ("%", "%%", true),
        ] {
            let both = [
                Pattern::new(pattern, false).admits(text),
                has_characters(text, &pattern.chars().collect::<Vec<_>>(), false),
            ];
            assert_eq!(both, [expected; 2], "{text} like {pattern}");
        }
        assert!(Pattern::new("ÉLK%", true).admits("élk-1"));
    }

    #[test]
    fn a_pattern_of_many_wildcards_is_done_soon() {
        let pattern = format!("{}b", "a%".repeat(200));
        assert!(!Pattern::new(&pattern, false).admits(&"a".repeat(2000)));
    }

    #[test]
    fn a_part_is_found_in_any_case() {
        assert!(contains("ResNet-50", "net-5"));
        assert!(contains("Élan", "él"));
        assert!(contains("x", ""));
        assert!(!contains("net", "net-5"));
    }
}
