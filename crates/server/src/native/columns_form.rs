//! The history of metrics as columns of bytes and as CSV.
//!
//! Invariants: every column begins at a multiple of eight bytes, so that a browser takes it as a `Float64Array` without
//! a copy; a value is the very bits that were logged. `docs/api.md` draws the layout.

use std::fmt::Write as _;

use mltrack::{Bucket, Points, Series, WallTime};
use serde_json::json;

use super::curve::Curve;
use super::history_form::{Told, label, time_ms};
use super::moment::time_text;
use super::number::Number;

/// The type of an answer in columns of bytes.
pub const COLUMNS: &str = "application/vnd.mltrack.columns";
/// What it begins with.
const MAGIC: &[u8; 8] = b"MLTCOL\x00\x01";
/// Whole numbers up to here are the same as floating-point numbers.
const EXACT_MAX: u64 = 1 << 53;

/// A column under its name.
enum Column {
    Floats(Vec<f64>),
    /// Numbers that a floating-point number cannot hold.
    Integers(Vec<i64>),
}

/// The histories as columns of bytes: all columns, or only those of these names.
pub fn bytes(histories: &[Told], wanted: &[String]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((histories.len() as u32).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    for told in histories {
        let (kind, mut columns) = match (&told.curve, &told.history.series) {
            (Some(curve), _) => ("curve", of_curve(curve)),
            (None, Series::Points(points)) => ("points", of_points(points)),
            (None, Series::Buckets(buckets)) => ("buckets", of_buckets(buckets)),
        };
        let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|known| known == name);
        columns.retain(|(name, _)| is_wanted(name));
        push_history(&mut bytes, told, kind, &columns);
    }
    bytes
}

fn push_history(bytes: &mut Vec<u8>, told: &Told, kind: &str, columns: &[(&str, Column)]) {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let described: Vec<_> = columns
        .iter()
        .map(|(name, column)| json!({"name": name, "type": column.type_name()}))
        .collect();
    let mut head = json!({
        "run": told.run.to_string(),
        "metric": label(&told.history.name, &told.history.context),
        "kind": kind,
        "columns": described,
    })
    .to_string();
    while !head.len().is_multiple_of(8) {
        head.push(' ');
    }
    bytes.extend((head.len() as u32).to_le_bytes());
    bytes.extend((rows as u32).to_le_bytes());
    bytes.extend(head.as_bytes());
    for (_, column) in columns {
        column.push_to(bytes);
    }
}

impl Column {
    fn integers(values: impl Iterator<Item = i64> + Clone) -> Column {
        if values
            .clone()
            .all(|value| value.unsigned_abs() <= EXACT_MAX)
        {
            return Column::Floats(values.map(|value| value as f64).collect());
        }
        Column::Integers(values.collect())
    }

    fn len(&self) -> usize {
        match self {
            Column::Floats(values) => values.len(),
            Column::Integers(values) => values.len(),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Column::Floats(_) => "f64",
            Column::Integers(_) => "i64",
        }
    }

    fn push_to(&self, bytes: &mut Vec<u8>) {
        match self {
            Column::Floats(values) => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
            Column::Integers(values) => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
        }
    }
}

fn of_points(points: &Points) -> Vec<(&'static str, Column)> {
    let times = points.times_ns.iter().copied().map(time_ms).collect();
    let lsns = points.lsns.iter().map(|lsn| lsn.get() as i64);
    vec![
        ("step", Column::integers(points.steps.iter().copied())),
        ("time_ms", Column::Floats(times)),
        ("value", Column::Floats(points.values.clone())),
        ("lsn", Column::integers(lsns)),
    ]
}

fn of_buckets(buckets: &[Bucket]) -> Vec<(&'static str, Column)> {
    let floats = |of: fn(&Bucket) -> f64| Column::Floats(buckets.iter().map(of).collect());
    let integers = |of: fn(&Bucket) -> i64| Column::integers(buckets.iter().map(of));
    // Where all values are NaN, so is their extreme, and its step is that of the first.
    vec![
        ("step_first", integers(|bucket| bucket.step_first)),
        ("step_last", integers(|bucket| bucket.step_last)),
        ("first", floats(|bucket| bucket.first)),
        ("last", floats(|bucket| bucket.last)),
        ("min", floats(|b| b.min.map_or(f64::NAN, |min| min.value))),
        (
            "min_step",
            integers(|b| b.min.map_or(b.step_first, |min| min.step)),
        ),
        ("max", floats(|b| b.max.map_or(f64::NAN, |max| max.value))),
        (
            "max_step",
            integers(|b| b.max.map_or(b.step_first, |max| max.step)),
        ),
        ("mean", floats(|bucket| bucket.mean().unwrap_or(f64::NAN))),
        ("count", integers(|bucket| bucket.count as i64)),
        ("nan_count", integers(|bucket| bucket.nan_count as i64)),
    ]
}

