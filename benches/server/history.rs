//! A history of 100,000 points in one reply.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::http::{Connection, post, request};
use crate::load::batch;
use crate::process::{Kind, Server};
use crate::search::fill_stock;
use crate::times::Times;

const ROW: &str = "history";
const ROUNDS: usize = 3;

pub fn run(bench: &Bench) -> Result<()> {
    let points = bench.size(100_000, 10_000);
    for kind in Kind::all() {
        let place = bench.place()?;
        let (server, run) = match kind {
            Kind::Ours => {
                let server = Server::start(kind, &place.store())?;
                let run = server.run(&server.experiment("history")?)?;
                let mut connection = Connection::open(server.address)?;
                for first in (0..points).step_by(1_000) {
                    connection.ask(&post("runs/log-batch", &batch(&run, first)))?;
                }
                (server, run)
            }
            Kind::Stock => {
                drop(Server::start(kind, place.path())?);
                fill_stock(place.path(), "points", points)?;
                (Server::start(kind, place.path())?, "f".repeat(32))
            }
        };
        let path = format!("/api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=m");
        let ask = request("GET", &path, b"");
        let mut connection = Connection::open(server.address)?;
        let reply: serde_json::Value = serde_json::from_slice(&connection.ask(&ask)?)?;
        let found = reply["metrics"].as_array().map_or(0, Vec::len);
        ensure!(found as u64 == points, "all points came: {found}");
        let count = if kind == Kind::Ours { 11 } else { 2 };
        let mut p50 = Vec::new();
        for _ in 0..ROUNDS {
            p50.push(Times::of_calls(count, |_| connection.ask(&ask).map(drop))?.p50());
        }
        let figure = Figure::new(kind.label("get-history, p50"), Unit::Nanoseconds, &p50);
        bench.show(
            ROW,
            &figure
                .at_most(60e6)
                .note(format!("{points} points in one reply")),
        );
    }
    Ok(())
}
