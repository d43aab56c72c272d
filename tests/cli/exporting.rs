//! `export` in every format, read back and held against what was logged; what is left when it does not come to its end.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::{Folder, feed};

const NAME: &str = "l\"o'ss/%=";
/// The bits of values that a format could lose.
const VALUES: [f64; 9] = [
    0.1,
    -0.0,
    5e-324,
    f64::MAX,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    3.0,
    -2.5,
];
const STEPS: [i64; 9] = [i64::MIN, -1, 0, 1, 2, 3, 4, 5, i64::MAX];

/// (experiment, metric, step, bits of the value), in order.
pub type Points = Vec<(String, String, i64, u64)>;

fn word(value: f64) -> Value {
    match value {
        _ if value.is_finite() => value.into(),
        _ if value.is_nan() => "NaN".into(),
        _ if value > 0.0 => "Infinity".into(),
        _ => "-Infinity".into(),
    }
}

/// Two experiments with the values that matter, and what was logged.
fn filled() -> (Folder, Points) {
    let folder = Folder::with_store();
    let mut expected = Vec::new();
    for experiment in ["a/b=\"c\"", "50% of 'x'"] {
        let words = [
            "run",
            "start",
            experiment,
            "-q",
            "-p",
            "lr=0.1",
            "-p",
            "big=9223372036854775807",
            "-p",
            "a_b=x|y",
        ];
        let run = folder.ok(&words).trim().to_owned();
        let lines = STEPS.iter().zip(VALUES).map(|(step, value)| {
            let line = serde_json::json!({"step": step, NAME: word(value)});
            format!("{line}\n")
        });
        let mut child = folder.spawn_fed(&["run", "log", &run, "--ndjson"]);
        feed(&mut child, &lines.collect::<String>());
        assert!(child.wait().unwrap().success());
        folder.ok(&["run", "end", &run]);
        expected.extend(STEPS.iter().zip(VALUES).map(|(step, value)| {
            (
                experiment.to_owned(),
                NAME.to_owned(),
                *step,
                value.to_bits(),
            )
        }));
    }
    (folder, expected)
}

pub fn column<T: DataType>(path: &Path, name: &str) -> Vec<T::T> {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let columns = reader.metadata().file_metadata().schema_descr().columns();
    let at = columns
        .iter()
        .position(|column| column.name() == name)
        .unwrap();
    let mut all = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        let rows = usize::try_from(group.metadata().num_rows()).unwrap();
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let column: ColumnReader = group.get_column_reader(at).unwrap();
        let mut column = T::get_column_reader(column).unwrap();
        column
            .read_records(rows, Some(&mut levels), None, &mut values)
            .unwrap();
        all.append(&mut values);
    }
    all
}

pub fn texts(path: &Path, name: &str) -> Vec<String> {
    let texts = column::<parquet::data_type::ByteArrayType>(path, name).into_iter();
    texts
        .map(|text: ByteArray| text.as_utf8().unwrap().to_owned())
        .collect()
}

pub fn points_of(path: &Path) -> Points {
    use parquet::data_type::{DoubleType, Int64Type};
    let names = texts(path, "experiment")
        .into_iter()
        .zip(texts(path, "metric"));
    let numbers = column::<Int64Type>(path, "step")
        .into_iter()
        .zip(column::<DoubleType>(path, "value"));
    names
        .zip(numbers)
        .map(|((experiment, metric), (step, value))| (experiment, metric, step, value.to_bits()))
        .collect()
}

#[test]
fn points_in_parquet_are_those_that_were_logged_bit_for_bit() {
    let (folder, expected) = filled();
    folder.ok(&["export", "metrics", "--format", "parquet", "-o", "points"]);
    let path = folder.path().join("points");
    assert_eq!(points_of(&path), expected);
    let lines = folder.ok(&["export", "metrics"]);
    let items: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let runs: Vec<&str> = items
        .iter()
        .map(|item| item["run"].as_str().unwrap())
        .collect();
    assert_eq!(texts(&path, "run"), runs);
    assert!(
        texts(&path, "context")
            .iter()
            .all(|context| context == "{}")
    );
    // The same to a pipe.
    let mut command = folder.command(&["export", "metrics", "--format", "parquet"]);
    assert_eq!(command.output().unwrap().stdout, fs::read(path).unwrap());
}

