//! `artifact ..`, and what `verify`, `gc`, `undo` and `config show` say about artifacts.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::support::Folder;

/// A store with a running run that has a model in two versions, and two checkpoints.
fn with_artifacts() -> (Folder, String) {
    let folder = Folder::with_store();
    let run = folder.start_run("resnet");
    for (text, words) in [
        ("first", ["model.pt", "--step=1"]),
        ("second", ["model.pt", "--step=2"]),
        ("one", ["ckpt/1.pt", "--step=1"]),
        ("two", ["ckpt/2.pt", "--step=2"]),
    ] {
        let words = [&["artifact", "put", &run, "-", "--name"], &words[..]].concat();
        assert_eq!(folder.run_with(&words, text).code, 0);
    }
    (folder, run)
}

fn items(document: &Value) -> Vec<&Value> {
    document["items"].as_array().unwrap().iter().collect()
}

/// The file that holds the bytes of an artifact.
fn blob(folder: &Folder, run: &str, path: &str) -> PathBuf {
    let document = folder.json(&["artifact", "ls", run, path, "--json"]);
    let hex = document["items"][0]["blob"].as_str().unwrap().to_owned();
    folder
        .path()
        .join(".mltrack/artifacts/blobs")
        .join(&hex[..2])
        .join(&hex)
}

