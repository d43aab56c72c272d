//! What the export promises: all points of a store as Parquet, by the whole program.
//!
//! `cargo bench --bench export -- [ROW..] [--quick] [--json] [--dir DIR]`, as `figures.rs`, with which it shares
//! everything but the rows. `MLTRACK_BENCH_POINTS` is how many points, 50,000,000 without it. `MLTRACK_BENCH_PROGRAM`
//! names another `mltrack`.

#[path = "figures/arguments.rs"]
mod arguments;
#[path = "figures/bench.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod bench;
#[path = "figures/figure.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod figure;
#[path = "export/points.rs"]
mod points;
#[path = "figures/system.rs"]
#[allow(dead_code, reason = "the rows of `answers.rs` use the rest")]
mod system;
#[path = "figures/table.rs"]
mod table;
#[path = "figures/times.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod times;

use std::process::ExitCode;

use table::{Row, no_child, run_table};

pub const ROWS: &[Row] = &[Row {
    name: "parquet",
    about: "50 M points of 50 runs to one Parquet file, the whole process, and its memory",
    run: points::run,
    child: no_child,
}];

fn main() -> ExitCode {
    run_table("export")
}
