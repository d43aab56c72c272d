//! `mltrack metrics`: the points of a run's metrics, whole, thinned or drawn.

use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At, Curve};
use crate::moment::Steps;
use crate::output::items::Envelope;
use crate::output::quantity::{clock, counted, number, rfc3339, short_number};
use crate::output::table::{Column, Table};
use crate::output::{Form, OutputArguments, Terminal, list_fields};
use crate::plot::{Glyphs, Series, Size, plot};
use crate::store;

/// Print or plot the points of a run's metrics
#[derive(Debug, clap::Args)]
#[command(
    after_help = "  mltrack metrics @last 'val*' --plot\n  mltrack metrics @best loss --steps 0..1000 --csv -o loss.csv"
)]
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
    /// At most so many points of each metric; extremes are kept
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_points: Option<u32>,
    /// Draw them
    #[arg(long, conflicts_with = "form")]
    plot: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub const FIELDS: &[&str] = &["name", "step", "time", "value", "context"];

/// A terminal shows so many points of a metric at most; all others are a pipe or `--max-points` away.
const PEOPLE_POINTS_MAX: u32 = 200;
const PLOT_POINTS_MAX: u32 = 2_000;
const PLOT_HEIGHT: usize = 16;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let (row, lsn) = look::run(&tracker, &arguments.run, arguments.at, context)?;
    let form = arguments.output.form(&context.terminal);
    let max_points = match &form {
        _ if arguments.max_points.is_some() => arguments.max_points,
        _ if arguments.plot => Some(PLOT_POINTS_MAX),
        Form::People | Form::Markdown => Some(PEOPLE_POINTS_MAX),
        Form::Items(_) => None,
    };
    let steps = arguments
        .steps
        .map_or(i64::MIN..=i64::MAX, |steps| steps.first..=steps.last);
    let wish = look::CurveWish {
        globs: &arguments.globs,
        steps,
        max_points,
        at: arguments.at,
    };
    let curves = look::curves(&tracker, &row, &wish, context)?;
    if arguments.plot {
        let text = drawn(&curves, &context.terminal);
        context.terminal.page(&text)?;
        return Ok(Exit::Done);
    }
    match form {
        Form::Items(form) => {
            let mut writer = arguments.output.items(form, FIELDS)?;
            for curve in &curves {
                for point in &curve.points {
                    writer.item(&item(curve, point))?;
                }
            }
            let total = writer.count();
            writer.finish(&Envelope {
                total,
                lsn,
                next: Value::Null,
            })?;
        }
        Form::Markdown => {
            use std::io::Write as _;
            let mut sink = arguments.output.sink()?;
            sink.write_all(table(&curves).markdown().as_bytes())?;
            sink.flush()?;
        }
        Form::People => {
            let terminal = &context.terminal;
            terminal.page(&table(&curves).fitted(terminal.width, terminal.colour))?;
        }
    }
    Ok(Exit::Done)
}

pub fn item(curve: &Curve, point: &look::CurvePoint) -> Vec<Value> {
    vec![
        curve.name.as_str().into(),
        point.step.into(),
        rfc3339(point.time_ns).into(),
        number(point.value),
        context_value(curve),
    ]
}

pub fn context_value(curve: &Curve) -> Value {
    curve
        .context
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
                clock(point.time_ns),
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

/// Curves on common axes, as wide as the terminal.
pub fn drawn(curves: &[Curve], terminal: &Terminal) -> String {
    let points = |curve: &Curve| {
        curve
            .points
            .iter()
            .map(|point| (point.step as f64, point.value))
            .collect()
    };
    let labels: Vec<String> = curves.iter().map(Curve::label).collect();
    let points: Vec<Vec<(f64, f64)>> = curves.iter().map(points).collect();
    let series: Vec<Series<'_>> = labels
        .iter()
        .zip(&points)
        .map(|(name, points)| Series { name, points })
        .collect();
    let size = Size {
        width: terminal.width.min(120),
        height: PLOT_HEIGHT,
    };
    plot(&series, size, Glyphs::of_locale())
}
