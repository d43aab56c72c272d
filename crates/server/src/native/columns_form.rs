//! The history of metrics as columns of bytes and as CSV.
//!
//! Invariants: every column begins at a multiple of eight bytes, so that a browser takes it as a `Float64Array` without
//! a copy; a value is the very bits that were logged. `docs/api.md` draws the layout.

use std::fmt::Write as _;

use mltrack::{Bucket, History, Points, RunId, Series, WallTime};
use serde_json::json;

use super::history_form::{label, time_ms};
use super::moment::time_text;

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

/// The histories as columns of bytes.
pub fn bytes(histories: &[(RunId, History)]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((histories.len() as u32).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    for (run, history) in histories {
        let (kind, columns) = match &history.series {
            Series::Points(points) => ("points", of_points(points)),
            Series::Buckets(buckets) => ("buckets", of_buckets(buckets)),
        };
        push_history(&mut bytes, *run, history, kind, &columns);
    }
    bytes
}

fn push_history(
    bytes: &mut Vec<u8>,
    run: RunId,
    history: &History,
    kind: &str,
    columns: &[(&str, Column)],
) {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let described: Vec<_> = columns
        .iter()
        .map(|(name, column)| json!({"name": name, "type": column.type_name()}))
        .collect();
    let mut head = json!({
        "run": run.to_string(),
        "metric": label(&history.name, &history.context),
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

/// The histories as lines of text with a head.
pub fn csv(histories: &[(RunId, History)]) -> String {
    let is_exact = histories
        .first()
        .is_none_or(|(_, history)| history.series.points().is_some());
    let head = if is_exact {
        "run,metric,step,time,value,lsn\n"
    } else {
        "run,metric,step_first,step_last,first,last,min,min_step,max,max_step,mean,count,nan_count\n"
    };
    let mut text = String::from(head);
    for (run, history) in histories {
        let begin = format!("{run},{}", quoted(&label(&history.name, &history.context)));
        match &history.series {
            Series::Points(points) => push_points(&mut text, &begin, points),
            Series::Buckets(buckets) => push_buckets(&mut text, &begin, buckets),
        }
    }
    text
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
