//! A patch as git prints it, cut into one section per file.
//!
//! Invariants: the sections, one after the other, are the patch; a section that was taken away leaves a patch that
//! applies. A binary section keeps only the way forward: git needs no more, and the way back would carry the content
//! that was replaced.

use crate::quote;

const HEAD: &[u8] = b"diff --git ";

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    pub bytes: &'a [u8],
    /// The name before, as bytes.
    pub old: Vec<u8>,
    /// The name after; equal but for renames.
    pub new: Vec<u8>,
    pub is_binary: bool,
}

/// Cuts a patch into its sections. What stands before the first, and a section whose names cannot be read, is left out
/// of the answer; the number of the latter is the second value.
pub(crate) fn split(patch: &[u8]) -> (Vec<Section<'_>>, usize) {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    // No line of a hunk starts like this: they start with a space, a sign, or a length and digits of base 85.
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(HEAD) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([patch.len()]);
    let mut unreadable_count = 0;
    let mut sections = Vec::with_capacity(starts.len());
    for (start, end) in starts.iter().copied().zip(ends) {
        match section(&patch[start..end]) {
            Some(section) => sections.push(section),
            None => unreadable_count += 1,
        }
    }
    (sections, unreadable_count)
}

fn section(bytes: &[u8]) -> Option<Section<'_>> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let first = lines.next()?.strip_prefix(HEAD)?;
    let (mut from, mut to, mut is_binary) = (None, None, false);
    for line in lines {
        if let Some(name) = line.strip_prefix(b"rename from ") {
            from = quote::unquote(name).map(|(name, _)| name);
        } else if let Some(name) = line.strip_prefix(b"rename to ") {
            to = quote::unquote(name).map(|(name, _)| name);
        } else if line.starts_with(b"@@ ") {
            break;
        } else if line == b"GIT binary patch" {
            is_binary = true;
            break;
        }
    }
    let (old, new) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        _ => quote::names(first)?,
    };
    Some(Section {
        bytes,
        old,
        new,
        is_binary,
    })
}

impl<'a> Section<'a> {
    /// The section without the way back of a binary change: up to the empty line that ends the first of its two parts.
    pub(crate) fn forward(&self) -> &'a [u8] {
        if !self.is_binary {
            return self.bytes;
        }
        match self.bytes.windows(2).position(|pair| pair == b"\n\n") {
            Some(at) => &self.bytes[..at + 2],
            None => self.bytes,
        }
    }

    /// Whether the file is gone after the patch.
    pub(crate) fn is_deletion(&self) -> bool {
        let lines = self.bytes.split(|&byte| byte == b'\n').skip(1);
        lines
            .take_while(|line| !line.starts_with(b"@@ "))
            .any(|line| line.starts_with(b"deleted file mode "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATCH: &str = "diff --git a/one b/one\nindex 1..2 100644\n--- a/one\n+++ b/one\n@@ -1 +1 @@\n-a\n+diff --git a/no b/no\n\
        diff --git a/old name b/new\nsimilarity index 90%\nrename from old name\nrename to new\n\
        diff --git a/bin b/bin\nindex 1..2\nGIT binary patch\nliteral 3\nKcmX>\n\nliteral 2\nJcmX>\n\n\
        diff --git a/gone b/gone\ndeleted file mode 100644\n";

    #[test]
    fn sections_are_told_apart_and_add_up() {
        let (sections, unreadable_count) = split(PATCH.as_bytes());
        assert_eq!(unreadable_count, 0);
        let names: Vec<_> = sections
            .iter()
            .map(|section| {
                (
                    String::from_utf8_lossy(&section.old),
                    String::from_utf8_lossy(&section.new),
                )
            })
            .collect();
        assert_eq!(names.len(), 4);
        assert_eq!(names[1], ("old name".into(), "new".into()));
        let whole: Vec<u8> = sections
            .iter()
            .flat_map(|section| section.bytes.to_vec())
            .collect();
        assert_eq!(whole, PATCH.as_bytes());
        assert!(sections[3].is_deletion() && !sections[0].is_deletion());
    }

    #[test]
    fn a_binary_section_keeps_the_way_forward_only() {
        let (sections, _) = split(PATCH.as_bytes());
        assert!(sections[2].is_binary && !sections[0].is_binary);
        let forward = String::from_utf8_lossy(sections[2].forward());
        assert!(forward.ends_with("literal 3\nKcmX>\n\n"), "{forward}");
        assert_eq!(sections[0].forward(), sections[0].bytes);
    }

    #[test]
    fn a_section_without_names_is_counted() {
        let (sections, unreadable_count) = split(b"noise\ndiff --git a/x b/y z\n@@ -1 +1 @@\n");
        assert_eq!((sections.len(), unreadable_count), (0, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_patch_breaks_it(lines in proptest::collection::vec("(diff --git |rename (from|to) |@@ |\"a/|\" \"b/|GIT binary patch|a/x b/x|\\\\[0-9]{3}|\\PC{0,5}){0,4}", 0..12)) {
            let patch = lines.join("\n");
            let (sections, unreadable_count) = split(patch.as_bytes());
            let heads = lines.iter().filter(|line| line.starts_with("diff --git ")).count();
            prop_assert_eq!(sections.len() + unreadable_count, heads);
            for section in sections {
                prop_assert!(section.forward().len() <= section.bytes.len());
                section.is_deletion();
            }
        }
    }
}
