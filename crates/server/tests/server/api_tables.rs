//! What a table of runs asks beside its rows: windows, names, groups, changes to many runs, and where a filter is wrong.

use serde_json::json;

use crate::api_looking::fill;
use crate::support::Served;

#[test]
fn any_part_of_a_list_is_told_by_its_offset() {
    let served = Served::start();
    let ids = fill(&served);
    let (status, page) = served.get("/api/v1/runs?sort=%3Dlr&limit=1&offset=1");
    assert_eq!(status, 200, "{page}");
    assert_eq!(
        (&page["items"][0]["id"], &page["total"]),
        (&json!(ids[1]), &json!(3))
    );
    let (_, beyond) = served.get("/api/v1/runs?offset=3");
    assert_eq!(
        (beyond["items"].as_array().unwrap().len(), &beyond["total"]),
        (0, &json!(3))
    );
    let both = format!(
        "/api/v1/runs?offset=1&cursor={}",
        page["next"].as_str().unwrap()
    );
    assert_eq!(served.get(&both).0, 400);
    let (status, refused) = served.get(&format!("/api/v1/runs?offset={}", 1_u64 << 63));
    assert_eq!(status, 400, "{refused}");
}

#[test]
fn names_come_with_how_many_runs_have_them_and_whether_they_differ() {
    let served = Served::start();
    let ids = fill(&served);
    let tags = json!({"tags": {"paper": "v2"}});
    assert_eq!(
        served
            .post(&format!("/api/v1/runs/{}/log", ids[0]), &tags)
            .0,
        200
    );
    let (status, names) = served.get("/api/v1/columns?experiment=resnet");
    assert_eq!(status, 200, "{names}");
    let lr = json!([{"name": "lr", "column": "=lr", "runs": 3, "differs": true}]);
    assert_eq!(names["params"], lr);
    assert_eq!(names["metrics"][0]["runs"], 3);
    let paper = json!([{"name": "paper", "column": "tags.paper", "runs": 1, "differs": false}]);
    assert_eq!(names["tags"], paper);
    let (_, fewer) = served.get("/api/v1/columns?filter=lr%3D2");
    let lr = json!([{"name": "lr", "column": "=lr", "runs": 1, "differs": false}]);
    assert_eq!((&fewer["params"], &fewer["runs"]), (&lr, &json!(1)));
}

#[test]
fn groups_have_their_values_counts_and_numbers() {
    let served = Served::start();
    let ids = fill(&served);
    for id in &ids[..2] {
        let tags = json!({"tags": {"team": "vision"}});
        assert_eq!(served.post(&format!("/api/v1/runs/{id}/log"), &tags).0, 200);
    }
    let path = "/api/v1/runs/groups?by=tags.team&columns=loss.min&columns=%3Dlr&columns=none";
    let (status, groups) = served.get(path);
    assert_eq!(status, 200, "{groups}");
    assert_eq!((&groups["total"], &groups["runs"]), (&json!(2), &json!(3)));
    let first = &groups["groups"][0];
    assert_eq!(
        (&first["values"], &first["runs"]),
        (&json!(["vision"]), &json!(2))
    );
    let min = json!({"count": 2, "mean": 141.0, "min": 91.0, "max": 191.0});
    assert_eq!(first["columns"]["loss.min"], min);
    assert_eq!(first["columns"]["=lr"]["mean"], 1.5);
    assert_eq!(first["columns"]["none"], json!(null));
    assert_eq!(groups["groups"][1]["values"], json!([null]));
    let (_, by_state) = served.get("/api/v1/runs/groups?by=.state&filter=lr%3E1");
    assert_eq!(by_state["groups"][0]["values"], json!(["completed"]));
    assert_eq!(served.get("/api/v1/runs/groups").0, 400);
}

#[test]
fn a_bulk_change_is_shown_first_and_taken_back_by_one_undo() {
    let served = Served::start();
    let ids = fill(&served);
    let mut ask = json!({"experiment": "resnet", "filter": ["lr >= 2"], "change": {"tags": {"paper": "v2"}}, "dry_run": true});
    let (status, told) = served.post("/api/v1/runs/bulk", &ask);
    assert_eq!(status, 200, "{told}");
    assert_eq!(
        (&told["runs"], &told["lsn"], &told["changed"]),
        (&json!(2), &json!(null), &json!(null))
    );
    assert_eq!(told["items"][0]["id"], json!(ids[2]));
    let tagged = || served.get("/api/v1/runs?filter=tags.paper%3D'v2'").1["total"].clone();
    assert_eq!(tagged(), 0);
    ask["dry_run"] = json!(false);
    ask["expected"] = json!(3);
    assert_eq!(served.post("/api/v1/runs/bulk", &ask).0, 409);
    ask["expected"] = json!(2);
    let (status, done) = served.post("/api/v1/runs/bulk", &ask);
    assert_eq!((status, &done["changed"]), (200, &json!(2)), "{done}");
    assert_eq!(tagged(), 2);
    let (status, undone) = served.post("/api/v1/undo", &json!({"lsn": done["lsn"]}));
    assert_eq!(status, 200, "{undone}");
    assert_eq!(tagged(), 0);
}

#[test]
fn runs_that_are_named_are_deleted_and_brought_back_together() {
    let served = Served::start();
    let ids = fill(&served);
    let ask = json!({"runs": [ids[0], ids[1]], "change": {"deleted": true}});
    assert_eq!(served.post("/api/v1/runs/bulk", &ask).1["changed"], 2);
    assert_eq!(served.get("/api/v1/runs").1["total"], 1);
    let back = json!({"deleted": "only", "change": {"deleted": false}});
    assert_eq!(served.post("/api/v1/runs/bulk", &back).1["changed"], 2);
    assert_eq!(served.get("/api/v1/runs").1["total"], 3);
    for wrong in [
        json!({"change": {"deleted": true}}),
        json!({"runs": [ids[0]], "filter": ["lr = 1"], "change": {"deleted": true}}),
        json!({"runs": [ids[0]], "change": {}}),
        json!({"runs": [ids[0]], "change": {"tags": {"": "x"}}}),
    ] {
        assert_eq!(served.post("/api/v1/runs/bulk", &wrong).0, 400, "{wrong}");
    }
}

#[test]
fn a_wrong_filter_is_refused_with_its_place() {
    let served = Served::start();
    fill(&served);
    let (status, error) = served.get("/api/v1/runs?filter=name%3D'%C3%A9'%20and%20los%20%3C%201");
    assert_eq!(status, 400, "{error}");
    let place = &error["place"];
    assert_eq!(
        (&place["start"], &place["length"]),
        (&json!(13), &json!(3)),
        "{error}"
    );
    assert_eq!(
        (&place["suggestion"], &place["text"]),
        (&json!("loss"), &json!("name='é' and los < 1"))
    );
    let (_, other) = served.get("/api/v1/runs?limit=0");
    assert!(other.get("place").is_none(), "{other}");
}
