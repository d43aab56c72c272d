//! Secrets planted wherever a run could carry them are in no part of a capture.

use std::ffi::OsString;
use std::fs;

use crate::support::Repository;
use mltrack_capture::{Capture, Reproducible, Request, environment, minimal, quick};

const PLANTED: &str = "hunter2";

/// A token of a known shape with the planted word in it, put together here so that this file holds none.
fn token(number: usize) -> String {
    format!("gh{}_{PLANTED}{number:0>30}", "p")
}

/// Everything a capture answers with, as text.
fn everything(capture: &Capture) -> String {
    let patch = String::from_utf8_lossy(capture.patch.as_deref().unwrap_or_default()).into_owned();
    format!(
        "{}\n{:?}\n{patch}\n{:?}\n{:?}\n{:?}",
        capture.document, capture.summary, capture.dependencies, capture.left_out, capture.missing
    )
}

/// Plants secrets in every kind of file, and in the address of the remote.
fn plant_files(repository: &Repository) {
    repository.write("settings.py", b"lr = 0.1\n");
    repository.write(
        "removed.py",
        format!("API_KEY = \"{}\"\n", token(0)).as_bytes(),
    );
    repository.write("gone.py", format!("password = \"{PLANTED}\"\n").as_bytes());
    repository.write("binary", b"\0\x01");
    repository.commit();
    let remote = format!("https://me:{}@github.com/team/code.git", token(1));
    repository.git(&["remote", "add", "origin", &remote]);
    repository.write(
        "settings.py",
        format!("lr = 0.1\npassword = \"{PLANTED}\"\n").as_bytes(),
    );
    repository.write("removed.py", b"API_KEY = None\n");
    fs::remove_file(repository.path().join("gone.py")).expect("it goes");
    repository.write("binary", format!("\0\x01{}", token(2)).as_bytes());
    repository.write(".env", format!("TOKEN={PLANTED}\n").as_bytes());
    repository.write("deploy/id_rsa", format!("{PLANTED}\n").as_bytes());
    repository.write(
        "notes.txt",
        format!("see https://me:{PLANTED}@host/x\n").as_bytes(),
    );
    repository.write(
        "requirements.txt",
        format!("private @ https://me:{PLANTED}@host/p.whl\n").as_bytes(),
    );
    repository.write("staged.txt", token(3).as_bytes());
    repository.git(&["add", "staged.txt"]);
    repository.write("kept.py", b"print('kept')\n");
}

/// Plants them in the command line and the variables.
fn plant_process(request: &mut Request) {
    request.arguments = [
        "python",
        "train.py",
        "--token",
        &token(4),
        &format!("--password={PLANTED}"),
        &format!("db.password={PLANTED}"),
        &format!("--data=s3://me:{PLANTED}@bucket/x"),
    ]
    .map(OsString::from)
    .into();
    for (name, value) in [
        ("MLTRACK_API_KEY", PLANTED.to_owned()),
        ("SLURM_NOTE", token(5)),
        ("RAY_ADDRESS", format!("ray://me:{PLANTED}@host")),
        ("OMP_NUM_THREADS", "4".to_owned()),
    ] {
        request.variables.push((name.into(), value.into()));
    }
}

#[test]
fn no_part_of_a_capture_holds_what_was_planted() {
    let repository = Repository::with_commit();
    plant_files(&repository);
    let mut request = repository.request();
    plant_process(&mut request);
    let capture = environment(&request);
    let text = everything(&capture);
    assert!(!text.contains(PLANTED), "{text}");
    assert_eq!(capture.reproducible, Reproducible::Partial);
    let left_out: Vec<&str> = capture
        .left_out
        .iter()
        .map(|left_out| left_out.path.as_str())
        .collect();
    assert_eq!(
        left_out,
        [
            ".env",
            "binary",
            "deploy/id_rsa",
            "gone.py",
            "notes.txt",
            "removed.py",
            "requirements.txt",
            "settings.py",
            "staged.txt"
        ]
    );
    assert!(text.contains("kept.py") && capture.document["variables"]["OMP_NUM_THREADS"] == "4");
    assert_eq!(
        capture.document["git"]["remote"],
        "https://github.com/team/code.git"
    );
    assert!(!everything(&minimal(&request)).contains(PLANTED));
    assert!(!quick(&request).to_string().contains(PLANTED));
}

#[test]
fn the_middle_of_a_key_is_left_out_with_its_file() {
    let repository = Repository::with_commit();
    let key = |middle: &str| {
        format!(
            "-----BEGIN {} KEY-----\n{}{middle}\n{}-----END\n",
            "RSA PRIVATE",
            "abcd\n".repeat(20),
            "efgh\n".repeat(20)
        )
    };
    repository.write("fixture.txt", key("old").as_bytes());
    repository.commit();
    repository.write("fixture.txt", key("new").as_bytes());
    let capture = environment(&repository.request());
    assert_eq!(capture.left_out.len(), 1, "{:?}", capture.left_out);
    assert_eq!(capture.patch.as_deref(), Some(b"".as_slice()));
}

#[test]
fn a_secret_that_was_there_before_and_is_not_touched_keeps_nothing_out() {
    let repository = Repository::with_commit();
    let text = |last: &str| format!("password = \"{PLANTED}\"\n{}{last}\n", "line\n".repeat(20));
    repository.write("test_login.py", text("old").as_bytes());
    repository.commit();
    repository.write("test_login.py", text("new").as_bytes());
    let capture = environment(&repository.request());
    assert_eq!(
        capture.reproducible,
        Reproducible::Full,
        "{:?}",
        capture.left_out
    );
    assert!(!everything(&capture).contains(PLANTED));
}

#[test]
fn names_of_hosts_are_hashed_unless_they_are_asked_for() {
    let repository = Repository::with_commit();
    let proc = repository.beside("proc");
    fs::create_dir_all(proc.join("sys/kernel")).expect("a folder");
    fs::write(proc.join("sys/kernel/hostname"), "annas-laptop\n").expect("a file");
    let mut request = repository.request();
    request.places.proc = proc;
    let hashed = minimal(&request);
    assert!(!everything(&hashed).contains("annas-laptop"));
    assert_eq!(
        hashed.document["host"]["hash"].as_str().map(str::len),
        Some(16)
    );
    request.reveals_host = true;
    assert_eq!(minimal(&request).document["host"]["name"], "annas-laptop");
}
