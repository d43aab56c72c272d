//! `lineage`: ways up and down, what is affected, the forms of a graph, links by hand, and names that lead nowhere.

use mltrack::{Split, Tracker};
use serde_json::Value;

use super::support::Folder;

/// `clean` is made of `raw` by the run `02dd`; `train` trains on it and makes `resnet` v1, on which `other` builds.
fn folder() -> Folder {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    let experiment = tracker.experiment("vision").unwrap();
    let digest = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let raw = tracker.dataset("raw").unwrap();
    let raw = raw.version().reference("s3://data/raw", digest("1"));
    raw.add().unwrap();
    let prepare = experiment.run().name("prepare").start().unwrap();
    let taken = prepare.use_dataset("raw@v1", Split::Train).unwrap();
    let clean = tracker.dataset("clean").unwrap();
    let clean = clean.version().reference("s3://data/clean", digest("2"));
    let clean = clean.derived_from(taken.version()).transformation("dedup");
    clean.made_by(&prepare).add().unwrap();
    prepare.finish().unwrap();
    let train = experiment.run().name("train").start().unwrap();
    train.use_dataset("clean@latest", Split::Train).unwrap();
    train.use_dataset("clean@latest", Split::Test).unwrap();
    let upload = train.log_artifact_bytes("model.pt", "weights").unwrap();
    let artifact = upload.wait().unwrap().remove(0);
    let model = tracker.model("resnet").unwrap();
    let version = model.version().run(&train).artifact(artifact.id);
    version.add().unwrap();
    model.set_alias("prod", 1).unwrap();
    train.finish().unwrap();
    let other = experiment.run().name("other").start().unwrap();
    other.use_model("resnet@prod").unwrap();
    other.use_dataset("raw@v1", Split::Validation).unwrap();
    other.finish().unwrap();
    folder
}

fn short(folder: &Folder, name: &str) -> String {
    let document = folder.json(&["run", "show", name, "--json"]);
    let id = document["items"][0]["id"].as_str().unwrap().to_owned();
    id[id.len() - 8..].to_owned()
}

#[test]
fn what_a_model_was_made_of_stands_on_one_line() {
    let folder = folder();
    let [train, prepare] = ["train", "prepare"].map(|name| short(&folder, name));
    let way = ["--up", "--depth", "3", "--format", "tree"];
    let text = folder.ok(&[&["lineage", "model:resnet@prod"][..], &way].concat());
    let lines: Vec<&str> = text.lines().collect();
    let way = format!("  model resnet v1 <- run train ({train}) <- dataset clean v1 (train, test)");
    assert_eq!(lines[0], format!("{way} <- run prepare ({prepare})"));
    assert_eq!(
        lines[1], "    <- dataset raw v1 (train)",
        "long lines go on below"
    );
    let also = "  also affected by raw v1: 1 run   (mltrack lineage dataset:raw@v1 --impact)";
    assert_eq!(lines[2..], [also]);
}

#[test]
fn what_is_affected_is_listed_with_the_way_to_it() {
    let folder = folder();
    let items = folder.json(&["lineage", "dataset:raw@v1", "--impact", "--json"]);
    let items = items["items"].as_array().unwrap().clone();
    let find = |name: &str| {
        let mut items = items.iter();
        items.find(|item| item["name"] == name).unwrap().clone()
    };
    let path = find("resnet v1")["path"].as_array().unwrap().len();
    assert_eq!(
        (path, &find("resnet v1")["kind"]),
        (4, &"model_version".into())
    );
    let text = folder.ok(&["lineage", "dataset:raw@v1", "--impact", "--format", "tree"]);
    assert!(
        text.contains("if dataset raw v1 is bad: 3 runs, 1 dataset, 1 dataset version, 1 model"),
        "{text}"
    );
    let json = folder.json(&["lineage", "dataset:raw", "--impact", "--format", "json"]);
    assert_eq!(json["counts"]["run"], 3);
    assert_eq!(json["counts"]["dataset_version"], 2);
}

