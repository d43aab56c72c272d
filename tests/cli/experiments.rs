//! `exp ls|new|show|archive|restore`.

use super::support::Folder;

#[test]
fn a_new_experiment_is_listed_and_shown() {
    let folder = Folder::with_store();
    let id = folder.ok(&[
        "exp",
        "new",
        "resnet",
        "--goal",
        "acc:max",
        "-t",
        "team=vision",
        "-q",
    ]);
    assert_eq!(id, "1\n");
    let item = &folder.json(&["exp", "show", "resnet", "--json"])["items"][0];
    assert_eq!(item["id"], 1);
    assert_eq!(item["name"], "resnet");
    assert_eq!(item["state"], "draft");
    assert_eq!(
        item["goal"],
        serde_json::json!({"metric": "acc", "direction": "max"})
    );
    assert_eq!(item["tags"]["team"], "vision");
    let list = folder.ok(&["exp", "ls"]);
    assert_eq!(list.lines().count(), 1);
    assert!(list.starts_with("1\tresnet\tdraft\t"), "{list}");
}

#[test]
fn a_run_makes_its_experiment_active_and_is_counted() {
    let folder = Folder::with_store();
    folder.start_run("resnet");
    folder.start_run("resnet");
    let item = &folder.json(&["exp", "ls", "--json"])["items"][0];
    assert_eq!(
        (item["state"].as_str(), item["runs"].as_u64()),
        (Some("active"), Some(2))
    );
}

#[test]
fn from_takes_over_goal_and_tags() {
    let folder = Folder::with_store();
    folder.ok(&[
        "exp",
        "new",
        "a",
        "--goal",
        "loss:min",
        "-t",
        "team=vision",
        "-t",
        "plain=1",
    ]);
    folder.ok(&["exp", "new", "b", "--from", "a", "-t", "plain=2"]);
    let item = &folder.json(&["exp", "show", "b", "--json"])["items"][0];
    assert_eq!(item["goal"]["metric"], "loss");
    assert_eq!(
        item["tags"],
        serde_json::json!({"team": "vision", "plain": "2"})
    );
}

#[test]
fn archive_hides_restore_shows_and_both_say_how_to_undo() {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "a"]);
    let said = folder.run(&["exp", "archive", "a", "--yes"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("undo: mltrack exp restore a"),
        "{}",
        said.stderr
    );
    assert_eq!(folder.ok(&["exp", "ls"]), "");
    assert!(folder.ok(&["exp", "ls", "--all"]).contains("archived"));
    let said = folder.run(&["exp", "restore", "a"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(
        said.stderr.contains("undo: mltrack exp archive a"),
        "{}",
        said.stderr
    );
    assert_eq!(folder.ok(&["exp", "ls"]).lines().count(), 1);
}

#[test]
fn a_dry_run_changes_nothing() {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "a"]);
    let events = folder.ok(&["export", "events"]);
    folder.ok(&["exp", "archive", "a", "--dry-run"]);
    folder.ok(&["exp", "new", "b", "--dry-run"]);
    folder.ok(&["run", "start", "a", "--dry-run"]);
    assert_eq!(folder.ok(&["export", "events"]), events);
    assert_eq!(folder.run(&["exp", "archive", "b", "--dry-run"]).code, 3);
}

#[test]
fn a_change_without_a_terminal_needs_yes() {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "a"]);
    let said = folder.run(&["exp", "archive", "a"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
}

#[test]
fn bad_goals_and_tags_are_refused() {
    let folder = Folder::with_store();
    for words in [
        &["--goal", "acc"][..],
        &["--goal", "acc:up"],
        &["-t", "plain"],
        &["--from", "none"],
    ] {
        let said = folder.run(&[&["exp", "new", "a"], words].concat());
        assert!([2, 3].contains(&said.code), "{words:?}: {}", said.stderr);
    }
    assert_eq!(folder.ok(&["exp", "ls"]), "");
}

#[test]
fn experiments_are_filtered_sorted_and_paged() {
    let folder = Folder::with_store();
    for (name, team) in [
        ("b", "team=vision"),
        ("a", "team=vision"),
        ("c", "team=text"),
    ] {
        folder.ok(&["exp", "new", name, "-t", team]);
    }
    folder.start_run("c");
    let names = |words: &[&str]| -> Vec<String> {
        let document = folder.json(&[&["exp", "ls", "--json"], words].concat());
        let items = document["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["b", "a", "c"]);
    assert_eq!(
        names(&["-f", "tags.team = 'vision'", "--sort", "name"]),
        ["a", "b"]
    );
    assert_eq!(names(&["--sort", "-runs,name"]), ["c", "a", "b"]);
    let page = folder.json(&["exp", "ls", "--sort", "name", "--limit", "2", "--json"]);
    assert_eq!(
        (&page["total"], page["items"].as_array().unwrap().len()),
        (&3.into(), 2)
    );
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        names(&["--sort", "name", "--limit", "2", "--page", next]),
        ["c"]
    );
    let said = folder.run(&["exp", "ls", "-f", "colour = 'red'"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    assert!(said.stderr.contains("^^^"), "{}", said.stderr);
}
