//! Odd, broken and slow repositories: a capture always answers, and says what is missing.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use crate::support::{Repository, clock, request, script};
use mltrack_capture::worktree;
use mltrack_capture::{Capture, Reproducible, Request, environment};

fn why(capture: &Capture, what: &str) -> String {
    let found = capture.missing.iter().find(|missing| missing.what == what);
    found.map(|missing| missing.why.clone()).unwrap_or_default()
}

fn left_out(capture: &Capture) -> Vec<String> {
    capture
        .left_out
        .iter()
        .map(|left_out| format!("{}: {}", left_out.path, left_out.why))
        .collect()
}

/// Puts a program called git before all others.
fn with_git(request: &mut Request, folder: &Path, text: &str) {
    script(&folder.join("git"), text);
    for (name, value) in &mut request.variables {
        if name == "PATH" {
            let mut folders = vec![folder.to_owned()];
            folders.extend(std::env::split_paths(&*value));
            *value = std::env::join_paths(folders).expect("no name has a colon");
        }
    }
}

/// Waits until no process of that number runs, at most ten seconds.
fn is_gone(pid: &str) -> bool {
    let until = clock() + Duration::from_secs(10);
    while clock() < until {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // A zombie waits for whoever started it, and runs no more.
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    false
}

#[test]
fn a_git_that_hangs_is_ended_with_its_children() {
    let repository = Repository::with_commit();
    let pids = repository.beside("pids");
    let mut request = repository.request();
    let script = format!(
        "sleep 1000 & echo $! >> '{0}'; echo $$ >> '{0}'; wait",
        pids.display()
    );
    with_git(&mut request, &repository.beside("bin"), &script);
    request.deadline = Duration::from_secs(1);
    let started = clock();
    let capture = environment(&request);
    assert!(
        clock() - started < Duration::from_secs(4),
        "it took {:?}",
        clock() - started
    );
    assert!(
        why(&capture, "git").contains("took longer than"),
        "{:?}",
        capture.missing
    );
    let pids = fs::read_to_string(pids).expect("git was started");
    assert_eq!(pids.lines().count(), 2, "{pids}");
    for pid in pids.lines() {
        assert!(is_gone(pid), "{pid} still runs");
    }
    // What the files tell is known all the same, and so is the machine.
    assert_eq!(capture.document["git"]["branch"], "main");
    assert!(capture.document["os"]["name"].is_string());
    assert_eq!(capture.reproducible, Reproducible::Partial);
}

#[test]
fn a_comparison_that_hangs_keeps_the_commit() {
    let repository = Repository::with_commit();
    repository.write("train.py", b"changed\n");
    let mut request = repository.request();
    let script = "for word in \"$@\"; do case $word in diff) exec sleep 1000;; esac; done\nPATH=${PATH#*:} exec git \"$@\"";
    with_git(&mut request, &repository.beside("bin"), script);
    request.deadline = Duration::from_secs(3);
    let capture = environment(&request);
    assert!(
        why(&capture, "patch").contains("git diff took longer than"),
        "{:?}",
        capture.missing
    );
    assert_eq!(capture.document["git"]["dirty"], true);
    assert_eq!(
        (capture.reproducible, capture.patch),
        (Reproducible::Partial, None)
    );
}

#[test]
fn a_search_for_untracked_files_that_hangs_leaves_them_out_alone() {
    let repository = Repository::with_commit();
    repository.write("train.py", b"changed\n");
    let mut request = repository.request();
    let script = "for word in \"$@\"; do case $word in --untracked-files=all) exec sleep 1000;; esac; done\nPATH=${PATH#*:} exec git \"$@\"";
    with_git(&mut request, &repository.beside("bin"), script);
    request.deadline = Duration::from_secs(12);
    let capture = environment(&request);
    assert!(
        why(&capture, "untracked files").contains("took longer than"),
        "{:?}",
        capture.missing
    );
    assert!(capture.patch.is_some_and(|patch| !patch.is_empty()));
    assert_eq!(capture.reproducible, Reproducible::Partial);
}

#[test]
fn without_git_the_files_tell_the_commit() {
    let repository = Repository::with_commit();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let mut request = repository.request();
    request.variables.retain(|(name, _)| name != "PATH");
    let capture = environment(&request);
    assert!(why(&capture, "git").contains("not installed"));
    assert_eq!(capture.document["git"]["commit"], commit.as_str());
    assert_eq!(capture.reproducible, Reproducible::Partial);
}

#[test]
fn a_repository_that_git_refuses_says_so() {
    let repository = Repository::with_commit();
    let mut request = repository.request();
    let script = "export GIT_TEST_ASSUME_DIFFERENT_OWNER=1\nPATH=${PATH#*:} exec git \"$@\"";
    with_git(&mut request, &repository.beside("bin"), script);
    let capture = environment(&request);
    assert!(
        why(&capture, "git").contains("dubious ownership"),
        "{:?}",
        capture.missing
    );
    assert_eq!(capture.document["git"]["branch"], "main");
}

#[test]
fn folders_without_repository_and_broken_ones_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut outside = request(folder.path());
    outside
        .variables
        .push(("GIT_CEILING_DIRECTORIES".into(), folder.path().into()));
    let capture = environment(&outside);
    assert!(
        why(&capture, "git").contains("not a git repository"),
        "{:?}",
        capture.missing
    );
    assert_eq!(
        (capture.reproducible, capture.patch),
        (Reproducible::No, None)
    );
    let broken = Repository::with_commit();
    fs::write(broken.path().join(".git/HEAD"), "nonsense").expect("a file");
    assert_ne!(why(&environment(&broken.request()), "git"), "");
    let torn = Repository::with_commit();
    let index = torn.path().join(".git/index");
    let bytes = fs::read(&index).expect("an index");
    fs::write(&index, &bytes[..20]).expect("a file");
    let capture = environment(&torn.request());
    assert!(
        why(&capture, "git status").contains("index"),
        "{:?}",
        capture.missing
    );
    assert!(capture.document["git"]["commit"].is_string());
    let gone = environment(&request(&torn.beside("nowhere")));
    assert_ne!(why(&gone, "git"), "");
}

