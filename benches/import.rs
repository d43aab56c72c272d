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
#[path = "import/mlflow.rs"]
mod mlflow;
#[path = "import/program.rs"]
mod program;
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
#[path = "import/wandb.rs"]
mod wandb;
#[path = "import/wandb_file.rs"]
mod wandb_file;

use std::process::ExitCode;

use table::{Row, no_child, run_table};

pub const ROWS: &[Row] = &[
    Row {
        name: "tensorboard",
        about: "a folder of 10 M scalars in event files, the whole process",
        run: tensorboard::run,
        child: no_child,
    },
    Row {
        name: "mlflow",
        about: "a database with 1 M points of 1,000 runs, the whole process",
        run: mlflow::run,
        child: no_child,
    },
    Row {
        name: "wandb",
        about: "a .wandb file of 1 M points, the whole process",
        run: wandb::run,
        child: no_child,
    },
];

fn main() -> ExitCode {
    run_table("import")
}
