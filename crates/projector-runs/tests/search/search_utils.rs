//! The same answers as `MLflow`'s own `SearchUtils`, for generated runs, filters and orders.
//!
//! It needs a Python with the packages of `requirements.txt`, which the step `tools` of the gate installs.
//!
//! What is left out, because the tracking server's SQL store (which is what clients meet) and `SearchUtils` differ, or
//! because only an accident of the SQL tokenizer decides: see `is_conflict` in `questions.rs` and `docs/search.md`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mltrack_projector_runs::search::Mode::Mlflow;
use mltrack_projector_runs::search::SearchError;
use serde_json::{Value, json};

use crate::questions::{Question, Random, questions, runs};
use crate::support::{Row, Table, ask};

const SEED: u64 = 20_261_121;
const QUESTIONS: usize = 1500;

/// Where the gate puts the Python that has `MLflow`.
fn python() -> PathBuf {
    let cache = std::env::var_os("MLTRACK_CACHE_DIR").map_or_else(
        || {
            let home = std::env::home_dir().expect("a home folder, or MLTRACK_CACHE_DIR");
            home.join(".cache").join("mltrack")
        },
        PathBuf::from,
    );
    let python = cache.join("mlflow-search").join("bin").join("python");
    assert!(
        python.is_file(),
        "MLflow is not installed at {}: run `cargo xtask test --only tools` once, which needs the network",
        python.display()
    );
    python
}

fn mlflow_answers(rows: &[Row], questions: &[Question]) -> Vec<Value> {
    let asked = json!({
        "runs": rows.iter().map(json_of).collect::<Vec<_>>(),
        "questions": questions
            .iter()
            .map(|question| json!({"filter": question.filter, "orders": question.orders}))
            .collect::<Vec<_>>(),
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/search/search_utils.py");
    let mut child = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut input = child.stdin.take().expect("standard input is a pipe");
    input
        .write_all(asked.to_string().as_bytes())
        .expect("the script reads all questions before it answers");
    drop(input);
    let output = child.wait_with_output().expect("the script ends");
    assert!(output.status.success(), "the script failed: see above");
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

fn json_of(row: &Row) -> Value {
    let milliseconds = |ns: i64| ns.div_euclid(1_000_000);
    let status = match row.status {
        "completed" => "FINISHED",
        "running" => "RUNNING",
        "failed" => "FAILED",
        "cancelled" => "KILLED",
        other => panic!("the generator makes no run that is {other}"),
    };
    let metrics = row.metrics.iter().map(|(name, metric)| {
        let value = if metric.last.is_finite() {
            json!(metric.last)
        } else {
            json!(metric.last.to_string())
        };
        (name.clone(), value)
    });
    json!({
        "id": format!("{:032x}", row.id),
        "name": row.name,
        "user": "ada",
        "status": status,
        "start_time": row.started_ns.map(milliseconds),
        "end_time": row.ended_ns.map(milliseconds),
        "metrics": metrics.collect::<serde_json::Map<_, _>>(),
        "params": row.params,
        "tags": row.tags,
    })
}

fn our_answer(table: &Table, question: &Question) -> Result<Vec<String>, String> {
    let orders: Vec<&str> = question.orders.iter().map(String::as_str).collect();
    match ask(table, Mlflow, &question.filter, &orders) {
        Ok(selected) => {
            let rows = selected.rows.iter();
            Ok(rows
                .map(|row| format!("{:032x}", table.0[*row as usize].id))
                .collect())
        }
        Err(SearchError::Filter(error)) => Err(error.to_string()),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn answers_equal_those_of_mlflows_search_utils() {
    let mut random = Random(SEED);
    let table = Table(runs(&mut random));
    let questions = questions(&mut random, QUESTIONS);
    let expected = mlflow_answers(&table.0, &questions);
    assert_eq!(expected.len(), questions.len());
    let mut differences = Vec::new();
    let (mut refused, mut partial, mut ordered) = (0, 0, 0);
    for (question, expected) in questions.iter().zip(&expected) {
        let ours = our_answer(&table, question);
        let found: Option<Vec<String>> = serde_json::from_value(expected["found"].clone()).ok();
        let is_same = ours.as_ref().ok() == found.as_ref();
        if !is_same {
            differences.push(format!(
                "{question:?}\n  ours:   {ours:?}\n  MLflow: {expected}"
            ));
        }
        refused += usize::from(found.is_none());
        let count = found.map_or(0, |found| found.len());
        partial += usize::from(count > 1 && count < table.0.len());
        ordered += usize::from(count > 1 && !question.orders.is_empty());
    }
    assert!(
        differences.is_empty(),
        "{} of {} answers differ:\n{}",
        differences.len(),
        questions.len(),
        differences[..differences.len().min(12)].join("\n")
    );
    // A test that compares nothing but refusals would compare nothing.
    assert!(refused > 250 && refused < questions.len() / 2, "{refused}");
    assert!(partial > 350 && ordered > 150, "{partial}, {ordered}");
}
