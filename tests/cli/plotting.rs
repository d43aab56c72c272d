//! `plot`: charts as files, from a real store; and grouping over seeds in `runs` and `metrics --plot`.

use std::fs;

use mltrack::{ConfusionMatrix, Tracker};
use rustix::process::Signal;
use serde_json::Value;

use super::serving::Serving;
use super::support::Folder;

/// Two learning rates of three seeds each, with curves, a distribution and a confusion matrix.
fn store() -> Folder {
    let folder = Folder::with_store();
    folder.ok(&["exp", "new", "digits", "--goal", "acc:max"]);
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    for (lr, offset) in [(0.1, 0.0), (0.2, 0.5)] {
        for seed in 0..3_i64 {
            let run = tracker.experiment("digits").unwrap().start_run().unwrap();
            run.log_param("lr", lr).unwrap();
            run.log_param("seed", seed).unwrap();
            run.log_param("depth", 3_i64).unwrap();
            for step in 0..50_i64 {
                let loss = 2.0 / (step + 1) as f64 + offset + seed as f64 * 0.1;
                let loss = if step == 30 { f64::NAN } else { loss };
                run.log_metrics(step, [("loss", loss), ("acc", step as f64 / 50.0)])
                    .unwrap();
            }
            for step in 0..5_i64 {
                let values: Vec<f64> = (0..100_i64).map(|at| (at * step) as f64 / 50.0).collect();
                run.log_histogram("weights", step, &values).unwrap();
            }
            let matrix = ConfusionMatrix::new(["cat", "dog"], vec![vec![9, 1], vec![2, 8]]);
            run.log_confusion_matrix("confusion", 49, &matrix.unwrap())
                .unwrap();
            run.finish().unwrap();
        }
    }
    folder
}

fn told(folder: &Folder, words: &[&str]) -> Value {
    let mut answer = folder.json(&[words, &["--json"]].concat());
    answer["items"][0].take()
}

fn series(told: &Value) -> &Vec<Value> {
    told["series"].as_array().unwrap()
}

#[test]
fn every_kind_is_drawn_into_a_file_of_the_size_that_is_asked_for() {
    let folder = store();
    for (line, count) in [
        ("plot digits loss", 6),
        ("plot digits loss acc --smooth 0.9 --x relative", 12),
        ("plot digits loss --x time --log-y --theme print", 6),
        ("plot digits loss --x acc --theme dark", 6),
        ("plot digits loss --kind groups --median --band ci95", 2),
        ("plot digits --kind parallel", 6),
        ("plot @last weights --kind histograms", 1),
        ("plot @last --kind confusion --normalize column", 1),
        ("plot digits acc.max --kind scatter --x =lr --log-x", 6),
        ("plot digits acc --kind bar", 6),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let svg = told(&folder, &[&words[..], &["-o", "chart.svg"]].concat());
        assert_eq!(series(&svg).len(), count, "{line}: {svg}");
        let text = fs::read_to_string(folder.path().join("chart.svg")).unwrap();
        assert!(
            text.starts_with("<svg ") && text.ends_with("</svg>\n"),
            "{line}"
        );
        assert_eq!(svg["bytes"], text.len(), "{line}");
        let size = [
            "-o",
            "chart.png",
            "--width",
            "100mm",
            "--height",
            "80mm",
            "--dpi",
            "127",
        ];
        let png = told(&folder, &[&words[..], &size].concat());
        assert_eq!(
            (&png["width_px"], &png["height_px"]),
            (&500.into(), &400.into()),
            "{line}"
        );
        let bytes = fs::read(folder.path().join("chart.png")).unwrap();
        assert_eq!(bytes[..8], *b"\x89PNG\r\n\x1a\n", "{line}");
        assert_eq!(bytes[16..24], [0, 0, 1, 244, 0, 0, 1, 144], "{line}");
    }
}

#[test]
fn what_was_drawn_is_said_and_the_same_again_is_the_same() {
    let folder = store();
    let words = ["plot", "@last", "loss", "-o", "a.svg"];
    let line = &series(&told(&folder, &words))[0].clone();
    assert_eq!(
        (&line["metric"], &line["points"]),
        (&"loss".into(), &50.into())
    );
    assert_eq!(line["not_finite"], 1);
    let first = fs::read(folder.path().join("a.svg")).unwrap();
    let said = folder.run(&words);
    assert!(
        said.stdout.is_empty() && said.stderr.contains("a.svg"),
        "{}",
        said.stderr
    );
    assert_eq!(fs::read(folder.path().join("a.svg")).unwrap(), first);
    // Without a file it is only said, and a form goes to stdout.
    let nowhere = told(&folder, &["plot", "@last", "loss"]);
    assert_eq!(nowhere["file"], Value::Null);
    let piped = folder.ok(&["plot", "@last", "loss", "--format", "svg"]);
    assert_eq!(piped.as_bytes(), first);
    let few = told(
        &folder,
        &["plot", "@last", "loss", "--from", "10", "--to", "19"],
    );
    assert_eq!(series(&few)[0]["points"], 10);
}

