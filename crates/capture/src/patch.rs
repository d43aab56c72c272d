//! The full patch of a working tree against its commit: staged and unstaged changes, binary files, renames, modes,
//! deletions, and small untracked files.
//!
//! Invariants: `git apply --binary` on the commit restores every file that is not named as left out; no file with a
//! secret-like name or content is in it, not even in part; it is never longer than its limit; the repository is not
//! changed.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command;
use crate::deadline::Deadline;
use crate::files;
use crate::git::Git;
use crate::git_index::Index;
use crate::git_status::{Changed, Status};
use crate::patch_section::{self, Section};
use crate::request::Limits;
use crate::secrets;
use crate::untracked::{self, Added, LeftOutPaths};

/// How long git may take to compare the files.
const COMPARE: Duration = Duration::from_secs(8);
/// How long one change of the copied index may take.
const ADJUST: Duration = Duration::from_secs(4);
/// Beyond the patch's limit, for what is left out afterwards.
const SURPLUS_LEN: usize = 16 << 20;

const COMPARISON: &[&str] = &[
    "diff",
    "--binary",
    "--full-index",
    "--find-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--ignore-submodules=all",
    "--no-indent-heuristic",
];

/// The objects of an empty tree, which a branch without commits is compared with.
const EMPTY_TREE: [&str; 2] = [
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
];

/// A patch, and what is not in it.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    pub bytes: Vec<u8>,
    pub file_count: usize,
    pub left_out: LeftOutPaths,
    /// Untracked files that nobody looked at.
    pub unseen_count: usize,
    /// What could not be made sure of.
    pub doubts: Vec<String>,
}

/// A working tree to be compared.
pub(crate) struct Tree<'a> {
    /// Git at the top of the tree.
    pub git: &'a Git,
    pub git_dir: &'a Path,
    pub status: &'a Status,
    /// Length of an object's name: 40 or 64 digits.
    pub object_len: usize,
    pub temporary: &'a Path,
}

/// Makes the patch.
///
/// # Errors
/// What git or the file system said; then there is no patch at all.
pub(crate) fn build(tree: &Tree, limits: &Limits, deadline: &Deadline) -> Result<Patch, String> {
    let mut patch = Patch::default();
    let chosen = untracked::choose(&tree.git.folder, &tree.status.untracked, limits, deadline);
    patch.left_out = chosen.left_out;
    patch.unseen_count = chosen.unseen_count;
    let (hidden, unmerged) = tracked(tree, limits, &mut patch.left_out);
    let index = Index::copy(tree.git, tree.git_dir, tree.temporary, tree.object_len)
        .map_err(|error| format!("the index cannot be copied: {error}"))?;
    if let Err(why) = index.look_everywhere(deadline.step(ADJUST), 64 << 20) {
        patch
            .doubts
            .push(format!("files that git assumes unchanged: {why}"));
    }
    index.adjust(&chosen.added, &unmerged, &hidden, deadline.step(ADJUST))?;
    let base = match &tree.status.commit {
        Some(commit) => commit,
        None if tree.object_len == 64 => EMPTY_TREE[1],
        None => EMPTY_TREE[0],
    };
    let mut compare = index.command(COMPARISON);
    compare.args([base, "--"]);
    let len_max = limits.patch_len_max.saturating_add(SURPLUS_LEN);
    let output = command::run(&mut compare, deadline.step(COMPARE), len_max)
        .map_err(|error| error.to_string())?;
    if !output.is_cut && !output.status.is_some_and(|status| status.success()) {
        return Err(format!("git diff: {}", command::complaint(&output)));
    }
    keep(tree, &output.stdout, output.is_cut, limits, &mut patch);
    Ok(patch)
}

/// Tracked files that are left out before git compares, and those to be taken as they lie there after a merge that did
/// not end.
fn tracked<'a>(
    tree: &Tree<'a>,
    limits: &Limits,
    left_out: &mut LeftOutPaths,
) -> (Vec<&'a Changed>, Vec<Added>) {
    let (mut hidden, mut unmerged) = (Vec::new(), Vec::new());
    for changed in &tree.status.changed {
        let path = changed.path.as_os_str().as_bytes();
        if let Some(submodule) = changed.submodule {
            let what = match submodule {
                _ if submodule.has_other_commit => "at another commit than the recorded one",
                _ if submodule.has_changes => "with changes of its own",
                _ => "with untracked files",
            };
            left_out.insert(path.to_vec(), format!("a submodule {what}"));
            continue;
        }
        match look(&tree.git.folder.join(&changed.path), path, limits) {
            Err(why) => {
                left_out.insert(path.to_vec(), why);
                hidden.push(changed);
            }
            Ok(Some(mode)) if changed.is_unmerged => unmerged.push(Added {
                path: changed.path.clone(),
                mode,
            }),
            Ok(_) => {}
        }
    }
    (hidden, unmerged)
}

