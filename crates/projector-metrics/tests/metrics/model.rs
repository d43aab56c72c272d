//! A source of chunks as plain vectors, made from a stretch of a log.

use std::collections::BTreeMap;
use std::sync::Arc;

use mltrack_event::{ColumnsId, Event, RunKey};
use mltrack_log::{Log, Record, WriterId};
use mltrack_projector::{Body, Entry, Lsn, read_range};
use mltrack_projector_metrics::{
    Axes, Bucket, Chunk, ChunkSource, Extreme, Nodes, SourceFault, Want,
};

/// How a model keeps what it is made from.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// A chunk is closed after so many rows.
    pub chunk_rows: usize,
    /// The widths of the nodes, finest first, as powers of two.
    pub shifts: [u32; 2],
    /// Chunks with fewer rows have no nodes.
    pub node_rows: usize,
    /// Each record whose lsn is a multiple of this is in no chunk.
    pub rest_every: u64,
}

#[derive(Clone)]
struct Row {
    lsn: Lsn,
    time_ns: i64,
    step: i64,
    values: Vec<f64>,
}

struct Owned {
    lsn: Lsn,
    type_id: u16,
    version: u16,
    time_ns: i64,
    payload: Vec<u8>,
}

pub struct Model {
    range: (Lsn, Lsn),
    form: Form,
    chunks: Vec<(RunKey, ColumnsId, Vec<Row>)>,
    rest: Vec<Owned>,
    pub is_broken: bool,
}

impl Model {
    /// Of the records from `first` up to, not including, `next`.
    pub fn of(log: &Log, first: u64, next: u64, form: Form) -> Model {
        let (first, next) = (Lsn::new(first).unwrap(), Lsn::new(next).unwrap());
        let mut model = Model {
            range: (first, next),
            form,
            chunks: Vec::new(),
            rest: Vec::new(),
            is_broken: false,
        };
        let mut rest = Vec::new();
        let last = Lsn::new(next.get() - 1);
        read_range(&mut log.reader().unwrap(), first, last, |entry| {
            if entry.lsn.get().is_multiple_of(form.rest_every) || !model.take(entry) {
                rest.push(entry.lsn);
            }
        })
        .unwrap();
        model.keep(log, &rest);
        model
    }

    fn keep(&mut self, log: &Log, rest: &[Lsn]) {
        let mut reader = log.reader().unwrap();
        while let Some(batch) = reader.next_batch().unwrap() {
            for record in batch.filter(|record| rest.contains(&record.lsn)) {
                self.rest.push(Owned {
                    lsn: record.lsn,
                    type_id: record.type_id,
                    version: record.version,
                    time_ns: record.time_ns,
                    payload: record.payload.to_vec(),
                });
            }
        }
    }

    /// Whether the entry is points, which are in a chunk now.
    fn take(&mut self, entry: &Entry<'_>) -> bool {
        let row = |step, time_ns, values| Row {
            lsn: entry.lsn,
            time_ns,
            step,
            values,
        };
        match &entry.body {
            Body::Metrics(view) => {
                let one = row(view.step, entry.time_ns, view.values().collect());
                self.push(view.run, view.columns, one);
            }
            Body::Event(Event::MetricBatchLogged(batch)) => {
                let count = batch.steps.len();
                for (at, step) in batch.steps.iter().enumerate() {
                    let time_ns = batch.times.get(at).copied().unwrap_or(entry.time_ns);
                    let columns = batch.values.chunks(count);
                    let values = columns.map(|column| column[at]).collect();
                    self.push(batch.run, batch.columns, row(*step, time_ns, values));
                }
            }
            _ => return false,
        }
        true
    }

    fn push(&mut self, run: RunKey, columns: ColumnsId, row: Row) {
        let is_open = |chunk: &&mut (RunKey, ColumnsId, Vec<Row>)| {
            (chunk.0, chunk.1) == (run, columns) && chunk.2.len() < self.form.chunk_rows
        };
        match self.chunks.iter_mut().find(is_open) {
            Some(open) => open.2.push(row),
            None => self.chunks.push((run, columns, vec![row])),
        }
    }

    fn rows(&self, chunk: &Chunk) -> &[Row] {
        let mut of_run = self.chunks.iter().filter(|other| other.0 == chunk.run);
        &of_run.nth(chunk.id as usize).unwrap().2
    }

