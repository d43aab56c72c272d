//! `dataset new|ls|show|add|get|use|tag|rm|restore|sample|split|diff`.

use std::fs;

use super::support::Folder;

const ROWS: &str = "x,label\n1,a\n2,b\n3,a\n4,b\n";

fn with_rows() -> Folder {
    let folder = Folder::with_store();
    fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
    folder.ok(&[
        "dataset", "add", "digits", "rows.csv", "--bump", "minor", "-t", "gold",
    ]);
    folder
}

#[test]
fn an_added_version_is_listed_and_shown_with_its_columns() {
    let folder = with_rows();
    let item = &folder.json(&["dataset", "show", "digits@gold", "--json"])["items"][0];
    assert_eq!(
        (&item["number"], &item["version"]),
        (&1.into(), &"0.1.0".into())
    );
    assert_eq!((&item["rows"], &item["kept"]), (&4.into(), &true.into()));
    assert_eq!(item["schema"]["columns"][0]["type"], "int");
    assert_eq!(item["profile"]["columns"]["x"]["mean"], 2.5);
    assert_eq!(item["source"], "rows.csv");
    let list = folder.ok(&["dataset", "ls"]);
    assert!(list.starts_with("digits\t1\t1\t0.1.0\t4\t"), "{list}");
    let again = folder.run(&["dataset", "add", "digits", "rows.csv", "--json"]);
    assert!(
        again.stderr.contains("digits@v1 has this content already"),
        "{}",
        again.stderr
    );
}

