//! What `git status --porcelain=v2 -z` says about a working tree.
//!
//! Invariants: parsing is a pure function of bytes; a record that is not understood is skipped, since a newer git may
//! add some; paths are bytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// A working tree as it differs from its commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// None on a branch without commits.
    pub commit: Option<String>,
    /// None where no branch is checked out.
    pub branch: Option<String>,
    pub upstream: Option<String>,
    pub changed: Vec<Changed>,
    pub untracked: Vec<PathBuf>,
}

/// A tracked path that differs from the commit, in the index or in the working tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub path: PathBuf,
    pub is_staged: bool,
    pub is_unstaged: bool,
    pub is_unmerged: bool,
    pub submodule: Option<Submodule>,
    /// Mode and object of the commit, as git prints them; None where the commit has no such path. For a path that was
    /// not merged, those of this side.
    pub before: Option<(String, String)>,
}

/// What differs in a submodule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Submodule {
    pub has_other_commit: bool,
    pub has_changes: bool,
    pub has_untracked: bool,
}

impl Status {
    /// Whether tracked files differ from the commit or new ones lie beside them.
    pub(crate) fn is_dirty(&self) -> bool {
        !self.changed.is_empty() || !self.untracked.is_empty()
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn submodule(word: &[u8]) -> Option<Submodule> {
    match word {
        [b'S', commit, changes, untracked] => Some(Submodule {
            has_other_commit: *commit == b'C',
            has_changes: *changes == b'M',
            has_untracked: *untracked == b'U',
        }),
        _ => None,
    }
}

/// Where the words of a record stand, counted from its two letters.
struct Shape {
    mode: usize,
    object: usize,
    path: usize,
}

const ORDINARY: Shape = Shape {
    mode: 2,
    object: 5,
    path: 7,
};
const RENAMED: Shape = Shape {
    mode: 2,
    object: 5,
    path: 8,
};
const UNMERGED: Shape = Shape {
    mode: 3,
    object: 7,
    path: 9,
};

/// A record of a tracked path: two letters, the submodule's state, modes, objects, and the path as it is.
fn changed(record: &[u8], shape: &Shape) -> Option<Changed> {
    let words: Vec<&[u8]> = record
        .splitn(shape.path + 1, |&byte| byte == b' ')
        .collect();
    let letters = words.first()?;
    let mode = text(words.get(shape.mode)?);
    let object = text(words.get(shape.object)?);
    Some(Changed {
        path: path(words.get(shape.path)?),
        is_staged: letters.first().is_some_and(|&letter| letter != b'.'),
        is_unstaged: letters.get(1).is_some_and(|&letter| letter != b'.'),
        is_unmerged: shape.path == UNMERGED.path,
        submodule: submodule(words.get(1)?),
        before: (mode != "000000").then_some((mode, object)),
    })
}

fn header(status: &mut Status, record: &[u8]) {
    let value = |name: &[u8]| record.strip_prefix(name).map(text);
    if let Some(commit) = value(b"branch.oid ") {
        status.commit = Some(commit).filter(|commit| commit != "(initial)");
    } else if let Some(branch) = value(b"branch.head ") {
        status.branch = Some(branch).filter(|branch| branch != "(detached)");
    } else if let Some(upstream) = value(b"branch.upstream ") {
        status.upstream = Some(upstream);
    }
}

/// Reads the records; the last one is only complete when it ends with a NUL, as git writes it.
pub(crate) fn parse(bytes: &[u8]) -> Status {
    let mut status = Status::default();
    let Some(end) = bytes.iter().rposition(|&byte| byte == 0) else {
        return status;
    };
    let mut records = bytes[..end].split(|&byte| byte == 0);
    while let Some(record) = records.next() {
        let Some((kind, rest)) = record.split_at_checked(2) else {
            continue;
        };
        match kind {
            b"# " => header(&mut status, rest),
            b"1 " => status.changed.extend(changed(rest, &ORDINARY)),
            b"2 " => {
                status.changed.extend(changed(rest, &RENAMED));
                // Where it came from; git was told not to look for renames, so this is for the sake of order.
                records.next();
            }
            b"u " => status.changed.extend(changed(rest, &UNMERGED)),
            b"? " => status.untracked.push(path(rest)),
            _ => {}
        }
    }
    status
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn record(text: &str) -> String {
        format!("{}\0", text.replace("{0}", ZERO))
    }

    #[test]
    fn headers_and_records_are_read() {
        let text = [
            "# branch.oid 7bf1",
            "# branch.head main",
            "# branch.upstream origin/main",
            "1 .M N... 100644 100644 100644 {0} {0} with space\nand line",
            "1 A. S.MU 000000 160000 160000 {0} {0} sub",
            "u UU N... 100644 100644 100644 100644 {0} {0} {0} both",
            "? new file",
            "! ignored",
        ]
        .map(record)
        .concat();
        let status = parse(text.as_bytes());
        assert_eq!(status.commit.as_deref(), Some("7bf1"));
        assert_eq!(status.branch.as_deref(), Some("main"));
        assert_eq!(status.upstream.as_deref(), Some("origin/main"));
        let names: Vec<_> = status
            .changed
            .iter()
            .map(|changed| changed.path.to_str())
            .collect();
        assert_eq!(
            names,
            [Some("with space\nand line"), Some("sub"), Some("both")]
        );
        assert!(status.changed[0].is_unstaged && !status.changed[0].is_staged);
        let before = status.changed[0].before.as_ref();
        assert_eq!(before, Some(&("100644".to_owned(), ZERO.to_owned())));
        assert_eq!(status.changed[1].before, None);
        assert!(status.changed[1].is_staged && status.changed[2].is_unmerged);
        let submodule = status.changed[1].submodule.expect("it is a submodule");
        assert!(!submodule.has_other_commit && submodule.has_changes && submodule.has_untracked);
        assert_eq!(status.untracked, [PathBuf::from("new file")]);
    }

    #[test]
    fn a_branch_without_commits_and_a_detached_head_have_no_names() {
        let text = ["# branch.oid (initial)", "# branch.head (detached)"]
            .map(record)
            .concat();
        let status = parse(text.as_bytes());
        assert_eq!((status.commit, status.branch), (None, None));
    }

    #[test]
    fn a_record_that_was_cut_does_not_count() {
        let status = parse(b"? whole\0? cu");
        assert_eq!(status.untracked, [PathBuf::from("whole")]);
        assert_eq!(parse(b"? no end"), Status::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_break_it(records in proptest::collection::vec("(# branch\\.(oid|head) |[12u?!] |[.MADU]{2} |S... |100644 |[0-9a-f]{4} |\\PC{0,4}){0,12}", 0..8)) {
            let text = records.join("\0") + "\0";
            let status = parse(text.as_bytes());
            prop_assert!(status.changed.len() + status.untracked.len() <= records.len());
        }
    }
}
