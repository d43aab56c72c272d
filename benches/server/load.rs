//! Single metrics, batches of 1,000 and new runs from 16 connections, on a store of 100,000 runs, and the memory that
//! the server holds afterwards. The baseline is the generator itself, against a server that answers `{}`.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Result;
use mltrack::Tracker;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::floor;
use crate::http::{Drive, drive, post};
use crate::many_runs;
use crate::process::{Kind, Server};

const ROW: &str = "load";
const CONNECTIONS: usize = 16;
const BATCH: u64 = 1_000;
const ROUNDS: usize = 5;

pub fn run(bench: &Bench) -> Result<()> {
    let (_child, address) = floor::start(ROW)?;
    let count = bench.size(100_000, 10_000);
    rows(bench, "  floor: ", address, &"0".repeat(32), "0", count)?;
    for kind in Kind::all() {
        let place = bench.place()?;
        let folder = match kind {
            Kind::Ours => place.store(),
            Kind::Stock => place.path().to_owned(),
        };
        if kind == Kind::Ours {
            many_runs::make(&Tracker::open(place.store())?, bench.size(100_000, 5_000))?;
        }
        let server = Server::start(kind, &folder)?;
        let experiment = server.experiment("load")?;
        let run = server.run(&experiment)?;
        rows(
            bench,
            &kind.label(""),
            server.address,
            &run,
            &experiment,
            kind.share(count),
        )?;
        let after = server.anonymous_bytes()?;
        let figure = Figure::new(
            kind.label("memory after the load (RssAnon)"),
            Unit::Bytes,
            &[after],
        );
        bench.show(ROW, &figure.at_most(200e6));
    }
    Ok(())
}

fn rows(
    bench: &Bench,
    who: &str,
    address: SocketAddr,
    run: &str,
    experiment: &str,
    count: u64,
) -> Result<()> {
    let is_ours = who.is_empty();
    let target = |figure: Figure, least: f64| {
        if is_ours {
            figure.at_least(least)
        } else {
            figure
        }
    };
    let metrics = rounds(|round| {
        drive(address, CONNECTIONS, count, |number| {
            post(
                "runs/log-metric",
                &metric(run, round as u64 * count + number),
            )
        })
    })?;
    let speeds: Vec<f64> = metrics.iter().map(|drive| drive.per_second).collect();
    let figure = Figure::new(
        format!("{who}log-metric, 16 connections"),
        Unit::PerSecond,
        &speeds,
    );
    bench.show(ROW, &target(figure, 20_000.0));
    for (what, share, most) in [("p50", 0.5, None), ("p99", 0.99, Some(5e6))] {
        let times: Vec<f64> = metrics.iter().map(|drive| drive.times.at(share)).collect();
        let figure = Figure::new(format!("{who}  {what}"), Unit::Nanoseconds, &times);
        let most = most.filter(|_| is_ours);
        bench.show(ROW, &most.into_iter().fold(figure, Figure::at_most));
    }
    let batches = rounds(|round| {
        let count = (count / 200).max(10);
        drive(address, CONNECTIONS, count, |number| {
            post(
                "runs/log-batch",
                &batch(run, (round as u64 * count + number) * BATCH),
            )
        })
    })?;
    let speeds: Vec<f64> = batches
        .iter()
        .map(|drive| drive.per_second * BATCH as f64)
        .collect();
    let figure = Figure::new(
        format!("{who}log-batch(1000), metrics"),
        Unit::PerSecond,
        &speeds,
    );
    bench.show(ROW, &target(figure, 1e6));
    let created = rounds(|round| {
        drive(address, CONNECTIONS, count / 4, |number| {
            let name = format!(
                r#"{{"experiment_id":"{experiment}","run_name":"r{round}-{number}","start_time":1}}"#
            );
            post("runs/create", &name)
        })
    })?;
    let speeds: Vec<f64> = created.iter().map(|drive| drive.per_second).collect();
    let figure = Figure::new(format!("{who}runs/create"), Unit::PerSecond, &speeds);
    bench.show(ROW, &target(figure, 10_000.0));
    Ok(())
}

fn rounds(once: impl Fn(usize) -> Result<Drive>) -> Result<Vec<Drive>> {
    (0..ROUNDS).map(once).collect()
}

/// A point of a run.
pub fn metric(run: &str, number: u64) -> String {
    let value = number as f64 * 0.125;
    format!(
        r#"{{"run_id":"{run}","key":"loss","value":{value:?},"timestamp":{number},"step":{number}}}"#
    )
}

/// A batch of 1,000 points from `first` on.
pub fn batch(run: &str, first: u64) -> String {
    let mut body = format!(r#"{{"run_id":"{run}","metrics":["#);
    for number in first..first + BATCH {
        let comma = if number == first { "" } else { "," };
        let value = number as f64 / 7.0;
        write!(
            body,
            r#"{comma}{{"key":"m","value":{value:?},"timestamp":{number},"step":{number}}}"#
        )
        .expect("a text takes what is written");
    }
    body.push_str("]}");
    body
}