/// Two runs whose loss and weights are of two parts of the data, beside an epoch that is of none.
fn store_of_contexts() -> Folder {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    for seed in 0..2_i64 {
        let run = tracker.experiment("digits").unwrap().start_run().unwrap();
        run.log_param("seed", seed).unwrap();
        for step in 0..10_i64 {
            let epoch = [("epoch", step as f64 / 2.0), ("none", f64::NAN)];
            run.log_metrics(step, epoch).unwrap();
            for (subset, offset) in [("train", 0.0), ("val", 5.0)] {
                let metric = run.metric("loss").context("subset", subset);
                let metric = metric.context("device", "0");
                metric.log(offset + step as f64, step).unwrap();
            }
        }
        run.finish().unwrap();
    }
    folder
}

#[test]
fn a_context_picks_metrics_as_it_does_in_lists() {
    let folder = store_of_contexts();
    let drawn = |line: &str| told(&folder, &line.split(' ').collect::<Vec<_>>());
    let labels = |line: &str| -> Vec<String> {
        let drawn = drawn(line);
        let labels = series(&drawn).iter();
        let mut labels: Vec<String> = labels
            .map(|it| it["metric"].as_str().unwrap().into())
            .collect();
        labels.dedup();
        labels
    };
    let (train, val) = ("loss{device=0,subset=train}", "loss{device=0,subset=val}");
    assert_eq!(labels("plot @last loss"), [train, val]);
    for line in [
        "plot digits loss --context subset=val",
        "plot digits --context subset=val",
        "plot digits loss --context subset=val --context device=0 --smooth 0.5",
        "plot digits loss --context subset=val --x relative",
        "plot digits loss --context subset=val --x epoch",
        "plot digits loss --context subset=val --kind groups",
    ] {
        assert_eq!(labels(line), [val], "{line}");
    }
    let over_epochs = drawn("plot @last loss --context subset=val --x epoch");
    assert_eq!(series(&over_epochs)[0]["drawn"], 10, "{over_epochs}");
    let over_itself = drawn("plot @last loss --context subset=val --x loss");
    assert_eq!(series(&over_itself)[0]["drawn"], 10, "{over_itself}");
    let column = drawn("plot digits loss{device=0,subset=val}.min --kind bar");
    assert_eq!(series(&column)[0]["value"], 5.0);
}

#[test]
fn what_no_metric_of_a_context_has_is_an_error_that_names_what_there_is() {
    let folder = store_of_contexts();
    for (line, code, words) in [
        (
            "plot digits loss --context subset=tes",
            3,
            "loss{device=0,subset=val}",
        ),
        (
            "plot digits loss --context subset=val --context device=1",
            3,
            "subset=val, device=1",
        ),
        ("plot digits loss --context subset", 2, "KEY=VALUE"),
        ("plot digits none --kind groups", 2, "no finite number"),
        (
            "plot digits loss --kind bar --context subset=val",
            2,
            "--kind curves|groups",
        ),
    ] {
        let asked: Vec<&str> = line.split(' ').chain(["--json"]).collect();
        let said = folder.run(&asked);
        assert_eq!(said.code, code, "{line}: {}", said.stderr);
        assert!(said.stderr.contains(words), "{line}: {}", said.stderr);
    }
}

#[test]
fn a_context_that_no_distribution_has_leaves_none_to_draw() {
    let folder = store();
    for kind in ["histograms", "confusion"] {
        let said = folder.run(&[
            "plot",
            "@last",
            "--kind",
            kind,
            "--context",
            "subset=val",
            "--json",
        ]);
        assert_eq!(said.code, 3, "{}", said.stderr);
        assert!(
            said.stderr.contains("with subset=val in its context"),
            "{}",
            said.stderr
        );
    }
    let said = folder.run(&[
        "metrics",
        "@last",
        "--kind",
        "json",
        "--context",
        "subset=val",
        "--json",
    ]);
    assert!(!said.stdout.contains("confusion"), "{}", said.stdout);
    let said = folder.run(&["metrics", "@last", "--kind", "json", "--json"]);
    assert!(said.stdout.contains("confusion"), "{}", said.stdout);
}

