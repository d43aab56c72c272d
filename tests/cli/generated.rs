//! Help, manual pages and completions: all made from one table, so all say the same.

use std::collections::BTreeSet;

use super::support::Folder;

/// Every command that ends a path, as its words.
const COMMANDS: &[&str] = &[
    "init",
    "demo",
    "runs",
    "run show",
    "run start",
    "run log",
    "run end",
    "run exec",
    "exp ls",
    "exp new",
    "exp show",
    "exp archive",
    "exp restore",
    "dataset new",
    "dataset ls",
    "dataset show",
    "dataset add",
    "dataset get",
    "dataset use",
    "dataset tag",
    "dataset rm",
    "dataset restore",
    "dataset sample",
    "dataset split",
    "dataset diff",
    "model new",
    "model ls",
    "model show",
    "model add",
    "model get",
    "model alias",
    "model stage",
    "model tag",
    "model rm",
    "model restore",
    "metrics",
    "plot",
    "compare",
    "lineage link",
    "lineage unlink",
    "search",
    "stats",
    "top",
    "tail",
    "log",
    "replay",
    "verify",
    "repair",
    "artifact ls",
    "artifact get",
    "artifact put",
    "artifact cat",
    "artifact verify",
    "artifact rm",
    "artifact restore",
    "artifact link",
    "op log",
    "undo",
    "compact",
    "gc",
    "rm",
    "restore",
    "snapshot ls",
    "snapshot create",
    "snapshot verify",
    "snapshot rm",
    "export events",
    "export metrics",
    "export runs",
    "export all",
    "import tensorboard",
    "import mlflow",
    "import wandb",
    "import csv",
    "backup ls",
    "backup verify",
    "backup restore",
    "backup prune",
    "config show",
    "console",
    "env show",
    "env diff",
    "reproduce",
    "scrub",
    "serve",
    "key new",
    "key ls",
    "key rm",
    "doctor",
    "completion",
    "man",
    "version",
    "help",
];

fn listed(folder: &Folder, words: &[&str]) -> BTreeSet<String> {
    let help = folder.ok(&[words, &["--help"]].concat());
    let after = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = after.lines().take_while(|line| line.starts_with("  "));
    let names = lines
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

#[test]
fn help_lists_exactly_the_commands_that_exist() {
    let folder = Folder::empty();
    let mut found = BTreeSet::new();
    for name in listed(&folder, &[]) {
        let inner = listed(&folder, &[&name]);
        if inner.is_empty() {
            found.insert(name);
        } else {
            found.extend(inner.iter().map(|inner| format!("{name} {inner}")));
        }
    }
    assert_eq!(
        found,
        COMMANDS.iter().map(|name| (*name).to_owned()).collect()
    );
}

#[test]
fn every_command_has_help_and_a_manual_page() {
    let folder = Folder::empty();
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let help = folder.ok(&[&words[..], &["--help"]].concat());
        assert!(
            help.contains(&format!("Usage: mltrack {command}")),
            "{command}: {help}"
        );
        let page = folder.ok(&[&["man"], &words[..]].concat());
        assert!(
            page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"),
            "{command}: {page}"
        );
    }
}

#[test]
fn all_manual_pages_are_written_to_a_folder() {
    let folder = Folder::empty();
    folder.ok(&["man", "--into", "pages"]);
    let names: BTreeSet<String> = std::fs::read_dir(folder.path().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for command in COMMANDS {
        assert!(
            names.contains(&format!("mltrack-{}.1", command.replace(' ', "-"))),
            "{command}: {names:?}"
        );
    }
    assert!(!names.iter().any(|name| name.contains("demo-trainer")));
}

#[test]
fn completions_know_every_command_in_every_shell() {
    let folder = Folder::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "nushell"] {
        let script = folder.ok(&["completion", shell]);
        for word in COMMANDS.iter().flat_map(|command| command.split(' ')) {
            assert!(script.contains(word), "{shell} misses {word}");
        }
    }
}

#[test]
fn help_explains_topics_and_commands() {
    let folder = Folder::empty();
    for (topic, word) in [
        ("filters", "loss.min < 0.2"),
        ("formats", "--ndjson"),
        ("exit-codes", "NOT_FOUND"),
        ("env", "MLTRACK_STORE"),
        ("run log", "--ack"),
    ] {
        let words: Vec<&str> = ["help"].into_iter().chain(topic.split(' ')).collect();
        assert!(folder.ok(&words).contains(word), "{topic}");
    }
    assert_eq!(folder.run(&["help", "nonsense"]).code, 2);
}

#[test]
fn version_says_which_program_this_is() {
    let folder = Folder::empty();
    assert!(
        folder
            .ok(&["version"])
            .starts_with(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        folder.ok(&["--version"]),
        format!("mltrack {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(
        folder.json(&["version", "--json"])["items"][0]["version"],
        env!("CARGO_PKG_VERSION")
    );
}