    fn check(&self) -> Result<(), SourceFault> {
        if self.is_broken {
            return Err(SourceFault {
                what: "a bit is wrong".into(),
            });
        }
        Ok(())
    }
}

impl ChunkSource for Model {
    fn first_lsn(&self) -> Lsn {
        self.range.0
    }

    fn next_lsn(&self) -> Lsn {
        self.range.1
    }

    fn chunks(&self, run: RunKey) -> Result<Vec<Chunk>, SourceFault> {
        let of_run = self.chunks.iter().filter(|chunk| chunk.0 == run);
        Ok((0..)
            .zip(of_run)
            .map(|(id, (_, columns, rows))| {
                let range = |field: fn(&Row) -> i64| {
                    let values = rows.iter().map(field);
                    values.clone().min().unwrap()..=values.max().unwrap()
                };
                Chunk {
                    id,
                    run,
                    columns: *columns,
                    width: rows[0].values.len(),
                    rows: rows.len() as u64,
                    lsns: rows[0].lsn.get()..=rows[rows.len() - 1].lsn.get(),
                    steps: range(|row| row.step),
                    times_ns: range(|row| row.time_ns),
                    levels: if rows.len() < self.form.node_rows {
                        0
                    } else {
                        2
                    },
                }
            })
            .collect())
    }

    fn axes(&self, chunk: &Chunk, want: Want) -> Result<Axes, SourceFault> {
        self.check()?;
        let rows = self.rows(chunk);
        let mut axes = Axes {
            steps: rows.iter().map(|row| row.step).collect(),
            ..Axes::default()
        };
        if want.times {
            axes.times_ns = rows.iter().map(|row| row.time_ns).collect();
        }
        if want.lsns {
            axes.lsns = rows.iter().map(|row| row.lsn).collect();
        }
        Ok(axes)
    }

    fn values(&self, chunk: &Chunk, column: usize) -> Result<Vec<f64>, SourceFault> {
        self.check()?;
        let rows = self.rows(chunk);
        Ok(rows.iter().map(|row| row.values[column]).collect())
    }

    fn nodes(&self, chunk: &Chunk, column: usize, level: usize) -> Result<Arc<Nodes>, SourceFault> {
        self.check()?;
        let shift = self.form.shifts[level];
        let mut nodes: BTreeMap<i64, Vec<(i64, f64)>> = BTreeMap::new();
        for row in self.rows(chunk) {
            let slot = row.step.checked_shr(shift).unwrap_or(0);
            nodes
                .entry(slot)
                .or_default()
                .push((row.step, row.values[column]));
        }
        let buckets = nodes.values().map(|points| bucket(points)).collect();
        Ok(Arc::new(Nodes { shift, buckets }))
    }

    fn has_points_in_rest(&self) -> Result<bool, SourceFault> {
        Ok(!self.rest.is_empty())
    }

    fn rest(&self, each: &mut dyn FnMut(&Entry<'_>)) -> Result<(), SourceFault> {
        for owned in &self.rest {
            each(&Entry::decode(&Record {
                lsn: owned.lsn,
                type_id: owned.type_id,
                version: owned.version,
                writer: WriterId(1),
                time_ns: owned.time_ns,
                commit_time_ns: 0,
                payload: &owned.payload,
            }));
        }
        Ok(())
    }
}

/// Points in the order of the log, word for word as `Bucket` is documented.
fn bucket(points: &[(i64, f64)]) -> Bucket {
    let step_first = points.iter().map(|point| point.0).min().unwrap();
    let step_last = points.iter().map(|point| point.0).max().unwrap();
    let at = |step: i64| points.iter().filter(move |point| point.0 == step);
    let mut numbers: Vec<(i64, f64)> = points.to_vec();
    numbers.retain(|point| !point.1.is_nan());
    numbers.sort_by_key(|point| point.0);
    let extreme = |better: fn(f64, f64) -> bool| {
        let best = numbers.iter().copied();
        let best = best.reduce(|best, next| if better(next.1, best.1) { next } else { best });
        best.map(|(step, value)| Extreme { value, step })
    };
    Bucket {
        step_first,
        step_last,
        first: at(step_first).next().unwrap().1,
        last: at(step_last).next_back().unwrap().1,
        min: extreme(|next, best| next < best),
        max: extreme(|next, best| next > best),
        sum: numbers.iter().map(|point| point.1).sum(),
        count: points.len() as u64,
        nan_count: (points.len() - numbers.len()) as u64,
    }
}
