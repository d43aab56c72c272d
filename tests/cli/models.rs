//! `model new|ls|show|add|get|alias|stage|tag|rm|restore`.

use std::fs;

use super::support::Folder;

fn with_versions() -> Folder {
    let folder = Folder::with_store();
    let run = folder.start_run("e");
    for source in ["a.pt", "b.pt"] {
        let words = ["model", "add", "resnet", "--source", source, "--run", &run];
        folder.ok(&[&words[..], &["--bump", "minor", "--flavour", "pytorch"]].concat());
    }
    folder
}

#[test]
fn a_version_says_who_made_it_and_is_found_by_alias_and_stage() {
    let folder = with_versions();
    folder.ok(&["model", "alias", "resnet@v1", "prod"]);
    let said = folder.run(&["model", "stage", "resnet@v2", "staging"]);
    assert!(
        said.stderr.contains("moved resnet@v2 from None to Staging"),
        "{}",
        said.stderr
    );
    let item = &folder.json(&["model", "show", "resnet@prod", "--json"])["items"][0];
    assert_eq!(
        (&item["number"], &item["version"]),
        (&1.into(), &"0.1.0".into())
    );
    assert_eq!(
        (&item["source"], &item["flavour"]),
        (&"a.pt".into(), &"pytorch".into())
    );
    assert_eq!(item["aliases"][0], "prod");
    assert!(item["run"].is_string());
    let item = &folder.json(&["model", "show", "resnet@staging", "--json"])["items"][0];
    assert_eq!(
        (&item["number"], &item["stages"][0]["to"]),
        (&2.into(), &"Staging".into())
    );
    let list = folder.ok(&["model", "ls"]);
    let expected = "resnet\t2\t2\t0.2.0\t{\"prod\":1}\t{\"Staging\":2}\t";
    assert!(list.starts_with(expected), "{list}");
    assert_eq!(folder.ok(&["model", "show", "resnet"]).lines().count(), 2);
}