#[test]
fn partitions_have_the_points_of_their_experiment_or_run() {
    let (folder, expected) = filled();
    let words = ["export", "metrics", "--format", "parquet", "--partition"];
    folder.ok(&[&words[..], &["exp", "-o", "by-exp"]].concat());
    for (name, file) in [
        ("a/b=\"c\"", "exp=a%2Fb%3D%22c%22"),
        ("50% of 'x'", "exp=50%25 of %27x%27"),
    ] {
        let path = folder
            .path()
            .join("by-exp")
            .join(file)
            .join("part-0.parquet");
        let here: Points = expected
            .iter()
            .filter(|point| point.0 == name)
            .cloned()
            .collect();
        assert_eq!(points_of(&path), here);
    }
    folder.ok(&[&words[..], &["run", "-o", "by-run/"]].concat());
    let parts = fs::read_dir(folder.path().join("by-run")).unwrap();
    assert_eq!(parts.count(), 2);
    let again = folder.run(&[&words[..], &["run", "-o", "by-run"]].concat());
    assert_eq!(
        (again.code, again.stderr.contains("not an empty folder")),
        (8, true),
        "{}",
        again.stderr
    );
    let alone = folder.run(&["export", "metrics", "--partition", "exp", "-o", "x"]);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
}

fn point_rows(base: &Connection) -> Points {
    let sql = "SELECT r.experiment, m.name, p.step, p.value, p.nan_bits FROM points p
        JOIN metrics m ON m.id = p.metric_id JOIN runs r ON r.id = m.run_id ORDER BY p.rowid";
    let mut statement = base.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let bits = match row.get::<_, Option<f64>>(3)? {
            Some(value) => value.to_bits(),
            None => row.get::<_, i64>(4)? as u64,
        };
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, bits))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_database_has_everything_and_answers_questions() {
    let (folder, expected) = filled();
    folder.ok(&["export", "all", "-o", "all.sqlite"]);
    let base = Connection::open(folder.path().join("all.sqlite")).unwrap();
    let ask = |sql: &str| -> String {
        base.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(point_rows(&base), expected);
    assert_eq!(ask("PRAGMA integrity_check"), "Text(\"ok\")");
    assert_eq!(
        ask("SELECT count(*) FROM runs_wide WHERE \"params.lr\" = 0.1"),
        "Integer(2)"
    );
    assert_eq!(
        ask("SELECT value FROM params WHERE name = 'big'"),
        "Text(\"9223372036854775807\")"
    );
    assert_eq!(
        ask("SELECT min(value) FROM best WHERE which = 'lowest'"),
        "Real(-inf)"
    );
    assert_eq!(
        ask("SELECT count(*) FROM curves WHERE experiment = '50% of ''x'''"),
        "Integer(9)"
    );
    assert_eq!(
        ask("SELECT count(*) FROM lineage WHERE kind = 'contains'"),
        "Integer(2)"
    );
    let events = folder.ok(&["export", "events"]);
    assert_eq!(
        ask("SELECT count(*) FROM events"),
        format!("Integer({})", events.lines().count())
    );
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!(
        ask("SELECT value FROM manifest WHERE name = 'lsn'"),
        format!("Text(\"{}\")", last["lsn"])
    );
    // An index can be used, not only be there.
    let plan = base.query_row(
        "EXPLAIN QUERY PLAN SELECT * FROM points WHERE metric_id = 1",
        [],
        |row| row.get::<_, String>(3),
    );
    assert!(plan.unwrap().contains("points_by_metric"));
}

#[test]
fn a_folder_of_everything_says_what_is_in_it() {
    let (folder, expected) = filled();
    folder.ok(&["export", "all", "-o", "all"]);
    let all = folder.path().join("all");
    let manifest: Value =
        serde_json::from_slice(&fs::read(all.join("manifest.json")).unwrap()).unwrap();
    let tables = manifest["tables"].as_object().unwrap();
    for (name, told) in tables {
        let file = fs::File::open(all.join(told["file"].as_str().unwrap())).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows = reader.metadata().file_metadata().num_rows();
        assert_eq!(told["rows"], rows, "{name}");
    }
    assert_eq!(
        (tables.len(), &tables["points"]["rows"]),
        (13, &expected.len().into())
    );
    assert_eq!(points_of(&all.join("points.parquet")), expected);
    let page = fs::read_to_string(all.join("README.md")).unwrap();
    assert!(page.contains("| [runs](runs.parquet) | 2 |"), "{page}");
}

#[test]
fn runs_and_events_have_the_forms_that_they_are_asked_for_in() {
    let (folder, _) = filled();
    let json = folder.json(&["export", "runs", "--format", "json"]);
    assert_eq!(
        (&json["total"], &json["items"][0]["experiment"]),
        (&2.into(), &"a/b=\"c\"".into())
    );
    folder.ok(&["export", "runs", "--format", "parquet", "-o", "runs"]);
    let path = folder.path().join("runs");
    let big = column::<parquet::data_type::Int64Type>(&path, "params.big");
    assert_eq!(big, [i64::MAX; 2]);
    let page = folder.ok(&[
        "export",
        "runs",
        "--format",
        "md",
        "--cols",
        "experiment,a_b,lr",
    ]);
    assert_eq!(
        page,
        "| experiment | params.a\\_b | params.lr |\n| --- | --- | ---: |\n| a/b=\"c\" | x\\|y | 0.1 |\n| 50% of 'x' | x\\|y | 0.1 |\n"
    );
    let page = folder.ok(&[
        "export",
        "runs",
        "--format",
        "latex",
        "--cols",
        "experiment,a_b",
    ]);
    assert!(
        page.contains("\\toprule") && page.contains("50\\% of 'x' & x\\textbar{}y \\\\\n"),
        "{page}"
    );
    let wrong = folder.run(&["export", "runs", "--format", "md", "--cols", "nope"]);
    assert!(
        wrong.code == 2 && wrong.stderr.contains("params.lr"),
        "{}",
        wrong.stderr
    );
    assert_eq!(folder.run(&["export", "runs", "--cols", "lr"]).code, 2);
    assert_eq!(
        folder.run(&["export", "runs", "--format", "sqlite"]).code,
        2
    );
    folder.ok(&["export", "events", "--format", "parquet", "-o", "events"]);
    let lines = folder.ok(&["export", "events"]);
    let payloads: Vec<Value> = texts(&folder.path().join("events"), "payload")
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let told: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["payload"].clone())
        .collect();
    assert_eq!(payloads, told);
}

