//! Copies by `cp -r`, rsync and tar, taken while writers write, opened in the same boot.

use std::path::Path;
use std::process::{Command, Stdio};

use mltrack_log::{Log, OpenOptions};

use crate::check::{Store, check_order, read};

/// Copies the store with one of three programs. A file that vanished under the program is its warning, not our loss.
fn copy(from: &Path, to: &Path, kind: u64) {
    let (from, to) = (from.display().to_string(), to.display().to_string());
    let script = match kind % 3 {
        1 if has("rsync") => format!("rsync -a '{from}/' '{to}/'"),
        2 if has("tar") => format!("mkdir '{to}'; tar -C '{from}' -cf - . | tar -C '{to}' -xf -"),
        _ => format!("cp -r '{from}' '{to}'"),
    };
    let mut command = Command::new("sh");
    let status = command.args(["-c", &script]).stderr(Stdio::null()).status();
    status.expect("a shell runs");
}

fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    let status = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A copy taken now holds what is visible now: first for a reader, then for a writer, who goes on in a new epoch.
pub fn check_copy(store: &Store, kind: u64) {
    let before = read(&store.path());
    let target = store.folder().join("copy");
    copy(&store.path(), &target, kind);
    judge_copy(&target, &before);
    std::fs::remove_dir_all(&target).expect("a copy can be removed");
}

fn judge_copy(target: &Path, before: &[crate::check::Seen]) {
    let copied = read(target);
    check_order(target, &copied);
    assert!(
        copied.len() >= before.len(),
        "{} of {} records copied",
        copied.len(),
        before.len()
    );
    assert_eq!(
        &copied[..before.len()],
        before,
        "a copy begins as the log did"
    );
    let options = OpenOptions {
        create: false,
        ..OpenOptions::default()
    };
    let (log, _) = Log::open(target, options).expect("a copy opens for writing");
    log.close().expect("a copy closes");
    assert_eq!(
        read(target),
        copied,
        "opening a copy for writing changes no record"
    );
}

#[test]
fn two_rsyncs_in_a_row_while_writing_end_in_a_whole_copy() {
    if !has("rsync") {
        println!("skipped: there is no rsync");
        return;
    }
    let mut store = Store::new();
    let mut writers = [store.open_writer(&[]), store.open_writer(&["big=1"])];
    let target = store.folder().join("copy");
    for _ in 0..20 {
        for writer in &mut writers {
            writer.tell("go 40");
        }
        copy(&store.path(), &target, 1);
        for writer in &mut writers {
            drop(writer.expect("done"));
        }
        // rsync goes by size and second, and stores into a mapped page move no time before the next sync.
        writers[0].run("sync");
        let before = read(&store.path());
        for writer in &mut writers {
            writer.tell("go 10");
        }
        copy(&store.path(), &target, 1);
        let copied = read(&target);
        assert!(
            copied.len() >= before.len(),
            "{} of {} copied",
            copied.len(),
            before.len()
        );
        assert_eq!(copied[..before.len()], before);
        for writer in &mut writers {
            drop(writer.expect("done"));
        }
    }
    writers.into_iter().for_each(crate::process::Process::close);
    copy(&store.path(), &target, 1);
    assert_eq!(read(&target), store.judge());
}
