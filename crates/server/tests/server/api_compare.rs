//! `/api/v1/compare`: groups of replicates and whether they differ, as the library says it.

use mltrack::{CompareTest, Direction, RunId, Tracker};
use serde_json::{Value, json};

use crate::support::Served;

/// Four seeds of two learning rates, of which the second is better; the first run of each.
fn fill(served: &Served) -> (Tracker, [RunId; 2]) {
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let experiment = tracker.experiment("resnet").unwrap();
    let mut firsts = Vec::new();
    for (lr, values) in [
        (0.1, [0.926, 0.924, 0.927, 0.928]),
        (0.2, [0.931, 0.929, 0.934, 0.930]),
    ] {
        for (seed, value) in values.into_iter().enumerate() {
            let run = experiment.run().param("lr", lr).param("seed", seed as i64);
            let run = run.start().unwrap();
            run.log_metrics(1, [("acc", value), ("system/cpu", value), ("same", 1.0)])
                .unwrap();
            if seed == 0 {
                firsts.push(run.id());
            }
            run.finish().unwrap();
        }
    }
    let firsts = firsts.try_into().expect("one of each rate");
    (tracker, firsts)
}

fn found(answer: &Value) -> &Value {
    &answer["metrics"][0]["groups"][1]["test"]["found"]
}

#[test]
fn groups_of_replicates_are_tested_as_the_library_does() {
    let served = Served::start();
    let (tracker, [one, other]) = fill(&served);
    let path = format!("/api/v1/compare?runs={one},{other}&test=welch&goal=acc:max&alpha=0.01");
    let (status, answer) = served.get(&path);
    assert_eq!(status, 200, "{answer}");
    let query = tracker.compare([one, other]).test(CompareTest::Welch);
    let query = query.direction("acc", Direction::Max).alpha(0.01);
    let expected = query.fetch().unwrap();
    let result = &expected.metrics[0].results[1];
    let tested = result.tested.as_ref().unwrap().as_ref().unwrap();
    let told = found(&answer);
    assert_eq!(told["p"], json!(tested.outcome.p));
    assert_eq!(told["p_corrected"], json!(tested.corrected));
    assert_eq!(told["effect"]["value"], json!(tested.outcome.effect.value));
    assert_eq!(told["effect"]["interval"]["level"], json!(0.99));
    assert_eq!(told["method"], "parametric");
    let group = &answer["metrics"][0]["groups"][1];
    let described = result.description.unwrap();
    assert_eq!(group["median"], json!(described.median));
    assert_eq!(group["std"], json!(described.deviation.unwrap()));
    assert_eq!((&group["n"], &group["better"]), (&json!(4), &json!(true)));
    assert_eq!(answer["metrics"][0]["best"], 1);
    assert_eq!(answer["groups"][0]["runs"].as_array().unwrap().len(), 4);
    assert_eq!(answer["params"][0]["values"], json!([[0.1], [0.2]]));
    assert_eq!(answer["notes"], json!(expected.notes()));
    assert_eq!(
        (&answer["tests"], &answer["hidden"]),
        (&json!(1), &json!(3))
    );
}

#[test]
fn single_runs_are_compared_with_a_baseline_and_at_a_moment() {
    let served = Served::start();
    let (tracker, [one, other]) = fill(&served);
    let then = tracker.runs().fetch_ids().unwrap().lsn.unwrap();
    let experiment = tracker.experiment("resnet").unwrap();
    let late = experiment.run().start().unwrap();
    late.log_metric("acc", 0.5).unwrap();
    let ask = |more: &str| served.get(&format!("/api/v1/compare?runs={one}&runs={other}{more}"));
    let (_, answer) = ask(&format!("&baseline={other}&all=true"));
    assert_eq!(answer["baseline"], 1);
    let names = answer["metrics"].as_array().unwrap().iter();
    let names: Vec<&str> = names.filter_map(|metric| metric["name"].as_str()).collect();
    assert_eq!(
        names,
        ["acc", "same", "system/cpu"],
        "the machine's are last"
    );
    let (_, past) = ask(&format!("&at={then}"));
    assert_eq!(past["lsn"], json!(then.get()));
    let (status, refused) = ask(&format!("&runs={}&at={then}", late.id()));
    assert_eq!(status, 404, "{refused}");
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_to_select() {
    let served = Served::start();
    let (tracker, [one, other]) = fill(&served);
    let refused = |query: &str| {
        let (status, answer) = served.get(&format!("/api/v1/compare?{query}"));
        assert_eq!(status, 400, "{query}: {answer}");
        let hint = answer["hint"].as_str().unwrap_or_default();
        format!("{} | {hint}", answer["error"].as_str().unwrap())
    };
    assert!(refused("").contains("name 2 to 100"));
    let alone = refused(&format!("runs={other}"));
    assert!(
        alone.contains("the run before it: mltrack compare"),
        "{alone}"
    );
    let experiment = tracker.experiment("many").unwrap();
    let many: Vec<String> = (0..101)
        .map(|_| experiment.run().start().unwrap().id().to_string())
        .collect();
    let many = refused(&format!("runs={}", many.join(",")));
    assert!(
        many.contains("101 of 2 to 100") && many.contains("fewer"),
        "{many}"
    );
    let pair = format!("runs={one},{other}");
    for query in [
        "&test=magic",
        "&alpha=2",
        "&goal=acc",
        "&goal=:min",
        "&nonsense=1",
    ] {
        refused(&format!("{pair}{query}"));
    }
}