fn damage(file: &std::path::Path) {
    let mut bytes = fs::read(file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(file, bytes).unwrap();
}

#[test]
fn what_is_put_is_listed_and_read_again() {
    let (folder, run) = with_artifacts();
    let text = folder.ok(&["artifact", "ls", &run]);
    let paths: Vec<&str> = text
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(paths, ["ckpt/1.pt", "ckpt/2.pt", "model.pt"]);
    let all = folder.json(&["artifact", "ls", &run, "--all", "--json"]);
    assert_eq!((items(&all).len(), all["total"].as_u64()), (4, Some(4)));
    let model = &folder.json(&["artifact", "ls", &run, "model.pt", "--json"])["items"][0];
    assert_eq!(
        (
            model["version"].as_u64(),
            model["bytes"].as_u64(),
            model["step"].as_i64()
        ),
        (Some(2), Some(6), Some(2))
    );
    assert_eq!(
        (model["kind"].as_str(), model["run"].as_str()),
        (Some("model"), Some(run.as_str()))
    );
    assert_eq!(
        folder.ok(&["artifact", "ls", "--kind", "checkpoint", "-q"]),
        "ckpt/1.pt\nckpt/2.pt\n"
    );
    assert_eq!(folder.ok(&["artifact", "cat", &run, "model.pt"]), "second");
    assert_eq!(
        folder.ok(&["artifact", "cat", &run, "model.pt@v1", "--bytes", "1..3"]),
        "ir"
    );
    assert_eq!(folder.ok(&["artifact", "cat", "@last", "ckpt/*"]), "two");
    let said = folder.run(&["artifact", "cat", &run, "modle.pt"]);
    assert_eq!(said.code, 3);
    assert!(
        said.stderr.contains("did you mean model.pt?"),
        "{}",
        said.stderr
    );
}

#[test]
fn files_and_folders_become_artifacts_under_their_own_names() {
    let folder = Folder::with_store();
    let run = folder.start_run("resnet");
    fs::create_dir_all(folder.path().join("out/plots")).unwrap();
    fs::write(
        folder.path().join("out/plots/loss.png"),
        b"\x89PNG\r\n\x1a\n",
    )
    .unwrap();
    fs::write(folder.path().join("out/notes.md"), "It works.").unwrap();
    let dry = folder.run(&["artifact", "put", &run, "out", "--dry-run"]);
    assert!(
        dry.stderr.contains("would keep out as out"),
        "{}",
        dry.stderr
    );
    assert_eq!(folder.ok(&["artifact", "ls", &run]), "");
    let said = folder.run(&[
        "artifact",
        "put",
        &run,
        "out",
        "out/notes.md",
        "--metadata",
        r#"{"by":"hand"}"#,
        "--json",
    ]);
    let document: Value = serde_json::from_str(&said.stdout).unwrap();
    let paths: Vec<&str> = items(&document)
        .iter()
        .map(|item| item["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["out/notes.md", "out/plots/loss.png", "notes.md"]);
    assert_eq!(document["items"][0]["metadata"]["by"], "hand");
    assert_eq!(document["items"][1]["media_type"], "image/png");
    assert!(
        said.stderr.contains("undo: mltrack undo "),
        "{}",
        said.stderr
    );
    for (words, code) in [
        (vec!["out/none"], 3),
        (vec!["-"], 2),
        (vec!["out/notes.md", "--name", "../x"], 2),
        (vec!["out/notes.md", "out", "--name", "x"], 2),
        (vec!["out/notes.md", "--metadata", "{"], 2),
    ] {
        let words = [vec!["artifact", "put", &run], words].concat();
        assert_eq!(folder.run(&words).code, code, "{words:?}");
    }
    folder.ok(&["run", "end", &run]);
    let late = folder.run(&["artifact", "put", &run, "out/notes.md"]);
    assert_eq!(late.code, 8, "{}", late.stderr);
}

#[test]
fn get_writes_files_whole_and_replaces_none_without_being_told() {
    let (folder, run) = with_artifacts();
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    folder.ok(&["artifact", "get", &run, "model.pt"]);
    assert_eq!(read("model.pt"), "second");
    let again = folder.run(&["artifact", "get", &run, "model.pt@v1"]);
    assert_eq!(again.code, 8, "{}", again.stderr);
    assert_eq!(read("model.pt"), "second");
    folder.ok(&["artifact", "get", &run, "model.pt@v1", "--force"]);
    assert_eq!(read("model.pt"), "first");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let refused = [
        "artifact", "get", &run, "model.pt", "--to", "socket", "--force",
    ];
    let refused = folder.run(&refused);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(read("model.pt") == "first" && fs::read(folder.path().join("socket")).is_err());
    folder.ok(&["artifact", "get", &run, "ckpt/1.pt", "--to", "one.pt"]);
    assert_eq!(read("one.pt"), "one");
    let dry = folder.run(&["artifact", "get", &run, "--into", "out", "--dry-run"]);
    assert!(
        dry.stderr.contains("would write out/ckpt/1.pt"),
        "{}",
        dry.stderr
    );
    assert!(!folder.path().join("out").exists());
    let document = folder.json(&[
        "artifact", "get", &run, "ckpt", "model.pt", "--into", "out", "--json",
    ]);
    let files: Vec<&str> = items(&document)
        .iter()
        .map(|item| item["file"].as_str().unwrap())
        .collect();
    assert_eq!(files, ["out/ckpt/1.pt", "out/ckpt/2.pt", "out/model.pt"]);
    assert_eq!(
        (read("out/ckpt/2.pt"), read("out/model.pt")),
        ("two".into(), "second".into())
    );
}

#[test]
fn removed_artifacts_come_back_by_restore_and_by_undo() {
    let (folder, run) = with_artifacts();
    let list = || folder.ok(&["artifact", "ls", &run, "--all", "-q"]);
    let dry = folder.run(&["artifact", "rm", &run, "ckpt/*", "--dry-run"]);
    assert!(
        dry.stderr.contains("would remove 2 artifacts, 6 B"),
        "{}",
        dry.stderr
    );
    assert_eq!(
        folder.run(&["artifact", "rm", &run, "ckpt/*"]).code,
        2,
        "nobody is here to be asked"
    );
    let said = folder.run(&["artifact", "rm", &run, "ckpt/*", "model.pt@v1", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert_eq!(list(), "model.pt\n");
    let lsn = said.stderr.trim().rsplit(' ').next().unwrap();
    folder.ok(&["undo", lsn]);
    assert_eq!(list().lines().count(), 4);
    folder.ok(&["artifact", "rm", &run, "model.pt", "--yes"]);
    assert_eq!(list(), "ckpt/1.pt\nckpt/2.pt\n");
    let removed = folder.json(&["artifact", "ls", &run, "--removed", "--json"]);
    let whys = items(&removed);
    let whys: Vec<&Value> = whys.iter().map(|item| &item["removed"]["why"]).collect();
    assert_eq!(
        whys.iter().filter(|why| **why == "removed by hand").count(),
        2
    );
    assert_eq!(
        folder.run(&["artifact", "restore", &run, "nothing"]).code,
        3
    );
    folder.ok(&["artifact", "restore", &run, "model.pt@v1"]);
    assert_eq!(folder.ok(&["artifact", "cat", &run, "model.pt"]), "first");
    folder.ok(&["artifact", "restore", &run, "model.pt"]);
    assert_eq!(list().lines().count(), 4);
    let put = folder.run_with(&["artifact", "put", &run, "-", "--name", "late"], "x");
    assert_eq!(put.code, 0);
    folder.ok(&["undo"]);
    assert_eq!(list().lines().count(), 4, "the last operation was the put");
}

#[test]
fn verify_names_run_and_path_ends_with_5_and_repairs_from_another_root() {
    let (folder, run) = with_artifacts();
    let text = folder.ok(&["verify", "--artifacts", "--json"]);
    let sound: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (
            sound["items"][0]["artifacts"].as_u64(),
            sound["items"][0]["artifacts_intact"].as_u64()
        ),
        (Some(4), Some(4))
    );
    let spare = folder.path().join("spare");
    copy(&folder.path().join(".mltrack/artifacts"), &spare);
    damage(&blob(&folder, &run, "model.pt"));
    fs::remove_file(blob(&folder, &run, "ckpt/2.pt")).unwrap();
    let lsn =
        folder.json(&["artifact", "ls", &run, "model.pt", "--json"])["items"][0]["lsn"].clone();
    let said = folder.run(&["verify", "--deep", "--artifacts"]);
    assert_eq!(said.code, 5);
    let expected = format!(
        "run {}, model.pt: blake3 differs from the event at lsn {lsn}; and 1 more",
        &run[24..]
    );
    assert!(
        said.stderr
            .contains(&format!("error[ARTIFACT_MISMATCH]: {expected}")),
        "{}",
        said.stderr
    );
    assert!(
        said.stderr.contains("hint: mltrack artifact verify"),
        "{}",
        said.stderr
    );
    let one = folder.run(&["artifact", "verify", &run, "model.pt"]);
    assert_eq!(one.code, 5, "{}", one.stderr);
    assert_eq!(
        folder.run(&["artifact", "verify", &run, "ckpt/1.pt"]).code,
        0
    );
    assert_eq!(folder.run(&["artifact", "verify", &run, "nothing"]).code, 3);
    assert_eq!(folder.run(&["artifact", "cat", &run, "model.pt"]).code, 5);
    let repaired = folder.run(&["artifact", "verify", &run, "--repair", "spare"]);
    assert_eq!(repaired.code, 0, "{}", repaired.stderr);
    folder.ok(&["verify", "--artifacts"]);
    assert_eq!(folder.ok(&["artifact", "cat", &run, "model.pt"]), "second");
    assert_eq!(
        folder.run(&["verify", "--repair", "spare"]).code,
        2,
        "only with --artifacts"
    );
}

#[test]
fn gc_says_how_many_bytes_would_go_and_frees_them() {
    let (folder, run) = with_artifacts();
    folder.ok(&["artifact", "rm", &run, "ckpt", "--yes"]);
    folder.ok(&["run", "end", &run]);
    let file = blob(&folder, &run, "model.pt");
    let gone: Vec<PathBuf> = ["one", "two"]
        .iter()
        .map(|text| {
            let hex = blake3::hash(text.as_bytes()).to_string();
            folder
                .path()
                .join(".mltrack/artifacts/blobs")
                .join(&hex[..2])
                .join(&hex)
        })
        .collect();
    assert!(gone.iter().all(|file| file.exists()));
    let early = folder.json(&["gc", "--dry-run", "--json"]);
    let early: Vec<&Value> = items(&early)
        .into_iter()
        .filter(|item| item["kind"] == "artifact")
        .collect();
    assert!(
        early.len() == 2
            && early.iter().all(|item| item["stays"]
                .as_str()
                .unwrap()
                .starts_with("can be undone for"))
    );
    let dry = folder.run(&["gc", "--older-than", "0s", "--dry-run", "--md"]);
    assert!(
        dry.stdout.contains("in 2 blobs would be freed")
            || dry.stderr.contains("2 removed artifacts ("),
        "{}{}",
        dry.stdout,
        dry.stderr
    );
    assert!(gone.iter().all(|file| file.exists()));
    let done = folder.json(&["gc", "--older-than", "0s", "--yes", "--json"]);
    assert_eq!(
        items(&done)
            .iter()
            .filter(|item| item["purged"] == true)
            .count(),
        2
    );
    assert!(!gone.iter().any(|file| file.exists()) && file.exists());
    assert_eq!(folder.run(&["artifact", "restore", &run, "ckpt"]).code, 3);
    folder.ok(&["verify", "--artifacts"]);
}

#[test]
fn the_roots_come_from_the_environment_are_remembered_and_shown() {
    let folder = Folder::with_store();
    let run = folder.start_run("resnet");
    let setting = |name: &str, variable: Option<(&str, &str)>| {
        let mut command = folder.command(&["config", "show", "--json"]);
        command.envs(variable);
        let document: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        let items = document["items"].as_array().unwrap().clone();
        let found = items.into_iter().find(|item| item["name"] == name).unwrap();
        (
            found["value"].as_str().unwrap().to_owned(),
            found["source"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(setting("artifacts", None).1, "default");
    let outside = folder.path().join("outside");
    let variable = ("MLTRACK_ARTIFACTS", outside.to_str().unwrap());
    assert_eq!(
        setting("artifacts", Some(variable)),
        (variable.1.into(), "MLTRACK_ARTIFACTS".into())
    );
    fs::write(folder.path().join("a"), "x").unwrap();
    let mut put = folder.command(&["artifact", "put", &run, "a"]);
    assert!(put.envs([variable]).output().unwrap().status.success());
    assert!(outside.join("blobs").is_dir());
    assert_eq!(
        setting("artifacts", None),
        (variable.1.into(), "remembered by the store".into())
    );
    assert_eq!(folder.ok(&["artifact", "cat", &run, "a"]), "x");
    let mut refused = folder.command(&["artifact", "ls"]);
    let output = refused
        .env("MLTRACK_DATA", "s3://me:hunter2@bucket")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
    let link = folder.run(&["artifact", "link", &run, "a"]);
    assert_eq!(link.code, 9, "only S3 gives addresses: {}", link.stderr);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn an_artifact_for_a_run_that_has_ended_says_what_to_type_instead() {
    let folder = Folder::with_store();
    let run = folder.start_run("resnet");
    folder.ok(&["run", "end", &run]);
    let said = folder.run_with(&["artifact", "put", &run, "-", "--name", "a"], "bytes");
    assert_eq!(said.code, 8, "{}", said.stderr);
    assert!(
        said.stderr.contains("hint: log before `mltrack run end`"),
        "{}",
        said.stderr
    );
}
