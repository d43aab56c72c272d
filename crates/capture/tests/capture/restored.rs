//! Commit and patch restore the working tree: of generated repositories, and of each odd state by name.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use crate::support::{Repository, tree};
use mltrack_capture::{Capture, Reproducible, environment, worktree};
use proptest::prelude::*;

/// Captures, restores beside, and compares everything that is not left out.
fn check(repository: &Repository) -> Capture {
    let capture = environment(&repository.request());
    let patch = capture
        .patch
        .as_deref()
        .unwrap_or_else(|| panic!("a patch: {:?}", capture.missing));
    let commit = capture.document["git"]["commit"]
        .as_str()
        .expect("a commit");
    let into = repository.beside("restored");
    worktree::restore(&repository.path(), commit, patch, &into)
        .unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(patch)));
    let (mut original, mut restored) = (tree(&repository.path()), tree(&into));
    for left_out in &capture.left_out {
        original.remove(left_out.path.as_bytes());
        restored.remove(left_out.path.as_bytes());
    }
    let shown = |tree: &std::collections::BTreeMap<Vec<u8>, (u32, Vec<u8>)>| -> Vec<String> {
        tree.iter()
            .map(|(name, (mode, bytes))| {
                format!("{} {mode:o} {}", name.escape_ascii(), bytes.escape_ascii())
            })
            .collect()
    };
    assert_eq!(
        shown(&original),
        shown(&restored),
        "{}",
        String::from_utf8_lossy(patch)
    );
    worktree::remove(&repository.path(), &into).expect("it goes again");
    assert!(!into.exists());
    capture
}

/// Changes nothing in the repository: neither its index nor what it says of itself.
fn check_unchanged(repository: &Repository) -> Capture {
    let index = repository.path().join(".git/index");
    let before = (
        fs::read(&index).ok(),
        repository.git(&["status", "--porcelain", "--ignored"]),
        own_files(repository),
    );
    let capture = environment(&repository.request());
    let after = (
        fs::read(&index).ok(),
        repository.git(&["status", "--porcelain", "--ignored"]),
        own_files(repository),
    );
    assert_eq!(before, after);
    capture
}

/// Every file of git's own, by name: nothing is added to them.
fn own_files(repository: &Repository) -> Vec<Vec<u8>> {
    tree(&repository.path().join(".git")).into_keys().collect()
}

#[test]
fn staged_unstaged_and_untracked_changes_are_restored() {
    let repository = Repository::with_commit();
    repository.write("staged", b"1\n");
    repository.write("both", b"a\nb\nc\n");
    repository.write("gone", b"x\n");
    repository.write("staged gone", b"y\n");
    repository.commit();
    repository.write("staged", b"2\n");
    repository.git(&["add", "staged"]);
    repository.write("both", b"a\nB\nc\n");
    repository.git(&["add", "both"]);
    repository.write("both", b"a\nB\nc\nd");
    fs::remove_file(repository.path().join("gone")).expect("it goes");
    repository.git(&["rm", "--quiet", "staged gone"]);
    repository.write("new/untracked", b"no line break");
    repository.write("empty", b"");
    check_unchanged(&repository);
    let capture = check(&repository);
    assert_eq!(
        capture.reproducible,
        Reproducible::Full,
        "{:?} {:?}",
        capture.left_out,
        capture.missing
    );
    let git = &capture.document["git"];
    assert_eq!(
        (
            git["dirty"].as_bool(),
            git["untracked"].as_u64(),
            git["staged"].as_u64()
        ),
        (Some(true), Some(2), Some(3))
    );
}

