//! The tables in the documents and in the module heads say what the functions do.

use std::fs;

use mltrack_event::{ExperimentState, RunMove, RunState};

/// The cells of every table row in a text, without comment markers and backticks.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("//! ").unwrap_or(line));
    let rows = lines.filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    rows.map(|row| {
        row.split(" | ")
            .map(|cell| cell.trim_matches('`').to_owned())
            .collect()
    })
    .collect()
}

fn document() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/states.md")).unwrap()
}

fn expected_experiment_rows() -> Vec<Vec<String>> {
    let row = |state: &ExperimentState| {
        let to: Vec<&str> = state.moves().iter().map(|to| to.name()).collect();
        vec![state.name().to_owned(), to.join(", ")]
    };
    ExperimentState::ALL.iter().map(row).collect()
}

fn expected_run_rows() -> Vec<Vec<String>> {
    let cell = |state: RunState, step| match state.after(step) {
        Ok(to) => to.name().to_owned(),
        Err(_) => "-".to_owned(),
    };
    let row = |state: RunState| {
        let cells = RunMove::ALL.into_iter().map(|step| cell(state, step));
        std::iter::once(state.name().to_owned())
            .chain(cells)
            .collect()
    };
    RunState::ALL.into_iter().map(row).collect()
}

/// The rows below the first header that has these cells.
fn table(text: &str, header: &[&str]) -> Vec<Vec<String>> {
    let rows = rows(text);
    let start = rows
        .iter()
        .position(|row| row == header)
        .expect("the table has this header");
    rows.into_iter()
        .skip(start + 1)
        .take_while(|row| row.len() == header.len())
        .collect()
}

#[test]
fn the_table_of_experiment_moves_is_the_same_in_both_documents_and_in_the_function() {
    let header = ["from", "to"];
    let head = include_str!("../../src/experiment_state.rs");
    assert_eq!(table(head, &header), expected_experiment_rows());
    assert_eq!(table(&document(), &header), expected_experiment_rows());
}

#[test]
fn the_table_of_run_moves_is_the_same_in_both_documents_and_in_the_function() {
    let names = RunMove::ALL.map(RunMove::name);
    let header: Vec<&str> = std::iter::once("from").chain(names).collect();
    let head = include_str!("../../src/run_state.rs");
    assert_eq!(table(head, &header), expected_run_rows());
    assert_eq!(table(&document(), &header), expected_run_rows());
}
