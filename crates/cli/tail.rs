//! `mltrack tail`: the newest events, and those that come.
//!
//! 1. Every line is written before the next event is read, and flushed before waiting, so a follower sees
//!    an event when it happens.
//! 2. Interrupted, it says from where to go on; the cursor file says so after every flush.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mltrack::{Cursor, Position};
use serde_json::Value;

use crate::context::Context;
use crate::event_line::{EventRow, FIELDS, LineFormat};
use crate::failure::{Exit, Failure, Outcome, Stop, file_failure};
use crate::interrupt::Interrupt;
use crate::look::{self, EventWish, Events};
use crate::moment::Moment;
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::{Form, OutputArguments, Sink, list_fields};
use crate::store;

/// Show the newest events, and with -f those that come
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack tail -f @running --format '%T %n=%v @%s'
  mltrack tail -f --cursor-file seen --ndjson >> events.ndjson")]
pub struct Arguments {
    /// Only events of this run or experiment
    #[arg(value_name = "RUN|EXP")]
    about: Option<String>,
    /// Go on with what comes
    #[arg(short, long)]
    follow: bool,
    /// Begin with the last so many, when --from does not say where [default: 10]
    #[arg(short, value_name = "N", conflicts_with = "from")]
    n: Option<usize>,
    /// Begin here
    #[arg(
        long,
        value_name = "start|end|LSN|TIME|-10m",
        allow_hyphen_values = true
    )]
    from: Option<Moment>,
    /// End here
    #[arg(long, value_name = "LSN|TIME|-10m", allow_hyphen_values = true)]
    until: Option<Moment>,
    /// Only events of this type
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Lines of this form: see `mltrack help formats`
    #[arg(long, value_name = "FORMAT", conflicts_with = "form")]
    format: Option<LineFormat>,
    /// Begin where this file says, and keep it up to date
    #[arg(long, value_name = "FILE")]
    cursor_file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

/// How often a follower looks whether it was interrupted.
const PATIENCE: Duration = Duration::from_millis(250);
const LAST_COUNT: usize = 10;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let cursor = arguments
        .cursor_file
        .as_deref()
        .map(read_cursor)
        .transpose()?
        .flatten();
    let wish = EventWish {
        about: arguments.about.as_deref(),
        types: &arguments.types,
        from: arguments.from.unwrap_or(Moment::Start),
        until: arguments.until,
    };
    let mut lines = Lines::new(arguments, context)?;
    let mut events = match cursor {
        Some(position) => look::events_from(&tracker, Cursor::Resume(position), &wish, context)?,
        None => look::events(&tracker, &wish, context)?,
    };
    match (cursor, arguments.from) {
        (None, None) => lines.write_last(&mut events, arguments.n.unwrap_or(LAST_COUNT))?,
        _ => lines.write_all(&mut events)?,
    }
    lines.rest(&events)?;
    if arguments.follow && !events.is_over() {
        follow(&mut events, &mut lines, context)?;
    }
    lines.finish(look::end(&tracker)?)?;
    Ok(Exit::Done)
}

/// Where to go on. A file that does not exist yet says nothing.
fn read_cursor(path: &Path) -> Outcome<Option<Position>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_failure("read", path, &error).into()),
    };
    let position = text.trim().parse().map_err(|_| {
        Failure::usage(format!("{} holds no cursor", path.display()))
            .hint("remove it, or name another file")
    })?;
    Ok(Some(position))
}

fn follow(events: &mut Events, lines: &mut Lines, context: &Context) -> Outcome<()> {
    let interrupt = Interrupt::listen()?;
    while !events.is_over() {
        if interrupt.is_set() {
            if let Some(position) = events.resume_at() {
                context.note(&format!("resume with --from {}", position.next));
            }
            return Err(Stop::Interrupted);
        }
        events.wait(PATIENCE)?;
        lines.write_all(events)?;
        lines.rest(events)?;
    }
    Ok(())
}

/// Where the lines go, and in which form.
struct Lines {
    manner: Manner,
    cursor_file: Option<PathBuf>,
    cursor_written: Option<Position>,
}

enum Manner {
    Items(ItemWriter<Sink>),
    People(Sink),
    Format(LineFormat, Sink),
}

impl Lines {
    fn new(arguments: &Arguments, context: &Context) -> Outcome<Lines> {
        let form = arguments.output.form(&context.terminal);
        if arguments.follow && matches!(form, Form::Items(ItemForm::Json(_))) {
            return Err(
                Failure::usage("a JSON document has an end, and --follow has none")
                    .hint("--ndjson")
                    .into(),
            );
        }
        let manner = match (&arguments.format, form) {
            (Some(format), _) => Manner::Format(format.clone(), arguments.output.sink()?),
            (None, Form::Items(form)) => Manner::Items(arguments.output.items(form, FIELDS)?),
            (None, Form::People) => Manner::People(arguments.output.sink()?),
            (None, Form::Markdown) => {
                return Err(Failure::usage(
                    "events come one by one, and a Markdown table does not",
                )
                .hint("mltrack log --md")
                .into());
            }
        };
        Ok(Lines {
            manner,
            cursor_file: arguments.cursor_file.clone(),
            cursor_written: None,
        })
    }

    fn write(&mut self, event: &EventRow) -> Outcome<()> {
        match &mut self.manner {
            Manner::Items(writer) => writer.item(&event.item())?,
            Manner::People(sink) => writeln!(sink, "{}", event.people_line())?,
            Manner::Format(format, sink) => sink.write_all(format.lines(event).as_bytes())?,
        }
        Ok(())
    }

    fn write_all(&mut self, events: &mut Events) -> Outcome<()> {
        for event in events {
            self.write(&event?)?;
        }
        Ok(())
    }

    fn write_last(&mut self, events: &mut Events, count: usize) -> Outcome<()> {
        let mut kept = VecDeque::new();
        for event in events {
            kept.push_back(event?);
            if kept.len() > count {
                kept.pop_front();
            }
        }
        kept.iter().try_for_each(|event| self.write(event))
    }

    /// Nothing more for now: what was written leaves, and the cursor file says so.
    fn rest(&mut self, events: &Events) -> Outcome<()> {
        match &mut self.manner {
            Manner::Items(writer) => writer.flush()?,
            Manner::People(sink) | Manner::Format(_, sink) => sink.flush()?,
        }
        let position = events.resume_at();
        if let (Some(path), Some(position)) = (&self.cursor_file, position)
            && self.cursor_written != Some(position)
        {
            write_cursor(path, position)?;
            self.cursor_written = Some(position);
        }
        Ok(())
    }

    fn finish(self, lsn: u64) -> Outcome<()> {
        if let Manner::Items(writer) = self.manner {
            let total = writer.count();
            writer.finish(&Envelope {
                total,
                lsn,
                next: Value::Null,
            })?;
        }
        Ok(())
    }
}

/// Whole or not at all: a kill in between leaves the old cursor.
fn write_cursor(path: &Path, position: Position) -> Outcome<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    fs::write(&draft, format!("{position}\n"))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| file_failure("write", path, &error).into())
}
