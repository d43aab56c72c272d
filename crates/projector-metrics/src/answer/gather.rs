//! What one source adds to an answer: the points of each metric, or the pieces that its buckets are made of.
//!
//! Invariants: points come in the order (lsn, column, row), as a fold of the log meets them; nodes stand for points only
//! where every point of them is asked for and no other column can have logged a point in between.

use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::sync::Arc;

use mltrack_event::{ColumnsId, MetricId};
use mltrack_projector::{Dictionary, IntMap};

use super::pieces::{Fixed, NodePiece, Piece, Share, WholeColumn};
use super::window::Window;
use crate::buckets::Bucketer;
use crate::collect::Collector;
use crate::history::Points;
use crate::query::Resolution;
use crate::source::{Axes, Chunk, ChunkSource, SourceFault, Want};

/// A column of a chunk.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    chunk: &'a Chunk,
    column: usize,
}

/// What the records of a window add to each metric.
pub fn gather(
    source: &Arc<dyn ChunkSource>,
    window: &Window<'_>,
    dictionary: &Dictionary,
) -> Result<Vec<(MetricId, Share)>, SourceFault> {
    let mut chunks = source.chunks(window.query.run())?;
    chunks.retain(|chunk| window.touches(chunk));
    chunks.sort_by_key(|chunk| (*chunk.lsns.start(), chunk.id));
    let mut rest = points_in_rest(source, window, dictionary)?;
    let mut shares = Vec::new();
    let places = places_of(&chunks, window, dictionary);
    let axes = SharedAxes::of(&places);
    for (metric, places) in places {
        let of_metric = Gathering {
            source,
            window,
            places,
            rest: rest.remove(&metric),
            axes: &axes,
        };
        shares.push((metric, of_metric.share()?));
    }
    let mut left: Vec<(MetricId, Points)> = rest.into_iter().collect();
    left.sort_unstable_by_key(|(metric, _)| *metric);
    for (metric, points) in left {
        shares.push((metric, share_of(points, window)));
    }
    Ok(shares)
}

/// The columns of each metric that is asked for.
fn places_of<'a>(
    chunks: &'a [Chunk],
    window: &Window<'_>,
    dictionary: &Dictionary,
) -> Vec<(MetricId, Vec<Place<'a>>)> {
    let mut slots: IntMap<MetricId, usize> = IntMap::default();
    let mut routes: IntMap<ColumnsId, Vec<(usize, MetricId)>> = IntMap::default();
    let mut found: Vec<(MetricId, Vec<Place<'a>>)> = Vec::new();
    for chunk in chunks {
        let route = routes
            .entry(chunk.columns)
            .or_insert_with(|| route(chunk.columns, window, dictionary));
        if width(chunk.columns, dictionary) != chunk.width {
            continue;
        }
        for (column, metric) in route {
            let slot = *slots.entry(*metric).or_insert(found.len());
            if slot == found.len() {
                found.push((*metric, Vec::new()));
            }
            let column = *column;
            found[slot].1.push(Place { chunk, column });
        }
    }
    found
}

/// How many values a row has under these columns. One that nobody defined is a metric of its own.
fn width(columns: ColumnsId, dictionary: &Dictionary) -> usize {
    dictionary
        .get(columns)
        .map_or(1, |definition| definition.members().len())
}

/// Which columns are asked for, and the metrics they belong to.
fn route(
    columns: ColumnsId,
    window: &Window<'_>,
    dictionary: &Dictionary,
) -> Vec<(usize, MetricId)> {
    let undefined = [MetricId(columns.0)];
    let members = dictionary
        .get(columns)
        .map_or(&undefined[..], |definition| definition.members());
    let members = members.iter().copied().enumerate();
    members
        .filter(|(_, metric)| window.query.wants_metric(dictionary.metric(*metric)))
        .collect()
}

/// The points that are in no chunk, in the order of the log.
fn points_in_rest(
    source: &Arc<dyn ChunkSource>,
    window: &Window<'_>,
    dictionary: &Dictionary,
) -> Result<IntMap<MetricId, Points>, SourceFault> {
    let mut found = IntMap::default();
    if !source.has_points_in_rest()? {
        return Ok(found);
    }
    let mut collector = Collector::with_dictionary(window.query.clone().exact(), dictionary);
    source.rest(&mut |entry| {
        if window.lsns.contains(&entry.lsn.get()) {
            collector.apply(entry);
        }
    })?;
    for (metric, share) in collector.drain() {
        if let Share::Points(points) = share {
            found.insert(metric, points);
        }
    }
    Ok(found)
}

/// One metric's part of a source.
struct Gathering<'a> {
    source: &'a Arc<dyn ChunkSource>,
    window: &'a Window<'a>,
    places: Vec<Place<'a>>,
    /// Its points in no chunk.
    rest: Option<Points>,
    axes: &'a SharedAxes,
}

