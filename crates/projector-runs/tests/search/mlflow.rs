//! `MLflow`'s grammar, in its own words.

use mltrack_projector_runs::search::Mode::Mlflow;

use crate::support::{Row, SECOND_NS, Table, four, names, refusal};

fn found(filter: &str) -> String {
    names(&four(), Mlflow, filter, &[]).join(" ")
}

#[test]
fn comparisons_all_have_to_hold() {
    assert_eq!(found(""), "new-ant shy-fox red-oak kind-elk");
    assert_eq!(found("metrics.loss > 0.6"), "new-ant");
    assert_eq!(
        found("metric.loss != 0.5 and param.lr LIKE '%1%'"),
        "new-ant red-oak"
    );
    assert_eq!(found("metrics.`val/acc` = 0.9"), "kind-elk");
    assert_eq!(found("metrics.\"loss.min\" > 1e0"), "red-oak");
    assert_eq!(found("status = 'FINISHED'"), "red-oak kind-elk");
    assert_eq!(found("attributes.status ilike 'r%'"), "new-ant");
    assert_eq!(found("`run name` = 'red-oak'"), "red-oak");
    assert_eq!(
        found("tags.paper IS NULL AND params.augment is not null"),
        "red-oak"
    );
    assert_eq!(found("start_time >= 1795258800000"), "new-ant");
    assert_eq!(found("run_id IN ('b3f9000200000000b3f9000200000000')"), "");
    assert_eq!(found("datasets.name = 'mnist'"), "");
    // Params are texts.
    assert_eq!(found("params.lr = '3e-4'"), "");
    assert_eq!(found("params.lr = '1e-3'"), "red-oak");
    // A trailing `and`, several, or none between two comparisons.
    assert_eq!(
        found("AND metrics.loss > 0.6 params.lr = '0.01' AND and"),
        "new-ant"
    );
}

#[test]
fn our_own_grammar_is_refused() {
    for filter in [
        "metrics.loss > 1 or metrics.loss < 1",
        "not metrics.loss > 1",
        "(metrics.loss > 1)",
        "params.lr IN ('a')",
        "params.lr > '1'",
        "params.lr = 1",
        "loss > 1",
        "metrics.loss is null",
        "metrics.loss between 1 and 2",
        "start_time > -7d",
        "dirty",
        "kind",
        "started > 1",
        " ",
    ] {
        refusal(&four(), Mlflow, filter, &[]);
    }
}

#[test]
fn what_is_no_comparison_is_named_as_it_groups_it() {
    for (filter, marked, message) in [
        (
            "tags.t > 'y'",
            ">",
            "Invalid comparator '>' not one of '{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE'}",
        ),
        (
            "run_id IN 'x'",
            "run_id",
            "Invalid clause(s) in filter string: 'run_id', 'IN', ''x''",
        ),
        (
            "params.p = 'x' AND (metrics.m > (0.3)) AND metrics.m > 1 OR metrics.m",
            "(",
            "Invalid clause(s) in filter string: '(metrics.m > (0.3))', 'OR', 'metrics.m'",
        ),
        (
            "metrics.m > 1; params.p = '2'",
            ";",
            "Search filter contained multiple expression \"metrics.m > 1; params.p = '2'\". Provide AND-ed expression list.",
        ),
    ] {
        let (found, text) = refusal(&four(), Mlflow, filter, &[]);
        assert_eq!(text, message, "{filter}");
        assert_eq!(found, marked, "{filter}");
    }
}

