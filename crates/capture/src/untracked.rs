//! Which untracked files go into a patch.
//!
//! Invariants: nothing is read through a link; a file that does not go in is named with the reason; however many files
//! lie there, only so many are looked at.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::deadline::Deadline;
use crate::files;
use crate::request::Limits;
use crate::secrets;

/// Why each path is left out, by its bytes.
pub(crate) type LeftOutPaths = BTreeMap<Vec<u8>, String>;

/// A file to be added, with the mode git writes for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Added {
    pub path: PathBuf,
    pub mode: &'static str,
}

/// What was decided.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub added: Vec<Added>,
    pub left_out: LeftOutPaths,
    /// Files that nobody looked at.
    pub unseen_count: usize,
}

/// Looks at each path below `root`, in the order given.
pub(crate) fn choose(
    root: &Path,
    paths: &[PathBuf],
    limits: &Limits,
    deadline: &Deadline,
) -> Chosen {
    let mut chosen = Chosen::default();
    let mut len_left = limits.untracked_len_max;
    for (index, path) in paths.iter().enumerate() {
        if index >= limits.untracked_count_max || (index % 64 == 0 && deadline.has_passed()) {
            chosen.unseen_count = paths.len() - index;
            break;
        }
        match look(root, path, limits.untracked_file_len_max, &mut len_left) {
            Ok(Some(mode)) => chosen.added.push(Added {
                path: path.clone(),
                mode,
            }),
            Ok(None) => {}
            Err(why) => {
                chosen
                    .left_out
                    .insert(path.as_os_str().as_bytes().to_vec(), why);
            }
        }
    }
    chosen
}

/// The mode of a file that goes in, None of one that is gone again, or why it stays out.
fn look(
    root: &Path,
    path: &Path,
    len_max: u64,
    len_left: &mut u64,
) -> Result<Option<&'static str>, String> {
    let name = path.as_os_str();
    if name.as_bytes().ends_with(b"/") {
        return Err("a repository of its own".to_owned());
    }
    if let Some(kind) = secrets::file_name(name.as_bytes()) {
        return Err(format!("its name may hold secrets ({kind})"));
    }
    let whole = root.join(path);
    let metadata = match whole.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be looked at: {error}")),
    };
    if metadata.is_symlink() {
        return Ok(Some("120000"));
    }
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    let len = metadata.len();
    if len > len_max {
        return Err(format!(
            "{len} bytes, untracked files have at most {len_max}"
        ));
    }
    if len > *len_left {
        return Err(format!(
            "{len} bytes, and only {len_left} are left for untracked files"
        ));
    }
    let bytes = files::open(&whole)
        .and_then(|(file, _)| files::read_to(file, len_max))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if let Some(kind) = secrets::content(&bytes) {
        return Err(format!("it seems to hold a secret ({kind})"));
    }
    *len_left -= len;
    let is_executable = metadata.permissions().mode() & 0o100 != 0;
    Ok(Some(if is_executable { "100755" } else { "100644" }))
}

/// A path as it is shown to people: what is not text, or looks like a secret, becomes a mark.
pub(crate) fn shown(path: &[u8]) -> String {
    let shown = Path::new(OsStr::from_bytes(path)).display().to_string();
    secrets::mask(&shown).into_owned()
}
