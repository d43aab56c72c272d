//! How a command over an address is refused, and how it ends: with its client, its server, its time.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::over_url::full_store;
use super::serving::Serving;
use super::support::Folder;

#[test]
fn no_answer_no_key_and_no_such_server_say_what_to_do() {
    let folder = full_store();
    let far = Folder::empty();
    let said = far.run(&["-C", "http://127.0.0.1:1", "runs"]);
    assert_eq!(said.code, 6);
    assert!(said.stderr.contains("cannot be reached"), "{}", said.stderr);
    assert!(said.stderr.contains("mltrack serve"), "{}", said.stderr);
    let serving = Serving::start(&folder, &["--auth", "token"]);
    let url = serving.url();
    let said = far.run(&["-C", &url, "runs", "--json"]);
    assert!(said.stderr.contains("\"UNAUTHORIZED\""), "{}", said.stderr);
    assert!(said.stderr.contains("MLTRACK_KEY="), "{}", said.stderr);
    let token = folder.ok(&["key", "new", "eye", "--role", "viewer", "-q"]);
    let run = |key: &str| {
        let mut command = far.command(&["runs"]);
        command.env("MLTRACK_STORE", &url).env("MLTRACK_KEY", key);
        command.output().unwrap()
    };
    let output = run(&token);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stdout, folder.ok(&["runs"]).as_bytes());
    let output = run("mlt_wrong");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("mltrack key new"));
    let scoped = folder.ok(&["key", "new", "one", "--scope", "resnet", "-q"]);
    assert_eq!(run(&scoped).status.code(), Some(6));
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

/// How many processes answer for a store.
fn answering(store: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let store = fs::canonicalize(store).unwrap();
    let is_ours = |line: &Vec<u8>| {
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.contains(&&b"answer"[..]) && words.contains(&store.as_os_str().as_encoded_bytes())
    };
    lines.filter(is_ours).count()
}

#[test]
fn what_goes_on_ends_with_its_client_and_too_many_are_told_to_come_again() {
    let folder = full_store();
    let store = fs::canonicalize(folder.path().join(".mltrack")).unwrap();
    let words = ["-C", store.to_str().unwrap(), "--commands-max", "1"];
    let serving = Serving::start(&folder, &words);
    let (far, url) = (Folder::empty(), serving.url());
    let mut child = far.spawn_fed(&["-C", &url, "tail", "-f", "--from", "end", "--format", "%e"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while answering(&store) == 0 {}
    let said = far.run(&["-C", &url, "runs"]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(said.stderr.contains("--commands-max"), "{}", said.stderr);
    let mut seen = Vec::new();
    // The follower may begin behind the first of them.
    while seen.is_empty() {
        folder.start_run("live");
        seen = lines.by_ref().take(1).map(Result::unwrap).collect();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    while answering(&store) > 0 {}
    while far.run(&["-C", &url, "runs"]).code == 4 {}
    // A server that is stopped ends what goes on, and says so.
    let child = far.spawn_fed(&["-C", &url, "tail", "-f"]);
    while answering(&store) == 0 {}
    assert_eq!(serving.stop(Signal::TERM), Some(0));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    while answering(&store) > 0 {}
}

#[test]
fn a_follower_says_where_to_go_on_and_its_cursor_file_is_kept_here() {
    let folder = full_store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    let tail = [
        "tail",
        "--cursor-file",
        "seen",
        "--format",
        "%o:%e",
        "-n",
        "3",
    ];
    let seen = |folder: &Folder| fs::read_to_string(folder.path().join("seen")).unwrap();
    let both = || {
        let here = folder.ok(&tail);
        let there = far.ok(&[&["-C", &url][..], &tail].concat());
        assert_eq!(there, here);
        assert_eq!(seen(&far), seen(&folder));
        here
    };
    assert_eq!(both().lines().count(), 3);
    assert_eq!(both(), "");
    folder.start_run("later");
    assert!(both().contains(":run_created"));
    let far_tail = [&["-C", &url][..], &tail, &["-f"]].concat();
    let mut child = far.spawn_fed(&far_tail);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let before = seen(&far);
    let run = folder.start_run("live");
    let mut last = 0;
    // The last record of a start is that of its state.
    for line in lines.by_ref().map(Result::unwrap) {
        let (lsn, event) = line.split_once(':').unwrap();
        last = lsn.parse::<u64>().unwrap();
        if event == "run_started" {
            break;
        }
    }
    while seen(&far) == before {}
    let end = folder.ok(&["tail", "-n", "1", "--format", "%o"]);
    while !seen(&far).ends_with(&format!(":{}\n", end.trim().parse::<u64>().unwrap() + 1)) {}
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let next = stderr.split("resume with --from ").nth(1).unwrap();
    assert!(next.trim().parse::<u64>().unwrap() > last, "{stderr}");
    assert!(seen(&far).ends_with(&format!(":{next}")), "{stderr}");
    folder.ok(&["run", "end", &run]);
    assert_eq!(
        far.ok(&[&["-C", &url][..], &tail].concat()).lines().count(),
        1
    );
    fs::write(far.path().join("seen"), "nonsense").unwrap();
    let said = far.run(&[&["-C", &url][..], &tail].concat());
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn a_server_that_is_killed_leaves_no_command_behind() {
    let folder = full_store();
    let store = fs::canonicalize(folder.path().join(".mltrack")).unwrap();
    let serving = Serving::start(&folder, &["-C", store.to_str().unwrap()]);
    let far = Folder::empty();
    let url = serving.url();
    let mut child = far.spawn_fed(&["-C", &url, "tail", "-f"]);
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    assert!(answering(&store) > 0, "{line}");
    serving.stop(Signal::KILL);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(
        stderr.contains("broke off") && stderr.contains("try again"),
        "{stderr}"
    );
    while answering(&store) > 0 {}
}

#[test]
fn a_command_that_takes_too_long_is_ended_and_says_so() {
    let folder = full_store();
    let serving = Serving::start(&folder, &["--command-timeout", "0s"]);
    let far = Folder::empty();
    let said = far.run(&["-C", &serving.url(), "verify", "--deep"]);
    assert_eq!(said.code, 4, "{}", said.stderr);
    assert!(said.stderr.contains("--command-timeout"), "{}", said.stderr);
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}