#[test]
fn what_is_wrong_is_said_in_its_words() {
    for (filter, marked, message) in [
        (
            "metrics.m > 1 OR metrics.m < 2",
            "OR",
            "Invalid clause(s) in filter string: 'OR'",
        ),
        (
            "1 < metrics.m",
            "1",
            "Invalid comparison clause. Expected 'Identifier' found '1'",
        ),
        (
            "foo.x = 'y'",
            "foo.x",
            "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
        ),
        (
            "params.p > 'y'",
            ">",
            "Invalid comparator '>' not one of '{'!=', '=', 'ILIKE', 'IS NOT NULL', 'IS NULL', 'LIKE'}'",
        ),
        (
            "params.p = 1",
            "1",
            "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1",
        ),
        (
            "metrics.m = '1'",
            "'1'",
            "Expected numeric value type for metric. Found '1'",
        ),
        (
            "metrics.m IS NULL",
            "metrics.m",
            "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'",
        ),
        (
            "status IN ('FINISHED')",
            "('FINISHED')",
            "Only ['run_id'] attributes support comparison with a list of quoted string values.",
        ),
        (
            "metrics.m > 1; metrics.m > 2",
            ";",
            "Search filter contained multiple expression 'metrics.m > 1; metrics.m > 2'. Provide AND-ed expression list.",
        ),
    ] {
        let (found, text) = refusal(&four(), Mlflow, filter, &[]);
        assert_eq!(text, message, "{filter}");
        assert_eq!(found, marked, "{filter}");
    }
    let (_, text) = refusal(&four(), Mlflow, "stats = 'x'", &[]);
    assert!(
        text.starts_with("Invalid attribute key 'stats' specified. Valid keys are '{'Created', ")
    );
    assert!(text.ends_with("did you mean status?"), "{text}");
}

#[test]
fn orders_are_columns_with_asc_or_desc() {
    let order = |orders: &[&str]| names(&four(), Mlflow, "", orders).join(" ");
    assert_eq!(order(&["metrics.loss"]), "kind-elk new-ant red-oak shy-fox");
    assert_eq!(
        order(&["metrics.loss DESC"]),
        "new-ant kind-elk red-oak shy-fox"
    );
    assert_eq!(
        order(&["params.lr asc"]),
        "kind-elk new-ant red-oak shy-fox"
    );
    assert_eq!(
        order(&["status", "created"]),
        "shy-fox kind-elk red-oak new-ant"
    );
    for (orders, message) in [
        (&["metrics.m desc nulls"][..], "Could not be parsed."),
        (
            &["metrics.m foo"],
            "Invalid ordering key in order_by clause 'metrics.m foo'.",
        ),
        (&["-metrics.m"], "Could not be parsed."),
        (&["name"], "Invalid attribute key 'name' specified."),
        (
            &["start_time", "Created desc"],
            "`order_by` contains duplicate fields",
        ),
        (&["dataset.name"], "Invalid identifier type 'dataset'"),
    ] {
        let (_, text) = refusal(&four(), Mlflow, "", orders);
        assert!(text.contains(message), "{orders:?}: {text}");
    }
}

#[test]
fn equals_are_ordered_by_start_in_milliseconds_then_by_id() {
    let row = |name, id, started_ns| Row {
        id,
        name,
        started_ns: Some(started_ns),
        ..Row::default()
    };
    let table = Table(vec![
        row("b", 2, SECOND_NS),
        row("a", 1, SECOND_NS + 1),
        row("later", 0, 2 * SECOND_NS),
        row("c", 3, SECOND_NS),
    ]);
    let order = |orders: &[&str]| names(&table, Mlflow, "", orders).join(" ");
    assert_eq!(order(&[]), "later a b c");
    assert_eq!(order(&["metrics.none"]), "later a b c");
    assert_eq!(order(&["start_time"]), "a b c later");
}

/// The rows of the table of conflicts in `docs/search.md` that the comparison with `SearchUtils` leaves out.
#[test]
fn where_mlflow_differs_from_itself_we_do_what_the_page_says() {
    for filter in [
        "params.lr = 'x' tags.paper is null",
        "metrics.loss > 1 run_id in ('a')",
        "run_id IN ('a' 'b')",
        "run_id = ('a')",
        "metrics. > 1",
        "metrics.loss > 9 AND params.lr > 'a'",
    ] {
        refusal(&four(), Mlflow, filter, &[]);
    }
    assert_eq!(found("params.augment is  not   null"), "red-oak kind-elk");
    let table = Table(vec![
        Row {
            name: "lines",
            ..Row::default()
        }
        .tag("note", "one\ntwo"),
        Row {
            name: "accent",
            ..Row::default()
        }
        .tag("note", "\u{c9}LAN"),
    ]);
    assert_eq!(
        names(&table, Mlflow, "tags.note LIKE 'one%two'", &[]),
        ["lines"]
    );
    assert_eq!(
        names(&table, Mlflow, "tags.note ILIKE '\u{e9}lan'", &[]),
        ["accent"]
    );
}
