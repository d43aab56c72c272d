//! The places of a metric's points on an axis, stretch by stretch where they rise from each to the next.
//!
//! Invariant: the line is that of all points in the order of their places, however they are read.

use std::borrow::Cow;

use mltrack::{MetricStretches, Points, StretchError, WallTime, side_by_side};

use super::axis::{Placed, by_metric, by_relative_time, by_step, by_time, sorted};
use super::curve::{Curve, CurveAsk, Parts, curve};

/// Where points are on the axis.
pub enum Placing {
    Step,
    Time,
    /// Seconds since then.
    Since(WallTime),
    /// What this metric had then.
    Metric(Points),
}

impl Placing {
    /// The line of a metric; `None` when none of its points has a place.
    pub fn curve(
        &self,
        metric: &MetricStretches,
        ask: &CurveAsk,
    ) -> Result<Option<Curve>, StretchError> {
        let stretches = Stretches {
            placing: self,
            metric,
        };
        if stretches.is_rising() {
            return curve(&stretches, ask).map(Some);
        }
        let placed = match self {
            Placing::Metric(_) if stretches.has_rising_steps() => stretches.all()?,
            _ => vec![self.placed(whole(metric, self.needs_times())?)],
        };
        let known = Known::of(placed);
        if known.parts.is_empty() {
            return Ok(None);
        }
        let Ok(curve) = curve(&known, ask);
        Ok(Some(curve))
    }

    fn needs_times(&self) -> bool {
        matches!(self, Placing::Time | Placing::Since(_))
    }

    /// Points in the order of their steps, at their places.
    fn placed(&self, points: Points) -> Placed {
        match self {
            Placing::Step => by_step(points),
            Placing::Time => by_time(points),
            Placing::Since(started) => by_relative_time(points, *started),
            Placing::Metric(other) => by_metric(&points, other),
        }
    }

    /// Where a point of this step and time is, where that does not depend on others.
    fn place(&self, step: i64, time_ns: i64) -> f64 {
        let points = Points {
            steps: vec![step],
            times_ns: vec![time_ns],
            values: vec![0.0],
            lsns: Vec::new(),
        };
        self.placed(points).xs.first().copied().unwrap_or(f64::NAN)
    }
}

/// A metric's stretches on an axis.
struct Stretches<'a> {
    placing: &'a Placing,
    metric: &'a MetricStretches,
}

impl Stretches<'_> {
    /// Whether the places of each stretch are known, and not below those before it; points of one place come in the
    /// order of their steps then.
    fn is_rising(&self) -> bool {
        let rises_in_time = || {
            let pairs = self.metric.stretches.windows(2);
            let mut bounds = pairs.map(|pair| (pair[0].times_ns().1, pair[1].times_ns().0));
            bounds.all(|(end, begin)| end <= begin)
        };
        match self.placing {
            Placing::Metric(_) => false,
            Placing::Step => self.has_rising_steps(),
            Placing::Time | Placing::Since(_) => self.has_rising_steps() && rises_in_time(),
        }
    }

    fn has_rising_steps(&self) -> bool {
        let pairs = self.metric.stretches.windows(2);
        let mut bounds = pairs.map(|pair| (pair[0].steps().1, pair[1].steps().0));
        bounds.all(|(end, begin)| end <= begin)
    }

    /// All of them in memory.
    fn all(&self) -> Result<Vec<Placed>, StretchError> {
        side_by_side(self.metric.stretches.len(), |part| {
            Ok(self.read(part)?.into_owned())
        })
    }
}

impl Parts for Stretches<'_> {
    type Error = StretchError;

    fn count(&self) -> usize {
        self.metric.stretches.len()
    }

    fn rows(&self, part: usize) -> usize {
        self.metric.stretches[part].rows()
    }

    fn bounds(&self, part: usize) -> (f64, f64) {
        let stretch = &self.metric.stretches[part];
        let (steps, times_ns) = (stretch.steps(), stretch.times_ns());
        (
            self.placing.place(steps.0, times_ns.0),
            self.placing.place(steps.1, times_ns.1),
        )
    }

    fn read(&self, part: usize) -> Result<Cow<'_, Placed>, StretchError> {
        let points = self.metric.stretches[part].read(self.placing.needs_times())?;
        Ok(Cow::Owned(self.placing.placed(points)))
    }
}

/// A line in memory.
struct Known {
    parts: Vec<Placed>,
}

impl Known {
    /// Parts that are sorted by themselves; where they overlap, all are sorted together.
    fn of(mut parts: Vec<Placed>) -> Known {
        parts.retain(|part| !part.xs.is_empty());
        let is_rising = parts
            .windows(2)
            .all(|pair| pair[0].xs.last() <= pair[1].xs.first());
        if !is_rising {
            parts = vec![together(parts)];
        }
        Known { parts }
    }
}

/// Stable: of several at one place, the one of the lower step stays first.
fn together(parts: Vec<Placed>) -> Placed {
    let mut all = Placed {
        xs: Vec::new(),
        values: Vec::new(),
    };
    for mut part in parts {
        all.xs.append(&mut part.xs);
        all.values.append(&mut part.values);
    }
    sorted(all.xs, all.values)
}

impl Parts for Known {
    type Error = std::convert::Infallible;

    fn count(&self) -> usize {
        self.parts.len()
    }

    fn rows(&self, part: usize) -> usize {
        self.parts[part].xs.len()
    }

    fn bounds(&self, part: usize) -> (f64, f64) {
        let xs = &self.parts[part].xs;
        (xs[0], xs[xs.len() - 1])
    }

    fn read(&self, part: usize) -> Result<Cow<'_, Placed>, Self::Error> {
        Ok(Cow::Borrowed(&self.parts[part]))
    }
}

/// Every point of a metric, in the order of its steps.
pub fn whole(metric: &MetricStretches, with_times: bool) -> Result<Points, StretchError> {
    let parts = side_by_side(metric.stretches.len(), |part| {
        metric.stretches[part].read(with_times)
    })?;
    let len = parts.iter().map(Points::len).sum();
    let mut all = Points {
        steps: Vec::with_capacity(len),
        values: Vec::with_capacity(len),
        ..Points::default()
    };
    for mut part in parts {
        all.steps.append(&mut part.steps);
        all.times_ns.append(&mut part.times_ns);
        all.values.append(&mut part.values);
    }
    all.sort_by_step();
    Ok(all)
}
