//! Questions and answers.

use mltrack::{Code, Run, RunState, Verify};

use crate::support::{Store, code};

/// Runs with lr 1, 2, 3 whose accuracy is 0.1 of that.
fn three_runs(store: &Store) -> Vec<Run> {
    let experiment = store.tracker.experiment("resnet").unwrap();
    let start = |lr: i32| {
        let run = experiment
            .run()
            .name(format!("run-{lr}"))
            .param("lr", f64::from(lr));
        let run = run
            .tag("odd", if lr % 2 == 1 { "yes" } else { "no" })
            .start()
            .unwrap();
        run.log_metric("acc", 0.05).unwrap();
        run.log_metric("acc", 0.1 * f64::from(lr)).unwrap();
        run.finish().unwrap();
        run
    };
    (1..=3).map(start).collect()
}

fn names(store: &Store, filter: &str, order: &str) -> Vec<String> {
    let page = store
        .tracker
        .runs()
        .filter(filter)
        .order_by(order)
        .fetch()
        .unwrap();
    page.items.into_iter().map(|run| run.name).collect()
}

#[test]
fn filters_and_orders_choose_and_sort() {
    let store = Store::new();
    three_runs(&store);
    for (filter, order, expected) in [
        ("metrics.acc > 0.15", "-acc", &["run-3", "run-2"][..]),
        (
            "metrics.acc.min < 0.06 and params.lr = '1.0'",
            "acc",
            &["run-1"],
        ),
        ("params.lr >= 2 and tags.odd = 'yes'", "acc", &["run-3"]),
        (
            "attributes.status = 'FINISHED'",
            "=lr",
            &["run-1", "run-2", "run-3"],
        ),
        ("attributes.status != 'completed'", "=lr", &[]),
        ("attributes.name like '%-2'", "=lr", &["run-2"]),
        (
            "attributes.name ilike 'RUN-_'",
            "-.number",
            &["run-3", "run-2", "run-1"],
        ),
        (
            "attributes.started > '2020-01-01T00:00:00Z'",
            ".started",
            &["run-1", "run-2", "run-3"],
        ),
        ("metrics.missing != 1", "acc", &[]),
    ] {
        assert_eq!(names(&store, filter, order), expected, "{filter}");
    }
    assert_eq!(
        code(store.tracker.runs().filter("acc > x").fetch()),
        Code::ValidationError
    );
    assert_eq!(
        code(store.tracker.runs().order_by(".colour").fetch()),
        Code::ValidationError
    );
    assert_eq!(
        code(store.tracker.runs().experiment("resnt").fetch()),
        Code::NotFound
    );
}

#[test]
fn missing_values_come_last_in_both_directions() {
    let store = Store::new();
    three_runs(&store);
    store
        .tracker
        .experiment("resnet")
        .unwrap()
        .run()
        .name("bare")
        .start()
        .unwrap()
        .finish()
        .unwrap();
    for order in ["acc", "-acc"] {
        let page = store.tracker.runs().order_by(order).fetch().unwrap();
        assert_eq!(page.items.last().unwrap().name, "bare", "{order}");
    }
}

#[test]
fn pages_are_of_one_moment_and_do_not_overlap() {
    let store = Store::new();
    three_runs(&store);
    let first = store.tracker.runs().limit(2).fetch().unwrap();
    assert_eq!((first.items.len(), first.total), (2, 3));
    three_runs(&store);
    let token = first.next.unwrap().to_string().parse().unwrap();
    let second = store.tracker.runs().limit(2).page(token).fetch().unwrap();
    let names =
        |page: &[mltrack::RunSummary]| page.iter().map(|run| run.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&first.items), ["run-3", "run-2"]);
    assert_eq!(
        (names(&second.items), second.total, second.next),
        (vec!["run-1".to_owned()], 3, None)
    );
}

#[test]
fn an_answer_about_the_past_is_what_was_true_then() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    let then = run.log_metric("loss", 1.0).unwrap().lsn().unwrap();
    run.log_metric("loss", 0.5).unwrap();
    run.finish().unwrap();
    let past = store.tracker.runs().at(then).fetch().unwrap();
    assert_eq!(
        (past.items[0].state, past.items[0].points),
        (RunState::Running, 1)
    );
    assert_eq!(past.lsn, Some(then));
    assert_eq!(
        store
            .tracker
            .history(run.id(), "loss")
            .at(then)
            .fetch()
            .unwrap()
            .values,
        [1.0]
    );
    let ended = store.tracker.run_summary(run.id()).unwrap().ended.unwrap();
    assert_eq!(
        store.tracker.runs().at_time(ended).fetch().unwrap().total,
        1
    );
    assert_eq!(
        store
            .tracker
            .runs()
            .at_time(mltrack::WallTime(0))
            .fetch()
            .unwrap()
            .total,
        0
    );
}

#[test]
fn a_process_reads_its_own_writes() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    for count in 1..=50 {
        run.log_metric("loss", 1.0).unwrap();
        assert_eq!(store.tracker.run_summary(run.id()).unwrap().points, count);
    }
    run.finish().unwrap();
}