/// The axes that were read last: the next metric most often is another column of the same chunk.
struct SharedAxes {
    /// How many columns of each chunk are asked for.
    uses: IntMap<u32, u32>,
    last: RefCell<Option<(u32, Want, Axes)>>,
}

impl SharedAxes {
    fn of(places: &[(MetricId, Vec<Place<'_>>)]) -> SharedAxes {
        let mut uses = IntMap::default();
        for place in places.iter().flat_map(|(_, places)| places) {
            *uses.entry(place.chunk.id).or_default() += 1;
        }
        SharedAxes {
            uses,
            last: RefCell::default(),
        }
    }

    /// Whether several columns of a chunk are asked for.
    fn is_shared(&self, chunk: &Chunk) -> bool {
        self.uses.get(&chunk.id).is_some_and(|uses| *uses > 1)
    }

    fn read(
        &self,
        source: &Arc<dyn ChunkSource>,
        chunk: &Chunk,
        want: Want,
    ) -> Result<Axes, SourceFault> {
        if !self.is_shared(chunk) {
            return source.axes(chunk, want);
        }
        let mut last = self.last.borrow_mut();
        match &*last {
            Some((id, wanted, axes)) if (*id, *wanted) == (chunk.id, want) => Ok(axes.clone()),
            _ => {
                let axes = source.axes(chunk, want)?;
                *last = Some((chunk.id, want, axes.clone()));
                Ok(axes)
            }
        }
    }
}

impl Gathering<'_> {
    fn share(self) -> Result<Share, SourceFault> {
        let count_max = match self.window.query.resolution() {
            Resolution::Exact if self.can_fill() => return Ok(Share::Columns(self.columns())),
            Resolution::Exact => return Ok(Share::Points(self.points(true)?)),
            Resolution::Buckets(count_max) => count_max,
        };
        if self.can_use_nodes() {
            Ok(Share::Pieces(self.pieces(count_max)?))
        } else {
            Ok(Share::Pieces(vec![fixed(&self.points(false)?, count_max)]))
        }
    }

    /// Whether its columns can be read one after the other, straight into the answer.
    fn can_fill(&self) -> bool {
        let is_single =
            |place: &Place<'_>| self.window.holds(place.chunk) && !self.axes.is_shared(place.chunk);
        let follows = |pair: &[Place<'_>]| pair[0].chunk.lsns.end() < pair[1].chunk.lsns.start();
        self.rest.is_none()
            && self.places.iter().all(is_single)
            && self.places.windows(2).all(follows)
    }

    fn columns(&self) -> Vec<WholeColumn> {
        let columns = self.places.iter().map(|place| WholeColumn {
            source: Arc::clone(self.source),
            chunk: place.chunk.clone(),
            column: place.column,
        });
        columns.collect()
    }

    /// Whether the order of the points between columns does not matter, and all of each column are asked for.
    fn can_use_nodes(&self) -> bool {
        let is_whole = |place: &Place<'_>| self.window.holds(place.chunk);
        self.rest.is_none() && self.places.iter().all(is_whole) && !self.is_interleaved()
    }

    /// Whether two columns can have points of one step in an order that only the rows tell.
    fn is_interleaved(&self) -> bool {
        let mut later = self.places.iter();
        while let Some(place) = later.next() {
            let mixes = |other: &Place<'_>| {
                let (a, b) = (place.chunk, other.chunk);
                let is_same_time = a.lsns.start() <= b.lsns.end() && b.lsns.start() <= a.lsns.end();
                is_same_time && a.steps.start() <= b.steps.end() && b.steps.start() <= a.steps.end()
            };
            if later.clone().any(mixes) {
                return true;
            }
        }
        false
    }

    /// Nodes where a chunk has them, buckets of its rows where it has none.
    fn pieces(&self, count_max: NonZeroUsize) -> Result<Vec<Piece>, SourceFault> {
        let mut pieces = Vec::new();
        let mut open = Bucketer::new(count_max);
        for place in &self.places {
            if place.chunk.levels == 0 {
                let rows = self.rows(place, Want::default())?;
                add_rows(&mut open, &rows);
                continue;
            }
            pieces.extend(Fixed::of(std::mem::replace(
                &mut open,
                Bucketer::new(count_max),
            )));
            pieces.push(Piece::Nodes(NodePiece {
                source: Arc::clone(self.source),
                chunk: place.chunk.clone(),
                column: place.column,
                count_max,
            }));
        }
        pieces.extend(Fixed::of(open));
        Ok(pieces)
    }

    /// The points that are asked for, in the order of the log; without times and records unless they are `full`.
    fn points(mut self, full: bool) -> Result<Points, SourceFault> {
        let rest = self.rest.take();
        let is_mixed = self.places.len() + usize::from(rest.is_some()) > 1;
        let want = Want {
            times: full,
            lsns: full || is_mixed,
        };
        let mut all = Points::default();
        for place in &self.places {
            all.append(self.rows(place, want)?);
        }
        if let Some(mut rest) = rest {
            if !full {
                rest.times_ns.clear();
            }
            all.append(rest);
        }
        if is_mixed {
            all.sort_by_lsn();
        }
        Ok(all)
    }

    /// The rows of a column that are asked for, with what is wanted of them.
    fn rows(&self, place: &Place<'_>, want: Want) -> Result<Points, SourceFault> {
        let (chunk, window) = (place.chunk, self.window);
        let read = Want {
            times: want.times || !window.holds_times(chunk),
            lsns: want.lsns || !window.holds_lsns(chunk),
        };
        let axes = self.axes.read(self.source, chunk, read)?;
        let values = self.source.values(chunk, place.column)?;
        check_lengths(&axes, &values, read)?;
        let mut rows = Points {
            steps: axes.steps,
            times_ns: axes.times_ns,
            values,
            lsns: axes.lsns,
        };
        if !window.holds(chunk) {
            rows = filtered(&rows, window);
        }
        if !want.times {
            rows.times_ns.clear();
        }
        if !want.lsns {
            rows.lsns.clear();
        }
        Ok(rows)
    }
}

/// A source of other people's making is not trusted with an index.
pub fn check_lengths(axes: &Axes, values: &[f64], want: Want) -> Result<(), SourceFault> {
    let len = axes.steps.len();
    let fits = |is_wanted: bool, found: usize| !is_wanted || found == len;
    if values.len() == len
        && fits(want.times, axes.times_ns.len())
        && fits(want.lsns, axes.lsns.len())
    {
        return Ok(());
    }
    Err(SourceFault {
        what: "the columns of a chunk are not of one length".into(),
    })
}

fn filtered(rows: &Points, window: &Window<'_>) -> Points {
    let (lowest, highest) = window.query.step_bounds();
    let (earliest, latest) = window.query.time_bounds_ns();
    let is_wanted = |at: &usize| {
        let step = rows.steps[*at];
        // What was not read is asked for, whatever it is.
        let is_in_time = rows
            .times_ns
            .get(*at)
            .is_none_or(|time| earliest <= *time && *time <= latest);
        let is_in_log = rows
            .lsns
            .get(*at)
            .is_none_or(|lsn| window.lsns.contains(&lsn.get()));
        lowest <= step && step <= highest && is_in_time && is_in_log
    };
    let kept: Vec<usize> = (0..rows.len()).filter(is_wanted).collect();
    Points {
        steps: pick(&rows.steps, &kept),
        times_ns: pick(&rows.times_ns, &kept),
        values: pick(&rows.values, &kept),
        lsns: pick(&rows.lsns, &kept),
    }
}

fn pick<T: Copy>(column: &[T], kept: &[usize]) -> Vec<T> {
    if column.is_empty() {
        return Vec::new();
    }
    kept.iter().map(|at| column[*at]).collect()
}

fn share_of(points: Points, window: &Window<'_>) -> Share {
    match window.query.resolution() {
        Resolution::Exact => Share::Points(points),
        Resolution::Buckets(count_max) => Share::Pieces(vec![fixed(&points, count_max)]),
    }
}

fn fixed(points: &Points, count_max: NonZeroUsize) -> Piece {
    let mut bucketer = Bucketer::new(count_max);
    add_rows(&mut bucketer, points);
    Piece::Fixed(Fixed::from(bucketer))
}

fn add_rows(bucketer: &mut Bucketer, rows: &Points) {
    for (step, value) in rows.steps.iter().zip(&rows.values) {
        bucketer.add(*step, *value);
    }
}
