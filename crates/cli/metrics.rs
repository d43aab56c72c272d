//! `mltrack metrics`: the points of a run's metrics, whole, thinned, drawn or in numbers; and what is no single number.

pub mod draw;
mod stats;
mod values;

use std::io::Write as _;
use std::ops::RangeInclusive;

use clap::ValueEnum;
use mltrack::Tracker;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At, Curve, CurveWish};
use crate::moment::{Steps, When};
use crate::output::items::Envelope;
use crate::output::quantity::{clock, counted, number, short_number, time_value};
use crate::output::table::{Column, Table};
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print};
use crate::replicates::{Replicates, grouped};
use crate::runs::pick::{Wish, find};
use crate::runs::row::RunRow;
use crate::{pairs, store};
use draw::{Manner, drawn, drawn_together};

/// Print or plot the points of a run's metrics
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack metrics @last 'val*' --plot --log
  mltrack metrics @running loss --plot --smooth 0.9 --since 1h
  mltrack metrics @best --stats
  mltrack metrics @best loss --steps 0..1000 --csv -o loss.csv
  mltrack metrics @best acc --plot --by seed --median --band minmax
  mltrack metrics @last 'gradient/*' --kind histograms --plot")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    run: String,
    /// Only metrics of these names; * and ? stand for anything
    #[arg(value_name = "GLOB")]
    globs: Vec<String>,
    /// Only these steps, both ends included
    #[arg(long, value_name = "A..B", allow_hyphen_values = true)]
    steps: Option<Steps>,
    /// Only points logged since: a length of time such as 2h, or a time
    #[arg(long, value_name = "2h|TIME", allow_hyphen_values = true)]
    since: Option<When>,
    /// Only points logged until then
    #[arg(long, value_name = "2h|TIME", allow_hyphen_values = true)]
    until: Option<When>,
    /// Only metrics with this in their context
    #[arg(long, value_name = "KEY=VALUE", value_parser = pairs::split)]
    context: Vec<(String, String)>,
    /// At most so many points of each metric; extremes are kept
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_points: Option<u32>,
    /// What to show: points are single numbers
    #[arg(long, value_enum, value_name = "KIND", default_value = "points")]
    kind: Kind,
    /// Numbers about each metric instead of its points: extremes, mean, median and others
    #[arg(long, conflicts_with_all = ["plot", "max_points"])]
    stats: bool,
    /// Draw them
    #[arg(long, conflicts_with = "form")]
    plot: bool,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Points,
    /// Distributions
    Histograms,
    /// Tables, confusion matrices, whatever was logged as JSON
    Json,
}

pub const FIELDS: &[&str] = &["name", "step", "time", "value", "context"];

/// A terminal shows so many points of a metric at most; all others are a pipe or `--max-points` away.
const PEOPLE_POINTS_MAX: u32 = 200;
const PLOT_POINTS_MAX: u32 = 2_000;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let fields = if arguments.stats {
        stats::FIELDS
    } else {
        FIELDS
    };
    if list_fields(&arguments.output, fields)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, arguments.at, context)?;
    let wish = arguments.wish(context);
    match arguments.kind {
        Kind::Points => {}
        Kind::Histograms if arguments.plot => {
            let points = values::histograms(&tracker, &row, &wish, context)?;
            context
                .terminal
                .page(&values::drawn(&points, &context.terminal))?;
            return Ok(Exit::Done);
        }
        Kind::Histograms | Kind::Json => {
            let sheet = match arguments.kind {
                Kind::Json => values::json_sheet(&tracker, &row, &wish, lsn, context)?,
                _ => values::histogram_sheet(&tracker, &row, &wish, lsn, context)?,
            };
            print(&sheet, &arguments.output, &context.terminal)?;
            return Ok(Exit::Done);
        }
    }
    if arguments.stats {
        let found = wish.query(&tracker, &row, context).stats()?;
        if found.is_empty() {
            remark_nothing(&row, context);
        }
        let sheet = stats::sheet_of(&found, lsn);
        print(&sheet, &arguments.output, &context.terminal)?;
        return Ok(Exit::Done);
    }
    if !arguments.manner.by().is_empty() {
        let runs = arguments.replicates(&tracker, &row, context)?;
        let curves = runs
            .iter()
            .map(|row| look::curves(&tracker, row, &wish, context));
        let text = drawn_together(
            &curves.collect::<Outcome<Vec<_>>>()?,
            &arguments.manner,
            &context.terminal,
        );
        context.terminal.page(&text)?;
        return Ok(Exit::Done);
    }
    let curves = look::curves(&tracker, &row, &wish, context)?;
    if curves.is_empty() {
        remark_nothing(&row, context);
    }
    if arguments.plot {
        let text = drawn(&curves, &arguments.manner, &context.terminal);
        context.terminal.page(&text)?;
        return Ok(Exit::Done);
    }
    points(arguments, &row, &curves, lsn, context)
}

