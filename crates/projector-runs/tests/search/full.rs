//! The full grammar: what it admits and what it refuses, with the place and the advice.

use mltrack_projector_runs::search::Mode::Full;

use crate::support::{four, names, refusal};

/// What a filter finds, oldest first.
fn found(filter: &str) -> String {
    let mut names = names(&four(), Full, filter, &[]);
    names.reverse();
    names.join(" ")
}

#[test]
fn comparisons_are_joined_by_and_or_not_and_parentheses() {
    assert_eq!(found(""), "kind-elk red-oak shy-fox new-ant");
    assert_eq!(found("loss < 0.6"), "kind-elk");
    assert_eq!(
        found("metrics.loss<.6 OR metrics.loss>.7"),
        "kind-elk new-ant"
    );
    // Without a value, or with NaN, only `!=` and `not` admit a run; without a value `!=` does not either.
    assert_eq!(found("loss != 0.5"), "red-oak new-ant");
    assert_eq!(found("not loss = 0.5"), "red-oak shy-fox new-ant");
    assert_eq!(found("loss = nan"), "red-oak");
    // `and` binds tighter than `or`, and may be left out.
    let text = "status = failed or loss = 0.5 and lr = 1";
    assert_eq!(found(text), "shy-fox");
    assert_eq!(
        found("(status = failed or loss = 0.5) lr != 1"),
        "kind-elk shy-fox"
    );
    assert_eq!(found("not (loss < 1 or dirty)"), "shy-fox");
}

#[test]
fn a_metric_has_aggregates_and_their_steps() {
    assert_eq!(found("metrics.`val/acc`.min < 0"), "kind-elk");
    assert_eq!(found("val/acc.count = 3"), "kind-elk");
    assert_eq!(found("val/acc.min@step = 7"), "kind-elk");
    assert_eq!(found("val/acc.min@step in (6, 8)"), "");
    // A metric that is called so itself comes first.
    assert_eq!(found("loss.min = 4"), "red-oak");
    assert_eq!(found("loss{subset=val} < 0.3"), "shy-fox");
    assert_eq!(found("loss{subset=val}.min < 0"), "shy-fox");
    assert_eq!(found("loss between 0.5 and 0.75"), "kind-elk new-ant");
    assert_eq!(found("loss not between 0.5 and 0.7"), "new-ant");
}

#[test]
fn params_compare_as_what_they_spell() {
    assert_eq!(found("lr = 3e-4"), "kind-elk");
    assert_eq!(found("params.lr = '3e-4'"), "kind-elk");
    assert_eq!(found("=lr >= 0.001"), "red-oak new-ant");
    assert_eq!(found("lr != 0.01"), "kind-elk red-oak shy-fox");
    assert_eq!(found("params.lr in (0.01, 'auto')"), "shy-fox new-ant");
    assert_eq!(found("params.lr not in (0.01, auto)"), "kind-elk red-oak");
    assert_eq!(found("optimizer.name = adam"), "kind-elk");
    assert_eq!(found("params.optimizer.name like 's%'"), "red-oak");
    assert_eq!(found("params.optimizer.name not like 's%'"), "kind-elk");
    assert_eq!(found("augment = true"), "kind-elk");
    assert_eq!(found("augment != true"), "red-oak");
    assert_eq!(found("augment is null"), "shy-fox new-ant");
    assert_eq!(found("augment is not null"), "kind-elk red-oak");
}

#[test]
fn times_and_lengths_are_written_as_people_do() {
    assert_eq!(found("started > -7d"), "red-oak shy-fox new-ant");
    assert_eq!(found("started > -90m"), "new-ant");
    assert_eq!(found("started = 2026-11-21"), "shy-fox new-ant");
    assert_eq!(found("started < 2026-11-20"), "kind-elk");
    assert_eq!(
        found("started <= today and started > yesterday"),
        "shy-fox new-ant"
    );
    assert_eq!(
        found("started < '2026-11-21 10:30' and started >= 2026-11-21T10:00:00Z"),
        "shy-fox"
    );
    assert_eq!(found("attributes.start_time >= 1795258800000"), "new-ant");
    assert_eq!(found("took > 10m"), "new-ant");
    assert_eq!(found("took = 1m30s"), "kind-elk red-oak shy-fox");
    assert_eq!(found("ended is null"), "new-ant");
}

