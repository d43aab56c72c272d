//! Answers from any mixture of sources and log against the fold of the log alone.

use std::num::NonZeroUsize;
use std::sync::Arc;

use mltrack_event::{MetricDefined, RunKey};
use mltrack_projector::{Dictionary, Entry, Lsn};
use mltrack_projector_metrics::{
    AnswerError, Asked, Axes, Bucket, Chunk, ChunkSource, History, Nodes, Query, Series,
    SourceFault, Start, Want, answer, read,
};
use proptest::prelude::*;

use crate::model::{Form, Model};
use crate::world::{RUN, World, action, keys, pair, random_world, step};

pub fn dictionary() -> Dictionary {
    let mut dictionary = Dictionary::default();
    for key in keys() {
        dictionary.apply(&MetricDefined::new(&key).into());
    }
    dictionary.apply(&pair().into());
    dictionary
}

/// The same as text, every bit of it but for those of the sums.
pub fn told(histories: &[History]) -> Vec<String> {
    let bucket = |bucket: &Bucket| {
        let bits = [bucket.first, bucket.last].map(f64::to_bits);
        let extremes = [bucket.min, bucket.max];
        let extremes = extremes.map(|found| found.map(|at| (at.value.to_bits(), at.step)));
        let counts = (bucket.count, bucket.nan_count);
        let steps = (bucket.step_first, bucket.step_last);
        format!("{steps:?} {bits:?} {extremes:?} {counts:?}")
    };
    let tell = |history: &History| {
        let series = match &history.series {
            Series::Points(points) => {
                let bits: Vec<u64> = points.values.iter().map(|value| value.to_bits()).collect();
                format!(
                    "{:?} {:?} {:?} {bits:?}",
                    points.steps, points.times_ns, points.lsns
                )
            }
            Series::Buckets(buckets) => {
                format!("{:?}", buckets.iter().map(bucket).collect::<Vec<_>>())
            }
        };
        format!("{} {:?} {series}", history.name, history.context)
    };
    histories.iter().map(tell).collect()
}

fn sums(histories: &[History]) -> Vec<f64> {
    let buckets = histories
        .iter()
        .filter_map(|history| history.series.buckets());
    buckets.flatten().map(|bucket| bucket.sum).collect()
}

/// Asks both ways, about the records from `first` up to, not including, `end`.
fn check(world: &World, query: &Query, sources: &[Arc<dyn ChunkSource>], first: u64, end: u64) {
    let dictionary = dictionary();
    let (first, end) = (Lsn::new(first).unwrap(), Lsn::new(end).unwrap());
    let mut reader = world.log.reader().unwrap();
    let asked = Asked {
        query,
        dictionary: &dictionary,
        first,
        end,
    };
    let found = answer(&mut reader, &asked, sources).unwrap().histories;
    let start = Start::Run {
        created: first,
        dictionary: &dictionary,
    };
    let last = Lsn::new(end.get() - 1);
    let expected = match last {
        Some(last) if first < end => read(&mut reader, query, start, Some(last)).unwrap(),
        _ => Vec::new(),
    };
    assert_eq!(told(&found), told(&expected));
    // Whole numbers add up exactly in any order.
    assert_eq!(sums(&found), sums(&expected));
}

fn source(world: &World, range: (u64, u64), form: Form) -> Arc<dyn ChunkSource> {
    Arc::new(Model::of(&world.log, range.0, range.1, form))
}

/// A curve of many points, with a record in between that is of another form.
fn long_world(points: i64) -> World {
    let mut world = World::new();
    let loss = keys()[0].id().into();
    let steps: Vec<i64> = (0..points).collect();
    for chunk in steps.chunks(100) {
        let values: Vec<f64> = chunk.iter().map(|step| (step % 17) as f64).collect();
        world.batch(loss, chunk, &[], &values);
    }
    world
}

const FORM: Form = Form {
    chunk_rows: 1000,
    shifts: [3, 7],
    node_rows: 2,
    rest_every: u64::MAX,
};

#[test]
fn many_points_come_as_few_buckets_from_nodes_rows_and_log() {
    let world = long_world(5000);
    let end = world.log.end().unwrap().get();
    let sources = [
        source(&world, (1, 20), FORM),
        source(
            &world,
            (20, 41),
            Form {
                shifts: [2, 9],
                ..FORM
            },
        ),
    ];
    for count_max in [1, 2, 3, 7, 40, 100, 600, 2500, 6000] {
        let query = Query::new(RUN).buckets(NonZeroUsize::new(count_max).unwrap());
        check(&world, &query, &sources, 1, end);
        check(&world, &query.clone().steps(123..=4321), &sources, 1, end);
        check(&world, &query, &sources, 9, 33);
    }
    check(&world, &Query::new(RUN), &sources, 1, end);
}

