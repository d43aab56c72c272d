//! The points of metrics over what is across.
//!
//! Invariant: over steps, without smoothing, the library's buckets are asked for, whose extremes were logged; all other
//! lines are made of every point, smoothed first and thinned afterwards.

use std::collections::BTreeMap;

use mltrack::{Code, Tracker};
use mltrack_plot::{smoothed, thinned};

use super::Arguments;
use super::chosen::Chosen;
use super::options::Across;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::look::{self, Curve, CurvePoint, CurveWish};
use crate::runs::row::RunRow;

/// More stretches than a print has dots for.
pub const PARTS: usize = 700;
const NS: f64 = 1e9;

/// One metric of one run.
pub struct Logged {
    pub label: String,
    pub name: String,
    /// Pairs of place and value, in the order of places.
    pub points: Vec<(f64, f64)>,
    pub smooth: Vec<(f64, f64)>,
    /// How many points were logged.
    pub count: u64,
    pub not_finite: usize,
    /// Points without a place across: a step at which the metric there was not logged.
    pub placeless: usize,
    /// Whether the run has what is across at any step.
    has_across: bool,
}

/// The metrics of a run that are asked for. `is_whole` asks for every point, whatever is drawn.
pub fn of_run(
    arguments: &Arguments,
    tracker: &Tracker,
    (row, globs): (&RunRow, &[String]),
    is_whole: bool,
    context: &Context,
) -> Outcome<Vec<Logged>> {
    let smoothing = arguments.smooth.filter(|share| *share > 0.0);
    let buckets_do = arguments.x == Across::Step && smoothing.is_none() && !is_whole;
    let wish = CurveWish {
        context: &arguments.context,
        steps: arguments.steps(),
        max_points: buckets_do.then_some(PARTS as u32 * 4),
        is_drawn: true,
        at: arguments.at,
        ..CurveWish::of(globs)
    };
    let curves = look::curves(tracker, row, &wish, context)?;
    let places = places(arguments, tracker, row, context)?;
    let line = |curve: &Curve| {
        let (points, placeless) = placed(curve, &places);
        let smooth = smoothing
            .map(|share| smoothed(&points, share))
            .unwrap_or_default();
        Logged {
            label: curve.label(),
            name: curve.name.clone(),
            count: curve.logged,
            not_finite: points.iter().filter(|point| !point.1.is_finite()).count(),
            placeless,
            has_across: !matches!(&places, Places::Metric(values) if values.is_empty()),
            smooth: if is_whole {
                smooth
            } else {
                thinned(&smooth, PARTS)
            },
            points: if is_whole || buckets_do {
                points
            } else {
                thinned(&points, PARTS)
            },
        }
    };
    let is_shown = |curve: &&Curve| !globs.is_empty() || !curve.name.starts_with("system/");
    Ok(curves.iter().filter(is_shown).map(line).collect())
}

/// Where a point lies.
enum Places {
    Step,
    /// Seconds since 1970.
    Time,
    /// Seconds after this time, in ns.
    Since(i64),
    /// The value of a metric at each of its steps.
    Metric(BTreeMap<i64, f64>),
}

fn places(
    arguments: &Arguments,
    tracker: &Tracker,
    row: &RunRow,
    context: &Context,
) -> Outcome<Places> {
    Ok(match &arguments.x {
        Across::Step => Places::Step,
        Across::Time => Places::Time,
        Across::Relative => Places::Since(row.started_ns.unwrap_or(row.heard_ns)),
        Across::Named(name) => {
            let globs = [name.clone()];
            let of_any = CurveWish {
                at: arguments.at,
                ..CurveWish::of(&globs)
            };
            let wish = CurveWish {
                context: &arguments.context,
                ..of_any.clone()
            };
            let mut curves = look::curves(tracker, row, &wish, context)?;
            // What is across need not be of the same part of the data, such as an epoch.
            if curves.is_empty() && !arguments.context.is_empty() {
                curves = look::curves(tracker, row, &of_any, context)?;
            }
            let points = curves.iter().flat_map(|curve| &curve.points);
            Places::Metric(points.map(|point| (point.step, point.value)).collect())
        }
    })
}