#[test]
fn unborn_detached_bare_and_shallow_repositories_are_told() {
    let unborn = Repository::new();
    unborn.write("train.py", b"x\n");
    let capture = environment(&unborn.request());
    assert_eq!(capture.document["git"]["unborn"], true);
    assert_eq!(
        (
            capture.document["git"]["branch"].as_str(),
            capture.reproducible
        ),
        (Some("main"), Reproducible::No)
    );
    let repository = Repository::with_commit();
    repository.git(&["checkout", "--quiet", "--detach"]);
    let capture = environment(&repository.request());
    assert_eq!(
        (
            capture.document["git"]["detached"].as_bool(),
            capture.reproducible
        ),
        (Some(true), Reproducible::Full)
    );
    let bare = repository.beside("bare");
    let path = repository.path();
    Repository::git_in(
        &path,
        &[
            "clone".as_ref(),
            "--quiet".as_ref(),
            "--bare".as_ref(),
            path.as_os_str(),
            bare.as_os_str(),
        ],
    );
    let capture = environment(&request(&bare));
    assert_eq!(
        (capture.document["git"]["bare"].as_bool(), capture.patch),
        (Some(true), None)
    );
    repository.commit();
    let shallow = repository.beside("shallow");
    let address = format!("file://{}", path.display());
    Repository::git_in(
        &path,
        &[
            "clone".as_ref(),
            "--quiet".as_ref(),
            "--depth=1".as_ref(),
            address.as_ref(),
            shallow.as_os_str(),
        ],
    );
    let capture = environment(&request(&shallow));
    assert_eq!(capture.document["git"]["shallow"], true);
    let error = worktree::restore(&shallow, &"0".repeat(40), b"", &repository.beside("into"))
        .expect_err("it is not there");
    assert!(
        error.to_string().contains("git fetch --unshallow origin"),
        "{error}"
    );
}

#[test]
fn upstream_and_how_far_it_is_are_told() {
    let repository = Repository::with_commit();
    let clone = repository.beside("clone");
    let path = repository.path();
    Repository::git_in(
        &path,
        &[
            "clone".as_ref(),
            "--quiet".as_ref(),
            path.as_os_str(),
            clone.as_os_str(),
        ],
    );
    Repository::git_in(
        &clone,
        &["commit", "--quiet", "--allow-empty", "--message=one"],
    );
    Repository::git_in(
        &clone,
        &["commit", "--quiet", "--allow-empty", "--message=two"],
    );
    repository.commit();
    Repository::git_in(&clone, &["fetch", "--quiet"]);
    let capture = environment(&request(&clone));
    let git = &capture.document["git"];
    assert_eq!(
        (
            git["upstream"].as_str(),
            git["ahead"].as_u64(),
            git["behind"].as_u64()
        ),
        (Some("origin/main"), Some(2), Some(1))
    );
}

