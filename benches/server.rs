//! What the server promises, measured over HTTP from outside, with a stock `mlflow server` in the same run when wanted.
//!
//! `cargo bench --bench server -- [ROW..] [--quick] [--json] [--dir DIR]`, as `figures.rs`, with which it shares
//! everything but the rows. `MLTRACK_STOCK_PYTHON` names the Python of an environment with `MLflow`: its server is then
//! measured beside ours, and its client's own loop too. `MLTRACK_BENCH_PROGRAM` names another `mltrack`.

#[path = "figures/arguments.rs"]
mod arguments;
#[path = "server/artifacts.rs"]
mod artifacts;
#[path = "figures/bench.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod bench;
#[path = "figures/child.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod child;
#[path = "server/client.rs"]
mod client;
#[path = "figures/figure.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod figure;
#[path = "server/floor.rs"]
mod floor;
#[path = "server/history.rs"]
mod history;
#[path = "server/http.rs"]
mod http;
#[path = "server/load.rs"]
mod load;
#[path = "answers/many_runs.rs"]
#[allow(dead_code, reason = "the rows of `answers.rs` use the rest")]
mod many_runs;
#[path = "server/process.rs"]
mod process;
#[path = "server/search.rs"]
mod search;
#[path = "server/start.rs"]
mod start;
#[path = "figures/system.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod system;
#[path = "figures/table.rs"]
mod table;
#[path = "figures/times.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod times;

use std::process::ExitCode;

use table::{Row, no_child, run_table};

pub const ROWS: &[Row] = &[
    Row {
        name: "start",
        about: "from starting the program to the first healthy answer",
        run: start::run,
        child: no_child,
    },
    Row {
        name: "load",
        about: "metrics, batches and runs from 16 connections, and memory",
        run: load::run,
        child: floor::child,
    },
    Row {
        name: "search",
        about: "a filter and an order over 10,000 runs",
        run: search::run,
        child: no_child,
    },
    Row {
        name: "history",
        about: "100,000 points in one reply",
        run: history::run,
        child: no_child,
    },
    Row {
        name: "artifacts",
        about: "256 MiB up and down",
        run: artifacts::run,
        child: no_child,
    },
    Row {
        name: "client",
        about: "the Python client's own loop, and its floor",
        run: client::run,
        child: floor::child,
    },
];

fn main() -> ExitCode {
    run_table("server")
}