#[test]
fn groups_leave_out_the_seed_and_say_how_many_runs_they_have() {
    let folder = store();
    let groups = told(&folder, &["plot", "digits", "loss", "--kind", "groups"]);
    let first = &series(&groups)[0];
    assert_eq!(
        (&first["n"], &first["group"]["lr"]),
        (&3.into(), &"0.1".into())
    );
    assert_eq!(first["group"].as_object().unwrap().len(), 1);
    let one = told(
        &folder,
        &[
            "plot", "digits", "loss", "--kind", "groups", "--by", "seed,lr",
        ],
    );
    assert_eq!(series(&one).len(), 1);
    assert_eq!(series(&one)[0]["n"], 6);
}

#[test]
fn runs_are_picked_as_in_lists_and_what_is_left_out_is_said() {
    let folder = store();
    let some = told(&folder, &["plot", "-f", "params.lr = 0.1", "loss"]);
    assert_eq!(series(&some).len(), 3);
    let both = told(
        &folder,
        &["plot", "digits", "-f", "params.lr = 0.2", "-m", "loss"],
    );
    assert_eq!(series(&both).len(), 3);
    let few = told(&folder, &["plot", "digits", "loss", "--top", "2"]);
    assert_eq!(series(&few).len(), 2);
    assert!(
        few["left_out"][0]
            .as_str()
            .unwrap()
            .starts_with("2 of 6 runs")
    );
}

#[test]
fn what_has_no_place_on_a_logarithmic_axis_is_said() {
    let folder = store();
    for (line, word) in [
        (
            "plot digits acc.min --kind scatter --x =lr --log-y",
            "6 runs have no place",
        ),
        (
            "plot @last weights --kind histograms --log-x",
            "weights: 1 at step 0",
        ),
        ("plot @last acc --log-y", "1 values not above 0"),
    ] {
        let drawn = told(&folder, &line.split(' ').collect::<Vec<_>>());
        let said = drawn["left_out"][0].as_str().unwrap();
        assert!(said.starts_with(word), "{line}: {said}");
    }
}

#[test]
fn a_short_beginning_of_an_id_gives_way_to_a_metric_of_that_name() {
    let folder = Folder::with_store();
    let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
    let start = || tracker.experiment("digits").unwrap().start_run().unwrap();
    let (named, other) = (start(), start());
    let id = named.id().to_string();
    // The short id is the end of the whole one.
    let word = &id[24..29];
    named.log_metric("loss", 1.0).unwrap();
    other.log_metric(word, 1.0).unwrap();
    let both = told(&folder, &["plot", "digits", word]);
    assert_eq!(series(&both).len(), 1, "{both}");
    assert_eq!(series(&both)[0]["metric"], word);
    let alone = told(&folder, &["plot", word, "loss"]);
    assert_eq!(series(&alone)[0]["run"], id);
    named.finish().unwrap();
    other.finish().unwrap();
}

#[test]
fn what_cannot_be_drawn_is_an_error_with_the_next_move_and_leaves_no_file() {
    let folder = store();
    fs::create_dir(folder.path().join("folder.svg")).unwrap();
    for (line, code, word) in [
        ("plot @last los -o a.svg", 3, "did you mean loss?"),
        ("plot nobody loss -o a.svg", 3, "nobody"),
        ("plot loss -o a.svg", 3, "loss"),
        ("plot -o a.svg", 2, "no run is named"),
        ("plot @last loss", 2, "-o FILE.svg"),
        ("plot @last loss -o a.pdf", 2, ".pdf"),
        ("plot @last loss -o a", 2, "no ending"),
        ("plot @last loss -o no/such/a.svg", 3, "no/such/a.svg"),
        ("plot @last loss -o folder.svg", 2, "is a folder"),
        ("plot @last loss -o a.svg --width 3mm", 2, "3 x 60 mm"),
        (
            "plot @last loss -o a.png --width 2000mm --dpi 2400",
            2,
            "pixels",
        ),
        ("plot @last weights -o a.svg", 3, "weights"),
        (
            "plot @last loss --kind histograms -o a.svg",
            3,
            "there are weights",
        ),
        ("plot digits --kind confusion -o a.svg", 2, "of one run"),
        (
            "plot @last --kind parallel -o a.svg",
            2,
            "differ in no param",
        ),
        ("plot digits acc --kind scatter -o a.svg", 2, "--x =lr"),
        (
            "plot digits loss --x time --log-x -o a.svg",
            2,
            "--x relative",
        ),
        ("plot -f params.lr>5 loss -o a.svg", 3, "no run matches"),
        ("plot @last loss -o - --json", 2, "--json"),
        ("plot @last loss --median -o a.svg", 2, "--kind groups"),
        (
            "plot digits acc --kind bar --smooth 0.5 -o a.svg",
            2,
            "--kind curves|groups",
        ),
    ] {
        let said = folder.run(&line.split(' ').collect::<Vec<_>>());
        let told = format!("{line}: {} {}", said.code, said.stderr);
        assert_eq!(said.code, code, "{told}");
        assert!(
            said.stderr.contains(word) && said.stderr.contains("hint"),
            "{told}"
        );
        assert!(!folder.path().join("a.svg").exists(), "{told}");
    }
    let names = fs::read_dir(folder.path()).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name());
    assert!(!names.any(|name| name.to_string_lossy().contains(".part-")));
}