fn placed(curve: &Curve, places: &Places) -> (Vec<(f64, f64)>, usize) {
    let place = |point: &CurvePoint| match places {
        Places::Step => Some(point.step as f64),
        Places::Time => point.time_ns.map(|ns| ns as f64 / NS),
        Places::Since(start) => point
            .time_ns
            .map(|ns| ns.saturating_sub(*start) as f64 / NS),
        Places::Metric(values) => values.get(&point.step).copied().filter(|x| x.is_finite()),
    };
    let pair = |point: &CurvePoint| place(point).map(|x| (x, point.value));
    let mut points: Vec<(f64, f64)> = curve.points.iter().filter_map(pair).collect();
    let placeless = curve.points.len() - points.len();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    (points, placeless)
}

impl Arguments {
    pub fn steps(&self) -> std::ops::RangeInclusive<i64> {
        self.first_step.unwrap_or(i64::MIN)..=self.last_step.unwrap_or(i64::MAX)
    }

    /// The name of what is across, and how it is spread.
    pub fn across(&self) -> (String, mltrack_plot::Scale) {
        use mltrack_plot::Scale;
        let (name, scale) = match &self.x {
            Across::Step => ("step", Scale::Whole),
            Across::Time => ("time", Scale::Clock),
            Across::Relative => ("time since the start", Scale::Duration),
            Across::Named(name) => (name.as_str(), Scale::Linear),
        };
        match (self.log_x, &self.x) {
            (true, Across::Relative) => ("seconds since the start".to_owned(), Scale::Log),
            (true, _) => (name.to_owned(), Scale::Log),
            (false, _) => (name.to_owned(), scale),
        }
    }

    /// What cannot be drawn together.
    pub fn check_axes(&self) -> Outcome<()> {
        if self.log_x && self.x == Across::Time {
            return Err(Failure::usage("times of day have no logarithms")
                .hint("--x relative --log-x: the time since a run began")
                .into());
        }
        Ok(())
    }

    /// Whether a point has a place on both axes.
    pub fn has_place(&self, (x, y): (f64, f64)) -> bool {
        !((self.log_x && x <= 0.0) || (self.log_y && y <= 0.0))
    }

    pub fn up(&self) -> mltrack_plot::Scale {
        if self.log_y {
            mltrack_plot::Scale::Log
        } else {
            mltrack_plot::Scale::Linear
        }
    }
}

/// That there are points over a metric that was named: a chart without any says nothing.
pub fn check_across(arguments: &Arguments, chosen: &Chosen, lines: &[&Logged]) -> Outcome<()> {
    let Across::Named(name) = &arguments.x else {
        return Ok(());
    };
    if lines.iter().any(|line| !line.points.is_empty()) {
        return Ok(());
    }
    if !lines.iter().any(|line| line.has_across) {
        return Err(chosen.no_across(name).into());
    }
    let what = format!("no point is at a step at which {name} is a finite number");
    Err(Failure::new(Code::NotFound, what)
        .hint("--x step draws the points over their steps")
        .into())
}

/// What has no place, in words.
pub fn remarks(arguments: &Arguments, lines: &[&Logged]) -> Vec<String> {
    let mut remarks = Vec::new();
    let placeless: usize = lines.iter().map(|line| line.placeless).sum();
    if placeless > 0 {
        remarks.push(format!(
            "{placeless} points have no place across and are not drawn"
        ));
    }
    let points = || lines.iter().flat_map(|line| &line.points);
    let low = points()
        .filter(|point| arguments.log_y && point.1 <= 0.0)
        .count();
    if low > 0 {
        remarks.push(format!("{low} values not above 0 are not drawn: --log-y"));
    }
    let low = points()
        .filter(|point| arguments.log_x && point.0 <= 0.0)
        .count();
    if low > 0 {
        remarks.push(format!("{low} points at 0 or below are not drawn: --log-x"));
    }
    remarks
}

/// At most so many panels can be read.
pub fn check_panels(count: usize) -> Outcome<()> {
    const PANELS_MAX: usize = 24;
    if count <= PANELS_MAX {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{count} metrics are too many for one file, which takes {PANELS_MAX}"
    ))
    .hint("name some of them: mltrack plot RUN 'val*' -o FILE")
    .into())
}
