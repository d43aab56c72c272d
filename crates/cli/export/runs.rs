//! `mltrack export runs`: runs with parameters, tags and last metrics.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use mltrack::Tracker;
use mltrack_export::{About, Column, DatabaseFile, Page, RowsFile, Source, Wide, write_runs};
use serde_json::Value;

use super::target::{Course, Format, Place, file_of, finish_items, stop};
use super::{Picked, Which};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::lsn_number;
use crate::output::quantity::counted;
use crate::output::sink::named;
use crate::runs::row::{FIELDS, RunRow};
use crate::store;

/// Write runs with parameters, tags and last metrics
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack export runs resnet --format parquet -o runs.parquet
  mltrack export runs --format latex --cols name,lr,acc -f 'metrics.acc > 0.9'")]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "ndjson")]
    format: RunFormat,
    /// Columns of a Markdown, LaTeX or Parquet table: name, lr, acc, or params.lr where that is not clear
    #[arg(long, value_name = "COL,..", value_delimiter = ',')]
    cols: Vec<String>,
    /// Write to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RunFormat {
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a header
    Csv,
    /// One JSON document
    Json,
    /// Parquet, compressed with zstd; a column for every parameter, metric and tag
    Parquet,
    /// A database with tables, indexes and views; with -o
    Sqlite,
    /// A Markdown table
    Md,
    /// A LaTeX table for the package booktabs
    Latex,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let is_wide = matches!(
        arguments.format,
        RunFormat::Parquet | RunFormat::Md | RunFormat::Latex
    );
    if !arguments.cols.is_empty() && !is_wide {
        return Err(
            Failure::usage("--cols chooses columns of md, latex and parquet")
                .hint("leave it out, or give one of these formats")
                .into(),
        );
    }
    let tracker = store::open_to_look(context)?;
    let picked = arguments.which.pick(&tracker, context)?;
    match arguments.format {
        RunFormat::Parquet => parquet(arguments, &picked, context)?,
        RunFormat::Md => page(arguments, &picked, Page::Markdown, context)?,
        RunFormat::Latex => page(arguments, &picked, Page::Latex, context)?,
        RunFormat::Csv => items(arguments, picked, Format::Csv, context)?,
        RunFormat::Json => items(arguments, picked, Format::Json, context)?,
        RunFormat::Ndjson => items(arguments, picked, Format::Ndjson, context)?,
        RunFormat::Sqlite => database(arguments, &tracker, &picked, context)?,
    }
    Ok(Exit::Done)
}

impl Arguments {
    /// The file that was named.
    fn output(&self) -> Option<&Path> {
        named(self.output.as_deref())
    }

    /// Made before the file is: who stops the program from then on leaves none behind.
    fn course(&self, picked: &Picked, context: &Context) -> Outcome<Course> {
        let total = Some(picked.runs.len() as u64);
        Course::new("runs", total, self.output().is_some(), context)
    }
}

fn items(arguments: &Arguments, picked: Picked, format: Format, context: &Context) -> Outcome<()> {
    let course = arguments.course(&picked, context)?;
    let place = Place::open(arguments.output())?;
    let form = format.item_form().expect("it is a format of items");
    let mut writer = place.items(form, FIELDS)?;
    for run in picked.runs {
        writer.item(&RunRow::from(run).item(Value::Null))?;
        course.more(1).map_err(stop)?;
    }
    finish_items(writer, lsn_number(picked.lsn), place)
}

fn database(
    arguments: &Arguments,
    tracker: &Tracker,
    picked: &Picked,
    context: &Context,
) -> Outcome<()> {
    let path = file_of(arguments.output(), "a database")?;
    let source = Source {
        tracker,
        runs: &picked.runs,
        globs: &[],
        lsn: picked.lsn,
    };
    let course = arguments.course(picked, context)?;
    let mut file = DatabaseFile::at(path).map_err(stop)?;
    let counts = write_runs(&mut file, &source).map_err(stop)?;
    course.more(picked.runs.len() as u64).map_err(stop)?;
    file.finish(&about(&source, context), &counts)
        .map_err(stop)?;
    course.note(&counted(picked.runs.len() as u64, "run"), path, context);
    Ok(())
}

/// What an export is of.
pub fn about(source: &Source<'_>, context: &Context) -> About {
    About {
        lsn: lsn_number(source.lsn),
        made: mltrack::WallTime(context.started_ns),
    }
}

fn parquet(arguments: &Arguments, picked: &Picked, context: &Context) -> Outcome<()> {
    let wide = chosen(arguments, Wide::of(&picked.runs), None)?;
    let course = arguments.course(picked, context)?;
    let place = Place::open_for_bytes(arguments.output(), context)?;
    let mut file = RowsFile::new(place.out()?, place.name(), &wide.columns()).map_err(stop)?;
    for run in &picked.runs {
        file.row(&wide.row(run)).map_err(stop)?;
        course.more(1).map_err(stop)?;
    }
    file.finish().map_err(stop)?;
    place.keep()
}

fn page(arguments: &Arguments, picked: &Picked, page: Page, context: &Context) -> Outcome<()> {
    let wide = Wide::of(&picked.runs);
    let usual = wide.clone().for_pages(&picked.runs);
    let wide = chosen(arguments, wide, Some(usual))?;
    let course = arguments.course(picked, context)?;
    let place = Place::open(arguments.output())?;
    let columns: Vec<Column> = wide.columns();
    let rows = picked.runs.iter().map(|run| wide.row(run));
    page.write(&mut place.out()?, &columns, rows)?;
    course.more(picked.runs.len() as u64).map_err(stop)?;
    place.keep()
}

fn chosen(arguments: &Arguments, wide: Wide, usual: Option<Wide>) -> Outcome<Wide> {
    if arguments.cols.is_empty() {
        return Ok(usual.unwrap_or(wide));
    }
    wide.only(&arguments.cols).map_err(stop)
}
