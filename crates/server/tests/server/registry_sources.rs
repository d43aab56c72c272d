//! What versions of registered models are made from, and where their bytes are.

use mltrack::Tracker;
use serde_json::{Value, json};

use crate::registry::{get, post, refused, send};
use crate::support::Served;

#[test]
fn what_a_version_is_made_from_is_kept_and_leads_to_its_bytes() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let run_id = run.id().to_string();
    let create = |body: &Value| {
        let mut whole = json!({"name": "m", "run_link": "https://runs/1"});
        for (key, value) in body.as_object().unwrap() {
            whole[key] = value.clone();
        }
        send(&served, "POST", "model-versions/create", &whole)
    };
    let place = format!("mlflow-artifacts:/1/{run_id}/artifacts/model");
    let (_, made) = create(&json!({"source": place, "run_id": run_id}));
    assert_eq!(made["model_version"]["run_id"], run_id.as_str());
    assert_eq!(made["model_version"]["run_link"], "https://runs/1");
    let (_, copied) = create(&json!({"source": "models:/m/1"}));
    assert_eq!(copied["model_version"]["source"], "models:/m/1");
    assert_eq!(copied["model_version"]["run_id"], run_id.as_str());
    let uri = get(&served, "model-versions/get-download-uri?name=m&version=2");
    assert_eq!(uri["artifact_uri"], place.as_str());
    let (_, logged) = create(&json!({"source": "models:/m-0123"}));
    assert_eq!(logged["model_version"]["model_id"], "m-0123");
    let (_, elsewhere) = create(&json!({"source": "s3://b/m", "run_id": "from-elsewhere"}));
    assert_eq!(elsewhere["model_version"]["run_id"], "from-elsewhere");
    let (status, _, text) = refused(create(&json!({"source": "/etc/passwd"})));
    assert_eq!(status, 400);
    assert!(text.starts_with("Invalid model version source: '/etc/passwd'."));
    let climbing = json!({"source": "mlflow-artifacts:/1/%2e%2e/x"});
    assert!(
        refused(create(&climbing))
            .2
            .contains("without relative path references")
    );
    let foreign = json!({"source": "runs:/abc/model", "run_id": run_id});
    assert!(
        refused(create(&foreign))
            .2
            .contains("The run_id request parameter must identify")
    );
    run.finish().unwrap();
    let version = tracker.model_version("m@v1").unwrap();
    assert_eq!(
        version.run,
        Some(run_id.parse::<mltrack::RunId>().unwrap().key())
    );
}

#[test]
fn a_folder_or_a_place_behind_the_proxy_is_that_of_the_run_or_the_model_that_is_named() {
    let served = Served::start_with(&mltrack_server::Options {
        artifact_root: Some("file:///artifacts".into()),
        ..mltrack_server::Options::default()
    });
    post(&served, "registered-models/create", &json!({"name": "m"}));
    let run = post(&served, "runs/create", &json!({"experiment_id": "0"}));
    let (run, root) = (
        &run["run"]["info"]["run_id"],
        run["run"]["info"]["artifact_uri"].as_str().unwrap(),
    );
    let model = json!({"experiment_id": "0", "name": "net"});
    let model = post(&served, "logged-models", &model);
    let (model, of_model) = (
        &model["model"]["info"]["model_id"],
        model["model"]["info"]["artifact_uri"].as_str().unwrap(),
    );
    let create = |source: &str, run: &Value, model: &Value| {
        let body = json!({"name": "m", "source": source, "run_id": run, "model_id": model});
        send(&served, "POST", "model-versions/create", &body)
    };
    let none = json!("");
    let inside = format!("{root}/model");
    assert_eq!(create(&inside, run, &none).0, 200);
    assert_eq!(
        create(inside.trim_start_matches("file://"), run, &none).0,
        200
    );
    assert_eq!(create(of_model, &none, model).0, 200);
    let other = json!("0".repeat(32));
    for (source, run, model) in [
        (inside.as_str(), &none, &none),
        (inside.as_str(), &other, &none),
        (inside.as_str(), &none, model),
        ("file:///artifacts/0", run, &none),
        ("/etc/passwd", run, &none),
        ("mlflow-artifacts:/0/elsewhere/artifacts", run, &none),
        ("mlflow-artifacts:/0/elsewhere/artifacts", &other, &none),
    ] {
        let (status, _, text) = refused(create(source, run, model));
        assert_eq!(status, 400, "{source}");
        assert!(text.starts_with("Invalid model version source"), "{text}");
    }
    let climbing = format!("{root}/%2e%2e/%2e%2e/x");
    assert_eq!(create(&climbing, run, &none).0, 400);
}

