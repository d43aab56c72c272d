//! Patterns for artifact paths: `*` is any text within a part of a path, `**` any number of parts, `?` one character.
//!
//! Invariant: a pattern without `*` and `?` means the artifact of that path, or everything in the folder of that name.

use mltrack_projector_metrics::glob_matches;

/// A pattern for paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathGlob {
    parts: Vec<String>,
    is_plain: bool,
}

impl PathGlob {
    /// Reads a pattern; an empty one matches every path.
    pub fn new(pattern: &str) -> PathGlob {
        let parts = pattern
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        PathGlob {
            parts: parts.map(str::to_owned).collect(),
            is_plain: !pattern.contains(['*', '?']),
        }
    }

    /// Whether a path has the form of the pattern.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        if self.is_plain {
            return self.parts.len() <= path.len()
                && self.parts.iter().eq(path[..self.parts.len()].iter());
        }
        matches_parts(&self.parts, &path)
    }
}

/// Parts are matched from the left; `**` is tried with none, then with one more each time. Of several `**` only the last
/// has to be tried again, as of several stars in a word.
fn matches_parts(pattern: &[String], path: &[&str]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while of < path.len() {
        match pattern.get(at) {
            Some(part) if part == "**" => {
                retry = Some((at + 1, of));
                at += 1;
            }
            Some(part) if glob_matches(part, path[of]) => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((after, taken)) = retry else {
                    return false;
                };
                retry = Some((after, taken + 1));
                (at, of) = (after, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|part| part == "**")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_what_it_says() {
        for (pattern, path, expected) in [
            ("", "a/b", true),
            ("a", "a", true),
            ("a", "a/b", true),
            ("a/", "a/b", true),
            ("a", "ab", false),
            ("a/b", "a", false),
            ("*", "a", true),
            ("*", "a/b", false),
            ("**", "a/b/c", true),
            ("*.pt", "model.pt", true),
            ("*.pt", "ckpt/model.pt", false),
            ("**/*.pt", "model.pt", true),
            ("**/*.pt", "a/b/model.pt", true),
            ("ckpt/*", "ckpt/1.pt", true),
            ("ckpt/*", "ckpt/old/1.pt", false),
            ("ckpt/**", "ckpt/old/1.pt", true),
            ("**/old/**/x", "a/old/b/old/c/x", true),
            ("**/old/**/x", "a/b/x", false),
            ("ckpt/?.pt", "ckpt/1.pt", true),
            ("ckpt/?.pt", "ckpt/10.pt", false),
        ] {
            assert_eq!(
                PathGlob::new(pattern).matches(path),
                expected,
                "{pattern} {path}"
            );
        }
    }
}