fn of_curve(curve: &Curve) -> Vec<(&'static str, Column)> {
    let floats = |column: &[Number]| Column::Floats(column.iter().map(|number| number.0).collect());
    let counts = |column: &[u64]| Column::integers(column.iter().map(|count| *count as i64));
    let mut columns = vec![
        ("x_first", floats(&curve.x_first)),
        ("x_last", floats(&curve.x_last)),
        ("first", floats(&curve.first)),
        ("last", floats(&curve.last)),
        ("min", floats(&curve.min)),
        ("min_x", floats(&curve.min_x)),
        ("max", floats(&curve.max)),
        ("max_x", floats(&curve.max_x)),
        ("mean", floats(&curve.mean)),
        ("count", counts(&curve.count)),
        ("nan_count", counts(&curve.nan_count)),
    ];
    if !curve.smooth.is_empty() {
        columns.push(("smooth", floats(&curve.smooth)));
    }
    columns
}

/// The histories as lines of text with a head.
pub fn csv(histories: &[Told]) -> String {
    let is_exact = histories
        .first()
        .is_none_or(|told| told.history.series.points().is_some());
    let is_curve = histories.first().is_some_and(|told| told.curve.is_some());
    let head = if is_curve {
        "run,metric,x_first,x_last,first,last,min,min_x,max,max_x,mean,count,nan_count,smooth\n"
    } else if is_exact {
        "run,metric,step,time,value,lsn\n"
    } else {
        "run,metric,step_first,step_last,first,last,min,min_step,max,max_step,mean,count,nan_count\n"
    };
    let mut text = String::from(head);
    for told in histories {
        let Told { run, history, .. } = told;
        let begin = format!("{run},{}", quoted(&label(&history.name, &history.context)));
        match (&told.curve, &history.series) {
            (Some(curve), _) => push_curve(&mut text, &begin, curve),
            (None, Series::Points(points)) => push_points(&mut text, &begin, points),
            (None, Series::Buckets(buckets)) => push_buckets(&mut text, &begin, buckets),
        }
    }
    text
}

fn push_curve(text: &mut String, begin: &str, curve: &Curve) {
    for at in 0..curve.count.len() {
        let number = |column: &[Number]| column[at].0;
        let smooth = curve.smooth.get(at).map(|smooth| smooth.0.to_string());
        writeln!(
            text,
            "{begin},{},{},{},{},{},{},{},{},{},{},{},{}",
            number(&curve.x_first),
            number(&curve.x_last),
            number(&curve.first),
            number(&curve.last),
            number(&curve.min),
            number(&curve.min_x),
            number(&curve.max),
            number(&curve.max_x),
            number(&curve.mean),
            curve.count[at],
            curve.nan_count[at],
            smooth.unwrap_or_default()
        )
        .expect("writing to a string cannot fail");
    }
}

fn push_points(text: &mut String, begin: &str, points: &Points) {
    for at in 0..points.len() {
        let time = time_text(WallTime(points.times_ns[at]));
        let (step, value, lsn) = (points.steps[at], points.values[at], points.lsns[at]);
        writeln!(text, "{begin},{step},{time},{value},{lsn}")
            .expect("writing to a string cannot fail");
    }
}

fn push_buckets(text: &mut String, begin: &str, buckets: &[Bucket]) {
    for bucket in buckets {
        let Bucket {
            step_first,
            step_last,
            first,
            last,
            count,
            nan_count,
            ..
        } = bucket;
        let extreme = |extreme: Option<mltrack::Extreme>| {
            extreme.map_or(",".to_owned(), |at| format!("{},{}", at.value, at.step))
        };
        let (min, max) = (extreme(bucket.min), extreme(bucket.max));
        let mean = bucket
            .mean()
            .map(|mean| mean.to_string())
            .unwrap_or_default();
        writeln!(
            text,
            "{begin},{step_first},{step_last},{first},{last},{min},{max},{mean},{count},{nan_count}"
        )
        .expect("writing to a string cannot fail");
    }
}

/// A cell that may hold commas and quotes.
pub fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