/// A source that may only be asked for nodes.
struct NodesOnly(Model);

impl ChunkSource for NodesOnly {
    fn first_lsn(&self) -> Lsn {
        self.0.first_lsn()
    }

    fn next_lsn(&self) -> Lsn {
        self.0.next_lsn()
    }

    fn chunks(&self, run: RunKey) -> Result<Vec<Chunk>, SourceFault> {
        self.0.chunks(run)
    }

    fn axes(&self, _: &Chunk, _: Want) -> Result<Axes, SourceFault> {
        panic!("the nodes are enough")
    }

    fn values(&self, _: &Chunk, _: usize) -> Result<Vec<f64>, SourceFault> {
        panic!("the nodes are enough")
    }

    fn nodes(&self, chunk: &Chunk, column: usize, level: usize) -> Result<Arc<Nodes>, SourceFault> {
        self.0.nodes(chunk, column, level)
    }

    fn has_points_in_rest(&self) -> Result<bool, SourceFault> {
        Ok(false)
    }

    fn rest(&self, _: &mut dyn FnMut(&Entry<'_>)) -> Result<(), SourceFault> {
        panic!("the nodes are enough")
    }
}

#[test]
fn wide_buckets_read_no_rows() {
    let world = long_world(5000);
    let end = world.log.end().unwrap().get();
    let model = Model::of(&world.log, 1, end, FORM);
    let sources: [Arc<dyn ChunkSource>; 1] = [Arc::new(NodesOnly(model))];
    for count_max in [1, 30, 300, 600] {
        let query = Query::new(RUN).buckets(NonZeroUsize::new(count_max).unwrap());
        check(&world, &query, &sources, 1, end);
    }
}

#[test]
fn a_damaged_source_is_named_and_the_others_answer() {
    let world = long_world(500);
    let mut broken = Model::of(&world.log, 4, 8, FORM);
    broken.is_broken = true;
    let sources: Vec<Arc<dyn ChunkSource>> = vec![source(&world, (1, 4), FORM), Arc::new(broken)];
    let dictionary = dictionary();
    for query in [Query::new(RUN), Query::new(RUN).buckets(NonZeroUsize::MIN)] {
        let asked = Asked {
            query: &query,
            dictionary: &dictionary,
            first: Lsn::FIRST,
            end: world.log.end().unwrap(),
        };
        let error = answer(&mut world.log.reader().unwrap(), &asked, &sources).unwrap_err();
        assert!(
            matches!(&error, AnswerError::Source { source_at: 1, .. }),
            "{error}"
        );
        check(&world, &query, &sources[..1], 1, asked.end.get());
    }
}

prop_compose! {
    fn form()(chunk_rows in 1usize..40, fine in 0u32..4, more in 0u32..8, node_rows in 0usize..6,
        rest_every in prop_oneof![Just(u64::MAX), 2u64..5]) -> Form {
        let shifts = if more == 7 { [fine, 63] } else { [fine, fine + more] };
        Form { chunk_rows, shifts, node_rows: node_rows.max(1), rest_every }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_the_sources_the_answer_is_that_of_the_log(
        actions in prop::collection::vec(action(), 0..30),
        stretches in prop::collection::vec((0.0f64..1.0, 0.0f64..1.0, form()), 0..4),
        asked in (0.0f64..0.3, 0.4f64..=1.0),
        steps in prop_oneof![3 => Just((i64::MIN, i64::MAX)), 2 => (step(), step())],
        times in prop_oneof![3 => Just((i64::MIN, i64::MAX)), 1 => (0i64..100, 0i64..100)],
        count_max in 1usize..12,
    ) {
        let world = random_world(actions);
        let end = world.log.end().unwrap().get();
        let place = |share: f64| 1 + (share * (end - 1) as f64) as u64;
        let mut sources = Vec::new();
        for (one, other, form) in stretches {
            let (first, next) = (place(one.min(other)), place(one.max(other)));
            if first < next {
                sources.push(source(&world, (first, next), form));
            }
        }
        let query = Query::new(RUN).steps(steps.0..=steps.1).times_ns(times.0..=times.1);
        let thin = query.clone().buckets(NonZeroUsize::new(count_max).unwrap());
        for query in [query.clone(), thin, query.metric("train/*")] {
            check(&world, &query, &sources, place(asked.0), place(asked.1));
            check(&world, &query, &sources, 1, end);
        }
    }
}
