//! `mltrack console`: the lines of a run, searched.
//!
//! 1. Only the run's records of lines are decoded; the last ones are looked for from the end.
//! 2. What a line holds never moves the cursor of the terminal that shows it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use mltrack::{Level, LinesQuery, LoggedLine, Lsn, RunState};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::interrupt::Interrupt;
use crate::look::{self, At};
use crate::moment::When;
use crate::output::items::{Envelope, ItemForm, ItemWriter};
use crate::output::quantity::{clock, rfc3339};
use crate::output::style::{Tone, paint};
use crate::output::{Form, OutputArguments, Sink, list_fields, unknown_field};
use crate::store;

/// Search what a run printed and logged
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack console @last -n 20
  mltrack console @running -f --source stderr
  mltrack console R --grep 'loss=nan' --around 3 --lsn")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    /// Only lines in which this regular expression is found; (?i) at its beginning ignores case
    #[arg(short, long, value_name = "REGEX")]
    grep: Option<String>,
    /// Only lines of this source: stdout, stderr, a module's path
    #[arg(long, value_name = "SOURCE")]
    source: Vec<String>,
    /// Only lines that matter so much or more: trace, debug, info, warn, error
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    /// Only lines printed since: a length of time such as 2h, or a time
    #[arg(long, value_name = "2h|TIME", allow_hyphen_values = true)]
    since: Option<When>,
    /// Only the last so many
    #[arg(short, value_name = "N", conflicts_with = "head")]
    n: Option<usize>,
    /// Only the first so many
    #[arg(long, value_name = "N", conflicts_with = "follow")]
    head: Option<usize>,
    /// So many lines before each one, too
    #[arg(short = 'B', long, value_name = "N", default_value_t = 0)]
    before: usize,
    /// So many lines behind each one, too
    #[arg(short = 'A', long, value_name = "N", default_value_t = 0)]
    after: usize,
    /// So many lines around each one, too
    #[arg(long, value_name = "N", conflicts_with_all = ["before", "after"])]
    around: Option<usize>,
    /// Go on with what comes, until the run ends
    #[arg(short, long, conflicts_with_all = ["moment", "before", "after", "around"])]
    follow: bool,
    /// The record of each line before it
    #[arg(long)]
    lsn: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["lsn", "index", "time", "level", "source", "text", "match"];
/// How often a follower looks whether it was interrupted.
const PATIENCE: Duration = Duration::from_millis(250);

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let form = arguments.output.form(&context.terminal);
    if arguments.follow && matches!(form, Form::Items(ItemForm::Json(_))) {
        let failure = Failure::usage("a JSON document has an end, and --follow has none");
        return Err(failure.hint("--ndjson").into());
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, arguments.at, context)?;
    // As of one moment, so that a follower goes on where this ends.
    let mut query = arguments.query(tracker.lines(row.run_id), context);
    if let Some(last) = Lsn::new(lsn) {
        query = query.at(last);
    }
    query = match (arguments.n, arguments.head) {
        (Some(count), _) => query.last(count),
        (None, Some(count)) => query.first(count),
        (None, None) => query,
    };
    let lines = query.fetch()?;
    if !arguments.follow {
        show(&lines, &form, lsn, arguments, context)?;
        if lines.is_empty() {
            context.note("no line of the run is asked for");
        }
        return Ok(Exit::Done);
    }
    let mut printer = Printer::new(form, arguments, context)?;
    lines.iter().try_for_each(|line| printer.print(line))?;
    printer.rest()?;
    if !matches!(
        row.state,
        RunState::Running | RunState::Pending | RunState::Queued
    ) {
        return Ok(Exit::Done);
    }
    let query = arguments.query(tracker.lines(row.run_id), context);
    let next = Lsn::new(lsn + 1).expect("it is more than 0");
    follow(query.from(next), printer)
}

fn follow(query: LinesQuery, mut printer: Printer<'_>) -> Outcome {
    let interrupt = Interrupt::listen()?;
    let mut lines = query.follow()?;
    while !lines.is_over() {
        if interrupt.is_set() {
            return Err(Stop::Interrupted);
        }
        let Some(line) = lines.next_within(PATIENCE)? else {
            continue;
        };
        printer.print(&line)?;
        while let Some(line) = lines.next_within(Duration::ZERO)? {
            printer.print(&line)?;
        }
        printer.rest()?;
    }
    Ok(Exit::Done)
}

impl Arguments {
    fn query(&self, query: LinesQuery, context: &Context) -> LinesQuery {
        let (before, after) = match self.around {
            Some(around) => (around, around),
            None => (self.before, self.after),
        };
        let mut query = query.around(before, after);
        if let Some(pattern) = &self.grep {
            query = query.grep(pattern);
        }
        for source in &self.source {
            query = query.source(source);
        }
        if let Some(level) = self.level {
            query = query.level(level);
        }
        if let Some(since) = self.since {
            query = query.times_ns(since.time_ns(context.started_ns)..);
        }
        query
    }
}

