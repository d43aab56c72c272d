//! In what two recorded patches differ, file by file.
//!
//! Invariants: a file stands in the answer once, by its name after the change. Hashes of blobs and numbers of lines are
//! not compared: they say nothing that the lines do not.

use std::collections::BTreeMap;

use crate::line_diff::{Edit, edits, unified};

/// A file that one of two patches changes, or both in other ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatchDifference {
    /// The file, as the patches name it.
    pub path: String,
    /// What the first patch does to it, as it was recorded; `None` when only the second one changes it.
    pub before: Option<String>,
    /// What the second patch does to it.
    pub after: Option<String>,
    /// The lines of the one against those of the other: `-` before those of the first patch, `+` before those of the
    /// second, and behind that what git wrote.
    pub unified: String,
    /// How many lines only the second patch has.
    pub added: usize,
    /// How many lines only the first patch has.
    pub removed: usize,
}

/// The files in which two patches differ, by name. Patches are texts as git writes them; an empty one changes nothing.
///
/// ```
/// let before = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n";
/// let after = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+z\n";
/// let differences = mltrack::patch_diff(before, after);
/// assert_eq!((differences[0].path.as_str(), differences[0].added), ("f", 1));
/// assert!(mltrack::patch_diff(before, before).is_empty());
/// ```
#[must_use]
pub fn patch_diff(before: &str, after: &str) -> Vec<PatchDifference> {
    let (mut before, mut after) = (files(before), files(after));
    let mut paths: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    paths.sort();
    paths.dedup();
    let difference = |path: String| difference(before.remove(&path), after.remove(&path), path);
    paths.into_iter().filter_map(difference).collect()
}

fn difference(
    before: Option<String>,
    after: Option<String>,
    path: String,
) -> Option<PatchDifference> {
    let own = lines(before.as_deref().unwrap_or_default());
    let other = lines(after.as_deref().unwrap_or_default());
    let edits = edits(&own, &other);
    let count =
        |is_meant: fn(&Edit<'_>) -> bool| edits.iter().filter(|edit| is_meant(edit)).count();
    let added = count(|edit| matches!(edit, Edit::Added(_)));
    let removed = count(|edit| matches!(edit, Edit::Removed(_)));
    let unified = unified(&edits);
    (added + removed > 0).then_some(PatchDifference {
        path,
        before,
        after,
        unified,
        added,
        removed,
    })
}

/// The lines that are compared.
fn lines(section: &str) -> Vec<&str> {
    let kept = section.lines().filter(|line| !line.starts_with("index "));
    kept.map(without_numbers).collect()
}

/// `@@ -1,2 +3,4 @@ fn main()` without where that is.
fn without_numbers(line: &str) -> &str {
    let rest = line.strip_prefix("@@ -");
    let second = rest.and_then(|rest| Some(&rest[rest.find("@@")?..]));
    second.unwrap_or(line)
}

/// What a patch does to each file. What stands before the first file belongs to none.
fn files(patch: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut section = String::new();
    let mut take = |section: &mut String| {
        if let Some(path) = path_of(section) {
            files.entry(path).or_default().push_str(section);
        }
        section.clear();
    };
    for line in patch.split_inclusive('\n') {
        // No line of a hunk begins so: those begin with a blank, a sign, or a length and digits of base 85.
        if line.starts_with("diff --git ") {
            take(&mut section);
        }
        section.push_str(line);
    }
    take(&mut section);
    files
}

/// The name of a file after its change, as git wrote it.
fn path_of(section: &str) -> Option<String> {
    let mut lines = section.lines();
    let names = lines.next()?.strip_prefix("diff --git ")?;
    for line in lines.take_while(|line| !line.starts_with("@@")) {
        if let Some(path) = line.strip_prefix("rename to ") {
            return Some(path.to_owned());
        }
        if let Some(path) = line.strip_prefix("+++ b/") {
            return Some(path.trim_end_matches('\t').to_owned());
        }
    }
    // Both names are the same, `a/` and `b/` aside.
    let half = names.get(..names.len() / 2)?;
    Some(half.strip_prefix("a/").unwrap_or(half).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "diff --git a/a.py b/a.py\nindex 1..2 100644\n--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@ def f\n x\n-lr = 1\n+lr = 2\n";
    const B: &str = "diff --git a/b b.py b/b b.py\ndeleted file mode 100644\n--- a/b b.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";

    #[test]
    fn each_file_is_compared_with_itself() {
        let other = A.replace("lr = 2", "lr = 3").replace("index 1", "index 7");
        let found = patch_diff(&format!("{A}{B}"), &other);
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.py", "b b.py"]);
        assert!(
            found[0].unified.ends_with("-+lr = 2\n++lr = 3\n"),
            "{}",
            found[0].unified
        );
        assert_eq!((found[0].removed, found[0].added), (1, 1));
        assert_eq!(
            (found[1].before.as_deref(), &found[1].after),
            (Some(B), &None)
        );
    }

    #[test]
    fn where_lines_stand_and_what_blobs_are_called_is_no_difference() {
        let moved = A
            .replace("@@ -1,2 +1,2 @@", "@@ -9,2 +9,2 @@")
            .replace("1..2", "1..3");
        assert!(patch_diff(A, &moved).is_empty());
        assert!(patch_diff("", "").is_empty());
    }

    #[test]
    fn a_rename_and_a_binary_file_are_known_by_their_names() {
        let renamed = "diff --git a/x b/y z\nsimilarity index 100%\nrename from x\nrename to y z\n";
        let binary = "diff --git a/w.bin b/w.bin\nindex 1..2\nGIT binary patch\nliteral 1\nIcmd\n";
        let found = patch_diff(&format!("{renamed}{binary}"), "");
        let paths: Vec<&str> = found.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["w.bin", "y z"]);
    }
}
