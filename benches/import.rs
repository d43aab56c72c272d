//! What the import promises, with the peer's own reader on the same files in the same run.
//!
//! `cargo bench --bench import -- [ROW..] [--quick] [--json] [--dir DIR]`, as `figures.rs`, with which it shares
//! everything but the rows. `MLTRACK_RUSTBOARD` names the program of `RustBoard`, `server` of the package
//! `tensorboard-data-server`; without it that of the environment that the step `import` makes is taken.
//! `MLTRACK_BENCH_PROGRAM` names another `mltrack`.

#[path = "figures/arguments.rs"]
mod arguments;
#[path = "figures/bench.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod bench;
#[path = "import/events.rs"]
mod events;
#[path = "figures/figure.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod figure;
#[path = "import/rustboard.rs"]
mod rustboard;
#[path = "figures/system.rs"]
#[allow(dead_code, reason = "the rows of `answers.rs` use the rest")]
mod system;
#[path = "figures/table.rs"]
mod table;
#[path = "import/tensorboard.rs"]
mod tensorboard;
#[path = "figures/times.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod times;

use std::process::ExitCode;

use table::{Row, no_child, run_table};

pub const ROWS: &[Row] = &[Row {
    name: "tensorboard",
    about: "a folder of 10 M scalars in event files, the whole process",
    run: tensorboard::run,
    child: no_child,
}];

fn main() -> ExitCode {
    run_table("import")
}
