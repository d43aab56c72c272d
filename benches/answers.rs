//! How fast questions are answered, measured with their baselines in the same run.
//!
//! `cargo bench --bench answers -- [ROW..] [--quick] [--json] [--dir DIR]`, as `figures.rs`, with which it shares
//! everything but the rows. Each row is a file in `answers/`; `docs/benchmarks.md` explains them.

#[path = "figures/arguments.rs"]
mod arguments;
#[path = "figures/bench.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod bench;
#[path = "figures/child.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod child;
#[path = "answers/compare.rs"]
mod compare;
#[path = "answers/curves.rs"]
mod curves;
#[path = "figures/figure.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod figure;
#[path = "answers/history.rs"]
mod history;
#[path = "answers/lag.rs"]
mod lag;
#[path = "answers/many_runs.rs"]
mod many_runs;
#[path = "answers/rebuild.rs"]
mod rebuild;
#[path = "answers/series.rs"]
mod series;
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
        name: "history",
        about: "one metric of a run, exact and in buckets",
        run: history::run,
        child: no_child,
    },
    Row {
        name: "series",
        about: "writing series files from the log",
        run: series::run,
        child: series::child,
    },
    Row {
        name: "many_runs",
        about: "opening and listing 100,000 runs",
        run: many_runs::run,
        child: many_runs::child,
    },
    Row {
        name: "compare",
        about: "100 runs side by side, the whole process",
        run: compare::run,
        child: no_child,
    },
    Row {
        name: "lag",
        about: "from visible to indexed",
        run: lag::run,
        child: lag::child,
    },
    Row {
        name: "rebuild",
        about: "folding everything again",
        run: rebuild::run,
        child: rebuild::child,
    },
];

fn main() -> ExitCode {
    run_table("answers")
}
