//! What searching a folded state costs beside the search itself: making a column, and keeping up with a run that logs.
//!
//! `cargo bench -p mltrack-projector-runs --bench search_state [-- RUNS]`, 100,000 runs with 20 params and 10 metrics when
//! not said otherwise.

use std::time::Duration;

use mltrack_event::{
    Event, ExperimentId, MetricDefined, MetricKey, MetricSetDefined, MetricsLogged, ParamValue,
    RunCreated, RunId, RunKey, RunStarted,
};
use mltrack_log::door::monotonic;
use mltrack_projector::{Body, Entry, Lsn, Projector as _, WriterId};
use mltrack_projector_runs::search::{
    Bitmap, Column, ColumnSource as _, Mode, Question, StateColumns, Window, parse, parse_orders,
    select,
};
use mltrack_projector_runs::{Runs, State};

const ROUNDS: usize = 21;
const METRICS: usize = 10;
const PARAMS: usize = 20;

struct World {
    state: State,
    lsn: u64,
    set: MetricSetDefined,
}

impl World {
    fn new(runs: usize) -> World {
        let keys: Vec<MetricKey> = (0..METRICS)
            .map(|metric| MetricKey::new(format!("m{metric}")).expect("a name"))
            .collect();
        let set = MetricSetDefined::new(keys.iter().map(MetricKey::id).collect());
        let mut world = World {
            state: State::default(),
            lsn: 0,
            set: set.clone(),
        };
        for key in &keys {
            world.add(MetricDefined::new(key));
        }
        world.add(set);
        for run in 0..runs {
            world.run(run);
        }
        world
    }

    fn add(&mut self, event: impl Into<Event>) {
        self.lsn += 1;
        let time_ns = self.lsn as i64;
        let entry = Entry {
            lsn: Lsn::new(self.lsn).expect("above zero"),
            time_ns,
            commit_time_ns: time_ns,
            writer: WriterId(1),
            body: Body::Event(event.into()),
        };
        Runs::apply(&mut self.state, &entry);
    }

    fn run(&mut self, number: usize) {
        let mut random = [0; 10];
        let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        random[2..].copy_from_slice(&mixed.to_be_bytes());
        let run = RunId::from_parts(1_700_000_000_000 + number as u64, random);
        let value = |param: usize| match param % 2 {
            0 => ParamValue::Text(format!("value {}", (number + param) % 12)),
            _ => ParamValue::Float((mixed >> param) as f64),
        };
        let params = (0..PARAMS).map(|param| (format!("p{param}"), value(param)));
        self.add(RunCreated {
            run,
            experiment: ExperimentId(1),
            number: number as u64,
            name: format!("run {number}"),
            parent: None,
            seed: None,
            detached: true,
            timeout_s: None,
            host: "host".into(),
            pid: 1,
            params: params.collect(),
            tags: vec![("paper".into(), "v2".into())],
            actor: "ada".into(),
            command: "bench".into(),
        });
        self.add(RunStarted {
            run: run.key(),
            attached: false,
            host: "host".into(),
            pid: 1,
            actor: "ada".into(),
            command: "bench".into(),
        });
        self.log(run.key(), mixed as f64);
    }

    fn log(&mut self, run: RunKey, value: f64) {
        let (columns, values) = (self.set.id, vec![value; METRICS]);
        self.add(MetricsLogged {
            run,
            columns,
            step: 1,
            values,
        });
    }
}

fn timed<T>(what: &str, rounds: usize, mut act: impl FnMut() -> T) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = monotonic();
            std::hint::black_box(act());
            monotonic().saturating_duration_since(start)
        })
        .collect();
    times.sort_unstable();
    println!("{:>10.3} ms  {what}", times[rounds / 2].as_secs_f64() * 1e3);
}

fn ask(columns: &StateColumns, state: &State) -> usize {
    let table = columns.table(state);
    let filters = [parse("m3 > 0.5 and p4 = 'value 7'", Mode::Full).expect("a filter")];
    let orders = parse_orders(["-m1"], Mode::Full).expect("an order");
    let question = Question {
        base: &Bitmap::all(table.len()),
        filters: &filters,
        orders: &orders,
        ties: Mode::Full,
        window: Window {
            offset: 0,
            limit: 100,
        },
        now_ns: 0,
    };
    select(&table, &question).expect("an answer").total
}

fn main() {
    let asked = std::env::args().find_map(|word| word.parse().ok());
    let mut world = World::new(asked.unwrap_or(100_000));
    println!("{} runs, medians", world.state.runs().count());
    let column_of = |column: &Column| {
        let mut columns = StateColumns::default();
        columns.catch_up(&world.state);
        let made = columns.table(&world.state).column(column);
        made.expect("a column").len()
    };
    timed("a table without columns", 3, || {
        column_of(&Column::Dataset("name".into()))
    });
    timed("and a column of a metric", 3, || {
        column_of(&Column::metric("m3"))
    });
    timed("or of a param with few values", 3, || {
        column_of(&Column::Param("p4".into()))
    });
    timed("or of a param with as many as runs", 3, || {
        column_of(&Column::Param("p3".into()))
    });
    let mut columns = StateColumns::default();
    columns.catch_up(&world.state);
    timed("filter, order, first 100, warm", ROUNDS, || {
        ask(&columns, &world.state)
    });
    timed("the same after looking for changes in vain", ROUNDS, || {
        columns.catch_up(&world.state);
        ask(&columns, &world.state)
    });
    let run = world.state.runs().nth(7).expect("there are more").key();
    timed("the same after a run logged", ROUNDS, || {
        world.log(run, 1.0);
        columns.catch_up(&world.state);
        ask(&columns, &world.state)
    });
}
