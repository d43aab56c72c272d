//! A search with a filter and an order over 10,000 runs of five metrics and five params each: the first 100. Then single
//! metrics from 16 connections, while somebody asks the same a hundred times a second.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mltrack_log::door;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::http::{Connection, Drive, drive, post, text_of};
use crate::load::metric;
use crate::process::{Kind, Server, stock_python};
use crate::times::{Times, nanoseconds};

const ROW: &str = "search";
const ROUNDS: usize = 5;
const CONNECTIONS: usize = 16;
/// Between two searches of who searches while others log.
const PAUSE: Duration = Duration::from_millis(10);

pub fn run(bench: &Bench) -> Result<()> {
    let runs = bench.size(10_000, 1_000);
    for kind in Kind::all() {
        let place = bench.place()?;
        let (server, experiment) = match kind {
            Kind::Ours => {
                let server = Server::start(kind, &place.store())?;
                let experiment = server.experiment("search")?;
                fill(&server, &experiment, runs)?;
                (server, experiment)
            }
            Kind::Stock => {
                drop(Server::start(kind, place.path())?);
                fill_stock(place.path(), "runs", runs)?;
                (Server::start(kind, place.path())?, "0".to_owned())
            }
        };
        let body = format!(
            r#"{{"experiment_ids":["{experiment}"],"filter":"metrics.m0 < 0.5 and params.p0 = '3'","order_by":["metrics.m1 DESC"],"max_results":100}}"#
        );
        let search = post("runs/search", &body);
        let mut connection = Connection::open(server.address)?;
        let reply: serde_json::Value = serde_json::from_slice(&connection.ask(&search)?)?;
        let found = reply["runs"].as_array().map_or(0, Vec::len);
        ensure!(found > 10, "the filter admits some: {found}");
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let count = if kind == Kind::Ours { 200 } else { 5 };
            let times = Times::of_calls(count, |_| connection.ask(&search).map(drop))?;
            p50.push(times.p50());
            p99.push(times.p99());
        }
        let figure = Figure::new(kind.label("filter and order, p50"), Unit::Nanoseconds, &p50);
        bench.show(
            ROW,
            &figure
                .at_most(5e6)
                .note(format!("{runs} runs, {found} in the reply")),
        );
        bench.show(
            ROW,
            &Figure::new(kind.label("  p99"), Unit::Nanoseconds, &p99),
        );
        if kind == Kind::Ours {
            let run = server.run(&experiment)?;
            beside(bench, &server, &run, &search)?;
        }
    }
    Ok(())
}

/// Single metrics while somebody searches.
fn beside(bench: &Bench, server: &Server, run: &str, search: &[u8]) -> Result<()> {
    let count = bench.size(100_000, 5_000);
    let is_over = AtomicBool::new(false);
    let (drives, searches) = thread::scope(|scope| {
        let searching = scope.spawn(|| search_until(&is_over, server, search));
        let round = |round: u64| {
            drive(server.address, CONNECTIONS, count, |number| {
                post("runs/log-metric", &metric(run, round * count + number))
            })
        };
        let drives: Result<Vec<Drive>> = (0..ROUNDS as u64).map(round).collect();
        is_over.store(true, Relaxed);
        (drives, searching.join().expect("a search does not panic"))
    });
    let (drives, searches) = (drives?, searches?);
    let of = |number: fn(&Drive) -> f64| drives.iter().map(number).collect::<Vec<f64>>();
    let what = "log-metric, 16 connections, beside searches";
    let figure = Figure::new(what, Unit::PerSecond, &of(|drive| drive.per_second));
    bench.show(ROW, &figure.at_least(20_000.0));
    let figure = Figure::new(
        "  p99",
        Unit::Nanoseconds,
        &of(|drive| drive.times.at(0.99)),
    );
    bench.show(ROW, &figure.at_most(5e6));
    let figure = Figure::new("  the searches, p50", Unit::Nanoseconds, &[searches.p50()]);
    bench.show(ROW, &figure);
    Ok(())
}

fn search_until(is_over: &AtomicBool, server: &Server, search: &[u8]) -> Result<Times> {
    let mut connection = Connection::open(server.address)?;
    let mut times_ns = Vec::new();
    while !is_over.load(Relaxed) {
        let start = door::monotonic();
        connection.ask(search)?;
        times_ns.push(nanoseconds(door::monotonic() - start));
        thread::sleep(PAUSE);
    }
    Ok(Times::new(times_ns))
}

/// Runs through the interface, as clients make them.
fn fill(server: &Server, experiment: &str, runs: u64) -> Result<()> {
    let mut connection = Connection::open(server.address)?;
    let mut ids = Vec::new();
    for number in 0..runs {
        let body = format!(
            r#"{{"experiment_id":"{experiment}","start_time":{}}}"#,
            number + 1
        );
        ids.push(text_of(
            &connection.ask(&post("runs/create", &body))?,
            "/run/info/run_id",
        )?);
    }
    drive(server.address, 4, runs, |number| {
        let value = |field: u64| ((number * 7_919 + field * 104_729) % 10_007) as f64 / 10_007.0;
        let metrics: Vec<String> = (0..5)
            .map(|field| {
                format!(
                    r#"{{"key":"m{field}","value":{:?},"timestamp":1,"step":0}}"#,
                    value(field)
                )
            })
            .collect();
        let params: Vec<String> = (0..5)
            .map(|field| {
                format!(
                    r#"{{"key":"p{field}","value":"{}"}}"#,
                    (value(field + 5) * 10.0) as u64
                )
            })
            .collect();
        let (run, metrics, params) = (&ids[number as usize], metrics.join(","), params.join(","));
        post(
            "runs/log-batch",
            &format!(r#"{{"run_id":"{run}","metrics":[{metrics}],"params":[{params}]}}"#),
        )
    })?;
    Ok(())
}

/// The same straight into stock's database: its own interface would take minutes.
pub fn fill_stock(folder: &Path, what: &str, count: u64) -> Result<()> {
    let python = stock_python().context("stock was asked for")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/server/fill_stock.py");
    let status = Command::new(python)
        .arg(script)
        .arg(folder.join("stock.db"))
        .args([what, &count.to_string()])
        .status()?;
    ensure!(status.success(), "the database is filled: {status}");
    Ok(())
}