#[test]
fn an_export_of_the_past_has_what_there_was() {
    let (folder, expected) = filled();
    let events = folder.ok(&["export", "events"]);
    let events: Vec<Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ends = events.iter().filter(|event| event["type"] == "run_ended");
    let at = ends.map(|event| event["lsn"].to_string()).next().unwrap();
    let lines = |words: &[&str]| folder.ok(&[words, &["--at", &at]].concat()).lines().count();
    assert_eq!(lines(&["export", "runs"]), 1);
    assert_eq!(lines(&["export", "metrics"]), 9);
    assert_eq!(lines(&["export", "events"]).to_string(), at);
    folder.ok(&["export", "all", "-o", "then.db", "--at", &at]);
    let base = Connection::open(folder.path().join("then.db")).unwrap();
    assert_eq!(point_rows(&base), expected[..9]);
}

#[test]
fn steps_that_come_again_stand_in_order_in_every_format() {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    for first in [100, 50, 150] {
        let lines = (first..first + 100).map(|step| format!("step={step} loss={step}.5\n"));
        let mut child = folder.spawn_fed(&["run", "log", &run]);
        feed(&mut child, &lines.collect::<String>());
        assert!(child.wait().unwrap().success());
    }
    folder.ok(&["export", "metrics", "--format", "parquet", "-o", "points"]);
    let steps: Vec<i64> = points_of(&folder.path().join("points"))
        .iter()
        .map(|point| point.2)
        .collect();
    let mut counts = BTreeMap::new();
    for step in &steps {
        *counts.entry(*step).or_insert(0) += 1;
    }
    assert!(steps.is_sorted());
    assert_eq!(
        (steps.len(), counts[&50], counts[&120], counts[&160]),
        (300, 1, 2, 2)
    );
}

