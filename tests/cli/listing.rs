//! Lists of runs: columns, groups, trees, pages, order, and lists that follow the log.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::Folder;

/// Six runs of a sweep: two values of `lr`, three seeds each.
fn folder() -> Folder {
    let folder = Folder::with_store();
    for (index, lr) in ["0.1", "0.1", "0.1", "0.2", "0.2", "0.2"]
        .iter()
        .enumerate()
    {
        let (name, lr) = (format!("r{index}"), format!("lr={lr}"));
        let seed = format!("seed={}", index % 3);
        folder.ok(&[
            "run", "start", "sweep", "--name", &name, "-p", &lr, "-p", &seed, "-p", "wd=0", "-t",
            "paper=v2", "-q",
        ]);
        let acc = format!("acc={}", index + 1);
        folder.ok(&["run", "log", "@last", &acc, "loss=7", "--step", "3"]);
    }
    folder
}

fn names(document: &Value) -> Vec<&str> {
    let items = document["items"].as_array().unwrap().iter();
    items.map(|run| run["name"].as_str().unwrap()).collect()
}

#[test]
fn chosen_columns_are_the_columns_of_lines_and_a_field_of_json() {
    let folder = folder();
    let words = [
        "runs",
        "--cols",
        "acc.max@step,=lr",
        "--cols",
        "tags.paper,nothing",
    ];
    let line = folder.ok(&[&words[..], &["--top", "1"]].concat());
    let cells: Vec<&str> = line.trim_end_matches('\n').split('\t').collect();
    assert_eq!(cells[0].len(), 32);
    assert_eq!(cells[1..], ["6.0@3", "0.2", "v2", ""]);
    let csv = folder.ok(&[&words[..], &["--csv"]].concat());
    assert_eq!(
        csv.lines().next(),
        Some("id,acc.max@step,=lr,tags.paper,nothing")
    );
    let item = &folder.json(&[&words[..], &["--json"]].concat())["items"][5];
    assert_eq!(item["name"], "r0");
    assert_eq!(
        item["columns"],
        json!({"acc.max@step": {"value": 1.0, "step": 3}, "=lr": 0.1, "tags.paper": "v2", "nothing": null})
    );
}

#[test]
fn only_what_differs_is_shown_and_the_rest_is_counted() {
    let folder = folder();
    let table = folder.ok(&["runs", "--md", "--only-changed"]);
    let titles = table.lines().next().unwrap();
    assert_eq!(
        titles,
        "| run | state | started | took | acc | =lr | =seed |"
    );
    let chosen = folder.ok(&["runs", "--md", "--only-changed", "--cols", "loss,acc,=wd"]);
    assert_eq!(chosen.lines().next(), Some("| run | acc |"));
}

#[test]
fn several_columns_sort_and_the_first_decides_first() {
    let folder = folder();
    let sorted = |words: &[&str]| {
        let document = folder.json(&[&["runs", "--json"], words].concat());
        names(&document).join(" ")
    };
    assert_eq!(sorted(&["--sort", "=lr,-acc"]), "r2 r1 r0 r5 r4 r3");
    assert_eq!(
        sorted(&["--sort", "-=lr", "--sort", "=seed"]),
        "r3 r4 r5 r0 r1 r2"
    );
    // A column that only the table has, after one that the library has too.
    assert_eq!(
        sorted(&["--sort", "=seed,-.parent,acc"]),
        "r0 r3 r1 r4 r2 r5"
    );
}

#[test]
fn groups_have_a_mean_and_a_deviation() {
    let folder = folder();
    let words = [
        "runs", "sweep", "--group", "=lr", "--cols", "acc", "--sort", "-acc",
    ];
    let document = folder.json(&[&words[..], &["--json"]].concat());
    assert_eq!(document["total"], 2);
    let best = &document["items"][0];
    assert_eq!(
        (&best["group"], &best["runs"]),
        (&json!({"=lr": 0.2}), &json!(3))
    );
    assert_eq!(
        best["metrics"]["acc"],
        json!({"mean": 5.0, "std": 1.0, "median": 5.0, "min": 4.0, "max": 6.0, "count": 3, "not_finite": 0})
    );
    assert_eq!(best["ids"].as_array().unwrap().len(), 3);
    assert_eq!(
        folder.ok(&words),
        "0.2\t3\t5.0\t1.0\t5.0\t3\n0.1\t3\t2.0\t1.0\t2.0\t3\n"
    );
    let table = folder.ok(&[&words[..], &["--md"]].concat());
    assert!(table.contains("| 0.2 | 3 | 5 +-1 (median 5) |"), "{table}");
    assert_eq!(
        folder.run(&["runs", "--group", "=lr", "--sort", "x"]).code,
        2
    );
    assert_eq!(
        folder
            .run(&["runs", "--group", "=lr", "--cols", "=wd"])
            .code,
        2
    );
}

