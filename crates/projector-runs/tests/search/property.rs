//! What holds for every text and every question: nothing panics, and columns find what looking at each run finds.

use std::fmt::Write as _;

use mltrack_projector_runs::search::{Mode, parse, parse_orders};
use proptest::prelude::*;

use crate::support::{Row, Table, ask};

/// Texts that are nearly filters.
fn nearly_filters() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::sample::select(vec![
            "loss",
            "metrics.",
            "metrics.loss",
            "params.`a b`",
            "tags.\"x\"",
            "=",
            "=lr",
            "!=",
            "<=",
            "<>",
            "~",
            "(",
            ")",
            ",",
            "'",
            "\"",
            "`",
            "''",
            "'x'",
            "{",
            "}",
            "loss{a=b}",
            "and",
            "OR",
            "not",
            "in",
            "is",
            "null",
            "like",
            "between",
            "1",
            "-7d",
            ".5",
            "1e-3",
            "1.e5",
            "\\'",
            ";",
            ".",
            "..",
            "@step",
            "nan",
            "dirty",
            "2026-11-21",
            "é",
            "\u{0}",
            "\n",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    prop::collection::vec((part, prop::sample::select(vec!["", " "])), 0..12).prop_map(|parts| {
        parts.iter().fold(String::new(), |mut text, (part, blank)| {
            write!(text, "{part}{blank}").expect("a string takes everything");
            text
        })
    })
}

/// A question with its own answer: what each run says to it.
#[derive(Clone, Debug)]
enum Tree {
    Metric(usize, &'static str, i8),
    HasParam(bool),
    Param(&'static str, i8),
    Not(Box<Tree>),
    Both(Box<Tree>, Box<Tree>),
    Either(Box<Tree>, Box<Tree>),
}

const METRICS: [&str; 2] = ["loss", "acc"];
const OPERATORS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

fn trees() -> impl Strategy<Value = Tree> {
    let operator = || prop::sample::select(OPERATORS.to_vec());
    let leaf = prop_oneof![
        (0..2_usize, operator(), -2_i8..3).prop_map(|(m, o, v)| Tree::Metric(m, o, v)),
        any::<bool>().prop_map(Tree::HasParam),
        (operator(), -2_i8..3).prop_map(|(o, v)| Tree::Param(o, v)),
    ];
    leaf.prop_recursive(5, 40, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
            two.clone()
                .prop_map(|(a, b)| Tree::Both(Box::new(a), Box::new(b))),
            two.prop_map(|(a, b)| Tree::Either(Box::new(a), Box::new(b))),
        ]
    })
}

#[expect(clippy::float_cmp, reason = "an equal value is asked for")]
fn compare(found: f64, operator: &str, wanted: f64) -> bool {
    match operator {
        "=" => found == wanted,
        "!=" => found != wanted,
        "<" => found < wanted,
        "<=" => found <= wanted,
        ">" => found > wanted,
        _ => found >= wanted,
    }
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Tree::Metric(metric, operator, value) => {
                format!("{} {operator} {value}", METRICS[*metric])
            }
            Tree::HasParam(true) => "params.lr is not null".to_owned(),
            Tree::HasParam(false) => "lr is null".to_owned(),
            Tree::Param(operator, value) => format!("=lr {operator} {value}"),
            Tree::Not(tree) => format!("not ({})", tree.text()),
            Tree::Both(a, b) => format!("({}) ({})", a.text(), b.text()),
            Tree::Either(a, b) => format!("(({}) or {})", a.text(), b.text()),
        }
    }

    fn admits(&self, row: &Row) -> bool {
        match self {
            Tree::Metric(metric, operator, value) => row
                .metrics
                .get(METRICS[*metric])
                .is_some_and(|found| compare(found.last, operator, f64::from(*value))),
            Tree::HasParam(has) => row.params.contains_key("lr") == *has,
            Tree::Param(operator, value) => {
                row.params.get("lr").is_some_and(|text| match text.parse() {
                    Ok(found) => compare(found, operator, f64::from(*value)),
                    Err(_) => *operator == "!=",
                })
            }
            Tree::Not(tree) => !tree.admits(row),
            Tree::Both(a, b) => a.admits(row) && b.admits(row),
            Tree::Either(a, b) => a.admits(row) || b.admits(row),
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let value = || {
        prop::option::of(prop::sample::select(vec![
            -2.0,
            -1.0,
            0.0,
            1.0,
            2.0,
            f64::NAN,
            f64::INFINITY,
        ]))
    };
    let text = prop::option::of(prop::sample::select(vec![
        "-1", "0", "1.0", "2e0", "auto", "NaN", "",
    ]));
    let row = (value(), value(), text).prop_map(|(loss, acc, lr)| {
        let mut row = Row::default();
        if let Some(loss) = loss {
            row = row.metric("loss", loss);
        }
        if let Some(acc) = acc {
            row = row.metric("acc", acc);
        }
        match lr {
            Some(lr) => row.param("lr", lr),
            None => row,
        }
    });
    // Somebody has each name, so that none is unknown.
    prop::collection::vec(row, 0..150).prop_map(|mut rows| {
        rows.push(
            Row::default()
                .metric("loss", 0.5)
                .metric("acc", 0.5)
                .param("lr", "x"),
        );
        rows
    })
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in nearly_filters()) {
        for mode in [Mode::Full, Mode::Mlflow] {
            if let Err(error) = parse(&text, mode) {
                let span = error.span();
                prop_assert!(text.get(span.start..span.end).is_some(), "{:?}", error);
                prop_assert!(error.underlined().contains('^'));
            }
            if let Err(error) = parse_orders([&text], mode) {
                prop_assert!(error.underlined().contains('^'));
            }
        }
    }

    #[test]
    fn no_filter_makes_a_table_panic(text in nearly_filters(), rows in rows()) {
        let table = Table(rows);
        for mode in [Mode::Full, Mode::Mlflow] {
            if let Ok(selected) = ask(&table, mode, &text, &[]) {
                prop_assert_eq!(selected.rows.len(), selected.total);
            }
        }
    }

    #[test]
    fn columns_find_what_looking_at_each_run_finds(rows in rows(), tree in trees()) {
        let table = Table(rows);
        let found = ask(&table, Mode::Full, &tree.text(), &[]).unwrap();
        let expected = table.0.iter().zip(0..).filter(|(row, _)| tree.admits(row)).map(|(_, at)| at);
        let mut expected: Vec<u32> = expected.collect();
        expected.reverse();
        prop_assert_eq!(found.rows, expected, "{}", tree.text());
    }
}
