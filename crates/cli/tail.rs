//! `mltrack tail`: the newest events, and those that come.
//!
//! 1. Every line is written before the next event is read, and flushed before waiting, so a follower sees
//!    an event when it happens.
//! 2. A file that is followed into, or beside a cursor, grows as lines come; any other one is whole or not at all.
//! 3. Interrupted, it says from where to go on; the cursor file says so after every flush, or, for a client elsewhere
//!    that keeps one, a frame behind the lines.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use mltrack::{Cursor, Position};
use mltrack_server::command::Frame;
use serde_json::Value;

use crate::context::Context;
use crate::event_line::{EventRow, FIELDS, LineFormat};
use crate::failure::{Exit, Failure, Outcome, Stop, file_failure};
use crate::interrupt::Interrupt;
use crate::look::{self, EventWish, Events};
use crate::moment::Moment;
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::sink::end_of_links;
use crate::output::{Form, OutputArguments, Sink, list_fields, unknown_field};
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
    /// Begin there, whatever else is said; given by a client that keeps the cursor file itself
    #[arg(
        long,
        value_name = "CURSOR",
        hide = true,
        conflicts_with = "cursor_file"
    )]
    resume: Option<Position>,
    #[command(flatten)]
    pub output: OutputArguments,
}

/// How often a follower looks whether it was interrupted.
const PATIENCE: Duration = Duration::from_millis(250);
const LAST_COUNT: usize = 10;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let cursor = arguments.cursor()?.or(arguments.resume);
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

impl Arguments {
    /// Where the cursor file says to begin.
    pub fn cursor(&self) -> Outcome<Option<Position>> {
        let file = self.cursor_file.as_deref();
        Ok(file.map(read_cursor).transpose()?.flatten())
    }

    /// Where lines go, which were written when a cursor says so.
    fn sink(&self, context: &Context) -> Outcome<Sink> {
        if context.tells_positions {
            Ok(Sink::of(Framed))
        } else if self.is_growing() {
            self.output.growing_sink()
        } else {
            self.output.sink()
        }
    }

    /// Whether somebody counts on lines before the last one is written.
    pub fn is_growing(&self) -> bool {
        self.follow || self.cursor_file.is_some()
    }

    /// The file that says where to begin.
    pub fn cursor_file(&self) -> Option<&Path> {
        self.cursor_file.as_deref()
    }
}

/// Where to go on. A file that does not exist yet says nothing.
fn read_cursor(path: &Path) -> Outcome<Option<Position>> {
    if fs::metadata(path).is_ok_and(|known| !known.is_file()) {
        let what = format!("{} is no file that can hold a cursor", path.display());
        return Err(Failure::usage(what).hint("name another file").into());
    }
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
            return Err(interrupted(events.resume_at(), context));
        }
        events.wait(PATIENCE)?;
        lines.write_all(events)?;
        lines.rest(events)?;
    }
    Ok(())
}

/// How a follower ends that was told to.
pub fn interrupted(position: Option<Position>, context: &Context) -> Stop {
    if let Some(position) = position {
        context.note(&format!("resume with --from {}", position.next));
    }
    Stop::Interrupted
}

/// Where the lines go, and in which form.
struct Lines {
    manner: Manner,
    cursor_file: Option<PathBuf>,
    tells_positions: bool,
    cursor_told: Option<Position>,
}

/// Stdout of a process that answers for a client: what is written becomes frames.
struct Framed;

impl Write for Framed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(FRAMED_LEN_MAX)];
        write_frame(&Frame::Stdout(part.to_vec()))?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The most bytes of a frame of lines.
const FRAMED_LEN_MAX: usize = 1 << 16;

fn write_frame(frame: &Frame) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(&frame.encoded())?;
    stdout.flush()
}

enum Manner {
    Items(ItemWriter<Sink>),
    People(Sink),
    Format(LineFormat, Sink),
}

impl Lines {
    fn new(arguments: &Arguments, context: &Context) -> Outcome<Lines> {
        let form = arguments.output.form(&context.terminal);
        let unknown = |name: String| unknown_field(&name, FIELDS);
        if arguments.follow && matches!(form, Form::Items(ItemForm::Json(_))) {
            return Err(
                Failure::usage("a JSON document has an end, and --follow has none")
                    .hint("--ndjson")
                    .into(),
            );
        }
        if arguments.format.is_none() && form == Form::Markdown {
            return Err(
                Failure::usage("events come one by one, and a Markdown table does not")
                    .hint("mltrack log --md")
                    .into(),
            );
        }
        if let Form::Items(form) = &form {
            // Before there is a file: one that grows is cut at once.
            ItemWriter::new(form.clone(), FIELDS, io::sink()).map_err(unknown)?;
        }
        let sink = arguments.sink(context)?;
        let manner = match (&arguments.format, form) {
            (Some(format), _) => Manner::Format(format.clone(), sink),
            (None, Form::Items(form)) => {
                Manner::Items(ItemWriter::new(form, FIELDS, sink).map_err(unknown)?)
            }
            (None, Form::People | Form::Markdown) => Manner::People(sink),
        };
        Ok(Lines {
            manner,
            cursor_file: arguments.cursor_file.clone(),
            tells_positions: context.tells_positions,
            cursor_told: None,
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
        let position = events
            .resume_at()
            .filter(|_| self.cursor_told != events.resume_at());
        let Some(position) = position else {
            return Ok(());
        };
        if let Some(path) = &self.cursor_file {
            write_cursor(path, position)?;
        }
        if self.tells_positions {
            write_frame(&Frame::Position(position.to_string()))?;
        }
        self.cursor_told = Some(position);
        Ok(())
    }

    fn finish(self, lsn: u64) -> Outcome<()> {
        let sink = match self.manner {
            Manner::Items(writer) => {
                let total = writer.count();
                writer.finish(&Envelope {
                    total,
                    lsn,
                    next: Value::Null,
                })?
            }
            Manner::People(sink) | Manner::Format(_, sink) => sink,
        };
        sink.keep()
    }
}

/// Whole or not at all: a kill in between leaves the old cursor. A link stays one.
pub fn write_cursor(path: &Path, position: Position) -> Outcome<()> {
    let path = &end_of_links(path);
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    fs::write(&draft, format!("{position}\n"))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| file_failure("write", path, &error).into())
}
