//! A store of 100,000 runs with 20 params and 10 metrics each: opening it for questions, and the list of runs with a
//! filter and an order, in a process that stays and as a process of its own.
//!
//! The baseline is the same question to the same store without its snapshot: a fold from zero.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mltrack::{EndState, ParamValue, PastEnd, PastRun, Tracker, WallTime};
use mltrack_log::door;

use crate::bench::Bench;
use crate::child::{self, Child, Order};
use crate::figure::{Figure, Unit};
use crate::times::{Times, since_ns};

const ROW: &str = "many_runs";
const PARAMS: u64 = 20;
const METRICS: u64 = 10;
const ROWS_EACH: i64 = 3;
const FILTER: &str = "metrics.metric_0 < 0.5 and params.param_3 = '7'";
const ORDER: &str = "-metric_1.max";
const LIMIT: usize = 100;

pub fn run(bench: &Bench) -> Result<()> {
    let runs = bench.size(100_000, 5_000);
    let place = bench.place()?;
    let store = place.store();
    let tracker = Tracker::builder(&store).snapshots(false).open()?;
    make(&tracker, runs)?;
    let start = door::monotonic();
    ensure!(ask(&tracker)? > 0, "the filter admits some");
    let fold_ns = since_ns(start);
    let zero = Figure::new(
        "first list, folded from zero",
        Unit::Nanoseconds,
        &[fold_ns],
    );
    bench.show(ROW, &zero.note(format!("{runs} runs")));
    let report = tracker.snapshot()?.context("the tracker is enabled")?;
    let took_ns = report.took.as_nanos() as f64;
    bench.show(
        ROW,
        &Figure::new("writing a snapshot", Unit::Nanoseconds, &[took_ns]),
    );
    let size = report.bytes as f64;
    bench.show(ROW, &Figure::new("its size", Unit::Bytes, &[size]));

    let rounds = bench.rounds(21);
    let opened = timed(rounds, || {
        let tracker = look(&store)?;
        // What any question needs first: the experiments, and how many runs there are.
        ensure!(tracker.find_experiment("many").is_ok(), "it is found");
        Ok(())
    })?;
    let figure = Figure::new("open for questions", Unit::Nanoseconds, &opened);
    bench.show(ROW, &figure.at_most(50e6));
    let cold = timed(rounds, || ask(&look(&store)?).map(drop))?;
    bench.show(
        ROW,
        &Figure::new("open and list, one process", Unit::Nanoseconds, &cold),
    );
    let looking = look(&store)?;
    ask(&looking)?;
    let warm = Times::of_calls(bench.size(200, 20), |_| ask(&looking).map(drop))?;
    let figure = Figure::new("list, warm p50", Unit::Nanoseconds, &[warm.p50()]);
    bench.show(ROW, &figure.at_most(3e6));
    bench.show(ROW, &Figure::new("  p99", Unit::Nanoseconds, &[warm.p99()]));

    whole_process(bench, &store, "index free")?;
    let indexer = tracker.index()?.context("nobody else owns the index")?;
    let end = tracker.log().context("it is open")?.end()?;
    ensure!(
        indexer.wait_for(end, std::time::Duration::from_mins(5))?,
        "indexed"
    );
    whole_process(bench, &store, "index owned by another process")?;
    drop(indexer);
    fs::remove_dir_all(store.join("index"))?;
    Ok(())
}

fn whole_process(bench: &Bench, store: &Path, how: &str) -> Result<()> {
    let times = timed(bench.rounds(21), || {
        Child::spawn(ROW, "list", store, &[])?.end()
    })?;
    let what = format!("list as a whole process, {how}");
    let figure = Figure::new(what, Unit::Nanoseconds, &times);
    bench.show(ROW, &figure.at_most(150e6));
    Ok(())
}

pub fn child(words: &[String]) -> Result<()> {
    let order = Order::read(words)?;
    ensure!(order.role == "list", "the role is known");
    ensure!(ask(&look(order.store)?)? > 0, "the filter admits some");
    child::say(&[]);
    Ok(())
}

fn look(store: &Path) -> Result<Tracker> {
    Ok(Tracker::builder(store).read_only(true).open()?)
}

fn ask(tracker: &Tracker) -> Result<usize> {
    let list = tracker.runs().filter(FILTER).order_by(ORDER).limit(LIMIT);
    let page = list.fetch()?;
    Ok(std::hint::black_box(page).total)
}

fn timed(rounds: usize, mut ask: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    let mut times_ns = Vec::new();
    for _ in 0..rounds {
        let start = door::monotonic();
        ask()?;
        times_ns.push(since_ns(start));
    }
    Ok(times_ns)
}

/// Runs that differ in everything, by a generator with a fixed seed.
pub fn make(tracker: &Tracker, runs: u64) -> Result<()> {
    let mut import = tracker.experiment("many")?.import()?;
    let columns = import.columns((0..METRICS).map(|metric| format!("metric_{metric}")))?;
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    let started = 1_700_000_000_000_000_000_i64;
    let mut values = Vec::new();
    for number in 0..runs as i64 {
        let at = started + number * 1_000_000_000;
        let params = (0..PARAMS).map(|param| {
            let value = match param % 4 {
                0 => ParamValue::Float(next()),
                3 => ParamValue::Text(((next() * 10.0) as u32).to_string()),
                _ => ParamValue::Int((next() * 100.0) as i64),
            };
            (format!("param_{param}"), value)
        });
        let run = PastRun {
            params: params.collect(),
            tags: vec![("team".into(), format!("team {}", number % 17))],
            host: format!("node-{}", number % 64),
            ..PastRun::new(format!("run-{number}"), WallTime(at))
        };
        let id = import.begin(&run)?;
        for step in 0..ROWS_EACH {
            values.clear();
            values.extend((0..METRICS).map(|_| f64::from(next() as f32)));
            import.log(id, columns, step, WallTime(at + step * 1_000_000), &values)?;
        }
        let end = PastEnd::Ended(EndState::Completed, None);
        import.end(id, WallTime(at + 10_000_000), end)?;
    }
    Ok(import.flush()?)
}
