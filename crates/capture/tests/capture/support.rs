//! Repositories made for a test, requests about them, and folders compared.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use mltrack_capture::Request;
use tempfile::TempDir;

/// The clock of the tests.
#[expect(
    clippy::disallowed_methods,
    reason = "the crate takes its clock as an argument: this one is the tests'"
)]
pub fn clock() -> Instant {
    Instant::now()
}

/// A repository in a folder of its own, with a place beside it for worktrees.
pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// One without commits, on branch `main`.
    pub fn new() -> Repository {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repository = Repository { folder };
        fs::create_dir(repository.path()).expect("a folder");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// The same with one commit of one file.
    pub fn with_commit() -> Repository {
        let repository = Repository::new();
        repository.write("train.py", b"import torch\n");
        repository.commit();
        repository
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn git_in(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Test",
                "-c",
                "user.email=test@localhost",
                "-c",
                "commit.gpgSign=false",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(arguments)
            .current_dir(folder)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git is installed where the tests run");
        assert!(
            output.status.success(),
            "git {:?}: {}",
            arguments.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        Repository::git_in(&self.path(), arguments)
    }

    pub fn write(&self, name: impl AsRef<OsStr>, bytes: &[u8]) {
        let path = self.path().join(Path::new(name.as_ref()));
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// Commits everything that lies there.
    pub fn commit(&self) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=x"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A request about this repository, with the variables of this process except those that configure git.
    pub fn request(&self) -> Request {
        request(&self.path())
    }
}

/// A request about a folder.
pub fn request(folder: &Path) -> Request {
    let mut variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    variables.push(("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()));
    variables.push(("GIT_CONFIG_NOSYSTEM".into(), "1".into()));
    let arguments = vec!["train".into(), "--lr".into(), "0.1".into()];
    Request::new(folder.to_owned(), arguments, variables, clock)
}

/// Every file below `root` with its mode and content, without git's own.
pub fn tree(root: &Path) -> BTreeMap<Vec<u8>, (u32, Vec<u8>)> {
    let mut files = BTreeMap::new();
    collect(root, root, &mut files);
    files
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<Vec<u8>, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .strip_prefix(root)
            .expect("it lies below")
            .as_os_str()
            .as_bytes()
            .to_vec();
        let metadata = path.symlink_metadata().expect("it is there");
        if name == b".git" {
            continue;
        }
        if metadata.is_dir() {
            collect(root, &path, files);
        } else if metadata.is_symlink() {
            let target = fs::read_link(&path).expect("a link");
            files.insert(name, (0o120_000, target.as_os_str().as_bytes().to_vec()));
        } else {
            let mode = metadata.permissions().mode() & 0o100;
            files.insert(name, (mode, fs::read(&path).expect("a file")));
        }
    }
}

/// Makes a program of the shell. A process of its own writes it: one that another test forks from this one at that moment
/// would hold it open for writing, and no program runs while somebody does.
pub fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
    let written = Command::new("sh")
        .args(["-c", "printf '%s' \"$1\" >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .arg(format!("#!/bin/sh\n{text}\n"))
        .status();
    assert!(written.expect("sh is there").success());
}
