//! `env show` and `env diff` as people read them.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::support::{Folder, Said};

/// A run with the environment it was started in, with this many threads asked for.
fn captured_run(folder: &Folder, threads: &str) {
    let mut command: Command = folder.command(&["run", "exec", "train", "--", "true"]);
    command.env("MLTRACK_CAPTURE", "full");
    command.env("OMP_NUM_THREADS", threads);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// What a person at a terminal is shown.
fn shown(folder: &Folder, words: &[&str]) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = OpenOptions::new()
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut command = folder.command(words);
    command
        .env("NO_COLOR", "1")
        .env("PAGER", "cat")
        .stdout(theirs);
    let mut child = command.spawn().unwrap();
    // Its end of the terminal must be closed here, or reading never ends.
    drop(command);
    let mut text = Vec::new();
    // The end of a terminal is told as an error.
    drop(std::fs::File::from(ours).read_to_end(&mut text));
    assert!(child.wait().unwrap().success());
    String::from_utf8(text).unwrap().replace('\r', "")
}

fn two_runs() -> Folder {
    let folder = Folder::with_store();
    captured_run(&folder, "2");
    captured_run(&folder, "3");
    folder
}

#[test]
fn an_environment_is_shown_as_names_and_values() {
    let folder = two_runs();
    let text = shown(&folder, &["env", "show", "train/1"]);
    let value_of = |name: &str| {
        let mut lines = text.lines().map(str::trim_start);
        let line = lines.find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}"))[name.len()..]
            .trim()
            .to_owned()
    };
    assert!(!value_of("reproducible").is_empty());
    assert_eq!(value_of("arch"), std::env::consts::ARCH);
    assert!(value_of("cpu.threads").parse::<u32>().unwrap() > 0);
}

#[test]
fn a_difference_is_a_line_with_both_sides() {
    let folder = two_runs();
    let text = folder.ok(&["env", "diff", "train/1", "train/2"]);
    let line = text.lines().find(|line| line.contains("OMP_NUM_THREADS"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    let cells: Vec<&str> = line.split('\t').collect();
    assert_eq!(&cells[2..], ["2", "3"], "{line}");
    let text = shown(&folder, &["env", "diff", "train/1", "train/2"]);
    assert!(
        text.contains("before") && text.contains("difference"),
        "{text}"
    );
}

#[test]
fn equal_environments_differ_in_nothing_and_unequal_ones_end_with_1_when_asked() {
    let folder = two_runs();
    let said: Said = folder.run(&["env", "diff", "train/1", "train/1", "--exit-status"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (0, ""),
        "{}",
        said.stderr
    );
    let said = folder.run(&["env", "diff", "train/1", "train/2", "--exit-status"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
}

#[test]
fn a_run_without_an_environment_says_why_it_has_none() {
    let folder = Folder::with_store();
    folder.start_run("train");
    let said = folder.run(&["env", "show", "train/1"]);
    assert_eq!(said.code, 3, "{}", said.stderr);
    assert!(
        said.stderr.contains("MLTRACK_CAPTURE=off"),
        "{}",
        said.stderr
    );
}