#[test]
fn what_the_library_registered_is_there_over_the_wire() {
    let served = Served::start();
    let tracker = Tracker::open(served.folder.path().join(".mltrack")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let file = served.folder.path().join("weights.bin");
    std::fs::write(&file, b"weights").unwrap();
    let artifact = run
        .log_artifact("weights.bin", &file)
        .unwrap()
        .wait()
        .unwrap();
    let model = tracker.model("org/resnet").unwrap();
    let new = model.version().artifact(artifact[0].id).run(&run);
    let version = new.description("mine").tag("gold", "").add().unwrap();
    model.set_alias("prod", version.number).unwrap();
    version.move_to("Staging").unwrap();
    run.finish().unwrap();
    let known = get(&served, "registered-models/get?name=org%2Fresnet")["registered_model"].clone();
    let row = &known["latest_versions"][0];
    assert_eq!(row["current_stage"], "Staging");
    assert_eq!(row["description"], "mine");
    assert_eq!(row["run_id"], run.id().to_string());
    let place = format!("mlflow-artifacts:/1/{}/artifacts/weights.bin", run.id());
    assert_eq!(row["source"], place.as_str());
    let uri = get(
        &served,
        "model-versions/get-download-uri?name=org%2Fresnet&version=1",
    );
    assert_eq!(uri["artifact_uri"], place.as_str());
    assert_eq!(known["aliases"], json!([{"alias": "prod", "version": "1"}]));
}

#[test]
fn a_version_of_a_logged_model_leads_to_its_run_and_its_files() {
    let served = Served::start();
    let run = post(&served, "runs/create", &json!({"experiment_id": "0"}));
    let run_id = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
    let body = json!({"experiment_id": "0", "name": "net", "source_run_id": run_id});
    let logged = post(&served, "logged-models", &body)["model"]["info"].clone();
    let id = logged["model_id"].as_str().unwrap().to_owned();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    let body = json!({"name": "m", "source": format!("models:/{id}"), "model_id": id});
    let made = post(&served, "model-versions/create", &body)["model_version"].clone();
    assert_eq!(made["model_id"], id.as_str());
    assert_eq!(made["run_id"], run_id.as_str());
    let uri = get(&served, "model-versions/get-download-uri?name=m&version=1");
    assert_eq!(uri["artifact_uri"], logged["artifact_uri"]);
    post(&served, "model-versions/create", &body);
    let tags = get(&served, &format!("logged-models/{id}"))["model"]["info"]["tags"].clone();
    let named = r#"[{"name": "m", "version": 1}, {"name": "m", "version": 2}]"#;
    assert_eq!(
        tags,
        json!([{"key": "mlflow.modelVersions", "value": named}])
    );
    let body = json!({"name": "m", "source": format!("models:/{id}"), "model_id": "m-other"});
    let (status, _, text) = refused(send(&served, "POST", "model-versions/create", &body));
    assert_eq!(status, 400);
    assert!(text.contains("The model_id request parameter must identify"));
}

#[test]
fn a_source_without_end_is_refused() {
    let served = Served::start();
    post(&served, "registered-models/create", &json!({"name": "m"}));
    // Each look takes one escape away.
    let escaped = format!("http://h/%{}2e", "25".repeat(1 << 20));
    let body = json!({"name": "m", "source": escaped});
    let (status, code, text) = refused(send(&served, "POST", "model-versions/create", &body));
    assert_eq!((status, code.as_str()), (400, "INVALID_PARAMETER_VALUE"));
    assert_eq!(
        text,
        "'source' exceeds the maximum length of 4096 characters"
    );
}
