//! `-o`: what is named is what it was or all of the answer; devices, pipes and links stay what they are.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use rustix::process::Signal;

use super::serving::Serving;
use super::support::{Folder, lines_of};

/// What each of these writes is less than a pipe holds.
const COMMANDS: &[&str] = &[
    "plot @last loss --width 40mm --height 30mm --format svg",
    "runs --json",
    "metrics @last --csv",
    "metrics @last --md",
    "tail --ndjson",
    "tail --format %o",
    "compare @last a/1 --json",
    "lineage run:a/1 --format dot",
    "artifact cat @last config.txt",
    "export runs --format csv",
    "export metrics",
];

fn folder() -> Folder {
    let folder = Folder::with_store();
    for _ in 0..2 {
        let run = folder.start_run("a");
        let lines = lines_of(20, |step| format!("step={step} loss={step}"));
        assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
        fs::write(folder.path().join("config.txt"), "lr = 0.1\n").unwrap();
        folder.ok(&["artifact", "put", &run, "config.txt"]);
        folder.ok(&["run", "end", &run]);
    }
    folder
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// A pipe with a name, and its reading end, which waits for nobody.
fn pipe(path: &Path) -> File {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut both = OpenOptions::new();
    both.read(true).write(true).custom_flags(flags);
    both.open(path).unwrap()
}

fn drained(pipe: &mut File) -> String {
    let mut bytes = Vec::new();
    match pipe.read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        ended => panic!("nobody else has the pipe open: {ended:?}"),
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_pipe_is_written_into_and_a_link_is_followed_here_and_over_an_address() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let url = serving.url();
    let to = Folder::empty();
    let at = |name: &str| to.path().join(name);
    let mut reading = pipe(&at("pipe"));
    symlink("real", at("link")).unwrap();
    symlink("new", at("dangling")).unwrap();
    let store = folder.path().join(".mltrack");
    for store in [store.to_str().unwrap(), &url] {
        for line in COMMANDS {
            let run = |end: &[&str]| to.ok(&[&["-C", store], &words(line)[..], end].concat());
            let expected = run(&[]);
            assert_ne!(expected, "", "{line}");
            fs::write(at("real"), "old").unwrap();
            fs::remove_file(at("new")).ok();
            for name in ["pipe", "link", "dangling"] {
                assert_eq!(run(&["-o", name]), "", "{store} {line}");
            }
            assert_eq!(drained(&mut reading), expected, "{store} {line}");
            assert!(fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
            for (link, real) in [("link", "real"), ("dangling", "new")] {
                assert!(at(link).is_symlink(), "{store} {line}");
                let written = fs::read_to_string(at(real)).unwrap();
                assert!(written == expected, "{store} {line}: {written}");
            }
        }
    }
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 5);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn a_dash_is_stdout_everywhere() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for line in COMMANDS {
        let dashed = [&words(line)[..], &["-o", "-"]].concat();
        let expected = folder.ok(&words(line));
        assert_eq!(folder.ok(&dashed), expected, "{line}");
        let there = far.ok(&[&["-C", &url], &dashed[..]].concat());
        assert_eq!(there, expected, "{line}");
    }
    for line in ["export events --format sqlite -o -", "export all -o -"] {
        let said = folder.run(&words(line));
        assert_eq!(said.code, 2, "{line}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{line}: {}", said.stderr);
    }
    assert!(!folder.path().join("-").exists() && !far.path().join("-").exists());
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn an_answer_that_is_refused_leaves_the_file_as_it_was() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for (line, code) in [
        ("runs --json=nope -o out", 2),
        ("metrics @last --json=nope -o out", 2),
        ("compare @last a/1 --json=nope -o out", 2),
        ("tail --json=nope -o out", 2),
        ("tail -f --md -o out", 2),
        ("tail --cursor-file at --json=nope -o out", 2),
        ("console @last --json=nope -o out", 2),
        ("runs nobody -o out", 3),
        ("artifact cat @last no.txt -o out", 3),
    ] {
        fs::write(folder.path().join("out"), "old").unwrap();
        fs::write(far.path().join("out"), "old").unwrap();
        let here = folder.run(&words(line));
        let there = far.run(&[&["-C", &url], &words(line)[..]].concat());
        for (said, at) in [(here, &folder), (there, &far)] {
            assert_eq!(said.code, code, "{line}: {}", said.stderr);
            let left = fs::read_to_string(at.path().join("out")).unwrap();
            assert_eq!(left, "old", "{line}");
        }
    }
    for line in ["runs -o .", "plot @last loss --format svg -o ."] {
        let said = folder.run(&words(line));
        assert_eq!(said.code, 2, "{line}: {}", said.stderr);
        assert!(said.stderr.contains("is a folder"), "{}", said.stderr);
    }
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn a_file_grows_while_it_is_followed_into() {
    let folder = folder();
    let serving = Serving::start(&folder, &[]);
    let url = serving.url();
    let path = folder.path().join("lines");
    for (line, count) in [("tail -f --ndjson", 10), ("runs --watch", 3)] {
        for store in [".mltrack", &url] {
            let words = [&["-C", store], &words(line)[..], &["-o", "lines"]].concat();
            let mut command = folder.command(&words);
            let mut child = command.stderr(Stdio::null()).spawn().unwrap();
            while !fs::read_to_string(&path).is_ok_and(|text| text.lines().count() == count) {
                assert!(child.try_wait().unwrap().is_none(), "{words:?} goes on");
                std::thread::yield_now();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            fs::remove_file(&path).unwrap();
        }
    }
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

/// Always full, as `/dev/full` is. Never that one itself: what goes wrong with it goes wrong for the whole machine.
#[test]
fn a_full_device_is_named_and_stays_a_device() {
    let folder = folder();
    let path = folder.path().join("full");
    let mode = Mode::RUSR | Mode::WUSR;
    let device = mknodat(CWD, &path, FileType::CharacterDevice, mode, makedev(1, 7));
    if device.is_err() || OpenOptions::new().write(true).open(&path).is_err() {
        writeln!(std::io::stderr(), "skipped: making devices needs root").unwrap();
        return;
    }
    for line in COMMANDS {
        let said = folder.run(&[&words(line)[..], &["-o", "full"]].concat());
        let told = format!("{line}: {}", said.stderr);
        assert_eq!(said.code, 9, "{told}");
        for word in ["DISK_FULL", "cannot write full", "hint"] {
            assert!(said.stderr.contains(word), "{told}");
        }
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        assert!(kind.is_char_device(), "{told}");
    }
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    let folder = folder();
    let lines = lines_of(20_000, |step| format!("step={step} loss={step}"));
    let run = folder.start_run("a");
    assert_eq!(folder.run_with(&["run", "log", &run], &lines).code, 0);
    let to = folder.path().join("to");
    fs::create_dir(&to).unwrap();
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"])
        .arg(&to);
    let mounted = mount.stderr(Stdio::null()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        writeln!(std::io::stderr(), "skipped: mounting needs root").unwrap();
        return;
    }
    fs::write(to.join("x"), "old").unwrap();
    let said = folder.run(&["metrics", &run, "--json", "-o", "to/x"]);
    let left = fs::read_to_string(to.join("x"));
    let count = fs::read_dir(&to).unwrap().count();
    assert!(Command::new("umount").arg(&to).status().unwrap().success());
    assert_eq!(said.code, 9, "{}", said.stderr);
    assert!(said.stderr.contains("cannot write to/x"), "{}", said.stderr);
    assert_eq!((left.unwrap().as_str(), count), ("old", 1));
}

#[test]
fn a_cursor_is_kept_in_a_file_and_behind_a_link() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    symlink("real", at("link")).unwrap();
    let words = ["tail", "--cursor-file", "link"];
    let first = folder.ok(&words);
    assert_eq!(first.lines().count(), 10);
    assert_eq!(folder.ok(&words), "");
    assert!(at("link").is_symlink() && at("real").is_file());
    let _reading = pipe(&at("pipe"));
    let said = folder.run(&["tail", "--cursor-file", "pipe"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(
        said.stderr.contains("no file that can hold"),
        "{}",
        said.stderr
    );
}
