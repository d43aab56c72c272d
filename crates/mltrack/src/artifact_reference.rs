//! How a version of an artifact is named: `ckpt/model.pt`, `ckpt/model.pt@v2`, `@latest`, `@best`.
//!
//! Invariant: an artifact whose own path ends like a selector is meant by its whole path first.

/// Which version of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selector {
    /// The newest that is there.
    Latest,
    /// The one with this number.
    Version(u32),
    /// The one at whose step the experiment's goal was best.
    Best,
}

/// The ways to read a name, in the order in which they are tried.
pub(crate) fn readings(name: &str) -> Vec<(&str, Selector)> {
    let mut readings = vec![(name, Selector::Latest)];
    if let Some((path, word)) = name.rsplit_once('@')
        && !path.is_empty()
        && let Some(selector) = selector(word)
    {
        readings.push((path, selector));
    }
    readings
}

fn selector(word: &str) -> Option<Selector> {
    match word {
        "latest" => Some(Selector::Latest),
        "best" => Some(Selector::Best),
        _ => {
            let digits = word.strip_prefix('v')?;
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number
                .then(|| digits.parse().ok())
                .flatten()
                .map(Selector::Version)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_path_first_and_then_a_path_with_a_selector() {
        for (name, second) in [
            ("a/b.pt", None),
            ("a@v2", Some(("a", Selector::Version(2)))),
            ("a@latest", Some(("a", Selector::Latest))),
            ("a@b@best", Some(("a@b", Selector::Best))),
            ("a@v", None),
            ("a@v+1", None),
            ("a@x", None),
            ("@best", None),
        ] {
            let readings = readings(name);
            assert_eq!(readings[0], (name, Selector::Latest));
            assert_eq!(readings.get(1).copied(), second, "{name}");
        }
    }
}
