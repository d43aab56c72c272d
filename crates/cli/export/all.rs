//! `mltrack export all`: everything that a store knows, as a folder of Parquet files or as one database.

use std::path::{Path, PathBuf};

use mltrack::{Lsn, Page, Tracker};
use mltrack_export::{
    Counts, DatabaseFile, Source, Tables, TablesFolder, Things, write_everything,
};

use super::events::EventRows;
use super::runs::about;
use super::target::{Course, stop};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::{self, At, EventWish, lsn_number};
use crate::moment::Moment;
use crate::output::quantity::counted;
use crate::output::sink::named;
use crate::runs::pick::{Wish, summaries};
use crate::store;

/// Write everything: experiments, runs, points, events, artifacts, datasets, models, lineage
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack export all -o everything/
  mltrack export all -o everything.sqlite
  mltrack export all --deleted -o everything-and-deleted/

A folder gets one Parquet file a table, a README.md and a manifest.json. A file is a database; its name ends in .sqlite,
.sqlite3 or .db. The bytes of artifacts stay where they are: mltrack artifact get fetches them.")]
pub struct Arguments {
    /// The folder, or the database
    #[arg(short, long, value_name = "DIR|FILE.sqlite", required = true)]
    output: PathBuf,
    /// Deleted runs and experiments as well, until `gc` purges them
    #[arg(long)]
    deleted: bool,
    #[command(flatten)]
    at: At,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_look(context)?;
    let path = named(Some(&arguments.output)).ok_or_else(|| {
        Failure::usage("everything is a folder or a database, and stdout is neither")
            .hint("-o DIR or -o FILE.sqlite")
    })?;
    let wish = Wish {
        at: arguments.at,
        with_deleted: arguments.deleted,
        ..Wish::default()
    };
    let page = summaries(&tracker, &wish, context)?;
    let (mut runs, lsn) = (page.items, page.lsn);
    runs.reverse();
    let things = things(&tracker, arguments, lsn, context)?;
    let source = Source {
        tracker: &tracker,
        runs: &runs,
        globs: &[],
        lsn,
    };
    let about = about(&source, context);
    let course = Course::new("points and events", None, true, context)?;
    let counts = if is_database(path) {
        let mut file = DatabaseFile::at(path).map_err(stop)?;
        let counts = write(&mut file, &source, &things, &course, context)?;
        file.finish(&about, &counts).map_err(stop)?;
        counts
    } else {
        let mut folder = TablesFolder::at(path).map_err(stop)?;
        let counts = write(&mut folder, &source, &things, &course, context)?;
        folder.finish(&about, &counts).map_err(stop)?;
        counts
    };
    course.note(&told(&counts), path, context);
    Ok(Exit::Done)
}

fn is_database(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["sqlite", "sqlite3", "db"].contains(&ending))
}

fn write(
    tables: &mut dyn Tables,
    source: &Source<'_>,
    things: &Things,
    course: &Course,
    context: &Context,
) -> Outcome<Counts> {
    let until = Moment::Lsn(lsn_number(source.lsn));
    let wish = EventWish {
        about: None,
        types: &[],
        from: Moment::Start,
        until: Some(until),
    };
    let events = look::events(source.tracker, &wish, context)?;
    let mut rows = EventRows::new(events, course);
    let written = write_everything(tables, source, things, &mut rows, &mut |count| {
        course.more(count)
    });
    rows.end(written)
}

fn told(counts: &Counts) -> String {
    let count = |name: &str| {
        let known = counts.iter().find(|(known, _)| *known == name);
        known.map_or(0, |(_, count)| *count)
    };
    let runs = counted(count("runs"), "run");
    let points = counted(count("points"), "point");
    format!("{runs}, {points}, {}", counted(count("events"), "event"))
}

/// All of it as of one record: what went on meanwhile is asked about once more.
fn things(
    tracker: &Tracker,
    arguments: &Arguments,
    lsn: Option<Lsn>,
    context: &Context,
) -> Outcome<Things> {
    let at = arguments.at;
    let experiments = || {
        if arguments.deleted {
            tracker.experiments().with_archived().with_deleted()
        } else {
            tracker.experiments().with_archived()
        }
    };
    let artifacts = || {
        let query = tracker.artifacts().all_versions().with_removed();
        if arguments.deleted {
            query.with_deleted()
        } else {
            query
        }
    };
    let registry = || at.of_registry(tracker.registry(), context);
    let then = |lsn| tracker.registry().at(lsn);
    Ok(Things {
        experiments: same(
            at.of_experiments(experiments(), context).fetch()?,
            lsn,
            |lsn| experiments().at(lsn).fetch(),
        )?,
        artifacts: same(at.of_artifacts(artifacts(), context).fetch()?, lsn, |lsn| {
            artifacts().at(lsn).fetch()
        })?,
        datasets: same(registry().datasets()?, lsn, |lsn| then(lsn).datasets())?,
        models: same(registry().models()?, lsn, |lsn| then(lsn).models())?,
        lineage: same(registry().lineage()?, lsn, |lsn| then(lsn).lineage())?,
    })
}

fn same<T>(
    page: Page<T>,
    lsn: Option<Lsn>,
    again: impl FnOnce(Lsn) -> mltrack::Result<Page<T>>,
) -> Outcome<Vec<T>> {
    match lsn {
        Some(lsn) if page.lsn != Some(lsn) => Ok(again(lsn)?.items),
        _ => Ok(page.items),
    }
}
