//! 100 runs side by side with 200 metrics and 100 params each, by the whole program, in an experiment of many more
//! runs: each run by itself, with the replicates of each, and with a test of every metric of some.
//!
//! Invariant: what was answered is counted, and goes through a pipe as JSON, whole. The baseline is a program that only
//! says its version.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use mltrack::{EndState, ParamValue, PastEnd, PastRun, RunId, Tracker, WallTime};
use mltrack_log::door;
use serde_json::Value;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::times::since_ns;

const ROW: &str = "compare";
const PARAMS: usize = 100;
const METRICS: usize = 200;
const SEEDS: u64 = 5;
const NAMED: usize = 100;
/// Groups whose difference is tested: as many as anybody reads.
const TESTED: usize = 10;
const ROUNDS: usize = 15;

pub fn run(bench: &Bench) -> Result<()> {
    let runs = bench.size(5_000, 600);
    let place = bench.place()?;
    let store = place.store();
    let tracker = Tracker::builder(&store).snapshots(false).open()?;
    let firsts = make(&tracker, runs)?;
    tracker.snapshot()?.context("the tracker is enabled")?;
    let ids: Vec<String> = firsts.iter().take(NAMED).map(ToString::to_string).collect();
    let alone: Vec<f64> = timed(bench, &store, &["version"], |_| Ok(()))?;
    let baseline = Figure::new("baseline: the program alone", Unit::Nanoseconds, &alone);
    bench.show(ROW, &baseline);
    for (what, named, each, options) in [
        ("each by itself", NAMED, 1, &[][..]),
        ("with replicates", NAMED, SEEDS, &["--by", "seed"]),
        ("10 groups, tested", TESTED, SEEDS, &["--test", "welch"]),
    ] {
        let ids = ids.iter().take(named).map(String::as_str);
        let words: Vec<&str> = ["compare", "--json"]
            .into_iter()
            .chain(options.iter().copied())
            .chain(ids)
            .collect();
        let times = timed(bench, &store, &words, |answer| check(answer, named, each))?;
        let note = format!("{named} of {runs} runs, {METRICS} metrics, {PARAMS} params");
        let figure = Figure::new(
            format!("compare {what}, whole process"),
            Unit::Nanoseconds,
            &times,
        );
        bench.show(ROW, &figure.at_most(100e6).note(note));
    }
    Ok(())
}

/// How long the program takes, from its start to its end.
fn timed(
    bench: &Bench,
    store: &Path,
    words: &[&str],
    check: impl Fn(&[u8]) -> Result<()>,
) -> Result<Vec<f64>> {
    let mut times_ns = Vec::new();
    // The first one warms the cache.
    for round in 0..=bench.rounds(ROUNDS) {
        let start = door::monotonic();
        let ended = Command::new(program())
            .arg("-C")
            .arg(store)
            .args(words)
            .output()
            .context("start mltrack")?;
        let took_ns = since_ns(start);
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "mltrack failed: {said}");
        check(&ended.stdout)?;
        if round > 0 {
            times_ns.push(took_ns);
        }
    }
    Ok(times_ns)
}

fn check(answer: &[u8], groups: usize, each: u64) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let items = answer["items"].as_array().context("there are items")?;
    let metrics = items.iter().filter(|item| item["kind"] == "metric");
    let metrics: Vec<&Value> = metrics.collect();
    ensure!(metrics.len() == METRICS, "every metric differs");
    for metric in metrics {
        let told = metric["groups"].as_array().context("there are groups")?;
        ensure!(told.len() == groups, "{} groups are told", told.len());
        ensure!(
            told.iter().all(|group| group["n"] == each),
            "{each} values each: {}",
            told[0]
        );
    }
    Ok(())
}

/// Runs with a learning rate of their own for each five seeds; the first run of each rate.
fn make(tracker: &Tracker, runs: u64) -> Result<Vec<RunId>> {
    let mut import = tracker.experiment("grid")?.import()?;
    let columns = import.columns((0..METRICS).map(|metric| format!("metric_{metric:03}")))?;
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let started = 1_700_000_000_000_000_000_i64;
    let mut firsts = Vec::new();
    for number in 0..runs {
        let rate = (number / SEEDS) as f64 / 1_000.0;
        let fixed = (0..PARAMS - 2).map(|param| {
            let value = ParamValue::Text(format!("value of {param}"));
            (format!("param_{param:03}"), value)
        });
        let own = [
            ("rate".to_owned(), ParamValue::Float(rate)),
            ("seed".to_owned(), ParamValue::Int((number % SEEDS) as i64)),
        ];
        let at = started + number as i64 * 1_000_000_000;
        let run = PastRun {
            params: fixed.chain(own).collect(),
            ..PastRun::new(format!("run-{number}"), WallTime(at))
        };
        let id = import.begin(&run)?;
        let values: Vec<f64> = (0..METRICS).map(|_| rate + next()).collect();
        import.log(id, columns, 1, WallTime(at + 1_000_000), &values)?;
        let end = PastEnd::Ended(EndState::Completed, None);
        import.end(id, WallTime(at + 10_000_000), end)?;
        if number % SEEDS == 0 {
            firsts.push(id);
        }
    }
    import.flush()?;
    Ok(firsts)
}

fn program() -> PathBuf {
    let named = std::env::var_os("MLTRACK_BENCH_PROGRAM").map(PathBuf::from);
    named.unwrap_or_else(|| env!("CARGO_BIN_EXE_mltrack").into())
}