#[test]
fn buckets_show_every_spike() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    for step in 0..1000 {
        run.log_metric("loss", if step == 777 { 99.0 } else { 1.0 })
            .unwrap();
    }
    run.finish().unwrap();
    let buckets = store
        .tracker
        .history(run.id(), "loss")
        .buckets(20)
        .fetch()
        .unwrap();
    assert!((2..=20).contains(&buckets.len()));
    assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 1000);
    let highest = buckets
        .iter()
        .filter_map(|bucket| bucket.max)
        .max_by(|a, b| a.value.total_cmp(&b.value));
    assert_eq!(
        highest.map(|point| (point.step, point.value)),
        Some((777, 99.0))
    );
}

#[test]
fn a_metric_that_was_never_logged_is_not_found_and_an_empty_range_is_empty() {
    let store = Store::new();
    let run = store
        .tracker
        .experiment("resnet")
        .unwrap()
        .start_run()
        .unwrap();
    run.log_metric("loss", 1.0).unwrap();
    let error = store.tracker.history(run.id(), "los").fetch().unwrap_err();
    assert_eq!(
        (error.code(), error.hint()),
        (Code::NotFound, Some("it has loss"))
    );
    assert_eq!(
        store
            .tracker
            .history(run.id(), "loss")
            .steps(5..)
            .fetch()
            .unwrap()
            .len(),
        0
    );
    run.finish().unwrap();
}

#[test]
fn a_run_is_found_by_what_people_call_it() {
    let store = Store::new();
    let runs = three_runs(&store);
    for text in [
        &runs[1].id().to_string(),
        &runs[1].id().short(),
        "run-2",
        "resnet/2",
    ] {
        assert_eq!(
            store.tracker.find_run(text).unwrap(),
            runs[1].id(),
            "{text}"
        );
    }
    assert_eq!(store.tracker.find_run("@last").unwrap(), runs[2].id());
    assert_eq!(code(store.tracker.find_run("run-9")), Code::NotFound);
    let mut found = store
        .tracker
        .find_runs(&["run-3", "run-9", "resnet/1"])
        .unwrap();
    assert_eq!(found.remove(0).unwrap(), runs[2].id());
    assert_eq!(code(found.remove(0)), Code::NotFound);
    assert_eq!(found.remove(0).unwrap(), runs[0].id());
    three_runs(&store);
    assert_eq!(
        code(store.tracker.find_run("run-2")),
        Code::ValidationError,
        "two have this name"
    );
    assert_eq!(
        code(store.tracker.find_run("@best")),
        Code::ValidationError,
        "no goal"
    );
}

#[test]
fn a_sound_store_verifies_and_says_how_much_was_read() {
    let store = Store::new();
    three_runs(&store);
    store.tracker.flush().unwrap();
    let report = store.tracker.verify(Verify::Deep).unwrap();
    assert!(report.is_sound());
    assert!(report.records > 10, "{report:?}");
}

#[test]
fn replicates_are_grouped_over_their_seeds_with_mean_median_and_interval() {
    let store = Store::new();
    for (lr, seed, acc) in [
        (0.1, 1, 0.91),
        (0.1, 2, 0.95),
        (0.1, 3, 0.92),
        (0.2, 1, f64::NAN),
    ] {
        let run = store
            .tracker
            .experiment("resnet")
            .unwrap()
            .start_run()
            .unwrap();
        run.log_param("lr", lr).unwrap();
        run.log_param("data_seed", seed).unwrap();
        run.log_metric("acc", acc).unwrap();
        run.finish().unwrap();
    }
    let grouped = store.tracker.runs().fetch_replicates(&["seed"]).unwrap();
    // The newest run comes first, and with it its group.
    let counts: Vec<usize> = grouped
        .groups
        .iter()
        .map(|group| group.runs.len())
        .collect();
    assert_eq!(counts, [1, 3]);
    let failed = &grouped.groups[0].metrics["acc"];
    assert_eq!((failed.description, failed.not_finite), (None, 1));
    let group = &grouped.groups[1];
    assert_eq!((&*group.experiment, group.params.len()), ("resnet", 1));
    let acc = group.metrics["acc"].description.unwrap();
    assert_eq!((acc.count, acc.median), (3, 0.92));
    // numpy.mean, numpy.std(ddof=1), scipy.stats.t.interval(0.95, 2, ..)
    assert!((acc.mean - 0.926_666_666_7).abs() < 1e-9, "{acc:?}");
    assert!(
        (acc.deviation.unwrap() - 0.020_816_659_9).abs() < 1e-9,
        "{acc:?}"
    );
    assert!(
        (acc.interval.unwrap().low - 0.874_954_9).abs() < 1e-6,
        "{acc:?}"
    );
    // All that is left out tells nothing apart.
    let one = store
        .tracker
        .runs()
        .fetch_replicates(&["seed", "lr"])
        .unwrap();
    assert_eq!(one.groups.len(), 1);
}