/// An empty answer is no failure; a slip in a name looks the same, so the names are told.
fn remark_nothing(row: &RunRow, context: &Context) {
    const TOLD_MAX: usize = 10;
    let labels = row.metrics.iter().map(|metric| metric.label.as_str());
    let mut told: Vec<&str> = labels.take(TOLD_MAX).collect();
    if told.is_empty() {
        context.note("the run has no metrics");
        return;
    }
    if row.metrics.len() > TOLD_MAX {
        told.push("..");
    }
    context.note(&format!(
        "no point is asked for; the run has {}",
        told.join(", ")
    ));
}

impl Arguments {
    /// The runs of its experiment that agree with it in all params but those that tell replicates apart.
    fn replicates(
        &self,
        tracker: &Tracker,
        row: &RunRow,
        context: &Context,
    ) -> Outcome<Vec<RunRow>> {
        let wish = Wish {
            experiment: Some(&row.experiment),
            at: self.at,
            ..Wish::default()
        };
        let rows = find(tracker, &wish, context)?.rows;
        let has_it = |group: &Replicates| group.rows.iter().any(|other| other.id == row.id);
        let mut groups = grouped(rows, self.manner.by()).into_iter();
        Ok(groups
            .find(has_it)
            .map_or_else(|| vec![row.clone()], |group| group.rows))
    }

    fn wish(&self, context: &Context) -> CurveWish<'_> {
        let max_points = match self.output.form(&context.terminal) {
            _ if self.max_points.is_some() => self.max_points,
            _ if self.plot && self.manner.needs_every_point() => None,
            _ if self.plot => Some(PLOT_POINTS_MAX),
            Form::People | Form::Markdown => Some(PEOPLE_POINTS_MAX),
            Form::Items(_) => None,
        };
        CurveWish {
            context: &self.context,
            steps: self
                .steps
                .map_or(i64::MIN..=i64::MAX, |steps| steps.first..=steps.last),
            times_ns: self.times_ns(context.started_ns),
            max_points,
            is_drawn: self.plot,
            at: self.at,
            ..CurveWish::of(&self.globs)
        }
    }

    fn times_ns(&self, now_ns: i64) -> RangeInclusive<i64> {
        let time_ns =
            |when: Option<When>, open: i64| when.map_or(open, |when| when.time_ns(now_ns));
        time_ns(self.since, i64::MIN)..=time_ns(self.until, i64::MAX)
    }
}

/// Programs get the points one by one, so a million of them need no second copy.
fn points(
    arguments: &Arguments,
    row: &RunRow,
    curves: &[Curve],
    lsn: u64,
    context: &Context,
) -> Outcome {
    let terminal = &context.terminal;
    match arguments.output.form(terminal) {
        Form::Items(form) => {
            let mut writer = arguments.output.items(form, FIELDS)?;
            for curve in curves {
                for point in &curve.points {
                    writer.item(&item(curve, point))?;
                }
            }
            let total = writer.count();
            let envelope = Envelope {
                total,
                lsn,
                next: Value::Null,
            };
            writer.finish(&envelope)?.keep()?;
        }
        Form::Markdown => {
            let mut sink = arguments.output.sink()?;
            sink.write_all(table(curves).markdown().as_bytes())?;
            sink.keep()?;
        }
        Form::People => {
            terminal.page(&table(curves).fitted(terminal.width, terminal.colour))?;
        }
    }
    let logged: u64 = curves.iter().map(|curve| curve.logged).sum();
    if logged == 0 && context.stderr_is_terminal {
        let names: Vec<&str> = row.metrics.iter().map(|it| it.label.as_str()).collect();
        context.note(&format!("the run's metrics: {}", names.join(", ")));
    }
    Ok(Exit::Done)
}

pub fn item(curve: &Curve, point: &look::CurvePoint) -> Vec<Value> {
    vec![
        curve.name.as_str().into(),
        point.step.into(),
        time_value(point.time_ns),
        number(point.value),
        pairs_value(&curve.context),
    ]
}

/// A context as an object.
fn pairs_value(pairs: &[(String, String)]) -> Value {
    pairs
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn table(curves: &[Curve]) -> Table {
    let columns = vec![
        Column::text("metric"),
        Column::number("step"),
        Column::text("time"),
        Column::number("value"),
    ];
    let rows = curves.iter().flat_map(|curve| {
        curve.points.iter().map(|point| {
            let cells = [
                curve.label(),
                point.step.to_string(),
                point.time_ns.map_or_else(String::new, clock),
                short_number(point.value),
            ];
            cells.map(Into::into).to_vec()
        })
    });
    let logged: u64 = curves.iter().map(|curve| curve.logged).sum();
    let rows: Vec<_> = rows.collect();
    let mut notes = vec![counted(logged, "point")];
    if (rows.len() as u64) < logged {
        notes.push(format!(
            "{} shown, extremes kept; a pipe or --json shows all",
            rows.len()
        ));
    }
    Table {
        columns,
        rows,
        notes,
    }
}

/// An answer with a table.
fn sheet(fields: &'static [&'static str], items: Vec<Vec<Value>>, table: Table, lsn: u64) -> Sheet {
    let envelope = Envelope {
        total: items.len() as u64,
        lsn,
        next: Value::Null,
    };
    Sheet {
        fields,
        items,
        envelope,
        people: People::Table(table),
    }
}