/// A store whose points take a moment to write.
fn long() -> Folder {
    let folder = Folder::with_store();
    let run = folder.start_run("a");
    let lines = (0..60_000).map(|step| format!("step={step} loss={}\n", f64::from(step).sin()));
    let mut child = folder.spawn_fed(&["run", "log", &run]);
    feed(&mut child, &lines.collect::<String>());
    assert!(child.wait().unwrap().success());
    folder.ok(&["run", "end", &run]);
    fs::create_dir(folder.path().join("to")).unwrap();
    folder
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_export_that_is_killed_leaves_what_was_there_and_the_next_one_cleans_up() {
    let folder = long();
    let to = folder.path().join("to");
    let words = ["export", "metrics", "-o", "to/points"];
    for signal in [Signal::KILL, Signal::TERM] {
        // One that is over before the signal comes tells nothing.
        let killed = (0..50).any(|_| {
            fs::write(to.join("points"), "old").unwrap();
            let known = names(&to);
            let mut child = folder
                .command(&words)
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            while !names(&to).iter().any(|name| !known.contains(name))
                && child.try_wait().unwrap().is_none()
            {
                std::thread::yield_now();
            }
            kill_process(Pid::from_child(&child), signal).ok();
            !child.wait().unwrap().success()
        });
        assert!(killed, "it ends before it can be killed");
        assert_eq!(fs::read(to.join("points")).unwrap(), b"old");
        let left = if signal == Signal::KILL { 2 } else { 1 };
        assert_eq!(names(&to).len(), left, "{signal:?}: {:?}", names(&to));
    }
    folder.ok(&words);
    assert_eq!(names(&to), ["points"]);
    assert_eq!(
        fs::read_to_string(to.join("points"))
            .unwrap()
            .lines()
            .count(),
        60_000
    );
}

#[test]
fn a_full_disk_is_said_and_nothing_is_left_behind() {
    let folder = long();
    let said = folder.run(&["export", "metrics", "-o", "/dev/full"]);
    assert!(
        said.code != 0 && said.stderr.contains("DISK_FULL"),
        "{}",
        said.stderr
    );
    let to = folder.path().join("to");
    let mut mount = Command::new("mount");
    mount
        .args(["-t", "tmpfs", "-o", "size=128k", "tmpfs"])
        .arg(&to);
    if !mount
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        writeln!(std::io::stderr(), "skipped: mounting needs root").unwrap();
        return;
    }
    let ends = [
        &["metrics", "--format", "parquet", "-o", "to/x"][..],
        &["metrics", "--format", "sqlite", "-o", "to/x"],
        &["metrics", "--format", "csv", "-o", "to/x"],
        &["all", "-o", "to/x"],
    ]
    .map(|words| (folder.run(&[&["export"], words].concat()), names(&to)));
    let unmounted = Command::new("umount").arg(&to).status().unwrap();
    assert!(unmounted.success());
    for (said, left) in ends {
        assert!(said.stderr.contains("DISK_FULL"), "{}", said.stderr);
        assert_eq!(left, [""; 0], "{}", said.stderr);
    }
}