#[test]
fn a_file_that_was_there_stays_until_there_is_a_new_one() {
    let folder = store();
    fs::write(folder.path().join("a.svg"), "before").unwrap();
    assert_ne!(folder.run(&["plot", "@last", "los", "-o", "a.svg"]).code, 0);
    let read = || fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert_eq!(read(), "before");
    folder.ok(&["plot", "@last", "loss", "-o", "a.svg"]);
    assert!(read().starts_with("<svg "));
}

#[test]
fn a_server_draws_the_same_and_the_file_is_written_here() {
    let folder = store();
    let serving = Serving::start(&folder, &[]);
    let (far, url) = (Folder::empty(), serving.url());
    for line in [
        "plot digits loss --smooth 0.5 -o a.svg",
        "plot digits loss --kind groups -o b.png --dpi 100",
        "plot @last --kind confusion -o c.svg --json",
        "plot digits loss --context subset=val -o d.svg",
        "plot @last los -o d.svg",
        "plot @last loss -o a.pdf",
    ] {
        let here = folder.run(&line.split(' ').collect::<Vec<_>>());
        let there = far.run(&[&["-C", &url][..], &line.split(' ').collect::<Vec<_>>()].concat());
        assert_eq!(
            (&there.stdout, &there.stderr, there.code),
            (&here.stdout, &here.stderr, here.code),
            "{line}"
        );
    }
    for name in ["a.svg", "b.png", "c.svg"] {
        let read = |folder: &Folder| fs::read(folder.path().join(name)).unwrap();
        assert!(read(&far) == read(&folder), "{name}");
    }
    assert!(!far.path().join("d.svg").exists());
    assert_eq!(serving.stop(Signal::TERM), Some(0));
}

#[test]
fn runs_by_seed_have_mean_median_deviation_and_their_number() {
    let folder = store();
    let groups = folder.json(&[
        "runs", "digits", "--by", "seed", "--cols", "loss.min", "--json",
    ]);
    let items = groups["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let first = &items[0];
    assert_eq!(
        (&first["group"]["=lr"], &first["runs"]),
        (&0.1.into(), &3.into())
    );
    let loss = &first["metrics"]["loss.min"];
    for name in ["mean", "median", "std"] {
        assert!(loss[name].is_number(), "{name}: {loss}");
    }
    assert!(
        (loss["median"].as_f64().unwrap() - 0.14).abs() < 1e-9,
        "{loss}"
    );
    let header = folder.ok(&["runs", "--by", "seed", "--cols", "loss.min", "--csv"]);
    assert!(
        header.starts_with("=lr,runs,loss.min.mean,loss.min.std,loss.min.median,loss.min.n\n"),
        "{header}"
    );
    // All runs are replicates when both params are left out.
    let one = folder.json(&["runs", "digits", "--by", "seed,lr", "--json"]);
    assert_eq!(one["items"][0]["runs"], 6);
}

#[test]
fn curves_by_seed_have_a_line_a_band_and_their_number() {
    let folder = store();
    let drawn = folder.ok(&["metrics", "@last", "loss", "--plot", "--by", "seed"]);
    assert!(
        drawn.contains("loss mean ± standard deviation, n=3"),
        "{drawn}"
    );
    let words = [
        "metrics", "@last", "acc", "--plot", "--by", "seed,lr", "--median",
    ];
    let drawn = folder.ok(&[&words[..], &["--band", "none"]].concat());
    assert!(drawn.contains("acc median, n=6"), "{drawn}");
    let said = folder.run(&["metrics", "@last", "loss", "--by", "seed"]);
    assert_eq!(said.code, 2, "{}", said.stderr);
}
