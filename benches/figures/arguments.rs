//! The command line of the figures: which rows, how large, where.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

use crate::ROWS;
use crate::table::Row;

/// What was asked for.
pub enum Command {
    Help,
    Run(Arguments),
    /// This process was started by a row of another one.
    Child {
        row: &'static Row,
        rest: Vec<String>,
    },
}

/// How to run the rows.
pub struct Arguments {
    pub rows: Vec<&'static Row>,
    /// Smaller stores and fewer rounds: to see that a row works, not to quote it.
    pub is_quick: bool,
    /// One JSON object a line instead of the table.
    pub is_json: bool,
    /// Where the stores go: the filesystem that is measured.
    pub dir: PathBuf,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Command> {
        let mut arguments = Arguments {
            rows: Vec::new(),
            is_quick: false,
            is_json: false,
            dir: default_dir(),
        };
        while let Some(word) = words.next() {
            match word.as_str() {
                // cargo hands this to every bench.
                "--bench" => {}
                "--quick" => arguments.is_quick = true,
                "--json" => arguments.is_json = true,
                "--dir" => arguments.dir = words.next().context("--dir needs a folder")?.into(),
                "--help" | "-h" => return Ok(Command::Help),
                "--child" => {
                    let row = find(&words.next().context("--child needs a row")?)?;
                    return Ok(Command::Child {
                        row,
                        rest: words.collect(),
                    });
                }
                option if option.starts_with('-') => bail!("no option {option}; see --help"),
                name => arguments.rows.push(find(name)?),
            }
        }
        if arguments.rows.is_empty() {
            arguments.rows = ROWS.iter().collect();
        }
        Ok(Command::Run(arguments))
    }
}

/// The target folder: on the checkout's filesystem, and never committed.
fn default_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join(target.unwrap_or_else(|| "target".into()))
        .join("figures")
}

fn find(name: &str) -> Result<&'static Row> {
    let by_number = name
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let row = match by_number {
        Some(index) => ROWS.get(index),
        None => ROWS.iter().find(|row| row.name == name),
    };
    row.with_context(|| format!("no row {name}; see --help"))
}

pub fn help() -> String {
    let rows = ROWS.iter().enumerate();
    let rows =
        rows.map(|(index, row)| format!("  {:>2} {:<10} {}\n", index + 1, row.name, row.about));
    let bench = env!("CARGO_CRATE_NAME");
    format!(
        "cargo bench --bench {bench} -- [ROW..] [--quick] [--json] [--dir DIR]\n\nRows, by name or number; all when none is named:\n{}",
        rows.collect::<String>()
    )
}
