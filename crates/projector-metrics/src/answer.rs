//! Answers from sources and the log together.
//!
//! Invariants: the answer is the one that a fold of the log alone gives, whatever the sources and however they overlap
//! (sums in buckets are added up in another order and may be rounded otherwise); memory is that of the answer, of what
//! one chunk holds, and of the nodes of the series.

pub(crate) mod cover;
mod gather;
mod join;
pub(crate) mod pieces;
mod window;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use mltrack_event::MetricId;
use mltrack_projector::{Dictionary, Entry, IntMap, LogError, Lsn, Reader, read_range};

use crate::collect::{Collector, sort_by_name};
use crate::history::{History, Points, Series};
use crate::query::{Query, Resolution};
use crate::source::{ChunkSource, SourceFault};
use crate::stretches::{self, MetricStretches, Stretched};
use crate::values::{ValueCollector, ValueKind, ValuePoint};

use cover::{Stretch, cover};
pub(crate) use gather::check_lengths;
use gather::gather;
pub(crate) use join::Part;
use join::join;
use pieces::{Piece, Share, put_together};
use window::Window;

/// A query, and of which records.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The query.
    pub query: &'a Query,
    /// Every definition before the end.
    pub dictionary: &'a Dictionary,
    /// The first record that counts: the one that created the run.
    pub first: Lsn,
    /// The first record that does not count any more.
    pub end: Lsn,
}

/// Histories, and what it took.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Answer {
    /// Sorted by name and context, only those with points.
    pub histories: Vec<History>,
    /// How many records were read from the log itself.
    pub log_records: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A source is damaged. Ask again without it.
    #[error("series source {source_at}: {fault}")]
    Source {
        /// Its place in the list.
        source_at: usize,
        /// What is wrong with it.
        fault: SourceFault,
    },
}

/// Answers from the sources, and from the log where they have nothing.
pub fn answer(
    reader: &mut Reader,
    asked: &Asked<'_>,
    sources: &[Arc<dyn ChunkSource>],
) -> Result<Answer, AnswerError> {
    let (table, dictionary, log_records) = collect(reader, asked, sources)?;
    let histories = table.finish(&dictionary, asked.query.resolution())?;
    Ok(Answer {
        histories,
        log_records,
    })
}

/// Answers with stretches of points, which `fold` reads as it likes. It is called again where a source that it read
/// turned out to be damaged.
pub fn answer_stretches<T>(
    reader: &mut Reader,
    asked: &Asked<'_>,
    sources: &[Arc<dyn ChunkSource>],
    fold: impl Fn(&Stretched) -> Result<T, AnswerError>,
) -> Result<T, AnswerError> {
    let query = asked.query.clone().exact();
    let asked = Asked {
        query: &query,
        ..asked.clone()
    };
    let (table, dictionary, log_records) = collect(reader, &asked, sources)?;
    let metrics = table.stretches(&dictionary)?;
    fold(&Stretched {
        metrics,
        log_records,
    })
}

/// What each metric's answer is made of, every definition, and how many records were read from the log itself.
fn collect<'a>(
    reader: &mut Reader,
    asked: &Asked<'a>,
    sources: &[Arc<dyn ChunkSource>],
) -> Result<(Table, Cow<'a, Dictionary>, u64), AnswerError> {
    let ranges = ranges_of(sources);
    let stretches = cover(asked.first.get()..asked.end.get(), &ranges);
    let mut shares = gather_all(&stretches, sources, asked)?;
    let mut tail = Collector::with_dictionary(asked.query.clone(), asked.dictionary);
    let (mut table, mut log_records) = (Table::default(), 0);
    for (at, stretch) in stretches.iter().enumerate() {
        if stretch.source.is_some() {
            let gathered = std::mem::take(&mut shares[at]);
            table.add(gathered, stretch.source);
            continue;
        }
        each_of_log(reader, stretch, |entry| {
            tail.apply(entry);
            log_records += 1;
        })?;
        table.add(tail.drain(), None);
    }
    Ok((table, tail.into_dictionary(), log_records))
}

/// The values of a kind, from the sources, and from the log where they have nothing.
pub fn answer_values<T: ValueKind>(
    reader: &mut Reader,
    asked: &Asked<'_>,
    sources: &[Arc<dyn ChunkSource>],
) -> Result<Vec<ValuePoint<T>>, AnswerError> {
    let ranges = ranges_of(sources);
    let mut values = ValueCollector::new(asked.query.clone(), asked.dictionary.clone());
    for stretch in cover(asked.first.get()..asked.end.get(), &ranges) {
        let Some(source_at) = stretch.source else {
            each_of_log(reader, &stretch, |entry| values.apply(entry))?;
            continue;
        };
        let mut each = |entry: &Entry<'_>| {
            if stretch.lsns.contains(&entry.lsn.get()) {
                values.apply(entry);
            }
        };
        let read = sources[source_at].rest(&mut each);
        read.map_err(|fault| AnswerError::Source { source_at, fault })?;
    }
    Ok(values.finish())
}

pub(crate) fn ranges_of(sources: &[Arc<dyn ChunkSource>]) -> Vec<Range<u64>> {
    sources
        .iter()
        .map(|source| source.first_lsn().get()..source.next_lsn().get())
        .collect()
}