#[test]
fn the_runs_that_took_a_version_in_are_shown_with_it() {
    let folder = with_rows();
    let run = folder.start_run("e");
    let said = folder.run(&[
        "dataset",
        "use",
        &run,
        "digits@^0.1",
        "--split",
        "test",
        "--json",
    ]);
    assert!(
        said.stderr.contains("took in digits@v1 (test)"),
        "{}",
        said.stderr
    );
    let item = &folder.json(&["dataset", "show", "digits@v1", "--json"])["items"][0];
    assert_eq!(item["runs"][0]["split"], "test");
    assert_eq!(item["runs"][0]["selector"], "digits@^0.1");
    assert!(run.ends_with(item["runs"][0]["run"].as_str().unwrap()));
    let missing = folder.run(&["dataset", "use", &run, "digits@v9"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    let dry = folder.run(&["dataset", "use", &run, "digits", "--dry-run"]);
    assert!(dry.stderr.contains("would record"), "{}", dry.stderr);
}

#[test]
fn a_derived_version_names_its_parents_and_differs_by_its_files_and_columns() {
    let folder = with_rows();
    fs::write(folder.path().join("clean.csv"), "x,label\n1,2\n").unwrap();
    let words = [
        "dataset",
        "add",
        "clean",
        "clean.csv",
        "--parent",
        "digits@v1",
    ];
    folder.ok(&[&words[..], &["--transformation", "dedup"]].concat());
    let item = &folder.json(&["dataset", "show", "clean@v1", "--json"])["items"][0];
    assert_eq!(item["parents"][0], "digits@v1");
    assert_eq!(item["transformation"], "dedup");
    let diff = folder.ok(&["dataset", "diff", "digits", "clean"]);
    assert!(diff.contains("fact\trows\t4\t1\n"), "{diff}");
    assert!(diff.contains("column\tlabel\ttext\tint\n"), "{diff}");
    assert!(diff.contains("file\trows.csv\t"), "{diff}");
    let same = folder.run(&["dataset", "diff", "digits", "digits@v1", "--exit-status"]);
    assert_eq!((same.code, same.stdout.as_str()), (0, ""));
    let other = folder.run(&["dataset", "diff", "digits", "clean", "--exit-status"]);
    assert_eq!(other.code, 1);
}

#[test]
fn a_sample_is_the_same_for_the_same_seed() {
    let folder = with_rows();
    let sample = |words: &[&str]| folder.ok(&[&["dataset", "sample", "digits"], words].concat());
    let first = sample(&["--count", "2", "--seed", "7"]);
    assert_eq!(first.lines().count(), 2);
    assert_eq!(first, sample(&["--count", "2", "--seed", "7"]));
    assert_eq!(sample(&[]).lines().count(), 4);
    let parity: u64 = sample(&["--percent", "50", "--by", "label"])
        .lines()
        .map(|row| row.parse::<u64>().unwrap() % 2)
        .sum();
    assert_eq!(parity, 1, "one of each label");
    let said = folder.run(&["dataset", "sample", "digits", "--by", "colour"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
    let said = folder.run(&["dataset", "sample", "digits", "--method", "stratified"]);
    assert!(said.stderr.contains("--by COLUMN"), "{}", said.stderr);
}

#[test]
fn a_version_is_written_where_it_is_wanted_and_nothing_else_is_replaced() {
    let folder = with_rows();
    let at = |name: &str| folder.path().join(name);
    let get = |words: &[&str]| folder.run(&[&["dataset", "get"], words].concat());
    let dry = get(&["digits@gold", "out/copy.csv", "--dry-run"]);
    assert!(
        dry.stderr.contains("would write out/copy.csv"),
        "{}",
        dry.stderr
    );
    assert!(!at("out").exists());
    let digest =
        folder.json(&["dataset", "show", "digits", "--json"])["items"][0]["digest"].clone();
    let digest = digest.as_str().unwrap();
    for selector in [
        "digits",
        "digits@v1",
        "digits@0.1.0",
        &format!("digits@{digest}"),
    ] {
        let said = get(&[selector, "out/copy.csv", "--json"]);
        assert_eq!(said.code, 0, "{selector}: {}", said.stderr);
        let said: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
        let item = &said["items"][0];
        assert_eq!(
            (&item["file"], &item["bytes"]),
            (&"out/copy.csv".into(), &24.into())
        );
        assert_eq!(
            item["written"],
            selector == "digits",
            "the next find it there"
        );
        assert_eq!(fs::read_to_string(at("out/copy.csv")).unwrap(), ROWS);
    }
    fs::write(at("out/copy.csv"), "mine").unwrap();
    let refused = get(&["digits", "out/copy.csv"]);
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(at("out/copy.csv")).unwrap(), "mine");
    assert_eq!(get(&["digits", "out/copy.csv", "--force"]).code, 0);
    assert_eq!(get(&["digits", "--into", "below"]).code, 0);
    assert_eq!(fs::read_to_string(at("below/rows.csv")).unwrap(), ROWS);
    assert_eq!(get(&["digits@v9", "x"]).code, 3);
    folder.ok(&[
        "dataset",
        "add",
        "raw",
        "--reference",
        "s3://b/x.tar",
        "--digest",
        "sha256:00ff",
    ]);
    let elsewhere = get(&["raw", "x"]);
    assert!(
        elsewhere.stderr.contains("keeps no bytes of raw@v1")
            && elsewhere.stderr.contains("s3://b/x.tar"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn gc_frees_the_files_of_a_removed_version_and_says_so() {
    let folder = with_rows();
    folder.ok(&["dataset", "rm", "digits@v1", "--yes"]);
    let early = folder.json(&["gc", "--dry-run", "--json"]);
    let early = &early["items"][0];
    assert_eq!(
        (&early["kind"], &early["name"]),
        (&"dataset_version".into(), &"digits@v1".into())
    );
    assert!(
        early["stays"]
            .as_str()
            .unwrap()
            .contains("can be undone for 29d"),
        "{early}"
    );
    let said = folder.run(&["gc", "--older-than", "0s", "--yes"]);
    assert!(
        said.stdout.contains("digits@v1"),
        "{}{}",
        said.stdout,
        said.stderr
    );
    let log = folder.ok(&["op", "log"]);
    assert!(
        log.contains("purged the files of dataset digits, v1"),
        "{log}"
    );
    folder.ok(&["dataset", "restore", "digits@v1"]);
    let back = folder.json(&["dataset", "show", "digits@v1", "--json"]);
    assert_eq!(back["items"][0]["kept"], false);
    let gone = folder.run(&["dataset", "get", "digits@v1", "x"]);
    assert!(
        gone.stderr.contains("keeps no bytes of digits@v1"),
        "{}",
        gone.stderr
    );
}

#[test]
fn damaged_bytes_of_a_version_are_never_written() {
    let folder = with_rows();
    let blobs = folder.path().join(".mltrack/artifacts/blobs");
    let mut damaged = 0;
    for part in fs::read_dir(blobs).unwrap() {
        for file in fs::read_dir(part.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let mut bytes = fs::read(&file).unwrap();
            if bytes
                .windows(ROWS.len())
                .any(|window| window == ROWS.as_bytes())
            {
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(&file, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert_eq!(damaged, 1);
    let said = folder.run(&["dataset", "get", "digits", "copy.csv"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(
        said.stderr.contains("digits@v1, rows.csv"),
        "{}",
        said.stderr
    );
    assert!(!folder.path().join("copy.csv").exists());
}

#[test]
fn a_reference_has_a_digest_and_no_bytes() {
    let folder = Folder::with_store();
    let words = ["dataset", "add", "raw", "--reference", "s3://b/x.tar"];
    let without = folder.run(&words);
    assert_eq!(without.code, 2, "{}", without.stderr);
    folder.ok(&[&words[..], &["--digest", "sha256:00ff", "--rows", "10"]].concat());
    let item = &folder.json(&["dataset", "show", "raw", "--json"])["items"][0];
    assert_eq!(
        (&item["digest"], &item["kept"]),
        (&"sha256:00ff".into(), &false.into())
    );
    assert_eq!(
        folder
            .ok(&["dataset", "sample", "raw", "--count", "3"])
            .lines()
            .count(),
        3
    );
}

#[test]
fn what_is_removed_or_deleted_comes_back_and_every_change_can_be_undone() {
    let folder = with_rows();
    let said = folder.run(&["dataset", "rm", "digits@v1", "--yes"]);
    assert!(
        said.stderr
            .contains("undo: mltrack dataset restore digits@v1"),
        "{}",
        said.stderr
    );
    assert_eq!(folder.run(&["dataset", "show", "digits@v1"]).code, 3);
    folder.ok(&["dataset", "restore", "digits@v1"]);
    folder.ok(&["dataset", "show", "digits@v1"]);
    let dry = folder.run(&["dataset", "rm", "digits", "--dry-run"]);
    assert!(
        dry.stderr
            .contains("would delete dataset \"digits\" with 1 version"),
        "{}",
        dry.stderr
    );
    folder.ok(&["dataset", "rm", "digits", "--yes"]);
    assert_eq!(folder.ok(&["dataset", "ls"]), "");
    assert!(
        folder
            .ok(&["dataset", "ls", "--deleted"])
            .starts_with("digits\t")
    );
    folder.ok(&["undo"]);
    folder.ok(&["dataset", "tag", "digits", "--rename", "numbers"]);
    folder.ok(&["dataset", "tag", "numbers@v1", "silver", "--remove", "gold"]);
    folder.ok(&["dataset", "show", "numbers@silver"]);
    folder.ok(&["undo"]);
    folder.ok(&["dataset", "show", "numbers@gold"]);
    let log = folder.ok(&["op", "log", "--json=what"]);
    assert!(
        log.contains("tagged dataset numbers@v1: silver, -gold"),
        "{log}"
    );
    let nothing = folder.run(&["dataset", "tag", "numbers"]);
    assert_eq!(nothing.code, 2, "{}", nothing.stderr);
}

#[test]
fn the_past_has_the_versions_names_and_users_that_there_were_then() {
    let folder = with_rows();
    let run = folder.start_run("e");
    folder.ok(&["dataset", "use", &run, "digits"]);
    let then = folder.json(&["dataset", "ls", "--json"])["lsn"].to_string();
    fs::write(folder.path().join("rows.csv"), "x,label\n9,z\n").unwrap();
    folder.ok(&["dataset", "add", "digits", "rows.csv", "-t", "gold"]);
    folder.ok(&["dataset", "use", &run, "digits@v2"]);
    folder.ok(&["dataset", "rm", "digits", "--yes"]);
    let show = |words: &[&str]| {
        let words = [&["dataset", "show"], words, &["--json"]].concat();
        folder.json(&words)
    };
    let past = show(&["digits", "--at", &then]);
    assert_eq!(
        (&past["total"], &past["lsn"].to_string()),
        (&1.into(), &then)
    );
    assert_eq!(past["items"][0]["runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        show(&["digits@gold", "--at", &then])["items"][0]["number"],
        1
    );
    let listed = |at: &str| folder.json(&["dataset", "ls", "--at", at, "--json"]);
    assert_eq!(listed(&then)["items"][0]["latest"], 1);
    assert_eq!(
        (&listed("-1h")["total"], &listed("start")["total"]),
        (&0.into(), &0.into())
    );
    assert_eq!(folder.json(&["dataset", "ls", "--json"])["total"], 0);
    let early = folder.run(&["dataset", "show", "digits", "--at", "start"]);
    assert_eq!(early.code, 3, "{}", early.stderr);
}

#[test]
fn a_split_divides_the_rows_alike_for_the_same_seed_and_writes_a_file_for_each_part() {
    let folder = Folder::with_store();
    let rows: Vec<String> = (0..20).map(|row| format!("{row},{}\n", row % 2)).collect();
    let rows = format!("x,label\n{}", rows.concat());
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    folder.ok(&["dataset", "add", "digits", "rows.csv"]);
    let parts = ["--into", "train=0.8,validation=0.1,test=0.1"];
    let split = |words: &[&str]| {
        let words = [&["dataset", "split", "digits@v1"], &parts[..], words].concat();
        folder.run(&words)
    };
    let first = split(&["--seed", "7"]).stdout;
    let count = |part: &str| first.lines().filter(|line| line.ends_with(part)).count();
    assert_eq!(
        (count("\ttrain"), count("\tvalidation"), count("\ttest")),
        (16, 2, 2)
    );
    assert_eq!(split(&["--seed", "7"]).stdout, first);
    assert_ne!(split(&["--seed", "8"]).stdout, first);
    let by = split(&["--seed", "7", "--by", "label", "--files", "parts", "--json"]);
    assert!(
        by.stderr
            .contains("test: 2 of 20 rows of digits@v1, seed 7"),
        "{}",
        by.stderr
    );
    let read = |part: &str| fs::read_to_string(folder.path().join("parts").join(part)).unwrap();
    let parity: u64 = read("test.txt")
        .lines()
        .map(|row| row.parse::<u64>().unwrap() % 2)
        .sum();
    assert_eq!(parity, 1, "one of each label");
    let mut all: Vec<u64> = ["train.txt", "validation.txt", "test.txt"]
        .iter()
        .flat_map(|part| {
            read(part)
                .lines()
                .map(|row| row.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect();
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<u64>>());
    let there = split(&["--files", "parts"]);
    assert!(there.stderr.contains("--force"), "{}", there.stderr);
    let dry = split(&["--files", "parts", "--force", "--dry-run"]);
    assert!(dry.stderr.contains("would write"), "{}", dry.stderr);
    assert_eq!(split(&["--files", "parts", "--force"]).code, 0);
}

#[test]
fn what_divides_nothing_is_refused_with_the_reason() {
    let folder = with_rows();
    for (into, reason) in [
        ("train", "train=0.8"),
        ("train=2", "from 0 to 1"),
        ("../x=0.5", "names no part"),
        ("train=0.8,test=0.3", "of the whole"),
        ("a=0.1,a=0.2", "twice"),
    ] {
        let said = folder.run(&["dataset", "split", "digits", "--into", into]);
        assert_eq!(said.code, 2, "{into}: {}", said.stderr);
        assert!(said.stderr.contains(reason), "{into}: {}", said.stderr);
    }
}
