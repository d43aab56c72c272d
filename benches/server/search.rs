//! A search with a filter and an order over 10,000 runs of five metrics and five params each: the first 100.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::http::{Connection, drive, post, text_of};
use crate::process::{Kind, Server, stock_python};
use crate::times::Times;

const ROW: &str = "search";
const ROUNDS: usize = 5;

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
    }
    Ok(())
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
