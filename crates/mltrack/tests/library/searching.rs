//! Filters and orders of both grammars, over what was logged.

use mltrack::{Code, FilterError, RunState};

use crate::support::Store;

/// Three runs: `lr` 0.1 .. 0.3 with a falling loss, the last of them from a dirty tree and in another experiment.
fn three_runs(store: &Store) {
    for (name, experiment, lr) in [
        ("one", "resnet", 0.1),
        ("two", "resnet", 0.2),
        ("three", "bert", 0.3),
    ] {
        let mut run = store
            .tracker
            .experiment(experiment)
            .unwrap()
            .run()
            .name(name)
            .param("optimizer.lr", lr);
        if name == "three" {
            run = run.tag("git.dirty", "true");
        }
        let run = run.start().unwrap();
        for step in 0..3_i32 {
            let loss = 10.0 * lr - f64::from(step);
            run.log_metrics(step.into(), [("loss", loss)]).unwrap();
        }
        run.finish().unwrap();
    }
}

fn names(store: &Store, filter: &str) -> String {
    let page = store
        .tracker
        .runs()
        .filter(filter)
        .order_by(".number")
        .order_by("name");
    let page = page.fetch().unwrap();
    let names: Vec<String> = page.items.into_iter().map(|run| run.name).collect();
    names.join(" ")
}

#[test]
fn the_full_grammar_finds_what_was_logged() {
    let store = Store::new();
    three_runs(&store);
    for (filter, expected) in [
        ("loss.min < 0.5 or optimizer.lr = 0.3", "one three two"),
        ("loss.min < -0.5", "one"),
        ("loss.min@step = 2 and not dirty", "one two"),
        ("dirty", "three"),
        ("bert", "three"),
        ("params.optimizer.lr in (0.1, 0.3)", "one three"),
        ("started > -1h took < 1h", "one three two"),
        ("started < yesterday", ""),
        ("status = completed loss.count = 3 (one or two)", "one two"),
    ] {
        assert_eq!(names(&store, filter), expected, "{filter}");
    }
}

#[test]
fn what_is_wrong_is_underlined_in_the_message() {
    let store = Store::new();
    three_runs(&store);
    let error = store.tracker.runs().filter("los < 3").fetch().unwrap_err();
    assert_eq!(error.code(), Code::ValidationError);
    assert_eq!(
        error.to_string(),
        "bad filter at character 1: no run has a metric, param, tag or attribute called \"los\": did you mean loss?\n  \
         los < 3\n  ^^^"
    );
    let source = std::error::Error::source(&error).unwrap();
    let source: &FilterError = source.downcast_ref().unwrap();
    assert_eq!(source.suggestion(), Some("loss"));
}

#[test]
fn a_name_that_no_run_has_is_noted() {
    let store = Store::new();
    three_runs(&store);
    let page = store
        .tracker
        .runs()
        .filter("metrics.los < 3")
        .fetch()
        .unwrap();
    assert_eq!((page.total, page.notes.len()), (0, 1));
    assert!(page.notes[0].ends_with("did you mean loss?"));
}

#[test]
fn mlflow_s_grammar_is_read_by_its_rules() {
    let store = Store::new();
    three_runs(&store);
    let ask = |filter: &str, order: &str| {
        let query = store.tracker.runs().mlflow_mode().filter(filter);
        query.order_by(order).fetch()
    };
    let page = ask(
        "metrics.loss < 0.5 AND status = 'FINISHED'",
        "metrics.loss DESC",
    )
    .unwrap();
    let names: Vec<&str> = page.items.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["two", "one"]);
    let error = ask("loss < 0.5 or dirty", "start_time").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Invalid attribute key 'loss' specified.")
    );
    let error = ask("", "-loss").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Invalid order_by clause '-loss'. Could not be parsed."
    );
}

#[test]
fn an_offset_leaves_out_the_beginning() {
    let store = Store::new();
    three_runs(&store);
    let page = store.tracker.runs().offset(1).limit(1).fetch().unwrap();
    assert_eq!((page.items[0].name.as_str(), page.total), ("two", 3));
    let next = store.tracker.runs().limit(1).page(page.next.unwrap());
    assert_eq!(next.fetch().unwrap().items[0].name, "one");
}

#[test]
fn columns_follow_what_is_logged_between_two_questions() {
    let store = Store::new();
    three_runs(&store);
    assert_eq!(names(&store, "loss > 100"), "");
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 200.0).unwrap();
    let page = || store.tracker.runs().filter("loss > 100").fetch().unwrap();
    assert_eq!(page().total, 1);
    assert_eq!(page().items[0].state, RunState::Running);
    run.log_metric("loss", 1.0).unwrap();
    assert_eq!(page().total, 0);
    let running = || {
        store
            .tracker
            .runs()
            .filter("status = running")
            .fetch()
            .unwrap()
            .total
    };
    assert_eq!(running(), 1);
    run.finish().unwrap();
    assert_eq!(running(), 0);
}

#[test]
fn experiments_are_filtered_and_paged_like_runs() {
    let store = Store::new();
    three_runs(&store);
    let new = |name: &str, owner: &str| {
        let experiment = store.tracker.new_experiment(name);
        experiment
            .owner(owner)
            .tag("team", "vision")
            .create()
            .unwrap();
    };
    new("unet", "ada");
    new("vit", "bob");
    let names = |filter: &str, order: &str| {
        let query = store.tracker.experiments().filter(filter).order_by(order);
        let page = query.fetch().unwrap();
        let names: Vec<String> = page.items.into_iter().map(|known| known.name).collect();
        names.join(" ")
    };
    for (filter, order, expected) in [
        ("", "-name", "vit unet resnet bert"),
        ("owner = ada or runs = 2", "name", "resnet unet"),
        ("name like '%net' and created > -1h", "-runs", "resnet unet"),
        ("status = active", "name", "bert resnet"),
        ("team = vision", "name", "unet vit"),
        ("vision", "name", "unet vit"),
        ("owner is null", "id", "resnet bert"),
    ] {
        assert_eq!(names(filter, order), expected, "{filter}");
    }
    let error = store.tracker.experiments().filter("status = activ").fetch();
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("did you mean active?")
    );
    let error = store.tracker.experiments().filter("ower = ada").fetch();
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("did you mean owner?")
    );
    let first = store.tracker.experiments().limit(3).fetch().unwrap();
    assert_eq!((first.items.len(), first.total), (3, 4));
    new("later", "ada");
    let last = store
        .tracker
        .experiments()
        .limit(3)
        .page(first.next.unwrap());
    let last = last.fetch().unwrap();
    assert_eq!((last.items.len(), last.total, last.next), (1, 4, None));
}
