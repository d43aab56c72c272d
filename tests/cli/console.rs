//! `run exec` and `console`: a command as a run, and its lines found again.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::Folder;

/// Runs `sh -c script` as a run.
fn exec(folder: &Folder, script: &str) -> crate::support::Said {
    folder.run(&["run", "exec", "resnet", "--", "sh", "-c", script])
}

fn lines(folder: &Folder, words: &[&str]) -> Vec<Value> {
    let mut all = vec!["console", "@last", "--json"];
    all.extend(words);
    let document: Value = serde_json::from_str(&folder.ok(&all)).unwrap();
    document["items"].as_array().unwrap().clone()
}

fn texts(folder: &Folder, words: &[&str]) -> Vec<String> {
    let lines = lines(folder, words).into_iter();
    lines
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect()
}

fn run_of(folder: &Folder) -> Value {
    let document = folder.ok(&["runs", "--json"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    document["items"][0].clone()
}

#[test]
fn a_command_is_a_run_with_its_lines_and_prints_as_it_would_without() {
    let folder = Folder::with_store();
    let words = [
        "run", "exec", "resnet", "--name", "one", "-p", "lr=0.5", "-t", "paper=v2",
    ];
    let script = "printf '\\r 1%%\\r50%%\\r100%%\\n'; echo \"run $MLTRACK_RUN\"
                  echo 'ERROR: password=hunter2' >&2; printf '\\377 end'";
    let mut command = folder.command(&words);
    let output = command.args(["--", "sh", "-c", script]).output().unwrap();
    let run = run_of(&folder);
    let id = run["id"].as_str().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let printed = format!("\r 1%\r50%\r100%\nrun {id}\n");
    assert_eq!(output.stdout, [printed.as_bytes(), b"\xff end"].concat());
    assert_eq!(output.stderr, b"ERROR: password=hunter2\n");
    assert_eq!(
        (run["name"].as_str(), run["state"].as_str()),
        (Some("one"), Some("completed"))
    );
    assert_eq!(
        (&run["params"]["lr"], &run["tags"]["paper"]),
        (&0.5.into(), &"v2".into())
    );
    let out = texts(&folder, &["--source", "stdout"]);
    assert_eq!(
        out,
        [
            "100%".to_owned(),
            format!("run {id}"),
            "\u{fffd} end".to_owned()
        ]
    );
    let error = lines(&folder, &["--level", "error"]);
    assert_eq!(error[0]["text"], "ERROR: password=***");
    assert_eq!(error[0]["source"], "stderr");
}

#[test]
fn the_exit_code_is_passed_on_and_is_how_the_run_ended() {
    let folder = Folder::with_store();
    assert_eq!(exec(&folder, "exit 3").code, 3);
    let run = run_of(&folder);
    assert_eq!(
        (run["state"].as_str(), run["error"].as_str()),
        (Some("failed"), Some("sh ended with 3"))
    );
    assert_eq!(exec(&folder, "kill -KILL $$").code, 137);
    assert_eq!(run_of(&folder)["error"], "sh was ended by signal SIGKILL");
    let said = folder.run(&["run", "exec", "resnet", "--", "no-such-program-anywhere"]);
    assert_eq!(said.code, 127);
    assert!(
        said.stderr.contains("error[NOT_FOUND]: cannot run"),
        "{}",
        said.stderr
    );
    assert_eq!(run_of(&folder)["state"], "failed");
}

#[test]
fn a_signal_reaches_the_command_and_the_run_is_cancelled() {
    let folder = Folder::with_store();
    let script = "trap 'echo tidying; exit 5' TERM; echo up; while :; do read line || wait; done";
    let mut command = folder.command(&["run", "exec", "resnet", "--", "sh", "-c", script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "up\n");
    let process = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &process])
        .status();
    assert!(sent.unwrap().success());
    // The shell runs its trap when the line that it waits for comes.
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert_eq!(run_of(&folder)["state"], "cancelled");
    assert_eq!(texts(&folder, &[]), ["up", "tidying"]);
}

#[test]
fn a_command_that_leaves_a_child_behind_is_over_when_it_is() {
    let folder = Folder::with_store();
    let said = exec(&folder, "sleep 60 & echo $!");
    assert_eq!(said.code, 0);
    let process = said.stdout.trim().to_owned();
    let ended = std::process::Command::new("kill").arg(process).status();
    assert!(ended.unwrap().success());
}

#[test]
fn what_a_run_printed_is_left_alone_when_that_is_asked_for() {
    let folder = Folder::with_store();
    let said = folder.run(&[
        "run",
        "exec",
        "resnet",
        "--no-console",
        "--",
        "echo",
        "hello",
    ]);
    assert_eq!(said.stdout, "hello\n");
    assert!(texts(&folder, &[]).is_empty());
    let said = folder.run(&["run", "exec", "other", "--dry-run", "--", "echo", "hello"]);
    assert!(said.stdout.is_empty() && said.stderr.contains("would start a run"));
    assert_eq!(run_of(&folder)["experiment"], "resnet");
}

#[test]
fn lines_are_searched_like_a_file() {
    let folder = Folder::with_store();
    exec(&folder, "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done");
    assert_eq!(texts(&folder, &["-n", "2"]), ["line 8", "line 9"]);
    assert_eq!(texts(&folder, &["--head", "1"]), ["line 1"]);
    assert_eq!(texts(&folder, &["--grep", "[37]"]), ["line 3", "line 7"]);
    assert_eq!(
        texts(&folder, &["--grep", "5", "--around", "1"]),
        ["line 4", "line 5", "line 6"]
    );
    assert_eq!(
        texts(&folder, &["-g", "5", "-A", "2", "-B", "0"]),
        ["line 5", "line 6", "line 7"]
    );
    let around = lines(&folder, &["--grep", "5", "-B", "1"]);
    assert_eq!(
        (&around[0]["match"], &around[1]["match"]),
        (&false.into(), &true.into())
    );
    assert!(texts(&folder, &["--source", "stderr"]).is_empty());
    assert_eq!(folder.run(&["console", "@last", "--at", "start"]).code, 3);
    let lsn = lines(&folder, &["--head", "1"])[0]["lsn"].to_string();
    assert!(!texts(&folder, &["--at", &lsn]).is_empty());
    let piped = folder.ok(&["console", "@last", "-n", "1"]);
    let cells: Vec<&str> = piped.trim_end().split('\t').collect();
    assert_eq!((cells[4], cells[5]), ("stdout", "line 9"));
    assert_eq!(folder.run(&["console", "@last", "--grep", "("]).code, 2);
    assert_eq!(folder.run(&["console", "nobody"]).code, 3);
}

#[test]
fn a_follower_sees_lines_as_they_come_and_ends_with_the_run() {
    let folder = Folder::with_store();
    let script = "echo first; read line; echo second; read line; echo third";
    let mut command = folder.command(&["run", "exec", "resnet", "--", "sh", "-c", script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let mut follower = folder
        .command(&["console", "@last", "-f", "--ndjson"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    for text in ["first", "second", "third"] {
        let line: Value = serde_json::from_str(&seen.next().unwrap().unwrap()).unwrap();
        assert_eq!(line["text"], text);
        std::io::Write::write_all(&mut stdin, b"go\n").ok();
    }
    assert!(seen.next().is_none());
    assert_eq!(follower.wait().unwrap().code(), Some(0));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn samples_of_the_machine_come_with_a_command_and_do_not_flood_the_table() {
    let folder = Folder::with_store();
    let mut command = folder.command(&["run", "exec", "resnet", "--", "sh", "-c", "read line"]);
    command
        .env("MLTRACK_SYSTEM_METRICS", "100ms")
        .env("RANK", "3");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut tail = folder
        .command(&[
            "tail",
            "-f",
            "--from",
            "start",
            "--type",
            "metrics_logged",
            "--ndjson",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut events = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert!(events.next().is_some());
    tail.kill().unwrap();
    tail.wait().unwrap();
    drop(child.stdin.take());
    // The shell ends with 1 because there was no line.
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let name = "system/process.memory.bytes{rank=3}";
    assert!(run_of(&folder)["metrics"][name].as_f64().unwrap() > 0.0);
    let table = folder.ok(&["runs", "--md"]);
    assert!(!table.contains("system/"), "{table}");
    assert!(folder.ok(&["runs", "--md", "--all"]).contains(name));
    let named = folder.ok(&["runs", "--md", "--cols", name]);
    assert!(named.contains(name), "{named}");
}

#[test]
fn an_interval_of_samples_that_is_none_is_refused_by_name() {
    let folder = Folder::with_store();
    let mut command = folder.command(&["run", "exec", "resnet", "--", "true"]);
    let output = command
        .env("MLTRACK_SYSTEM_METRICS", "often")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("MLTRACK_SYSTEM_METRICS=often"));
}
