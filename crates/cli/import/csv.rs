//! `mltrack import csv`: a table.

use std::path::PathBuf;

use mltrack_import::{Csv, CsvOptions};

use super::Common;
use crate::context::Context;
use crate::failure::{Exit, Outcome};

/// Bring in a table of comma separated values
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack import csv results.csv --into resnet --metric accuracy
  mltrack import csv curves.csv --run-column trial --step-column epoch

With a column of steps every other column of numbers is a metric. Without one, a column that stays the same in each run
is a parameter, and one that changes a metric. Repeated, it adds only new rows; mltrack rm takes a run back.")]
pub struct Arguments {
    /// A file with a header; cells are parted by commas, semicolons, tabs or bars
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(
        long,
        value_name = "COLUMN",
        help = "The column that names runs [default: run, run_id or run_name; else the file is one run]"
    )]
    run_column: Option<String>,
    #[arg(
        long,
        value_name = "COLUMN",
        help = "The column of steps [default: step, global_step, iteration, iter, batch or epoch]"
    )]
    step_column: Option<String>,
    #[arg(
        long,
        value_name = "COLUMN",
        help = "The column of times [default: time, wall_time, timestamp, datetime or date]"
    )]
    time_column: Option<String>,
    /// A column that is a metric, whatever the rule says
    #[arg(long = "metric", value_name = "COLUMN")]
    metrics: Vec<String>,
    /// A column that is a parameter
    #[arg(long = "param", value_name = "COLUMN")]
    params: Vec<String>,
    #[command(flatten)]
    common: Common,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if arguments.common.lists_fields()? {
        return Ok(Exit::Done);
    }
    let options = CsvOptions {
        run: arguments.run_column.clone(),
        step: arguments.step_column.clone(),
        time: arguments.time_column.clone(),
        metrics: arguments.metrics.clone(),
        params: arguments.params.clone(),
    };
    let mut source = Csv::open(&arguments.file, &options)?;
    arguments.common.bring(&mut source, false, context)
}
