//! From starting the program to the first healthy answer, on a store of 100,000 runs, and the memory it then holds.
//!
//! Stock starts on an empty database that is already made, which is its best case.

use std::time::Duration;

use anyhow::Result;
use mltrack::Tracker;

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::many_runs;
use crate::process::{Kind, Server};

const ROW: &str = "start";
/// How long a server is left alone before its memory is read.
const SETTLE: Duration = Duration::from_secs(2);

pub fn run(bench: &Bench) -> Result<()> {
    let place = bench.place()?;
    let runs = bench.size(100_000, 5_000);
    let tracker = Tracker::open(place.store())?;
    many_runs::make(&tracker, runs)?;
    drop(tracker);
    for kind in Kind::all() {
        let (folder, rounds) = match kind {
            Kind::Ours => (place.store(), bench.rounds(21)),
            Kind::Stock => (place.path().to_owned(), 3),
        };
        // Once before, so that neither makes its files in a round.
        drop(Server::start(kind, &folder)?);
        let (mut times_ns, mut idle) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let server = Server::start(kind, &folder)?;
            times_ns.push(server.started_ns);
            if round < 3 {
                std::thread::sleep(SETTLE);
                idle.push(server.anonymous_bytes()?);
            }
        }
        let figure = Figure::new(
            kind.label("to the first healthy answer"),
            Unit::Nanoseconds,
            &times_ns,
        );
        bench.show(ROW, &figure.at_most(100e6).note(format!("{runs} runs")));
        let figure = Figure::new(kind.label("idle memory (RssAnon)"), Unit::Bytes, &idle);
        bench.show(ROW, &figure.at_most(30e6));
    }
    Ok(())
}