#[test]
fn attributes_have_the_names_of_tables_and_of_mlflow() {
    assert_eq!(found("status = 'FINISHED'"), "kind-elk red-oak");
    assert_eq!(
        found("attributes.state in (failed, Running)"),
        "shy-fox new-ant"
    );
    assert_eq!(found(".name like '%o%'"), "red-oak shy-fox");
    assert_eq!(found("run.experiment = bert"), "shy-fox");
    assert_eq!(found("seed = 1152921504606846976"), "shy-fox");
    assert_eq!(found("seed = 1152921504606846977"), "");
    assert_eq!(found("id like 'b3f9%'"), "red-oak");
    assert_eq!(found("dirty"), "red-oak");
    assert_eq!(found("dirty = false and loss > 0"), "kind-elk new-ant");
    assert_eq!(found("dataset.name = 'mnist'"), "");
}

#[test]
fn a_word_is_looked_for_in_names_tags_and_ids() {
    assert_eq!(found("kind"), "kind-elk shy-fox");
    assert_eq!(found("KIND loss < 1"), "kind-elk");
    assert_eq!(found("bert"), "shy-fox");
    assert_eq!(found("paper"), "kind-elk");
    assert_eq!(found("'of slow'"), "shy-fox");
    assert_eq!(found("b3f90002"), "red-oak");
    assert_eq!(found("d3f9"), "new-ant");
    assert_eq!(found("not kind not dirty"), "new-ant");
    assert_eq!(found("kind =lr < 1"), "kind-elk");
}

#[test]
fn what_is_wrong_is_underlined_and_the_nearest_right_thing_named() {
    for (filter, marked, message) in [
        ("los < 3", "los", "called \"los\": did you mean loss?"),
        ("los.min < 3", "los.min", "did you mean loss.min?"),
        ("loss = x", "x", "a metric is a number"),
        ("loss like 'x'", "'x'", "a metric is a number"),
        ("metrics.loss", "metrics.loss", "`metrics.loss is not null`"),
        ("loss <", "", "the filter ends, expected a number"),
        ("loss => 3", "=>", "did you mean >=?"),
        ("loss ~ 3", "~", "is no operator"),
        ("loss < 3 or", "", "the filter ends, expected a comparison"),
        ("loss < 3 ) x", ")", "expected `and`, `or` or the end"),
        ("(loss < 3", "", "the filter ends, expected `)`"),
        ("lr in 3", "3", "a list in parentheses"),
        ("lr in (1 2)", "2", "expected `,` or `)`"),
        ("lr is 3", "3", "`null` or `not null`"),
        ("params.lr = 'x", "'x", "never closed"),
        (".startd > -7d", ".startd", "did you mean .started?"),
        (
            "attributes.nmae = x",
            "attributes.nmae",
            "did you mean attributes.name?",
        ),
        ("started > soon", "soon", "this is a time, such as -7d"),
        ("took > long", "long", "such as 90s"),
        ("status = runing", "runing", "did you mean running?"),
        ("dirty = maybe", "maybe", "true or false"),
        ("seed = x", "x", "a whole number"),
        (
            "dataset.size = 3",
            "dataset.size",
            "there are name, digest, context",
        ),
        ("metrics. = 3", "metrics.", "write a name behind the dot"),
        (
            "started = and",
            "and",
            "expected a number, a text or a time",
        ),
    ] {
        let (found, text) = refusal(&four(), Full, filter, &[]);
        assert_eq!(found, marked, "{filter}: {text}");
        assert!(text.contains(message), "{filter}: {text}");
    }
}

#[test]
fn what_nests_too_deep_is_refused_and_not_followed() {
    let filter = format!("{}loss < 1{}", "(".repeat(10_000), ")".repeat(10_000));
    let (_, text) = refusal(&four(), Full, &filter, &[]);
    assert!(text.contains("inside each other"), "{text}");
    let filter = format!("{}loss < 1", "not ".repeat(10_000));
    refusal(&four(), Full, &filter, &[]);
}
