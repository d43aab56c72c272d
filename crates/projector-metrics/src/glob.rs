//! Patterns for metric names: `*` is any text, `?` any one character, everything else is itself.

/// Whether `name` has the form of `pattern`. There are no escapes: a name that contains `*` is matched by itself, too.
#[must_use]
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.chars(), name.chars());
    // Where to go on when the rest does not fit: the last star takes one character more. Earlier stars need no change.
    let mut retry = None;
    loop {
        let name_rest = name.clone();
        match (pattern.next(), name.next()) {
            (Some('*'), _) => {
                name = name_rest;
                retry = Some((pattern.clone(), name.clone()));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            (None, None) => return true,
            _ => {
                let Some((after_star, mut taken)) = retry.take() else {
                    return false;
                };
                if taken.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                name = taken.clone();
                retry = Some((after_star, taken));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_what_it_says() {
        for (pattern, name, expected) in [
            ("loss", "loss", true),
            ("loss", "losses", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("train/*", "train/loss", true),
            ("train/*", "valid/loss", false),
            ("*loss", "train/loss", true),
            ("*l*s*", "train/loss", true),
            ("a*b*c", "abcbbc", true),
            ("a*b*c", "abcbb", false),
            ("gpu.?.util", "gpu.0.util", true),
            ("gpu.?.util", "gpu.10.util", false),
            ("?", "é", true),
            ("**", "anything", true),
            ("a*b", "a*b", true),
        ] {
            assert_eq!(
                glob_matches(pattern, name),
                expected,
                "{pattern} and {name}"
            );
        }
    }

    #[test]
    fn a_hostile_pattern_does_not_take_forever() {
        let (pattern, name) = ("a*".repeat(100) + "b", "a".repeat(10_000));
        assert!(!glob_matches(&pattern, &name));
    }
}
