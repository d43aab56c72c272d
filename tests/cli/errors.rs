//! The form of errors, and the exit code of each kind.

use serde_json::Value;

use super::support::Folder;

/// A store with an ended run, an archived experiment and two runs of one name.
fn folder() -> Folder {
    let folder = Folder::with_store();
    let ended = folder.start_run("resnet");
    folder.ok(&["run", "end", &ended]);
    folder.ok(&["run", "start", "resnet", "--name", "twin", "-q"]);
    folder.ok(&["run", "start", "resnet", "--name", "twin", "-q"]);
    folder.ok(&["exp", "new", "old", "-q"]);
    folder.ok(&["exp", "archive", "old", "--yes"]);
    folder
}

#[test]
fn every_kind_of_failure_has_its_exit_code_and_its_code() {
    let folder = folder();
    for (words, exit, code) in [
        (&["runs", "--no-such-option"][..], 2, "VALIDATION_ERROR"),
        (&["no-such-command"], 2, "VALIDATION_ERROR"),
        (
            &["runs", "resnet", "-f", "metrics.acc >"],
            2,
            "VALIDATION_ERROR",
        ),
        (
            &["runs", "resnet", "--since", "soon"],
            2,
            "VALIDATION_ERROR",
        ),
        (&["run", "show", "twin"], 2, "VALIDATION_ERROR"),
        (&["run", "show", "resnet/@best"], 2, "VALIDATION_ERROR"),
        (&["runs", "resnt"], 3, "NOT_FOUND"),
        (&["run", "show", "ffffffff"], 3, "NOT_FOUND"),
        (&["exp", "show", "resnt"], 3, "NOT_FOUND"),
        (&["exp", "archive", "resnt", "--yes"], 3, "NOT_FOUND"),
        (&["run", "end", "resnet/1"], 8, "INVALID_STATE"),
        (&["run", "start", "old"], 8, "INVALID_STATE"),
        (&["exp", "new", "resnet"], 8, "CONFLICT"),
        (&["-C", "http://localhost", "rm", "x"], 9, "UNSUPPORTED"),
    ] {
        let said = folder.run(words);
        assert_eq!(said.code, exit, "{words:?}\n{}", said.stderr);
        assert!(
            said.stderr.starts_with(&format!("error[{code}]: ")),
            "{words:?}\n{}",
            said.stderr
        );
        assert_eq!(said.stdout, "", "{words:?}");
    }
}

/// What lies in memory is gone with the command, so that a backup there would be none.
#[test]
fn memory_is_no_place_for_backups() {
    let folder = folder();
    for words in [
        &["backup", "memory:"][..],
        &["backup", "memory:x", "--dry-run"],
        &["backup", "ls", "memory:"],
        &["backup", "verify", "memory:x"],
        &["backup", "prune", "memory:x", "--keep", "1", "--yes"],
        &["backup", "restore", "memory:x", "there"],
        &["backup", "ls", "gs://bucket"],
    ] {
        let said = folder.run(words);
        assert_eq!(said.code, 2, "{words:?}\n{}", said.stderr);
        let hint = "a folder, s3://BUCKET/PREFIX or file:///PATH\n";
        assert!(said.stderr.contains(hint), "{words:?}\n{}", said.stderr);
        let is_offered = ["and memory:", "or memory:"].map(|word| said.stderr.contains(word));
        assert_eq!(is_offered, [false; 2], "{words:?}\n{}", said.stderr);
    }
}

#[test]
fn with_json_the_error_is_an_object_on_stderr_and_stdout_is_empty() {
    let folder = folder();
    for words in [
        &["runs", "resnt", "--json"][..],
        &["runs", "--json", "--no-such-option"],
        &["runs", "--json=nonsense"],
    ] {
        let said = folder.run(words);
        let object: Value =
            serde_json::from_str(&said.stderr).unwrap_or_else(|_| panic!("{}", said.stderr));
        let keys: Vec<&str> = object
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(keys, ["cause", "error", "hint", "message", "retryable"]);
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn a_slip_of_the_keyboard_gets_the_name_that_was_meant() {
    let folder = folder();
    let said = folder.run(&["runs", "resnt"]);
    assert!(said.stderr.contains("resnet"), "{}", said.stderr);
    let said = folder.run(&["rnus"]);
    assert!(said.stderr.contains("'runs'"), "{}", said.stderr);
}

#[test]
fn an_ambiguous_name_lists_its_candidates() {
    let folder = folder();
    let ids = folder.ok(&["runs", "resnet", "-q"]);
    let said = folder.run(&["run", "show", "twin"]);
    let named = ids.lines().filter(|id| said.stderr.contains(*id)).count();
    assert_eq!(named, 2, "{}", said.stderr);
}

#[test]
fn an_archived_experiment_says_how_it_comes_back() {
    let said = folder().run(&["run", "start", "old"]);
    assert!(
        said.stderr.contains("mltrack exp restore old"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_store_that_cannot_be_read_is_damaged_and_not_absent() {
    let folder = Folder::with_store();
    folder.start_run("a");
    std::fs::write(folder.path().join(".mltrack/FORMAT"), b"not a store").unwrap();
    let said = folder.run(&["runs"]);
    assert!(
        [5, 9].contains(&said.code),
        "{}: {}",
        said.code,
        said.stderr
    );
    assert!(said.stderr.contains("FORMAT"), "{}", said.stderr);
}

#[test]
fn a_server_of_a_damaged_store_says_so_and_what_looks_at_it() {
    let folder = Folder::with_store();
    folder.start_run("a");
    let path = folder.path().join(".mltrack/seg-00000000000000000001.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let text = b"first run";
    let begin = bytes.windows(text.len()).position(|window| window == text);
    bytes[begin.expect("why the experiment is active")] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let said = folder.run(&["serve", "--bind", "127.0.0.1:0"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(said.stderr.contains("error[CORRUPT]"), "{}", said.stderr);
    assert!(said.stderr.contains("mltrack verify"), "{}", said.stderr);
}

#[test]
fn a_program_called_without_words_shows_its_help_and_fails() {
    let said = Folder::empty().run(&[]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("Usage: mltrack"), "{}", said.stderr);
}

#[test]
fn verbose_says_how_long_it_took() {
    let said = Folder::with_store().run(&["runs", "-v"]);
    assert!(said.stderr.contains("took "), "{}", said.stderr);
}

#[test]
fn nobody_listening_to_notes_stops_no_command() {
    let folder = Folder::with_store();
    let run = folder.start_run("quiet");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = folder
        .command(&["run", "end", &run])
        .stderr(writer)
        .status();
    assert_eq!(status.unwrap().code(), Some(0));
    let state = &folder.json(&["run", "show", &run, "--json"])["items"][0]["state"];
    assert_eq!(*state, "completed");
}
