//! Orders, windows, totals and notes.

use mltrack_projector_runs::search::{
    Bitmap, Mode, Question, Selected, Window, parse, parse_orders, select,
};

use crate::support::{NOW_NS, Row, Table, ask, four, names, refusal};

fn order(orders: &[&str]) -> String {
    names(&four(), Mode::Full, "", orders).join(" ")
}

#[test]
fn without_an_order_the_newest_comes_first() {
    assert_eq!(order(&[]), "new-ant shy-fox red-oak kind-elk");
}

#[test]
fn what_is_missing_comes_last_in_both_directions_behind_nan() {
    assert_eq!(order(&["loss"]), "kind-elk new-ant red-oak shy-fox");
    assert_eq!(order(&["-loss"]), "new-ant kind-elk red-oak shy-fox");
    assert_eq!(order(&["metrics.loss desc"]), order(&["-loss"]));
    // Twice turned around is not at all.
    assert_eq!(order(&["-loss desc"]), order(&["loss"]));
}

#[test]
fn every_form_of_column_can_be_sorted_by() {
    assert_eq!(order(&["=lr"]), "kind-elk red-oak new-ant shy-fox");
    assert_eq!(order(&["-params.lr"]), "shy-fox new-ant red-oak kind-elk");
    assert_eq!(order(&[".started"]), "kind-elk red-oak shy-fox new-ant");
    assert_eq!(
        order(&["-.took", ".started"]),
        "new-ant kind-elk red-oak shy-fox"
    );
    assert_eq!(
        order(&["status", "name"]),
        "kind-elk red-oak shy-fox new-ant"
    );
    assert_eq!(
        order(&["val/acc.min@step"]),
        "kind-elk new-ant shy-fox red-oak"
    );
    assert_eq!(order(&["-id"]), "new-ant shy-fox red-oak kind-elk");
    assert_eq!(order(&["-dirty"]), "red-oak new-ant shy-fox kind-elk");
    // A metric comes before an attribute of the same name, as in tables.
    assert_eq!(order(&["nothing"]), order(&[]));
}

#[test]
fn an_order_that_names_no_column_is_refused() {
    for text in ["", "-", "a b", "loss <", "'x"] {
        let (_, message) = refusal(&four(), Mode::Full, "", &[text]);
        assert!(!message.is_empty(), "{text}");
    }
    let (_, message) = refusal(&four(), Mode::Full, "", &["-.startd"]);
    assert!(message.contains("did you mean .started"), "{message}");
}

fn page(table: &Table, offset: usize, limit: usize) -> Selected {
    let filters = [parse("loss > 2", Mode::Full).unwrap()];
    let orders = parse_orders(["-loss"], Mode::Full).unwrap();
    let question = Question {
        base: &Bitmap::of(table.0.len(), |row| row % 5 != 0),
        filters: &filters,
        orders: &orders,
        ties: Mode::Full,
        window: Window { offset, limit },
        now_ns: NOW_NS,
    };
    select(table, &question).unwrap()
}

#[test]
fn the_pages_of_a_list_are_the_list() {
    let rows = (0..3000_u32).map(|row| Row::default().metric("loss", f64::from(row % 50)));
    let table = Table(rows.collect());
    let whole = page(&table, 0, usize::MAX);
    assert_eq!(whole.total, 3000 / 5 * 4 - 3000 / 50 * 2);
    assert_eq!(whole.rows.len(), whole.total);
    let mut pages = Vec::new();
    for offset in (0..).step_by(171) {
        let page = page(&table, offset, 171);
        assert_eq!(page.total, whole.total);
        if page.rows.is_empty() {
            break;
        }
        pages.extend(page.rows);
    }
    assert_eq!(pages, whole.rows);
    assert!(page(&table, usize::MAX, usize::MAX).rows.is_empty());
}

#[test]
fn a_name_that_no_run_has_is_worth_a_note_and_no_error() {
    let notes = |filter: &str, orders: &[&str]| {
        let selected = ask(&four(), Mode::Full, filter, orders).unwrap();
        let notes = selected.notes.iter();
        notes.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        notes("metrics.los < 3", &["-los"]),
        ["no run has a metric called \"los\": did you mean loss?"; 2]
    );
    assert_eq!(
        notes("params.optimizer.nme = x", &[]),
        ["no run has a param called \"optimizer.nme\": did you mean optimizer.name?"]
    );
    assert!(notes("tags.nothing is null", &["loss"]).is_empty());
    // Where nothing is logged yet, nothing is suspicious.
    let empty = ask(&Table(Vec::new()), Mode::Full, "los < 3", &["acc"]).unwrap();
    assert_eq!((empty.total, empty.notes.len()), (0, 0));
}