#[test]
fn binary_files_renames_modes_and_links_are_restored() {
    let repository = Repository::with_commit();
    let bytes: Vec<u8> = (0..5000_u32)
        .map(|number| (number * number % 251) as u8)
        .collect();
    repository.write("binary", &bytes);
    repository.write("binary gone", &bytes[1..]);
    repository.write("old name", &b"line\n".repeat(50));
    repository.write("script", b"#!\n");
    repository.write("becomes link", b"target");
    symlink("train.py", repository.path().join("link")).expect("a link");
    repository.write("becomes folder", b"file\n");
    repository.commit();
    repository.write("binary", &bytes.iter().rev().copied().collect::<Vec<_>>());
    fs::remove_file(repository.path().join("binary gone")).expect("it goes");
    repository.write("binary new", b"\0\x01\xff\n\n\0");
    fs::rename(
        repository.path().join("old name"),
        repository.path().join("new name"),
    )
    .expect("it moves");
    fs::set_permissions(
        repository.path().join("script"),
        fs::Permissions::from_mode(0o755),
    )
    .expect("its mode");
    fs::remove_file(repository.path().join("becomes link")).expect("it goes");
    symlink("elsewhere", repository.path().join("becomes link")).expect("a link");
    fs::remove_file(repository.path().join("link")).expect("it goes");
    repository.write("link", b"a file now");
    symlink("loop", repository.path().join("loop")).expect("a link to itself");
    fs::remove_file(repository.path().join("becomes folder")).expect("it goes");
    repository.write("becomes folder/inside", b"x");
    check_unchanged(&repository);
    let capture = check(&repository);
    let patch = String::from_utf8_lossy(capture.patch.as_deref().expect("a patch")).into_owned();
    assert!(patch.contains("rename from old name"), "{patch}");
    assert_eq!(
        patch.matches("literal").count() + patch.matches("\ndelta ").count(),
        3,
        "no way back is kept: {patch}"
    );
}

#[test]
fn names_of_any_bytes_are_restored() {
    let repository = Repository::with_commit();
    let names: [&[u8]; 9] = [
        b"with space",
        b"quo\"te",
        b"new\nline",
        b"tab\there",
        b"back\\slash",
        "\u{e9}t\u{e9}".as_bytes(),
        b"\xff\xfe",
        b"-dash",
        b"a b/c d/ e ",
    ];
    for name in names {
        repository.write(OsStr::from_bytes(name), b"1\n");
    }
    repository.commit();
    for name in names {
        repository.write(OsStr::from_bytes(name), b"2\n");
        repository.write(OsStr::from_bytes(&[name, b"+"].concat()), b"new\n");
    }
    repository.write(":(exclude)magic", b"x");
    check(&repository);
}

#[test]
fn what_git_was_told_to_overlook_is_restored() {
    let repository = Repository::with_commit();
    repository.git(&["update-index", "--assume-unchanged", "train.py"]);
    repository.write("train.py", b"import jax\n");
    check_unchanged(&repository);
    let capture = check(&repository);
    assert_eq!(capture.document["git"]["dirty"], true);
}

#[test]
fn a_change_of_the_same_length_in_the_same_moment_is_seen() {
    for _ in 0..10 {
        let repository = Repository::with_commit();
        repository.write("file", b"one\n");
        repository.git(&["add", "file"]);
        repository.write("file", b"two\n");
        let capture = check(&repository);
        let patch =
            String::from_utf8_lossy(capture.patch.as_deref().expect("a patch")).into_owned();
        assert!(patch.contains("+two"), "{patch}");
    }
}

#[test]
fn a_merge_that_did_not_end_is_restored_as_it_lies_there() {
    let repository = Repository::with_commit();
    repository.git(&["checkout", "--quiet", "-b", "other"]);
    repository.write("train.py", b"other\n");
    repository.write("id_rsa", b"other\n");
    repository.commit();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write("train.py", b"main\n");
    repository.write("id_rsa", b"main\n");
    repository.commit();
    let merge = std::process::Command::new("git")
        .args([
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@localhost",
            "merge",
            "--quiet",
            "other",
        ])
        .current_dir(repository.path())
        .output()
        .expect("git runs");
    assert!(!merge.status.success(), "it conflicts");
    let capture = check(&repository);
    assert_eq!(capture.document["git"]["unmerged"], 2);
    assert_eq!(capture.left_out.len(), 1, "{:?}", capture.left_out);
}

