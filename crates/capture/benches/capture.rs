//! What a capture costs: the part on the caller's thread, a whole one in this repository, five hundred packages, a
//! patch of sixteen mebibytes looked through for secrets, a hundred thousand untracked files.
//!
//! `cargo bench -p mltrack-capture` prints a table: the first call of the process, then the median of the next ones. Run
//! it from the top of the repository; folders are made in the system's place for temporary files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mltrack_capture::{Request, environment, minimal, quick, secrets};

#[expect(clippy::disallowed_methods, reason = "a bench times")]
fn clock() -> Instant {
    Instant::now()
}

/// Prints the first and the median time of `count` calls.
fn measure<T>(name: &str, count: usize, mut call: impl FnMut() -> T) {
    let mut times: Vec<Duration> = Vec::with_capacity(count);
    for _ in 0..count {
        let started = clock();
        let answer = call();
        times.push(clock() - started);
        drop(answer);
    }
    let first = times[0];
    times.sort();
    println!(
        "{name:44} first {:>10.3?}  median {:>10.3?}  ({count} calls)",
        first,
        times[count / 2]
    );
}

/// A virtual environment of packages whose metadata is as long as usual.
fn packages(root: &Path, count: usize) -> PathBuf {
    let prefix = root.join("venv");
    let manual = "A long description.\n".repeat(1000);
    for number in 0..count {
        let folder = prefix.join(format!(
            "lib/python3.11/site-packages/package_{number}-1.{number}.0.dist-info"
        ));
        fs::create_dir_all(&folder).expect("a folder");
        let text = format!(
            "Metadata-Version: 2.1\nName: package-{number}\nVersion: 1.{number}.0\n\n{manual}"
        );
        fs::write(folder.join("METADATA"), text).expect("a file");
    }
    fs::write(prefix.join("pyvenv.cfg"), "version = 3.11.7\n").expect("a file");
    prefix
}

/// Source code of about that length.
fn source(len: usize) -> Vec<u8> {
    let line = "+    loss = model(tokens, labels=labels).loss  # token_count = 4096, key=value\n";
    let hunk = format!(
        "diff --git a/x b/x\n@@ -1,3 +1,9 @@ def train(config):\n{}",
        line.repeat(200)
    );
    hunk.repeat(len / hunk.len() + 1).into_bytes()[..len].to_vec()
}

fn untracked(root: &Path, count: usize) -> PathBuf {
    let repository = root.join("many");
    for number in 0..count {
        let folder = repository.join(format!("data/{:03}", number / 1000));
        if number % 1000 == 0 {
            fs::create_dir_all(&folder).expect("a folder");
        }
        fs::write(folder.join(format!("{number:06}")), "x").expect("a file");
    }
    for arguments in [
        &["init", "--quiet"] as &[&str],
        &[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@localhost",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message=x",
        ],
    ] {
        let ended = Command::new("git")
            .args(arguments)
            .current_dir(&repository)
            .status();
        assert!(ended.expect("git is installed").success());
    }
    repository
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    measure("request of this process", 101, || {
        Request::of_this_process(clock)
    });
    let request = Request::of_this_process(clock);
    measure("quick", 101, || quick(&request));
    measure("minimal", 21, || minimal(&request));
    measure("environment, this repository", 11, || environment(&request));
    let only = |dependencies: bool| {
        let mut request = request.clone();
        (request.git, request.gpu, request.dependencies) = (false, false, dependencies);
        request.python = Some(packages(folder.path(), 500));
        request.folder = folder.path().join(".");
        request
    };
    let (without, with) = (only(false), only(true));
    measure("environment, nothing but the machine", 21, || {
        environment(&without)
    });
    measure("the same and 500 packages of pip", 21, || {
        environment(&with)
    });
    let patch = source(16 << 20);
    measure("16 MiB looked through for secrets", 5, || {
        secrets::content(&patch)
    });
    measure("16 MiB with every secret found", 5, || {
        secrets::find(&patch)
    });
    let mut many = request.clone();
    many.folder = untracked(folder.path(), 100_000);
    measure("environment, 100,000 untracked files", 3, || {
        environment(&many)
    });
    let capture = environment(&many);
    println!(
        "its patch has {} bytes, and {:?} is left out",
        capture.patch.map_or(0, |patch| patch.len()),
        capture.left_out.last()
    );
}
