//! `mltrack export metrics`: every point of every run's metrics.

use std::path::Path;

use clap::ValueEnum;
use mltrack::{RunSummary, Tracker};
use mltrack_export::{
    DatabaseFile, Error, Labels, NewFolder, Partition, PartitionedFolder, PointsFile, Rows, Source,
    Tables as _, write_runs,
};
use serde_json::Value;

use super::runs::about;
use super::target::{Course, Format, Out, Place, Target, file_of, finish_items, stop};
use super::{Picked, Which};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::look::lsn_number;
use crate::output::items::ItemWriter;
use crate::output::quantity::{counted, number, rfc3339};
use crate::store;

/// Write every point of every run's metrics
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack export metrics resnet --metrics 'val/*' --format csv
  mltrack export metrics -f \"tags.paper = 'v2'\" --format parquet -o curves/ --partition exp")]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only metrics of these names; * and ? stand for anything
    #[arg(long, value_name = "GLOB")]
    metrics: Vec<String>,
    /// A folder of Parquet files, one for each: exp=NAME/part-0.parquet; with -o
    #[arg(long, value_name = "exp|run")]
    partition: Option<By>,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum By {
    Exp,
    Run,
}

const FIELDS: &[&str] = &[
    "run",
    "experiment",
    "name",
    "step",
    "time",
    "value",
    "context",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let (format, output) = (&arguments.target.format, arguments.target.output());
    if arguments.partition.is_some() && *format != Format::Parquet {
        return Err(Failure::usage("--partition makes files of Parquet")
            .hint("add --format parquet")
            .into());
    }
    let tracker = store::open_to_look(context)?;
    let mut asked = Asked {
        picked: arguments.which.pick(&tracker, context)?,
        tracker,
        globs: &arguments.metrics,
        context,
    };
    match (format, arguments.partition) {
        (Format::Parquet, Some(by)) => {
            asked.parts(by, file_of(output, "a folder of files")?)?;
        }
        (Format::Parquet, None) => asked.parquet(output)?,
        (Format::Sqlite, _) => asked.database(file_of(output, "a database")?)?,
        (format, _) => asked.items(*format, output)?,
    }
    Ok(Exit::Done)
}

struct Asked<'a> {
    tracker: Tracker,
    picked: Picked,
    globs: &'a [String],
    context: &'a Context,
}

impl Asked<'_> {
    fn source(&self) -> Source<'_> {
        Source {
            tracker: &self.tracker,
            runs: &self.picked.runs,
            globs: self.globs,
            lsn: self.picked.lsn,
        }
    }

    fn course(&self, is_file: bool) -> Outcome<Course> {
        let points = self.picked.runs.iter().map(|run| run.points).sum();
        let total = self.globs.is_empty().then_some(points);
        Course::new("points", total, is_file, self.context)
    }

    /// Every point to `take`, run by run.
    fn each(
        &self,
        course: &Course,
        mut take: impl FnMut(&Labels<'_>, Rows<'_>) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let source = self.source();
        let mut count = 0;
        for run in source.runs {
            count += source.each(run, |_, labels, rows| {
                take(labels, rows)?;
                course.more(rows.len() as u64)
            })?;
        }
        Ok(count)
    }

    fn told(&self, count: u64) -> String {
        let runs = counted(self.picked.runs.len() as u64, "run");
        format!("{runs}, {}", counted(count, "point"))
    }

    fn parquet(&self, output: Option<&Path>) -> Outcome<()> {
        let course = self.course(output.is_some())?;
        let place = Place::open_for_bytes(output, self.context)?;
        let mut file = PointsFile::new(place.out()?, place.name()).map_err(stop)?;
        let done = self.each(&course, |labels, rows| file.points(labels, rows));
        done.map_err(stop)?;
        file.finish().map_err(stop)?;
        place.keep()
    }

    fn parts(&mut self, by: By, path: &Path) -> Outcome<()> {
        let by = match by {
            By::Exp => Partition::Experiment,
            By::Run => Partition::Run,
        };
        // What goes to one file comes one after another; a deleted experiment may have the name of another one.
        let place = |run: &RunSummary| (run.experiment_name.clone(), run.experiment);
        self.picked.runs.sort_by_cached_key(place);
        let course = self.course(true)?;
        let folder = NewFolder::at(path).map_err(stop)?;
        let mut folder = PartitionedFolder::new(folder, by);
        let count = self.each(&course, |labels, rows| folder.points(labels, rows));
        let count = count.map_err(stop)?;
        let files = folder.finish().map_err(stop)?;
        let told = format!("{} in {}", self.told(count), counted(files, "file"));
        course.note(&told, path, self.context);
        Ok(())
    }

    fn database(&self, path: &Path) -> Outcome<()> {
        let course = self.course(true)?;
        let mut file = DatabaseFile::at(path).map_err(stop)?;
        let source = self.source();
        let mut write = || -> Result<_, Error> {
            let mut counts = write_runs(&mut file, &source)?;
            let count = file.points(&source, &mut |count| course.more(count))?;
            counts.push(("points", count));
            Ok((counts, count))
        };
        let (counts, count) = write().map_err(stop)?;
        file.finish(&about(&source, self.context), &counts)
            .map_err(stop)?;
        course.note(&self.told(count), path, self.context);
        Ok(())
    }

    fn items(&self, format: Format, output: Option<&Path>) -> Outcome<()> {
        let course = self.course(output.is_some())?;
        let place = Place::open(output)?;
        let form = format.item_form().expect("it is a format of items");
        let mut writer = place.items(form, FIELDS)?;
        let mut failed = None;
        let done = self.each(&course, |labels, rows| {
            write(&mut writer, labels, rows).map_err(|error| {
                failed = Some(Stop::from(error));
                Error::Stopped
            })
        });
        if let Err(error) = done {
            return Err(failed.unwrap_or_else(|| stop(error)));
        }
        finish_items(writer, lsn_number(self.picked.lsn), place)
    }
}

/// Only step, time and value differ from line to line.
fn write(writer: &mut ItemWriter<Out>, labels: &Labels<'_>, rows: Rows<'_>) -> std::io::Result<()> {
    let context: Value = serde_json::from_str(labels.context)?;
    let mut item = [
        Value::from(labels.run),
        labels.experiment.into(),
        labels.name.into(),
        Value::Null,
        Value::Null,
        Value::Null,
        context,
    ];
    let axes = rows.steps.iter().zip(rows.times_ns);
    for ((step, time_ns), value) in axes.zip(rows.values) {
        item[3] = Value::from(*step);
        item[4] = Value::from(rfc3339(*time_ns));
        item[5] = number(*value);
        writer.item(&item)?;
    }
    Ok(())
}
