//! In what the recorded patches of compared runs differ, file by file and line by line.
//!
//! Invariants: a file that all patches change alike is left out. What is cut is counted, with how to see it.

use std::collections::BTreeMap;

use mltrack::{PatchDifference, patch_diff};

use super::Found;
use super::code::Captured;
use crate::output::quantity::counted;
use crate::output::style::{Tone, paint};

/// So many lines are shown unless all are asked for.
pub const LINES_MAX: usize = 200;

/// A file that the patches of groups change in different ways.
pub struct FilePatch {
    pub path: String,
    /// What the patch of each group does to it; `None` where it is left as it is.
    pub values: Vec<Option<String>>,
    /// In what each group differs from the baseline.
    pub differences: Vec<Option<PatchDifference>>,
}

/// The files in which a patch differs from that of the baseline, by name.
pub fn files(captured: &[Captured], baseline: usize) -> Vec<FilePatch> {
    let mut files: BTreeMap<String, FilePatch> = BTreeMap::new();
    for (place, own) in captured.iter().enumerate() {
        for difference in patch_diff(&captured[baseline].patch, &own.patch) {
            let path = difference.path.clone();
            // The others have what the baseline has, until they are looked at.
            let file = files.entry(path).or_insert_with_key(|path| FilePatch {
                path: path.clone(),
                values: vec![difference.before.clone(); captured.len()],
                differences: vec![None; captured.len()],
            });
            file.values[place].clone_from(&difference.after);
            file.differences[place] = Some(difference);
        }
    }
    files.into_values().collect()
}

/// How many lines a patch adds to a file and takes from it: `+12 -3`.
pub fn change(section: &str) -> String {
    let hunks = || section.lines().skip_while(|line| !line.starts_with("@@"));
    let count = |sign: char| hunks().filter(|line| line.starts_with(sign)).count();
    if hunks().next().is_none() {
        return "changed".to_owned();
    }
    format!("+{} -{}", count('+'), count('-'))
}

/// What each group has otherwise than the baseline, as people read it.
pub fn lines(found: &Found, lines_max: usize, colour: bool) -> Vec<String> {
    let groups = &found.compared.groups;
    let baseline = groups[found.compared.baseline].named.short();
    let mut lines = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let differences = found.files.iter();
        for difference in differences.filter_map(|file| file.differences[place].as_ref()) {
            push_difference(
                &mut lines,
                difference,
                [&baseline, &group.named.short()],
                colour,
            );
        }
    }
    if lines.len() > lines_max {
        let more = lines.len() - lines_max;
        lines.truncate(lines_max);
        lines.push(format!(
            "{} more of the patches: --all",
            counted(more as u64, "line")
        ));
    }
    lines
}

fn push_difference(
    lines: &mut Vec<String>,
    difference: &PatchDifference,
    runs: [&str; 2],
    colour: bool,
) {
    let path = &difference.path;
    let sides = [("---", &difference.before), ("+++", &difference.after)];
    lines.push(String::new());
    for ((sign, side), run) in sides.into_iter().zip(runs) {
        let what = if side.is_some() {
            "patch of"
        } else {
            "does not change"
        };
        let head = format!("{sign} {run} {what} {path}");
        lines.push(paint(&head, Tone::Bold, colour));
    }
    let tone = |line: &str| match line.as_bytes().first() {
        Some(b'+') => Tone::Good,
        Some(b'-') => Tone::Bad,
        Some(b'@') => Tone::Dim,
        _ => Tone::Plain,
    };
    let unified = difference.unified.lines();
    lines.extend(unified.map(|line| paint(line, tone(line), colour)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_patch(lines: &[&str]) -> Captured {
        let head = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n";
        let patch = format!("{head}{}\n", lines.join("\n"));
        Captured {
            patch,
            ..Captured::default()
        }
    }

    #[test]
    fn a_file_that_all_patches_change_alike_is_left_out() {
        let alike = [with_patch(&["-a", "+b"]), with_patch(&["-a", "+b"])];
        assert!(files(&alike, 0).is_empty());
    }

    #[test]
    fn each_group_has_its_own_difference_from_the_baseline() {
        let captured = [
            with_patch(&["-a", "+b"]),
            Captured::default(),
            with_patch(&["-a", "+b"]),
        ];
        let files = files(&captured, 2);
        let [file] = &files[..] else {
            panic!("one file differs");
        };
        let has: Vec<bool> = file.values.iter().map(Option::is_some).collect();
        assert_eq!((file.path.as_str(), has), ("f", vec![true, false, true]));
        let differs: Vec<bool> = file.differences.iter().map(Option::is_some).collect();
        assert_eq!(differs, [false, true, false]);
        assert_eq!(change(file.values[0].as_deref().unwrap()), "+1 -1");
    }
}