#[test]
fn an_alias_moves_is_taken_away_and_each_is_undone() {
    let folder = with_versions();
    folder.ok(&["model", "alias", "resnet@v1", "prod"]);
    folder.ok(&["model", "alias", "resnet@v2", "prod"]);
    let again = folder.run(&["model", "alias", "resnet@v2", "prod"]);
    assert!(again.stderr.contains("already"), "{}", again.stderr);
    folder.ok(&["undo"]);
    let number = |selector: &str| {
        folder.json(&["model", "show", selector, "--json=number"])["items"][0]["number"].clone()
    };
    assert_eq!(number("resnet@prod"), 1);
    folder.ok(&["model", "alias", "resnet", "prod", "--remove"]);
    assert_eq!(folder.run(&["model", "show", "resnet@prod"]).code, 3);
    let wrong = folder.run(&["model", "alias", "resnet@v1", "v7"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    let wrong = folder.run(&["model", "stage", "resnet@v1", "live"]);
    assert!(wrong.stderr.contains("Staging"), "{}", wrong.stderr);
}

#[test]
fn what_is_removed_or_deleted_comes_back() {
    let folder = with_versions();
    folder.ok(&[
        "model",
        "tag",
        "resnet@v2",
        "gold",
        "--description",
        "the one",
    ]);
    let item = &folder.json(&["model", "show", "resnet@gold", "--json"])["items"][0];
    assert_eq!(item["description"], "the one");
    folder.ok(&["model", "rm", "resnet@v2", "--yes"]);
    assert_eq!(folder.run(&["model", "show", "resnet@gold"]).code, 3);
    folder.ok(&["model", "restore", "resnet@v2"]);
    folder.ok(&["model", "rm", "resnet", "--yes"]);
    folder.ok(&["model", "new", "resnet"]);
    let taken = folder.run(&["model", "restore", "resnet"]);
    assert_eq!(taken.code, 8, "{}", taken.stderr);
    folder.ok(&["model", "tag", "resnet", "--rename", "other"]);
    folder.ok(&["model", "restore", "resnet"]);
    folder.ok(&["model", "show", "resnet@gold"]);
}

#[test]
fn a_version_of_an_artifact_is_tied_to_the_run_that_logged_it() {
    let folder = with_versions();
    let nothing = folder.run(&["model", "add", "m", "--artifact", "@last/nothing.pt"]);
    assert_eq!(nothing.code, 3, "{}", nothing.stderr);
    assert!(
        !folder.ok(&["model", "ls"]).contains("m\t0"),
        "nothing was made"
    );
    let wrong = folder.run(&["model", "add", "m", "--artifact", "model.pt"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

#[test]
fn the_past_has_the_aliases_and_stages_that_there_were_then() {
    let folder = with_versions();
    folder.ok(&["model", "alias", "resnet@v1", "prod"]);
    let then = folder.json(&["model", "ls", "--json"])["lsn"].to_string();
    folder.ok(&["model", "alias", "resnet@v2", "prod"]);
    folder.ok(&["model", "stage", "resnet@v1", "Archived"]);
    let show = |words: &[&str]| {
        let words = [&["model", "show", "resnet@prod", "--json"], words].concat();
        folder.json(&words)
    };
    assert_eq!(show(&[])["items"][0]["number"], 2);
    let past = show(&["--at", &then]);
    assert_eq!(
        (&past["total"], &past["lsn"].to_string()),
        (&1.into(), &then)
    );
    let item = &past["items"][0];
    assert_eq!(
        (&item["number"], &item["stage"]),
        (&1.into(), &"None".into())
    );
    let list = folder.json(&["model", "ls", "--at", &then, "--json"]);
    assert_eq!(list["items"][0]["aliases"]["prod"], 1);
    assert_eq!(
        folder.json(&["model", "ls", "--at", "-1h", "--json"])["total"],
        0
    );
}

#[test]
fn files_of_a_version_are_stored_with_it_and_written_again() {
    let folder = Folder::with_store();
    fs::create_dir_all(folder.path().join("out/parts")).unwrap();
    fs::write(folder.path().join("out/parts/words"), "a b").unwrap();
    fs::write(folder.path().join("card.md"), "by hand").unwrap();
    folder.ok(&[
        "model", "add", "resnet", "--file", "out", "--file", "card.md",
    ]);
    let item = &folder.json(&["model", "show", "resnet@v1", "--json"])["items"][0];
    assert!(item["content"].is_string(), "{item}");
    assert_eq!(item["source"], "out");
    folder.ok(&["gc", "--older-than", "0s", "--yes"]);
    let get = |words: &[&str]| {
        let get = ["model", "get", "resnet", "--into", "w"];
        folder.run(&[&get[..], words].concat())
    };
    let dry = get(&["--dry-run"]);
    assert!(
        dry.stderr.contains("would write w/card.md"),
        "{}",
        dry.stderr
    );
    assert!(!folder.path().join("w").exists());
    let said = get(&["--json"]);
    assert!(said.stdout.contains("w/parts/words"), "{}", said.stdout);
    let words = fs::read_to_string(folder.path().join("w/parts/words")).unwrap();
    assert_eq!(words, "a b");
    let there = folder.json(&["model", "get", "resnet", "w", "--json"]);
    assert_eq!(there["items"][0]["written"], false, "it is there already");
    fs::write(folder.path().join("w/parts/words"), "mine").unwrap();
    let there = get(&[]);
    assert!(there.stderr.contains("--force"), "{}", there.stderr);
    assert_eq!(get(&["--force"]).code, 0);
    let missing = folder.run(&["model", "add", "new", "--file", "none"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    assert_eq!(
        folder.run(&["model", "show", "new"]).code,
        3,
        "it is not made"
    );
    folder.ok(&["model", "add", "m", "--source", "s3://b/m.pt"]);
    let elsewhere = folder.run(&["model", "get", "m"]);
    assert!(
        elsewhere.stderr.contains("s3://b/m.pt"),
        "{}",
        elsewhere.stderr
    );
}