fn each_of_log(
    reader: &mut Reader,
    stretch: &Stretch,
    apply: impl FnMut(&Entry<'_>),
) -> Result<(), LogError> {
    let last = stretch.lsns.end.checked_sub(1).and_then(Lsn::new);
    if let (Some(from), Some(last)) = (Lsn::new(stretch.lsns.start), last) {
        read_range(reader, from, Some(last), apply)?;
    }
    Ok(())
}

/// What each stretch of a source adds, side by side on several processors where that pays.
fn gather_all(
    stretches: &[Stretch],
    sources: &[Arc<dyn ChunkSource>],
    asked: &Asked<'_>,
) -> Result<Vec<Gathered>, AnswerError> {
    let work: Vec<(usize, usize)> = stretches
        .iter()
        .enumerate()
        .filter_map(|(at, stretch)| Some((at, stretch.source?)))
        .collect();
    let one = |at: usize, source_at: usize| {
        let window = Window {
            query: asked.query,
            lsns: stretches[at].lsns.clone(),
        };
        gather(&sources[source_at], &window, asked.dictionary)
            .map_err(|fault| AnswerError::Source { source_at, fault })
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let worker_count = processors.min(WORKERS_MAX).min(work.len());
    let mut shares: Vec<Gathered> = stretches.iter().map(|_| Vec::new()).collect();
    if worker_count < 2 {
        for (at, source_at) in work {
            shares[at] = one(at, source_at)?;
        }
        return Ok(shares);
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        while let Some((at, source_at)) = work.get(next.fetch_add(1, Relaxed)) {
            done.push((*at, one(*at, *source_at)?));
        }
        Ok::<_, AnswerError>(done)
    };
    let done = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..worker_count).map(|_| scope.spawn(worker)).collect();
        let mut done = worker()?;
        for other in workers {
            done.extend(other.join().expect("a worker returns its errors")?);
        }
        Ok::<_, AnswerError>(done)
    })?;
    for (at, gathered) in done {
        shares[at] = gathered;
    }
    Ok(shares)
}

/// More do not help: the answer is put together by one.
const WORKERS_MAX: usize = 8;

type Gathered = Vec<(MetricId, Share)>;

/// The shares of each metric, in the order of the log.
#[derive(Default)]
struct Table {
    slots: IntMap<MetricId, usize>,
    metrics: Vec<Growing>,
}

struct Growing {
    metric: MetricId,
    /// What the answer is made of: parts when it is exact, pieces when it is in buckets.
    parts: Vec<Part>,
    pieces: Vec<Piece>,
    /// The source that each part or piece is from.
    origins: Vec<Option<usize>>,
}

impl Table {
    fn add(&mut self, gathered: Gathered, source: Option<usize>) {
        for (metric, share) in gathered {
            let slot = *self.slots.entry(metric).or_insert(self.metrics.len());
            if slot == self.metrics.len() {
                self.metrics.push(Growing {
                    metric,
                    parts: Vec::new(),
                    pieces: Vec::new(),
                    origins: Vec::new(),
                });
            }
            let growing = &mut self.metrics[slot];
            match share {
                Share::Points(points) => growing.parts.push(Part::Points(points)),
                Share::Columns(columns) => {
                    growing.parts.extend(columns.into_iter().map(Part::Column));
                }
                Share::Pieces(pieces) => growing.pieces.extend(pieces),
            }
            let count = growing.parts.len() + growing.pieces.len();
            growing.origins.resize(count, source);
        }
    }

    fn finish(
        self,
        dictionary: &Dictionary,
        resolution: Resolution,
    ) -> Result<Vec<History>, AnswerError> {
        let mut histories = Vec::with_capacity(self.metrics.len());
        for growing in self.metrics {
            let metric = growing.metric;
            let series = growing.finish(resolution)?;
            if !series.is_empty() {
                histories.push(History::named(metric, series, dictionary));
            }
        }
        sort_by_name(&mut histories);
        Ok(histories)
    }

    fn stretches(self, dictionary: &Dictionary) -> Result<Vec<MetricStretches>, AnswerError> {
        let metrics = self.metrics.into_iter();
        let mut metrics = metrics
            .map(|growing| growing.stretches(dictionary))
            .collect::<Result<Vec<_>, _>>()?;
        metrics.retain(|metric| !metric.stretches.is_empty());
        metrics
            .sort_by(|left, right| (&left.name, &left.context).cmp(&(&right.name, &right.context)));
        Ok(metrics)
    }
}

impl Growing {
    fn stretches(self, dictionary: &Dictionary) -> Result<MetricStretches, AnswerError> {
        let mut found = Vec::with_capacity(self.parts.len());
        for (part, origin) in self.parts.into_iter().zip(self.origins) {
            found.extend(stretches::Stretch::of(part, origin)?);
        }
        let history = History::named(self.metric, Series::Points(Points::default()), dictionary);
        Ok(MetricStretches {
            metric: history.metric,
            name: history.name,
            context: history.context,
            stretches: found,
        })
    }

    fn finish(self, resolution: Resolution) -> Result<Series, AnswerError> {
        let Growing {
            metric: _,
            parts,
            pieces,
            origins,
        } = self;
        let series = match resolution {
            Resolution::Exact => join(parts).map(|mut points| {
                points.sort_by_step();
                Series::Points(points)
            }),
            Resolution::Buckets(count_max) => put_together(&pieces, count_max).map(Series::Buckets),
        };
        series.map_err(|(at, fault)| AnswerError::Source {
            // Only what is from a source can have a fault.
            source_at: origins[at].unwrap_or_default(),
            fault,
        })
    }
}