#[test]
fn a_tree_puts_children_below_their_parents() {
    let folder = Folder::with_store();
    folder.ok(&["run", "start", "a", "--name", "old", "-q"]);
    folder.ok(&["run", "start", "a", "--name", "top", "-q"]);
    folder.ok(&[
        "run", "start", "a", "--name", "one", "--parent", "old", "-q",
    ]);
    folder.ok(&[
        "run", "start", "a", "--name", "two", "--parent", "old", "-q",
    ]);
    folder.ok(&[
        "run", "start", "a", "--name", "deep", "--parent", "one", "-q",
    ]);
    let document = folder.json(&["runs", "--tree", "--json"]);
    assert_eq!(names(&document), ["top", "old", "two", "one", "deep"]);
    let mut command = folder.command(&["runs", "--tree", "--md", "--cols", ".name"]);
    let table = command.env("LC_ALL", "C.UTF-8").output().unwrap().stdout;
    let table = String::from_utf8(table).unwrap();
    let branches: Vec<&str> = table
        .lines()
        .skip(2)
        .map(|line| {
            line.trim_start_matches("| ")
                .split(|c: char| c.is_ascii_hexdigit())
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(branches, ["", "", "├─", "└─", "  └─"]);
}

#[test]
fn pages_hold_every_run_once_while_runs_are_added() {
    let folder = folder();
    let words = ["runs", "--sort", "acc", "--limit", "4", "--json"];
    let first = folder.json(&words);
    assert_eq!((names(&first).len(), &first["total"]), (4, &json!(6)));
    folder.ok(&["run", "start", "sweep", "--name", "late", "-q"]);
    folder.ok(&["run", "log", "@last", "acc=0"]);
    let next = first["next"].as_str().unwrap();
    let second = folder.json(&[&words[..], &["--page", next]].concat());
    assert_eq!(names(&second), ["r4", "r5"]);
    assert_eq!(
        (&second["total"], &second["next"]),
        (&json!(6), &Value::Null)
    );
    assert_eq!(
        folder
            .run(&["runs", "--limit", "2", "--sort", ".heard"])
            .code,
        2
    );
    assert_eq!(folder.run(&["runs", "--limit", "0"]).code, 2);
    assert_eq!(folder.run(&["runs", "--limit", "2", "--page", "x"]).code, 2);
}

#[test]
fn what_is_cut_off_is_said_on_stderr() {
    let folder = folder();
    let said = folder.run(&["runs", "--top", "2"]);
    assert_eq!(said.stdout.lines().count(), 2);
    assert_eq!(said.stderr, "note: 2 of 6 runs\n");
    let said = folder.run(&["runs", "--limit", "5", "--ndjson"]);
    assert!(
        said.stderr.contains("the next page: --page "),
        "{}",
        said.stderr
    );
    assert_eq!(folder.run(&["runs", "--top", "2", "-q"]).stderr, "");
    assert_eq!(folder.run(&["runs"]).stderr, "");
}

#[test]
fn no_match_is_a_no_only_where_it_was_asked_for() {
    let folder = folder();
    assert_eq!(folder.run(&["runs", "--state", "lost"]).code, 0);
    assert_eq!(
        folder
            .run(&["runs", "--state", "lost", "--exit-status"])
            .code,
        1
    );
    assert_eq!(
        folder
            .run(&["runs", "--state", "lost,running", "--exit-status"])
            .code,
        0
    );
}

#[test]
fn runs_since_a_time_are_those_started_after_it() {
    let folder = folder();
    let started = folder.json(&["runs", "--json=name,started"])["items"][1].clone();
    let since = started["started"].as_str().unwrap();
    assert_eq!(
        names(&folder.json(&["runs", "--since", since, "--json"])),
        ["r5", "r4"]
    );
    assert_eq!(
        names(&folder.json(&["runs", "--since", "-1h", "--json"])).len(),
        6
    );
    assert_eq!(folder.run(&["runs", "--since", "17"]).code, 2);
}

#[test]
fn a_watched_list_is_written_again_when_something_changes() {
    let folder = folder();
    let mut command = folder.command(&["runs", "--watch", "--cols", ".name,acc", "--top", "2"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut table = || -> Vec<String> {
        let lines = lines.by_ref().map(Result::unwrap);
        let lines = lines.take_while(|line| !line.is_empty());
        lines
            .map(|line| line.split_once('\t').unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(table(), ["r5\t6.0", "r4\t5.0"]);
    folder.ok(&["run", "log", "r4", "acc=9"]);
    assert_eq!(table(), ["r5\t6.0", "r4\t9.0"]);
    // Nothing of it is in the table.
    folder.ok(&["run", "log", "r0", "acc=17"]);
    folder.ok(&["run", "start", "sweep", "--name", "new", "-q"]);
    assert_eq!(table(), ["new\t", "r5\t6.0"]);
    interrupt(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

fn interrupt(pid: u32) {
    let sent = Command::new("kill")
        .args(["-INT", &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_watched_list_on_a_terminal_takes_the_place_of_the_old_one() {
    let folder = folder();
    let watched = format!(
        "exec {} runs --watch --color never",
        env!("CARGO_BIN_EXE_mltrack")
    );
    // `script` gives its command a terminal of its own.
    let mut command = Command::new("script");
    command
        .args(["-qefc", &watched, "/dev/null"])
        .current_dir(folder.path())
        .env("TERM", "xterm")
        .env_remove("MLTRACK_STORE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut seen = String::new();
    let mut read_until = |word: &str| {
        let mut buffer = [0; 4096];
        while !seen.contains(word) {
            let count = out.read(&mut buffer).unwrap();
            assert!(count > 0, "{word} never came: {seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        seen.clone()
    };
    read_until("6 runs");
    folder.ok(&["run", "start", "sweep", "--name", "late", "-q"]);
    let seen = read_until("7 runs");
    // Heading, six rows and a line with their number give way.
    assert!(seen.contains("\x1b[8A\r\x1b[J"), "{seen}");
    // The terminal turns this into the signal.
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"\x03").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn what_is_wrong_in_a_filter_is_underlined() {
    let folder = folder();
    let said = folder.run(&["runs", "-f", "acc > 1 and los < 3"]);
    assert_eq!((said.code, said.stdout.as_str()), (2, ""));
    let lines: Vec<&str> = said.stderr.lines().collect();
    assert!(
        lines[0].starts_with("error[VALIDATION_ERROR]: bad filter at character 13"),
        "{said:?}",
        said = said.stderr
    );
    assert!(lines[0].contains("loss"), "{}", said.stderr);
    assert_eq!(
        lines[1].find("los"),
        lines[2].find("^^^"),
        "{}",
        said.stderr
    );
    assert_eq!(lines[3], "hint: mltrack help filters");
}

#[test]
fn a_metric_that_nobody_has_is_remarked_beside_the_empty_answer() {
    let folder = Folder::with_store();
    folder.start_run("a");
    let said = folder.run(&["runs", "-f", "metrics.los < 3"]);
    assert_eq!((said.code, said.stdout.as_str()), (0, ""));
    assert!(said.stderr.contains("los"), "{}", said.stderr);
}

#[test]
fn every_line_of_the_help_on_filters_is_a_filter() {
    let folder = Folder::with_store();
    folder.ok(&[
        "run",
        "start",
        "a",
        "--name",
        "kind-elk",
        "-p",
        "optimizer.lr=0.1",
        "-p",
        "model.kind=mlp",
        "-t",
        "paper=v2",
        "-q",
    ]);
    folder.ok(&[
        "run",
        "log",
        "@last",
        "loss=0.1",
        "accuracy=1",
        "my loss=1",
        "--step",
        "2000",
    ]);
    let help = folder.ok(&["help", "filters"]);
    let mut count = 0;
    for line in help
        .lines()
        .filter(|line| line.starts_with("  ") && !line.contains("mltrack"))
    {
        let filter = line.trim().split("   ").next().unwrap();
        let said = folder.run(&["runs", "-f", filter]);
        assert_eq!(said.code, 0, "{filter}: {}", said.stderr);
        count += 1;
    }
    assert!(count >= 9, "{help}");
}
