//! Histories as lines over an axis of the asker's choice, from every point of theirs.
//!
//! Invariants: of a metric whose places rise with its records only a few stretches are in memory at a time, otherwise
//! all of it is, with the one that is its axis; how many points are read is known, and refused, before they are.

use mltrack::{
    HistoriesQuery, History, MetricStretches, Points, RunId, Series, Stretched, Tracker, WallTime,
};

use super::axis::Axis;
use super::curve::{Curve, CurveAsk};
use super::error::{Answer, Fault};
use super::histories::{HistoriesAsk, count_of, query, too_many};
use super::history_form::{Told, label};
use super::moment::{Moment, at};
use super::named;
use super::placing::{Placing, whole};

/// The most points of one metric that are read for a line: about a gigabyte of memory.
const READ_MAX: u64 = 20_000_000;

/// How lines are asked for.
pub struct Lines {
    axis: Axis,
    ask: CurveAsk,
}

impl Lines {
    /// `None` where nothing of what only lines have is asked for.
    pub fn of(ask: &HistoriesAsk) -> Answer<Option<Lines>> {
        let is_asked = ask.x.is_some()
            || ask.scale.is_some()
            || ask.x_from.is_some()
            || ask.x_to.is_some()
            || ask.smoothing.is_some()
            || ask.span.is_some();
        if !is_asked {
            return Ok(None);
        }
        let Some(buckets) = ask.buckets else {
            return Err(
                Fault::invalid("a line over an axis needs buckets: how many at most")
                    .hint("for example buckets=800, the width of a chart in pixels"),
            );
        };
        let axis = ask.x.as_deref().unwrap_or("step").parse();
        Ok(Some(Lines {
            axis: axis.map_err(Fault::invalid)?,
            ask: CurveAsk {
                buckets: buckets as usize,
                is_log: is_log(ask.scale.as_deref())?,
                from: ask.x_from.unwrap_or(f64::NEG_INFINITY),
                to: ask.x_to.unwrap_or(f64::INFINITY),
                smoothing: smoothing(ask.smoothing)?,
                span: span(ask.span)?,
            },
        }))
    }

    /// The lines of all runs, with at most so many buckets.
    pub fn find(
        &self,
        tracker: &Tracker,
        ask: &HistoriesAsk,
        buckets_max: usize,
    ) -> Answer<Vec<Told>> {
        let mut found = Vec::new();
        let mut left = buckets_max;
        for run in named::run_ids(tracker, &ask.runs, ask.runs.len())? {
            let reading = Reading {
                tracker,
                run,
                ask,
                axis: &self.axis,
            };
            for known in query(tracker, run, ask)?.buckets(1).fetch()? {
                if count_of(&known.series) > READ_MAX {
                    return Err(too_many(READ_MAX as usize));
                }
                let Some(curve) = reading.curve(&known, &self.ask)? else {
                    continue;
                };
                left = left
                    .checked_sub(curve.count.len())
                    .ok_or_else(|| too_many(buckets_max))?;
                found.push(Told {
                    run,
                    history: History {
                        series: Series::Points(Points::default()),
                        ..known
                    },
                    curve: Some(curve),
                });
            }
        }
        Ok(found)
    }
}

/// Whose points are read.
struct Reading<'a> {
    tracker: &'a Tracker,
    run: RunId,
    ask: &'a HistoriesAsk,
    axis: &'a Axis,
}

impl Reading<'_> {
    /// The line of a metric; `None` when it has no point with a place.
    fn curve(&self, known: &History, ask: &CurveAsk) -> Answer<Option<Curve>> {
        let placing = match self.axis {
            Axis::Step => Placing::Step,
            Axis::Time => Placing::Time,
            Axis::Relative => Placing::Since(self.started()?),
            Axis::Metric(axis) => match self.axis_points(axis)? {
                Some(points) => Placing::Metric(points),
                None => return Ok(None),
            },
        };
        let query = self.exact(&known.name, &known.context)?;
        let found = query.fold(|stretched| {
            let Some(metric) = one(stretched, &known.name, &known.context) else {
                return Ok(None);
            };
            placing.curve(metric, ask)
        })?;
        Ok(found.flatten())
    }

    /// Every point of a metric that is asked for.
    fn exact(&self, name: &str, context: &[(String, String)]) -> Answer<HistoriesQuery> {
        let exact = HistoriesAsk {
            metrics: vec![name.to_owned()],
            buckets: None,
            ..self.ask.clone()
        };
        let mut query = query(self.tracker, self.run, &exact)?;
        for (key, value) in context {
            query = query.context(key, value);
        }
        Ok(query)
    }

    /// The points of the metric that is the axis, with all before the first step that is asked for.
    fn axis_points(&self, axis: &str) -> Answer<Option<Points>> {
        let name = axis.split_once('{').map_or(axis, |(name, _)| name);
        let query = self.tracker.histories(self.run).metric(name);
        let query = at!(query, Moment::of(self.ask.at.as_deref())?);
        let found = query.fold(|stretched| {
            let mut metrics = stretched.metrics.iter();
            let metric = metrics.find(|metric| label(&metric.name, &metric.context) == axis);
            metric.map(|metric| whole(metric, false)).transpose()
        })?;
        Ok(found.flatten())
    }

    fn started(&self) -> Answer<WallTime> {
        let moment = Moment::of(self.ask.at.as_deref())?;
        let (run, _) = named::run_at(self.tracker, &self.run.to_string(), moment)?;
        Ok(run.started.unwrap_or(run.created))
    }
}

fn one<'a>(
    stretched: &'a Stretched,
    name: &str,
    context: &[(String, String)],
) -> Option<&'a MetricStretches> {
    let is_it = |metric: &&MetricStretches| metric.name == name && metric.context == context;
    stretched.metrics.iter().find(is_it)
}

fn is_log(scale: Option<&str>) -> Answer<bool> {
    match scale {
        None | Some("linear") => Ok(false),
        Some("log") => Ok(true),
        Some(other) => Err(Fault::invalid(format!(
            "scale is {other:?}, and can be linear or log"
        ))),
    }
}

fn smoothing(asked: Option<f64>) -> Answer<Option<f64>> {
    match asked {
        Some(smoothing) if !(0.0..1.0).contains(&smoothing) => Err(Fault::invalid(format!(
            "smoothing is {smoothing}, and is from 0 to below 1"
        ))),
        other => Ok(other),
    }
}

fn span(asked: Option<f64>) -> Answer<Option<f64>> {
    match asked {
        Some(span) if !(span.is_finite() && span > 0.0) => Err(Fault::invalid(format!(
            "span is {span}, and is a length above 0"
        ))),
        other => Ok(other),
    }
}