#[test]
fn a_folder_within_a_linked_worktree_is_restored() {
    let repository = Repository::with_commit();
    repository.write("sub/file", b"1\n");
    repository.commit();
    let linked = repository.beside("linked");
    Repository::git_in(
        &repository.path(),
        &[
            "worktree".as_ref(),
            "add".as_ref(),
            "--quiet".as_ref(),
            linked.as_os_str(),
        ],
    );
    fs::write(linked.join("sub/file"), "2\n").expect("a file");
    fs::write(linked.join("top"), "new\n").expect("a file");
    let capture = environment(&crate::support::request(&linked.join("sub")));
    assert_eq!(capture.document["git"]["linked_worktree"], true);
    assert_eq!(capture.document["git"]["folder"], "sub");
    let into = repository.beside("restored");
    let commit = capture.document["git"]["commit"]
        .as_str()
        .expect("a commit");
    worktree::restore(&linked, commit, &capture.patch.expect("a patch"), &into)
        .expect("it is restored");
    assert_eq!(tree(&linked), tree(&into));
}

/// What a generated step does to a file.
#[derive(Clone, Debug)]
enum Change {
    Write(Vec<u8>),
    Remove,
    Move(usize),
    Mode(bool),
    Link(usize),
    Stage,
}

const NAMES: &[&[u8]] = &[
    b"a", b"b c", b"d/e", b"d/f\n", b"g\xff", b"d/h/\"i", b"run.sh", b"dir",
];

fn content() -> impl Strategy<Value = Vec<u8>> {
    let text = proptest::collection::vec("[ab]{0,3}(\r|)\n", 0..30)
        .prop_map(|lines| lines.concat().into_bytes());
    prop_oneof![3 => text, 1 => proptest::collection::vec(any::<u8>(), 0..200), 1 => "[a-z ]{0,9}".prop_map(String::into_bytes)]
}

fn change() -> impl Strategy<Value = (usize, Change)> {
    let change = prop_oneof![
        4 => content().prop_map(Change::Write),
        1 => Just(Change::Remove),
        1 => (0..NAMES.len()).prop_map(Change::Move),
        1 => any::<bool>().prop_map(Change::Mode),
        1 => (0..NAMES.len()).prop_map(Change::Link),
        2 => Just(Change::Stage),
    ];
    (0..NAMES.len(), change)
}