#[test]
fn a_graph_comes_in_every_form_and_its_ids_lead_back_to_its_nodes() {
    let folder = folder();
    let json = folder.json(&["lineage", "exp:vision", "--format", "json"]);
    for node in json["nodes"].as_array().unwrap() {
        let id = node["node"].as_str().unwrap();
        let again = folder.json(&["lineage", id, "--depth", "0", "--format", "json"]);
        assert_eq!(again["root"], id);
        assert_eq!(again["nodes"][0]["name"], node["name"]);
    }
    let edges = json["edges"].as_array().unwrap();
    let kinds = |kind: &str| edges.iter().filter(|edge| edge["kind"] == kind).count();
    assert_eq!(
        (
            kinds("uses_dataset"),
            kinds("uses_model"),
            kinds("contains")
        ),
        (3, 1, 3)
    );
    let dot = folder.ok(&["lineage", "exp:vision", "--format", "dot"]);
    assert!(dot.starts_with("digraph lineage {") && dot.contains("uses dataset: train"));
    let mermaid = folder.ok(&["lineage", "exp:vision", "--format", "mermaid"]);
    assert!(mermaid.starts_with("flowchart LR\n") && mermaid.contains("-->|\"produces\"|"));
    let down = folder.json(&["lineage", "dataset:raw", "--down", "--depth", "1", "--json"]);
    assert_eq!(down["items"][1]["name"], "raw v1");
    assert_eq!(down["items"][0]["to"][0]["kind"], "contains");
}

#[test]
fn a_link_by_hand_is_shown_and_taken_back() {
    let folder = folder();
    let link = ["external:https://example.org/paper", "dataset:raw@v1"];
    let words = |verb| [&["lineage", verb][..], &link, &["--kind", "derived_from"]].concat();
    let dry = folder.run(&[&words("link")[..], &["--dry-run"]].concat());
    assert!(dry.stderr.contains("would link"), "{}", dry.stderr);
    let up = ["lineage", "dataset:raw@v1", "--up", "--json=name"];
    assert!(!folder.ok(&up).contains("paper"));
    let made = folder.json(&[&words("link")[..], &["--json"]].concat());
    assert_eq!(made["items"][0]["changed"], true);
    assert!(folder.ok(&up).contains("paper"));
    let then = made["lsn"].as_u64().unwrap().to_string();
    folder.ok(&words("unlink"));
    assert!(!folder.ok(&up).contains("paper"));
    let past = folder.ok(&[&up[..], &["--at", then.as_str()]].concat());
    assert!(past.contains("paper"));
    assert_eq!(folder.run(&words("unlink")).code, 3);
}

#[test]
fn names_that_lead_nowhere_say_what_to_do() {
    let folder = folder();
    for (node, code, hint) in [
        ("dataset:rwa@v1", 3, "did you mean raw?"),
        ("model:resnet@v9", 3, "mltrack model show resnet"),
        ("artifact:train/model.pth", 3, "did you mean model.pt?"),
        ("exp:visoin", 3, "did you mean vision?"),
        ("nobody", 3, "mltrack runs"),
        ("thing:x", 2, "exp:NAME"),
        ("dataset:raw@", 2, "@v3"),
    ] {
        let said = folder.run(&["lineage", node]);
        assert_eq!(said.code, code, "{node}: {}", said.stderr);
        assert!(said.stderr.contains(hint), "{node}: {}", said.stderr);
    }
    let alone = folder.json(&["lineage", "external:nowhere", "--json"]);
    assert_eq!(alone["items"].as_array().map(Vec::len), Some(1));
    let said = folder.run(&["lineage", "raw", "--link"]);
    assert_eq!(said.code, 2);
}

#[test]
fn a_snapshot_keeps_the_graph_and_is_checked_with_the_log() {
    let folder = folder();
    let before: Value = folder.json(&["lineage", "exp:vision", "--format", "json"]);
    folder.ok(&["snapshot", "create"]);
    let files = folder.ok(&["snapshot", "ls", "--json=path"]);
    assert!(files.contains("things-"), "{files}");
    assert_eq!(
        folder.json(&["lineage", "exp:vision", "--format", "json"]),
        before
    );
    folder.ok(&["snapshot", "verify"]);
    let check = folder.json(&["replay", "--check", "--projector", "lineage", "--json"]);
    assert_eq!(check["items"][0]["index"], "same");
    assert_eq!(check["items"][0]["projector"], "lineage");
    folder.ok(&["snapshot", "rm", "--all", "--yes"]);
    assert_eq!(
        folder.json(&["lineage", "exp:vision", "--format", "json"]),
        before
    );
}