fn show(
    lines: &[LoggedLine],
    form: &Form,
    lsn: u64,
    arguments: &Arguments,
    context: &Context,
) -> Outcome<()> {
    match form {
        Form::Items(form) => {
            let mut writer = arguments.output.items(form.clone(), FIELDS)?;
            for line in lines {
                writer.item(&item(line))?;
            }
            let total = writer.count();
            let next = Value::Null;
            writer.finish(&Envelope { total, lsn, next })?.keep()?;
        }
        Form::Markdown => {
            let mut sink = arguments.output.sink()?;
            sink.write_all(b"```\n")?;
            for line in lines {
                writeln!(sink, "{}", people_line(line, arguments.lsn, false))?;
            }
            sink.write_all(b"```\n")?;
            sink.keep()?;
        }
        Form::People => {
            let mut text = String::new();
            for line in lines {
                let line = people_line(line, arguments.lsn, context.terminal.colour);
                writeln!(text, "{line}").expect("writing to a string cannot fail");
            }
            context.terminal.page(&text)?;
        }
    }
    Ok(())
}

fn item(line: &LoggedLine) -> Vec<Value> {
    vec![
        line.lsn.get().into(),
        line.index.into(),
        rfc3339(line.time.0).into(),
        line.level.to_string().into(),
        line.source.as_str().into(),
        line.text.as_str().into(),
        line.is_match.into(),
    ]
}

/// `12:01:07  stdout  epoch 1`, with the level where it is not the usual one.
fn people_line(line: &LoggedLine, with_lsn: bool, colour: bool) -> String {
    let mut head = String::new();
    if with_lsn {
        write!(head, "{:>8}  ", line.lsn.get()).expect("writing to a string cannot fail");
    }
    let source = if line.source.is_empty() {
        "-"
    } else {
        &line.source
    };
    write!(head, "{}  {source:6}", clock(line.time.0)).expect("writing to a string cannot fail");
    let is_shown = |letter: char| letter == '\t' || !letter.is_control();
    let text: String = line
        .text
        .chars()
        .map(|letter| if is_shown(letter) { letter } else { '\u{fffd}' })
        .collect();
    let (tone, level) = match line.level {
        Level::Error => (Tone::Bad, "error  "),
        Level::Warn => (Tone::Warning, "warn  "),
        _ => (Tone::Plain, ""),
    };
    let tone = if line.is_match { tone } else { Tone::Dim };
    let text = paint(&format!("{level}{text}"), tone, colour);
    format!("{}  {text}", paint(&head, Tone::Dim, colour))
}

/// Lines as they come.
struct Printer<'a> {
    manner: Manner,
    arguments: &'a Arguments,
    colour: bool,
}

enum Manner {
    Items(ItemWriter<Sink>),
    Text(Sink),
}

impl Printer<'_> {
    fn new<'a>(form: Form, arguments: &'a Arguments, context: &Context) -> Outcome<Printer<'a>> {
        let manner = match form {
            Form::Items(form) => {
                let sink = arguments.output.growing_sink()?;
                let writer = ItemWriter::new(form, FIELDS, sink);
                Manner::Items(writer.map_err(|name| unknown_field(&name, FIELDS))?)
            }
            Form::People | Form::Markdown => Manner::Text(arguments.output.growing_sink()?),
        };
        let colour = context.terminal.colour;
        Ok(Printer {
            manner,
            arguments,
            colour,
        })
    }

    fn print(&mut self, line: &LoggedLine) -> Outcome<()> {
        match &mut self.manner {
            Manner::Items(writer) => writer.item(&item(line))?,
            Manner::Text(sink) => {
                writeln!(
                    sink,
                    "{}",
                    people_line(line, self.arguments.lsn, self.colour)
                )?;
            }
        }
        Ok(())
    }

    /// Nothing more for now: what was written leaves.
    fn rest(&mut self) -> Outcome<()> {
        match &mut self.manner {
            Manner::Items(writer) => writer.flush()?,
            Manner::Text(sink) => sink.flush()?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mltrack::Tracker;

    use super::*;

    #[test]
    fn what_a_line_holds_moves_no_cursor() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let run = tracker.experiment("e").unwrap().start_run().unwrap();
        run.log_line(Level::Error, "a\u{1b}[2Jb\tc").unwrap();
        let lines = tracker.lines(run.id()).fetch().unwrap();
        let text = people_line(&lines[0], true, false);
        assert!(
            text.ends_with("  -       error  a\u{fffd}[2Jb\tc"),
            "{text:?}"
        );
        run.finish().unwrap();
    }
}
