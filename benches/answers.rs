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
#[path = "figures/times.rs"]
#[allow(dead_code, reason = "the rows of `figures.rs` use the rest")]
mod times;

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use arguments::{Arguments, Command};
use bench::Bench;

/// One row of the table: its name on the command line, and what measures it.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    run: fn(&Bench) -> Result<()>,
    /// What a process does that this row starts, by the role it is given.
    child: fn(&[String]) -> Result<()>,
}

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

fn no_child(_: &[String]) -> Result<()> {
    bail!("this row starts no processes")
}

fn main() -> ExitCode {
    let result = Arguments::parse(std::env::args().skip(1)).and_then(|command| match command {
        Command::Help => {
            print!("{}", arguments::help());
            Ok(())
        }
        Command::Child { row, rest } => (row.child)(&rest),
        Command::Run(arguments) => run(arguments),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("answers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let rows = arguments.rows.clone();
    let bench = Bench::new(arguments)?;
    bench.print_head()?;
    let mut failed = Vec::new();
    for row in rows {
        if let Err(error) = (row.run)(&bench) {
            // The other rows are worth having all the same.
            eprintln!("answers: row {}: {error:#}", row.name);
            failed.push(row.name);
        }
    }
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}
