//! What the two tables of figures share: a row, and the program that runs the rows asked for.
//!
//! Invariant: a row that fails is named in the end and keeps no other row from being measured.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};

use crate::arguments::{self, Arguments, Command};
use crate::bench::Bench;

/// One row of the table: its name on the command line, and what measures it.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&Bench) -> Result<()>,
    /// What a process does that this row starts, by the role it is given.
    pub child: fn(&[String]) -> Result<()>,
}

pub fn no_child(_: &[String]) -> Result<()> {
    bail!("this row starts no processes")
}

/// Does what the command line asks of the table called `table`.
pub fn run_table(table: &str) -> ExitCode {
    let result = Arguments::parse(std::env::args().skip(1)).and_then(|command| match command {
        Command::Help => {
            print!("{}", arguments::help());
            Ok(())
        }
        Command::Child { row, rest } => (row.child)(&rest),
        Command::Run(arguments) => run(table, arguments),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{table}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(table: &str, arguments: Arguments) -> Result<()> {
    let rows = arguments.rows.clone();
    let bench = Bench::new(arguments)?;
    bench.print_head()?;
    let mut failed = Vec::new();
    for row in rows {
        if let Err(error) = (row.run)(&bench) {
            // The other rows are worth having all the same.
            eprintln!("{table}: row {}: {error:#}", row.name);
            failed.push(row.name);
        }
    }
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}
