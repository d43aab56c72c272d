//! The Python client's own `mlflow.log_metric` loop against ours, against stock, and against a server that answers `{}`,
//! which is what the client costs by itself. It needs the Python that `MLTRACK_STOCK_PYTHON` names.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::floor;
use crate::process::{Kind, Server, stock_python};

const ROW: &str = "client";
const ROUNDS: usize = 5;

pub fn run(bench: &Bench) -> Result<()> {
    if stock_python().is_none() {
        let why = "MLTRACK_STOCK_PYTHON names no Python with MLflow";
        bench.show(ROW, &Figure::skipped("log_metric of the client", why));
        return Ok(());
    }
    let count = bench.size(2_000, 200);
    let (_child, floor_address) = floor::start(ROW)?;
    let place = bench.place()?;
    let server = Server::start(Kind::Ours, &place.store())?;
    let run = server.run(&server.experiment("client")?)?;
    let (mut floor_ns, mut ours_ns, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let floor = each(floor_address, &"0".repeat(32), count)?;
        let ours = each(server.address, &run, count)?;
        floor_ns.push(floor);
        ours_ns.push(ours);
        // A share is taken within a round, so that a machine that slows down slows both.
        shares.push((ours / floor - 1.0) * 100.0);
    }
    bench.show(
        ROW,
        &Figure::new(
            "  floor: mlflow.log_metric, p50",
            Unit::Nanoseconds,
            &floor_ns,
        ),
    );
    bench.show(
        ROW,
        &Figure::new("mlflow.log_metric, p50", Unit::Nanoseconds, &ours_ns),
    );
    bench.show(
        ROW,
        &Figure::new("over the floor", Unit::Percent, &shares).at_most(10.0),
    );
    drop(server);
    let place = bench.place()?;
    let stock = Server::start(Kind::Stock, place.path())?;
    let run = stock.run(&stock.experiment("client")?)?;
    let stock_ns = each(stock.address, &run, count / 10)?;
    bench.show(
        ROW,
        &Figure::new(
            "  stock: mlflow.log_metric, p50",
            Unit::Nanoseconds,
            &[stock_ns],
        ),
    );
    Ok(())
}

/// Nanoseconds of the client's call in the middle of many.
fn each(address: SocketAddr, run: &str, count: u64) -> Result<f64> {
    let python = stock_python().context("it was asked for above")?;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/server/client_loop.py");
    let output = Command::new(python)
        .arg(script)
        .arg(format!("http://{address}"))
        .args([run, &count.to_string()])
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the client's loop: {error}");
    let text = String::from_utf8(output.stdout)?;
    text.trim()
        .parse()
        .with_context(|| format!("the loop said {text:?}"))
}