/// The mode of a tracked file, None where it is gone, or why it is left out.
fn look(whole: &Path, path: &[u8], limits: &Limits) -> Result<Option<&'static str>, String> {
    if let Some(kind) = secrets::file_name(path) {
        return Err(format!("its name may hold secrets ({kind})"));
    }
    let Ok(metadata) = whole.symlink_metadata() else {
        return Ok(None);
    };
    if metadata.is_symlink() {
        return Ok(Some("120000"));
    }
    if !metadata.is_file() {
        return Ok(None);
    }
    let (len, len_max) = (metadata.len(), limits.patch_len_max as u64);
    if len > len_max {
        return Err(format!("{len} bytes, a patch has at most {len_max}"));
    }
    files::open(whole).map_err(|error| format!("cannot be read: {error}"))?;
    let is_executable = metadata.permissions().mode() & 0o100 != 0;
    Ok(Some(if is_executable { "100755" } else { "100644" }))
}

/// Puts the sections that may stay into the patch.
fn keep(tree: &Tree, printed: &[u8], is_cut: bool, limits: &Limits, patch: &mut Patch) {
    let (mut sections, unreadable_count) = patch_section::split(printed);
    if unreadable_count > 0 {
        let doubt = format!("{unreadable_count} files of the patch have names that cannot be read");
        patch.doubts.push(doubt);
    }
    if is_cut {
        // The last one is not whole.
        sections.pop();
        unprinted(tree, &sections, limits, &mut patch.left_out);
    }
    let mut len = 0;
    for section in &sections {
        let why = refuse(&tree.git.folder, section, limits).or_else(|| {
            let section_len = section.forward().len();
            let fits = len + section_len <= limits.patch_len_max;
            len += if fits { section_len } else { 0 };
            (!fits).then(|| {
                format!(
                    "{section_len} bytes of patch, all together have at most {}",
                    limits.patch_len_max
                )
            })
        });
        if let Some(why) = why {
            patch
                .left_out
                .entry(section.new.clone())
                .or_insert_with(|| why.clone());
            if section.old != section.new {
                patch.left_out.entry(section.old.clone()).or_insert(why);
            }
        }
    }
    // A file that changes its type has two sections: both stay out or none.
    sections.retain(|section| {
        !patch.left_out.contains_key(&section.new) && !patch.left_out.contains_key(&section.old)
    });
    patch.file_count = sections.len();
    patch.bytes = sections
        .iter()
        .flat_map(Section::forward)
        .copied()
        .collect();
}

/// Names what git did not come to print.
fn unprinted(tree: &Tree, sections: &[Section], limits: &Limits, left_out: &mut LeftOutPaths) {
    let printed: std::collections::HashSet<&[u8]> = sections
        .iter()
        .flat_map(|section| [section.old.as_slice(), section.new.as_slice()])
        .collect();
    let status = tree.status;
    let paths = status.changed.iter().map(|changed| &changed.path);
    for path in paths.chain(&status.untracked) {
        let path = path.as_os_str().as_bytes();
        if !printed.contains(path) {
            let why = format!(
                "the patch before it is full, all together have at most {} bytes",
                limits.patch_len_max
            );
            left_out.entry(path.to_vec()).or_insert(why);
        }
    }
}

/// Why a section stays out, if it does.
fn refuse(root: &Path, section: &Section, limits: &Limits) -> Option<String> {
    for name in [&section.old, &section.new] {
        if let Some(kind) = secrets::file_name(name) {
            return Some(format!("its name may hold secrets ({kind})"));
        }
    }
    let secret = |kind| format!("it seems to hold a secret ({kind})");
    if let Some(kind) = secrets::content(section.bytes) {
        return Some(secret(kind));
    }
    if section.is_deletion() {
        return None;
    }
    let whole = root.join(PathBuf::from(std::ffi::OsStr::from_bytes(&section.new)));
    let bytes = match files::open(&whole)
        .and_then(|(file, _)| files::read_to(file, limits.patch_len_max as u64 + 1))
    {
        Ok(bytes) => bytes,
        // A link or a file that is gone by now: its section was looked at.
        Err(_) if !section.is_binary => return None,
        Err(error) => return Some(format!("cannot be read: {error}")),
    };
    // The middle of a key does not look like one in the patch; and a binary section shows nothing at all.
    let kind = if section.is_binary {
        secrets::content(&bytes)
    } else {
        secrets::private_key(&bytes)
    };
    kind.map(secret)
}
