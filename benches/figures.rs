//! The figures that the project promises, measured with their baselines in the same run.
//!
//! `cargo bench --bench figures -- [ROW..] [--quick] [--json] [--dir DIR]` prints one line for each figure: what, what
//! was reached, the target, ok or short. Rows that need several processes start this program again. Stores are made
//! in a folder of their own below DIR and removed. Each row is a file in `figures/`; `docs/benchmarks.md` explains them.

#[path = "figures/arguments.rs"]
mod arguments;
#[path = "figures/artifacts.rs"]
mod artifacts;
#[path = "figures/bench.rs"]
mod bench;
#[path = "figures/burst.rs"]
mod burst;
#[path = "figures/bytes.rs"]
mod bytes;
#[path = "figures/child.rs"]
mod child;
#[path = "figures/compact.rs"]
mod compact;
#[path = "figures/figure.rs"]
mod figure;
#[path = "figures/five.rs"]
mod five;
#[path = "figures/frozen.rs"]
mod frozen;
#[path = "figures/group.rs"]
mod group;
#[path = "figures/open.rs"]
mod open;
#[path = "figures/read.rs"]
mod read;
#[path = "figures/single.rs"]
mod single;
#[path = "figures/store.rs"]
mod store;
#[path = "figures/sustained.rs"]
mod sustained;
#[path = "figures/system.rs"]
#[allow(dead_code, reason = "the rows of `answers.rs` use the rest")]
mod system;
#[path = "figures/table.rs"]
mod table;
#[path = "figures/tail.rs"]
mod tail;
#[path = "figures/things.rs"]
mod things;
#[path = "figures/times.rs"]
mod times;
#[path = "figures/together.rs"]
mod together;

use std::process::ExitCode;

use table::{Row, no_child, run_table};

pub const ROWS: &[Row] = &[
    Row {
        name: "single",
        about: "log_metric, one process",
        run: single::run,
        child: single::child,
    },
    Row {
        name: "together",
        about: "log_metric, four processes",
        run: together::run,
        child: together::child,
    },
    Row {
        name: "five",
        about: "log_metrics of five",
        run: five::run,
        child: no_child,
    },
    Row {
        name: "burst",
        about: "raw append in batches",
        run: burst::run,
        child: burst::child,
    },
    Row {
        name: "sustained",
        about: "raw append for gigabytes",
        run: sustained::run,
        child: no_child,
    },
    Row {
        name: "group",
        about: "durability policies",
        run: group::run,
        child: no_child,
    },
    Row {
        name: "tail",
        about: "from an append to another process",
        run: tail::run,
        child: tail::child,
    },
    Row {
        name: "read",
        about: "reading and replay",
        run: read::run,
        child: read::child,
    },
    Row {
        name: "open",
        about: "opening a store",
        run: open::run,
        child: open::child,
    },
    Row {
        name: "bytes",
        about: "bytes per point",
        run: bytes::run,
        child: no_child,
    },
    Row {
        name: "compact",
        about: "packing segments",
        run: compact::run,
        child: compact::child,
    },
    Row {
        name: "artifacts",
        about: "storing, checking and listing artifacts",
        run: artifacts::run,
        child: artifacts::child,
    },
    Row {
        name: "things",
        about: "a start with everything recorded, sampling, lines, comparison",
        run: things::run,
        child: no_child,
    },
    Row {
        name: "frozen",
        about: "a filesystem that stands still",
        run: frozen::run,
        child: frozen::child,
    },
];

fn main() -> ExitCode {
    run_table("figures")
}
