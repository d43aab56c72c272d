//! Which store a command works on.

use std::fs;

use super::support::Folder;

#[test]
fn init_makes_a_store_once() {
    let folder = Folder::empty();
    let said = folder.run(&["init"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(folder.path().join(".mltrack/FORMAT").is_file());
    assert_eq!(folder.ok(&["runs"]), "");
    let again = folder.run(&["init"]);
    assert_eq!(again.code, 8, "{}", again.stderr);
    assert!(
        again.stderr.starts_with("error[INVALID_STATE]: "),
        "{}",
        again.stderr
    );
}

#[test]
fn init_takes_a_folder_and_a_segment_size() {
    let folder = Folder::empty();
    folder.ok(&["init", "deep/er", "--segment-size", "4KiB"]);
    assert!(folder.path().join("deep/er/.mltrack/FORMAT").is_file());
    let refused = folder.run(&["init", "other", "--segment-size", "5000"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(!folder.path().join("other").exists());
}

#[test]
fn a_dry_run_makes_nothing() {
    let folder = Folder::empty();
    folder.ok(&["init", "--dry-run"]);
    assert!(!folder.path().join(".mltrack").exists());
}

#[test]
fn commands_that_look_never_make_a_store() {
    let folder = Folder::empty();
    for words in [
        &["runs"][..],
        &["exp", "ls"],
        &["tail"],
        &["log"],
        &["metrics", "@last"],
        &["run", "show", "@last"],
        &["export", "events"],
        &["replay", "--check"],
    ] {
        let said = folder.run(words);
        assert_eq!(said.code, 3, "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains("error[NOT_FOUND]"), "{}", said.stderr);
        assert!(
            said.stderr.contains("hint: mltrack init"),
            "{}",
            said.stderr
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_begins_something_makes_a_store_and_says_so() {
    for words in [&["run", "start", "a", "-q"][..], &["exp", "new", "a", "-q"]] {
        let folder = Folder::empty();
        let said = folder.run(words);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(
            said.stderr.contains("creating a store in ./.mltrack"),
            "{}",
            said.stderr
        );
        assert!(folder.path().join(".mltrack/FORMAT").is_file());
    }
}

#[test]
fn the_option_the_variable_and_the_folder_above_name_a_store() {
    let folder = Folder::empty();
    folder.ok(&["init"]);
    folder.ok(&["init", "other"]);
    folder.ok(&["exp", "new", "here"]);
    folder.ok(&["-C", "other", "exp", "new", "there"]);
    let names = |command: &mut std::process::Command| {
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let list = ["exp", "ls", "--json=name"];
    assert!(folder.ok(&list).contains("here"));
    assert!(names(folder.command(&list).env("MLTRACK_STORE", "other")).contains("there"));
    let both = ["-C", ".mltrack", "exp", "ls", "--json=name"];
    assert!(names(folder.command(&both).env("MLTRACK_STORE", "other")).contains("here"));
    std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
    assert!(names(folder.command(&list).current_dir(folder.path().join("a/b"))).contains("here"));
}

#[test]
fn config_show_names_the_source_of_every_value() {
    let folder = Folder::with_store();
    let document = folder.json(&["config", "show", "--json"]);
    let source_of = |document: &serde_json::Value, name: &str| {
        let items = document["items"].as_array().unwrap().clone();
        let item = items.into_iter().find(|item| item["name"] == name).unwrap();
        item["source"].as_str().unwrap().to_owned()
    };
    assert_eq!(source_of(&document, "store"), "nearest .mltrack upward");
    assert_eq!(source_of(&document, "pager"), "default");
    let by_option = folder.json(&["-C", ".", "config", "show", "--json", "--color", "never"]);
    assert_eq!(source_of(&by_option, "store"), "-C");
    assert_eq!(source_of(&by_option, "color"), "--color");
}

#[test]
fn doctor_finds_a_healthy_store_healthy_and_a_missing_one_missing() {
    let folder = Folder::with_store();
    let text = folder.ok(&["doctor"]);
    assert!(
        text.lines()
            .all(|line| line.split('\t').nth(1) == Some("ok")),
        "{text}"
    );
    let empty = Folder::empty();
    assert_eq!(empty.run(&["doctor"]).code, 3);
}

#[test]
fn an_address_is_no_place_to_make_a_store_in() {
    let said = Folder::empty().run(&["-C", "https://tracker.example", "init"]);
    assert_eq!(said.code, 9, "{}", said.stderr);
    assert!(
        said.stderr.contains("error[UNSUPPORTED]"),
        "{}",
        said.stderr
    );
}

#[test]
fn what_is_left_of_a_store_is_said_to_be_that_and_is_not_begun_anew() {
    let folder = Folder::with_store();
    let run = folder.start_run("resnet");
    let format = folder.path().join(".mltrack/FORMAT");
    let whole = fs::read(&format).unwrap();
    let damages = [None, Some(&b""[..]), Some(&whole[..40])];
    for damage in damages {
        match damage {
            Some(bytes) => fs::write(&format, bytes).unwrap(),
            None => fs::remove_file(&format).unwrap(),
        }
        for words in [&["runs"][..], &["run", "start", "x"], &["verify"]] {
            let said = folder.run(words);
            assert_eq!(said.code, 5, "{words:?}: {}", said.stderr);
            let is_told =
                said.stderr.contains("FORMAT") && said.stderr.contains("hint: put FORMAT");
            assert!(is_told, "{words:?}: {}", said.stderr);
        }
        assert_eq!(folder.run(&["init"]).code, 8);
    }
    fs::write(&format, whole).unwrap();
    assert_eq!(folder.ok(&["runs", "-q"]).lines().count(), 1, "{run}");
}
