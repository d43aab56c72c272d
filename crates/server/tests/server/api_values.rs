//! What `/api/v1` tells beyond single numbers: distributions, JSON values, numbers about histories, columns of a table of
//! runs, runs side by side.

use mltrack::{Level, Line, Table, Tracker};
use serde_json::{Value, json};

use crate::api_looking::fill;
use crate::support::Served;

#[test]
fn distributions_and_json_values_are_told_as_they_were_logged() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("cats").unwrap().start_run().unwrap();
    for step in 0..3 {
        run.log_histogram("weights", step, &[0.0, 1.0, 2.0, f64::NAN])
            .unwrap();
    }
    let table = Table::new(["a", "b"], vec![vec![json!(1), json!("x")]]).unwrap();
    run.log_table("best", 7, &table).unwrap();
    let id = run.id().to_string();
    run.finish().unwrap();
    let (status, page) = served.get(&format!("/api/v1/runs/{id}/histograms?from=1&to=2"));
    assert_eq!((status, &page["total"]), (200, &json!(2)), "{page}");
    let first = &page["items"][0];
    assert_eq!(
        (&first["name"], &first["step"]),
        (&json!("weights"), &json!(1))
    );
    assert_eq!(
        (&first["count"], &first["not_finite"]),
        (&json!(3), &json!(1))
    );
    let counts = first["counts"].as_array().unwrap();
    assert_eq!(counts.iter().filter_map(Value::as_u64).sum::<u64>(), 3);
    assert_eq!(first["edges"].as_array().unwrap().len(), counts.len() + 1);
    let (_, page) = served.get(&format!("/api/v1/runs/{id}/values?name=be*"));
    let value = page["items"][0]["value"].to_string();
    assert!(value.contains("\"x\"") && value.contains("\"a\""), "{page}");
    assert_eq!(
        served
            .get(&format!("/api/v1/runs/{id}/values?name=other"))
            .1["total"],
        0
    );
}

#[test]
fn numbers_about_a_history_are_those_of_its_points() {
    let served = Served::start();
    let ids = fill(&served);
    let (status, told) = served.get(&format!(
        "/api/v1/runs/{}/analytics?metric=lo*&to=3",
        ids[0]
    ));
    assert_eq!(status, 200, "{told}");
    let figures = &told["items"][0];
    assert_eq!(
        (&figures["name"], &figures["count"]),
        (&json!("loss"), &json!(4))
    );
    assert_eq!(
        (&figures["min"], &figures["min_step"]),
        (&json!(97.0), &json!(3))
    );
    assert_eq!(
        (&figures["mean"], &figures["median"]),
        (&json!(98.5), &json!(98.5))
    );
}

#[test]
fn the_columns_of_a_selection_are_counted() {
    let served = Served::start();
    let ids = fill(&served);
    let tags = json!({"tags": {"best": "yes"}});
    assert_eq!(
        served
            .post(&format!("/api/v1/runs/{}/log", ids[2]), &tags)
            .0,
        200
    );
    let (status, told) = served.get("/api/v1/columns?experiment=resnet");
    assert_eq!((status, &told["runs"]), (200, &json!(3)), "{told}");
    assert_eq!(
        told["params"],
        json!([{"name": "lr", "column": "=lr", "runs": 3, "differs": true}])
    );
    assert_eq!(
        told["metrics"],
        json!([{"name": "loss", "column": "loss", "runs": 3, "differs": true}])
    );
    let (_, told) = served.get("/api/v1/columns?filter=params.lr%20%3C%203");
    assert_eq!(told["params"][0]["runs"], 2);
    assert_eq!(told["tags"], json!([]));
    let column = |told: &Value| told["tags"][0]["column"].as_str().unwrap().to_owned();
    let (_, told) = served.get("/api/v1/columns");
    let path = format!(
        "/api/v1/runs?columns={}&filter=params.lr%20%3D%203",
        column(&told)
    );
    let (_, page) = served.get(&path);
    assert_eq!(page["items"][0]["columns"][column(&told)], "yes");
}

#[test]
fn runs_stand_side_by_side() {
    let served = Served::start();
    let ids = fill(&served);
    let (status, told) = served.post("/api/v1/runs/compare", &json!({"runs": [ids[1], ids[0]]}));
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["runs"][0]["id"], json!(ids[1]));
    assert_eq!(
        told["params"],
        json!([{"name": "lr", "differs": true, "values": [2, 1]}])
    );
    assert_eq!(told["metrics"][0]["last"], json!([191.0, 91.0]));
    let same = json!({"runs": [ids[1], ids[1]], "differing": true});
    let (_, told) = served.post("/api/v1/runs/compare", &same);
    assert_eq!(
        (&told["params"], &told["metrics"]),
        (&json!([]), &json!([]))
    );
    let none = json!({"runs": []});
    assert_eq!(served.post("/api/v1/runs/compare", &none).0, 400);
    let unknown = json!({"runs": ["nobody"]});
    assert_eq!(served.post("/api/v1/runs/compare", &unknown).0, 404);
}

#[test]
fn words_are_found_wherever_they_are_written() {
    let served = Served::start();
    let ids = fill(&served);
    let note = json!({"tags": {"best": "yes"}, "note": "it was best to stop at loss one"});
    let patch = served
        .http()
        .patch(served.url(&format!("/api/v1/runs/{}", ids[0])));
    let patch = patch.header("content-type", "application/json");
    assert_eq!(served.send(patch.body(note.to_string())).0, 200);
    let (status, page) = served.get("/api/v1/search?words=BEST");
    assert_eq!(status, 200, "{page}");
    let kinds: Vec<&str> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["tag", "note"]);
    assert_eq!(page["items"][0]["runs"], json!([ids[0]]));
    let (_, page) = served.get("/api/v1/search?words=loss&kind=metric");
    assert_eq!(
        (&page["total"], &page["items"][0]["run_count"]),
        (&json!(1), &json!(3))
    );
    assert_eq!(served.get("/api/v1/search?words=%20").0, 400);
    assert_eq!(served.get("/api/v1/search").0, 400);
}

#[test]
fn pages_of_a_console_lose_no_line_of_a_record_that_lies_across_them() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("cats").unwrap().start_run().unwrap();
    let line = |number: usize| Line {
        level: Level::Info,
        source: String::new(),
        time: None,
        text: format!("line {number}"),
    };
    for record in 0..3 {
        run.log_lines((0..5).map(|at| line(5 * record + at)).collect())
            .unwrap();
    }
    let path = format!("/api/v1/runs/{}/console", run.id());
    let (mut cursor, mut told) = (String::new(), Vec::new());
    for is_last in [false, false, false, false, true] {
        let (status, page) = served.get(&format!("{path}?limit=3{cursor}"));
        assert_eq!((status, page["next"].is_null()), (200, is_last), "{page}");
        let items = page["items"].as_array().unwrap().clone();
        cursor = format!("&cursor={}", page["next"].as_str().unwrap_or_default());
        told.extend(items.iter().map(|item| item["text"].clone()));
    }
    let all: Vec<Value> = (0..15)
        .map(|number| json!(format!("line {number}")))
        .collect();
    assert_eq!(told, all);
    let (_, page) = served.get(&format!("{path}?newest=true&limit=2&grep=line&around=1"));
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.last().unwrap()["text"], "line 14");
    run.finish().unwrap();
}
