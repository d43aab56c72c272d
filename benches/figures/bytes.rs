//! How many bytes of log a point takes before any compaction.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::figure::{Figure, Unit};
use crate::five::{POINTS_PER_CALL, log_five};
use crate::single::{log_one, start};
use crate::store;

const ROW: &str = "bytes";
/// A step and a value.
const BARE_LEN: f64 = 16.0;

pub fn run(bench: &Bench) -> Result<()> {
    let calls = bench.size(1_000_000, 100_000);
    let single = bytes_per_point(bench, calls, 1)?;
    let five = bytes_per_point(bench, calls, POINTS_PER_CALL)?;
    let note = format!("{calls} calls; everything else in the store counts too");
    let figure = Figure::new("bytes per point, single calls", Unit::Bytes, &[single]);
    bench.show(ROW, &figure.at_most(64.0).note(note));
    let figure = Figure::new("bytes per point, 5 per call", Unit::Bytes, &[five]);
    bench.show(ROW, &figure.at_most(24.0));
    bench.show(
        ROW,
        &Figure::new("  bare step and value", Unit::Bytes, &[BARE_LEN]),
    );
    Ok(())
}

fn bytes_per_point(bench: &Bench, calls: u64, points_per_call: u64) -> Result<f64> {
    let place = bench.place()?;
    let (tracker, run) = start(&place.store())?;
    for step in 0..calls {
        if points_per_call == 1 {
            log_one(&run, step as f64)?;
        } else {
            log_five(&run, step)?;
        }
    }
    run.finish()?;
    drop((run, tracker));
    let points = store::count_points(&place.store(), None)?;
    ensure!(
        points == calls * points_per_call,
        "{points} points are kept of {calls} calls"
    );
    Ok(store::used_bytes(&place.store())? as f64 / points as f64)
}
