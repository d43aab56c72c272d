//! `import tensorboard`, `mlflow`, `wandb` and `csv`: what a script sees of them.
//!
//! That values come in bit for bit is held by the tests of `crates/import`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::support::Folder;

/// What `tensorboardX` wrote.
const REAL: &[u8] = include_bytes!("../../crates/import/tests/import/real.tfevents");

/// What `wandb` wrote.
const REAL_WANDB: &[u8] = include_bytes!("../../crates/import/tests/import/real.wandb");

fn with_logs() -> (Folder, PathBuf) {
    let folder = Folder::empty();
    let file = folder.path().join("logs/a/events.out.tfevents.1.host");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, REAL).unwrap();
    (folder, file)
}

fn item(folder: &Folder, words: &[&str]) -> Value {
    folder.json(&[words, &["--json"]].concat())["items"][0].clone()
}

#[test]
fn a_folder_comes_in_once_and_says_how_to_take_it_back() {
    let (folder, _) = with_logs();
    let dry = item(&folder, &["import", "tensorboard", "logs", "--dry-run"]);
    assert_eq!((&dry["runs_new"], &dry["points"]), (&1.into(), &41.into()));
    assert!(
        !folder.path().join(".mltrack").exists(),
        "a dry run makes no store"
    );
    let said = folder.run(&["import", "tensorboard", "logs", "--into", "resnet"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("undo: mltrack rm "), "{}", said.stderr);
    let runs = folder.json(&["runs", "resnet", "--json"]);
    let run = &runs["items"][0];
    assert_eq!(
        (&run["name"], &run["state"]),
        (&"a".into(), &"completed".into())
    );
    assert_eq!(run["params"]["lr"], 0.001);
    let again = item(
        &folder,
        &["import", "tensorboard", "logs", "--into", "resnet"],
    );
    assert_eq!(
        (&again["runs_same"], &again["points"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn a_name_that_no_run_may_have_is_made_to_fit_and_said() {
    let folder = Folder::empty();
    let long = "é".repeat(300);
    let table = format!("run,step,loss\n\"a\nb\",1,1\n{long},1,2\nplain,1,3\n");
    fs::write(folder.path().join("t.csv"), table).unwrap();
    let report = item(&folder, &["import", "csv", "t.csv"]);
    let told = report["untaken"].as_array().unwrap();
    assert_eq!((told.len(), &report["untaken_count"]), (2, &2.into()));
    assert!(told.iter().all(|one| one["kind"] == "noted"), "{told:?}");
    let names = folder.ok(&["runs", "--json=name"]);
    for name in ["\"a b\"", "\"plain\"", &format!("\"{}\"", &long[..512])] {
        assert!(names.contains(name), "{name}: {names}");
    }
    let again = folder.run(&["import", "csv", "t.csv"]);
    assert!(
        again.code == 0 && !again.stderr.contains("a\nb"),
        "{}",
        again.stderr
    );
}

#[test]
fn nonsense_has_its_exit_and_makes_no_store() {
    let (folder, file) = with_logs();
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("table.csv"), "step,loss\n1,2\nx,3\n").unwrap();
    for (words, code, part) in [
        (&["tensorboard", "empty"][..], 3, "no event files"),
        (&["tensorboard", "nowhere"], 3, "nowhere"),
        (
            &["tensorboard", "/dev/null"],
            2,
            "neither a folder nor a file",
        ),
        (&["mlflow", "empty"], 3, "no experiments"),
        (&["mlflow", "table.csv"], 2, "sqlite:///"),
        (&["mlflow", "empty", "--map", "resnet"], 2, "resnet-old"),
        (&["wandb", "empty"], 3, "no .wandb files"),
        (&["wandb", "nowhere"], 3, "nowhere"),
        (&["wandb", "/dev/null"], 2, "neither a folder nor a file"),
        (&["csv", "table.csv"], 2, "line 3, column 1"),
        (&["csv", "empty"], 2, "no file"),
        (&["csv", "table.csv", "--metric", "accuracy"], 2, "accuracy"),
    ] {
        let said = folder.run(&[&["import"], words].concat());
        assert_eq!(said.code, code, "{words:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{words:?}: {}", said.stderr);
    }
    assert!(!folder.path().join(".mltrack").exists());
    fs::write(&file, b"\x89PNG\r\n\x1a\n and so on and so on").unwrap();
    let said = folder.run(&["import", "tensorboard", "logs"]);
    assert_eq!(said.code, 5, "{}", said.stderr);
    assert!(said.stderr.contains("checksum"), "{}", said.stderr);
}

#[test]
fn what_is_damaged_is_named_and_the_rest_taken() {
    let (folder, file) = with_logs();
    let mut bytes = REAL.to_vec();
    bytes[REAL.len() / 2] ^= 1;
    fs::write(&file, bytes).unwrap();
    let said = folder.run(&["import", "tensorboard", "logs", "--json"]);
    assert_eq!(said.code, 7, "{}", said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(report["items"][0]["untaken"][0]["kind"], "damaged");
    assert!(said.stderr.contains("at byte "), "{}", said.stderr);
}

#[test]
fn a_wandb_file_comes_in_once_and_what_is_none_is_refused() {
    let folder = Folder::empty();
    let run = folder.path().join("wandb/offline-run-1-a2uomu4f");
    fs::create_dir_all(&run).unwrap();
    fs::write(run.join("run-a2uomu4f.wandb"), REAL_WANDB).unwrap();
    fs::write(folder.path().join("odd.wandb"), b"\x89PNG\r\n\x1a\n").unwrap();
    let dry = item(&folder, &["import", "wandb", "wandb", "--dry-run"]);
    assert_eq!((&dry["runs_new"], &dry["points"]), (&1.into(), &53.into()));
    let odd = folder.run(&["import", "wandb", "odd.wandb"]);
    assert_eq!(odd.code, 5, "{}", odd.stderr);
    assert!(odd.stderr.contains("W&B"), "{}", odd.stderr);
    folder.ok(&["import", "wandb", "wandb"]);
    let runs = folder.json(&["runs", "vision", "--json"]);
    let run = &runs["items"][0];
    assert_eq!(
        (&run["name"], &run["state"], &run["params"]["opt.name"]),
        (&"kind elk".into(), &"completed".into(), &"adam".into())
    );
    let again = item(&folder, &["import", "wandb", "wandb"]);
    assert_eq!(
        (&again["runs_same"], &again["points"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn a_table_becomes_runs() {
    let folder = Folder::empty();
    let table = "run;lr;accuracy\nfirst;0,1;0,9\nsecond;0,2;0,8\n";
    fs::write(folder.path().join("results.csv"), table).unwrap();
    let report = item(
        &folder,
        &["import", "csv", "results.csv", "--metric", "accuracy"],
    );
    assert_eq!(
        (&report["runs_new"], &report["points"]),
        (&2.into(), &2.into())
    );
    let text = folder.ok(&["runs", "results", "--cols", "=lr,accuracy", "--csv"]);
    assert!(text.contains("0.1,0.9"), "{text}");
}

#[test]
fn a_folder_of_mlflow_becomes_an_experiment_under_the_name_that_is_wished() {
    let folder = Folder::empty();
    let write = |name: &str, text: &str| {
        let path = folder.path().join("mlruns").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("7/meta.yaml", "lifecycle_stage: active\nname: resnet\n");
    let meta = "run_id: a\nrun_name: kind-elk\nstart_time: 1700000000000\nstatus: 4\nend_time: 1700000001000\n";
    write("7/a/meta.yaml", meta);
    write("7/a/metrics/loss", "1700000000000 0.5 1\n");
    write("7/a/artifacts/notes.txt", "hello");
    let words = ["import", "mlflow", "mlruns", "--map", "resnet=old"];
    let report = item(&folder, &words);
    assert_eq!(
        (&report["points"], &report["artifacts_linked"]),
        (&1.into(), &1.into())
    );
    let runs = folder.json(&["runs", "old", "--json"]);
    let run = &runs["items"][0];
    assert_eq!(
        (&run["name"], &run["state"]),
        (&"kind-elk".into(), &"failed".into())
    );
    let report = item(&folder, &[&words[..], &["--copy"]].concat());
    assert_eq!(report["artifacts"], 1, "{report}");
    let text = folder.ok(&["artifact", "cat", "@last", "notes.txt"]);
    assert_eq!(text, "hello");
}