/// Does what a change says, where it can be done.
fn make(repository: &Repository, index: usize, change: &Change) {
    let at = |index: usize| {
        repository
            .path()
            .join(Path::new(OsStr::from_bytes(NAMES[index])))
    };
    let path = at(index);
    let free = |path: &Path| {
        let _ = fs::remove_dir_all(path);
        let _ = fs::remove_file(path);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
    };
    match change {
        Change::Write(bytes) => {
            free(&path);
            fs::write(&path, bytes).expect("a file");
        }
        Change::Remove => drop(fs::remove_file(&path)),
        Change::Move(to) if path.is_file() && *to != index => {
            free(&at(*to));
            fs::rename(&path, at(*to)).expect("it moves");
        }
        Change::Mode(is_executable) if path.is_file() => {
            let mode = if *is_executable { 0o755 } else { 0o644 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        }
        Change::Link(to) => {
            free(&path);
            symlink(OsStr::from_bytes(NAMES[*to]), &path).expect("a link");
        }
        Change::Stage if path.symlink_metadata().is_ok() => {
            drop(Repository::git_in(
                &repository.path(),
                &[
                    "add".as_ref(),
                    "--".as_ref(),
                    OsStr::from_bytes(NAMES[index]),
                ],
            ));
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_working_tree_is_restored(before in proptest::collection::vec(change(), 1..12), after in proptest::collection::vec(change(), 1..16)) {
        let repository = Repository::new();
        for (index, change) in &before {
            make(&repository, *index, change);
        }
        repository.commit();
        for (index, change) in &after {
            make(&repository, *index, change);
        }
        let capture = check(&repository);
        prop_assert!(capture.left_out.is_empty(), "{:?}", capture.left_out);
    }
}

/// Settings that change what git prints or does for people; `MARK` stands for a command that leaves a file.
const SETTINGS: &[(&str, &str)] = &[
    ("core.pager", "MARK"),
    ("diff.external", "MARK"),
    ("diff.marked.command", "MARK"),
    ("diff.marked.textconv", "MARK"),
    ("core.fsmonitor", "MARK"),
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.renames", "copies"),
    ("diff.context", "0"),
    ("diff.algorithm", "histogram"),
    ("diff.colorMoved", "zebra"),
    ("diff.wordRegex", "."),
    ("diff.relative", "true"),
    ("diff.submodule", "log"),
    ("color.ui", "always"),
    ("core.quotePath", "false"),
    ("core.whitespace", "cr-at-eol,trailing-space"),
    ("apply.whitespace", "error-all"),
    ("status.short", "true"),
    ("status.showUntrackedFiles", "no"),
    ("status.relativePaths", "true"),
    ("filter.turn.clean", "tr a-z n-za-m"),
    ("filter.turn.smudge", "tr a-z n-za-m"),
    ("alias.diff", "!exit 1"),
    ("index.skipHash", "true"),
    ("core.untrackedCache", "true"),
    ("feature.manyFiles", "true"),
];

/// Nothing that the repository configures for people is started, and none of it changes what is compared.
#[test]
fn settings_and_attributes_of_the_repository_change_nothing() {
    let repository = Repository::with_commit();
    let marker = repository.beside("started");
    let mark = format!("touch '{}' #", marker.display());
    for (key, value) in SETTINGS {
        let value = if *value == "MARK" { &mark } else { *value };
        repository.git(&["config", key, value]);
    }
    let attributes = "*.crlf text eol=crlf\n*.wide text working-tree-encoding=UTF-16LE-BOM eol=lf\n*.turned filter=turn\n*.marked diff=marked\n*.nodiff -diff\n*.bin binary\n";
    repository.write(".gitattributes", attributes.as_bytes());
    let wide = |text: &str| -> Vec<u8> {
        [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect()
    };
    let contents = |text: &str| {
        [
            ("a.crlf", text.replace('\n', "\r\n").into_bytes()),
            ("a.wide", wide(text)),
            ("a.turned", text.into()),
            ("a.marked", text.into()),
            ("a.nodiff", text.into()),
            ("a.bin", text.into()),
        ]
    };
    for (name, bytes) in contents("one\ntwo  \nthree\n") {
        repository.write(name, &bytes);
    }
    repository.commit();
    for (name, bytes) in contents("one\nTWO\t \nthree \n") {
        repository.write(name, &bytes);
        repository.write(format!("new {name}"), &bytes);
    }
    let capture = check(&repository);
    assert_eq!(
        capture.reproducible,
        Reproducible::Full,
        "{:?} {:?}",
        capture.left_out,
        capture.missing
    );
    assert!(
        !marker.exists(),
        "something that is made for people was started"
    );
    check_unchanged(&repository);
}

#[test]
fn folders_that_programs_make_are_no_code() {
    let repository = Repository::with_commit();
    repository.write(".mltrack/FORMAT", b"MLTRACK\0\x01\0");
    repository.write(".mltrack/seg-1.log", b"x");
    repository.write("env/pyvenv.cfg", b"home = x\n");
    repository.write("env/lib/secrets.json", b"{}");
    let capture = environment(&repository.request());
    assert_eq!(
        (capture.reproducible, capture.patch.as_deref()),
        (Reproducible::Full, Some(b"".as_slice()))
    );
    let git = &capture.document["git"];
    assert_eq!(
        (git["dirty"].as_bool(), git["untracked"].as_u64()),
        (Some(false), Some(0))
    );
    assert_eq!(git["skipped"][0]["path"], ".mltrack");
}

#[test]
fn an_index_in_two_parts_is_read_and_not_written() {
    let repository = Repository::with_commit();
    repository.git(&["config", "core.splitIndex", "true"]);
    repository.write("file", b"1\n");
    repository.commit();
    repository.write("file", b"2\n");
    repository.write("new", b"1\n");
    check_unchanged(&repository);
    let capture = check(&repository);
    assert_eq!(capture.document["git"]["patch"]["files"], 2);
}

#[test]
fn repositories_of_longer_hashes_are_restored() {
    let repository = Repository::new();
    fs::remove_dir_all(repository.path().join(".git")).expect("it goes");
    repository.git(&[
        "init",
        "--quiet",
        "--object-format=sha256",
        "--initial-branch=main",
    ]);
    repository.write("file", b"1\n");
    repository.commit();
    repository.write("file", b"2\n");
    repository.write("binary", b"\0new");
    let capture = check(&repository);
    assert_eq!(
        capture.document["git"]["commit"].as_str().map(str::len),
        Some(64)
    );
}
