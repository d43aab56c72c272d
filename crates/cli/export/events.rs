//! `mltrack export events`: what happened, oldest first.

use std::path::Path;

use mltrack_export::{
    About, Cell, DatabaseFile, EVENTS, Error, Result as Exported, RowsFile, Tables as _,
};

use super::target::{Course, Format, Place, Target, file_of, finish_items, stop};
use crate::context::Context;
use crate::event_line::{self, EventRow};
use crate::failure::{Exit, Outcome, Stop};
use crate::look::{self, At, EventWish, Events};
use crate::moment::Moment;
use crate::output::quantity::counted;
use crate::store;

/// Write events, oldest first
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only events of this run or experiment
    #[arg(value_name = "RUN|EXP")]
    about: Option<String>,
    /// Begin here
    #[arg(long, value_name = "start|LSN|TIME|-10m", allow_hyphen_values = true)]
    from: Option<Moment>,
    /// End here
    #[arg(
        long,
        value_name = "LSN|TIME|-10m",
        allow_hyphen_values = true,
        conflicts_with = "moment"
    )]
    until: Option<Moment>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    target: Target,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let tracker = store::open_to_look(context)?;
    let wish = EventWish {
        about: arguments.about.as_deref(),
        types: &arguments.types,
        from: arguments.from.unwrap_or(Moment::Start),
        until: arguments.at.moment().or(arguments.until),
    };
    let events = look::events(&tracker, &wish, context)?;
    let output = arguments.target.output();
    match &arguments.target.format {
        Format::Parquet => parquet(events, output, context)?,
        Format::Sqlite => database(events, file_of(output, "a database")?, context)?,
        format => items(events, *format, output, context)?,
    }
    Ok(Exit::Done)
}

fn items(events: Events, format: Format, output: Option<&Path>, context: &Context) -> Outcome<()> {
    let course = Course::new("events", None, output.is_some(), context)?;
    let place = Place::open(output)?;
    let form = format.item_form().expect("it is a format of items");
    let mut writer = place.items(form, event_line::FIELDS)?;
    let mut last = 0;
    for event in events {
        let event = event?;
        last = event.lsn;
        writer.item(&event.item())?;
        course.more(1).map_err(stop)?;
    }
    finish_items(writer, last, place)
}

fn parquet(events: Events, output: Option<&Path>, context: &Context) -> Outcome<()> {
    let course = Course::new("events", None, output.is_some(), context)?;
    let place = Place::open_for_bytes(output, context)?;
    let columns = EVENTS.columns();
    let mut file = RowsFile::new(place.out()?, place.name(), &columns).map_err(stop)?;
    let mut rows = EventRows::new(events, &course);
    let written = rows.by_ref().try_for_each(|row| file.row(&row?));
    rows.end(written)?;
    file.finish().map_err(stop)?;
    place.keep()
}

fn database(events: Events, path: &Path, context: &Context) -> Outcome<()> {
    let course = Course::new("events", None, true, context)?;
    let mut file = DatabaseFile::at(path).map_err(stop)?;
    let mut rows = EventRows::new(events, &course);
    let written = file.table(&EVENTS, &mut rows);
    let lsn = rows.last;
    let count = rows.end(written)?;
    let about = About {
        lsn,
        made: mltrack::WallTime(context.started_ns),
    };
    file.finish(&about, &vec![(EVENTS.name, count)])
        .map_err(stop)?;
    course.note(&counted(count, "event"), path, context);
    Ok(())
}

/// Events as rows. A failure of the log is kept, because a row cannot have it.
pub struct EventRows<'a> {
    events: Events,
    course: &'a Course,
    failed: Option<Stop>,
    /// The last record that was read.
    pub last: u64,
}

impl<'a> EventRows<'a> {
    pub fn new(events: Events, course: &'a Course) -> EventRows<'a> {
        EventRows {
            events,
            course,
            failed: None,
            last: 0,
        }
    }

    fn fail(&mut self, failure: Stop) -> Error {
        self.failed = Some(failure);
        Error::Stopped
    }

    /// What came of writing them.
    pub fn end<T>(self, written: Exported<T>) -> Outcome<T> {
        match (written, self.failed) {
            (Err(_), Some(failure)) => Err(failure),
            (written, _) => written.map_err(stop),
        }
    }
}

impl Iterator for EventRows<'_> {
    type Item = Exported<Vec<Cell>>;

    fn next(&mut self) -> Option<Exported<Vec<Cell>>> {
        let event = match self.events.next()? {
            Ok(event) => event,
            Err(failure) => return Some(Err(self.fail(failure))),
        };
        self.last = event.lsn;
        Some(self.course.more(1).map(|()| cells(event)))
    }
}

fn cells(event: EventRow) -> Vec<Cell> {
    let number = |number: u64| i64::try_from(number).map_or(Cell::Null, Cell::Int);
    vec![
        number(event.lsn),
        Cell::Time(event.time_ns),
        event.type_name.into(),
        number(u64::from(event.version)),
        number(u64::from(event.writer)),
        event.run.map(|(id, _)| id).into(),
        event.experiment.into(),
        event.payload.to_string().into(),
    ]
}