#[test]
fn submodules_and_nested_repositories_are_named() {
    let (repository, inner) = (Repository::with_commit(), Repository::with_commit());
    let address = inner.path();
    repository.git(&[
        "submodule",
        "--quiet",
        "add",
        address.to_str().expect("it is text"),
        "sub",
    ]);
    repository.commit();
    assert_eq!(
        environment(&repository.request()).reproducible,
        Reproducible::Full
    );
    fs::write(repository.path().join("sub/train.py"), "changed\n").expect("a file");
    Repository::git_in(
        &repository.path(),
        &[
            "clone".as_ref(),
            "--quiet".as_ref(),
            address.as_os_str(),
            "nested".as_ref(),
        ],
    );
    let capture = environment(&repository.request());
    assert_eq!(
        left_out(&capture),
        [
            "nested/: a repository of its own",
            "sub: a submodule with changes of its own"
        ]
    );
    assert_eq!(capture.document["git"]["submodules"][0]["path"], "sub");
    assert_eq!(capture.document["git"]["submodules"][0]["dirty"], true);
    assert_eq!(capture.reproducible, Reproducible::Partial);
}

#[test]
fn what_is_too_large_is_left_out_by_name_with_both_numbers() {
    let repository = Repository::with_commit();
    let lines = |len: usize| "0123456\n".repeat(len / 8).into_bytes();
    repository.write("tracked large", b"x");
    repository.write("tracked small", b"x");
    repository.commit();
    repository.write("tracked large", &lines(9000));
    repository.write("tracked small", &lines(800));
    repository.write("untracked large", &lines(5000));
    repository.write("untracked one", &lines(3000));
    repository.write("untracked two", &lines(3000));
    let mut request = repository.request();
    request.limits.patch_len_max = 6000;
    request.limits.untracked_file_len_max = 4000;
    request.limits.untracked_len_max = 5000;
    let capture = environment(&request);
    assert_eq!(
        left_out(&capture),
        [
            "tracked large: 9000 bytes, a patch has at most 6000",
            "untracked large: 5000 bytes, untracked files have at most 4000",
            "untracked two: 3000 bytes, and only 2000 are left for untracked files",
        ]
    );
    assert!(capture.patch.is_some_and(|patch| patch.len() <= 6000));
    request.limits.patch_len_max = 1200;
    request.limits.untracked_len_max = 4000;
    let capture = environment(&request);
    assert!(
        left_out(&capture)
            .iter()
            .any(|left_out| left_out.contains("all together have at most 1200")),
        "{:?}",
        left_out(&capture)
    );
    assert!(
        capture
            .patch
            .is_some_and(|patch| patch.len() <= 1200 && !patch.is_empty())
    );
}

#[test]
fn only_so_many_untracked_files_are_looked_at() {
    let repository = Repository::with_commit();
    for number in 0..3000 {
        repository.write(format!("data/{number:05}"), b"x");
    }
    let mut request = repository.request();
    request.limits.untracked_count_max = 100;
    let capture = environment(&request);
    assert_eq!(
        left_out(&capture),
        ["2900 more files: too many to be looked at"]
    );
    assert_eq!(capture.document["git"]["patch"]["files"], 100);
    assert_eq!(capture.document["git"]["untracked"], 3000);
}

#[test]
fn links_that_lead_nowhere_or_around_and_files_that_cannot_be_read_stop_nothing() {
    let repository = Repository::with_commit();
    symlink("b", repository.path().join("a")).expect("a link");
    symlink("a", repository.path().join("b")).expect("a link");
    symlink(".", repository.path().join("around")).expect("a link");
    symlink("loop.lock", repository.path().join("Cargo.lock")).expect("a link");
    repository.write("closed", b"x");
    let closed = repository.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("its mode");
    let capture = environment(&repository.request());
    // Who may read everything is told nothing here.
    let expected = fs::File::open(&closed)
        .is_err()
        .then_some("closed: cannot be read: Permission denied (os error 13)");
    assert_eq!(
        left_out(&capture),
        expected.into_iter().map(str::to_owned).collect::<Vec<_>>()
    );
    assert!(capture.patch.is_some_and(|patch| !patch.is_empty()));
}

#[test]
fn arguments_that_are_masked_or_no_text_make_a_run_partial() {
    use std::os::unix::ffi::OsStringExt as _;
    let repository = Repository::with_commit();
    let mut request = repository.request();
    assert_eq!(environment(&request).reproducible, Reproducible::Full);
    request
        .arguments
        .push(std::ffi::OsString::from_vec(b"\xff".to_vec()));
    let capture = environment(&request);
    assert_eq!(
        (why(&capture, "arguments"), capture.reproducible),
        ("some are no text".to_owned(), Reproducible::Partial)
    );
}

#[test]
fn any_deadline_is_kept() {
    let repository = Repository::with_commit();
    let mut request = repository.request();
    request.deadline = Duration::ZERO;
    let started = clock();
    let capture = environment(&request);
    assert!(clock() - started < Duration::from_secs(5));
    assert!(!capture.missing.is_empty() && capture.document["process"]["command"].is_string());
    request.deadline = Duration::MAX;
    assert_eq!(environment(&request).reproducible, Reproducible::Full);
}
