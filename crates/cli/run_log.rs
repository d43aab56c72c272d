//! `mltrack run log`: points of a run, from the command line or from a program's output.
//!
//! 1. A line is logged before the next one is read from the pipe, so what was read is never lost.
//! 2. With `--ack` a line is acknowledged only after its points are visible to every process, and the
//!    acknowledgement is flushed before the next line is logged.

mod lines;

use std::io::{self, BufRead as _, BufReader, Write as _};

use mltrack::{Code, Logged, Run};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::look::{self, At};
use crate::{pairs, store};
use lines::{LineForm, Points};

/// Log points to a run
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack run log @last loss=0.5 acc=0.9 --step 17
  ./train | mltrack run log $R --parse 'step=(\\d+) loss=(\\S+)'
  ./train | mltrack run log $R --ndjson --ack

Without pairs and without --parse or --ndjson, lines of name=number words are read.
`step` is the step; lines without one count on from the run's last.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running
    #[arg(value_name = "RUN")]
    run: String,
    /// Metrics of one step; stdin is read when there are none
    #[arg(value_name = "K=V", value_parser = pairs::metric)]
    points: Vec<(String, f64)>,
    /// The step of the metrics given here
    #[arg(long, requires = "points", allow_hyphen_values = true)]
    step: Option<i64>,
    /// Read lines by this pattern; groups are named (?<loss>..) or by the word before: loss=(..)
    #[arg(long, value_name = "REGEX", conflicts_with = "points")]
    parse: Option<String>,
    /// Read lines of JSON objects
    #[arg(long, conflicts_with_all = ["points", "parse"])]
    ndjson: bool,
    /// Print the lsn of every accepted line, flushed
    #[arg(long)]
    ack: bool,
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Tally {
    lines: u64,
    accepted: u64,
    refused: u64,
    /// The first refusal: line and reason.
    first_refusal: Option<(u64, String)>,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let form = line_form(arguments)?;
    let tracker = store::open_to_write(context)?;
    let (row, _) = look::run(&tracker, &arguments.run, At::default(), context)?;
    let step_next = row
        .metrics
        .iter()
        .map(|metric| metric.last.step.saturating_add(1))
        .max()
        .unwrap_or(0);
    let mut feeder = Feeder {
        run: tracker.attach(row.run_id)?,
        step_next,
        acknowledge: arguments.ack,
    };
    if !arguments.points.is_empty() {
        feeder.log(&Points {
            step: arguments.step,
            values: arguments.points.clone(),
        })?;
        return Ok(Exit::Done);
    }
    let tally = read_lines(&form, &mut feeder)?;
    if tally.accepted == 0 && tally.refused == 0 && tally.lines > 0 {
        context.note(&format!("none of {} lines had a value to log", tally.lines));
    }
    match tally.first_refusal {
        None => Ok(Exit::Done),
        Some((line, reason)) => {
            let what = format!(
                "{} of {} lines could not be used",
                tally.refused, tally.lines
            );
            Err(Failure::new(Code::Partial, what)
                .cause(format!("line {line}: {reason}"))
                .into())
        }
    }
}

fn line_form(arguments: &Arguments) -> Outcome<LineForm> {
    match &arguments.parse {
        Some(pattern) => Ok(LineForm::pattern(pattern).map_err(|reason| {
            Failure::usage("the pattern of --parse cannot be used")
                .cause(reason)
                .hint("mltrack run log --help")
        })?),
        None if arguments.ndjson => Ok(LineForm::Json),
        None => Ok(LineForm::Pairs),
    }
}

struct Feeder {
    run: Run,
    step_next: i64,
    acknowledge: bool,
}

impl Feeder {
    fn log(&mut self, points: &Points) -> Outcome<()> {
        let step = points.step.unwrap_or(self.step_next);
        self.step_next = self.step_next.max(step.saturating_add(1));
        let values = points
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), *value));
        let logged = self.run.log_metrics(step, values)?;
        if self.acknowledge {
            let mut stdout = io::stdout().lock();
            match logged {
                Logged::Visible(lsn) => writeln!(stdout, "{lsn}")?,
                Logged::Deferred => writeln!(stdout, "deferred")?,
                Logged::Disabled => writeln!(stdout, "disabled")?,
            }
            stdout.flush()?;
        }
        Ok(())
    }
}

fn read_lines(form: &LineForm, feeder: &mut Feeder) -> Outcome<Tally> {
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    let mut tally = Tally::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = input.read_until(b'\n', &mut line).map_err(cannot_read)?;
        if read == 0 {
            return Ok(tally);
        }
        tally.lines += 1;
        let text = String::from_utf8_lossy(&line);
        match form.read(text.trim_end_matches(['\n', '\r'])) {
            Ok(None) => {}
            Ok(Some(points)) => {
                feeder.log(&points)?;
                tally.accepted += 1;
            }
            Err(reason) => {
                tally.refused += 1;
                tally.first_refusal.get_or_insert((tally.lines, reason));
            }
        }
    }
}

fn cannot_read(error: io::Error) -> Stop {
    Failure::new(Code::IoError, "cannot read standard input")
        .cause(error)
        .into()
}
