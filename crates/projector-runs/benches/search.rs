//! How long a warm search takes: filter, order, first 100 of 100,000 and of 1,000,000 runs with 20 params and 10 metrics.
//!
//! `cargo bench -p mltrack-projector-runs --bench search [-- ROWS]` prints the median and the slowest of each question.
//! The columns are made up and stand ready, as they do in a process that has asked before.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mltrack_log::door::monotonic;
use mltrack_projector_runs::search::{
    Attribute, Bitmap, Column, ColumnData, ColumnSource, Family, Mode, Question, TextsBuilder,
    Window, parse, parse_orders, select,
};

const NOW_NS: i64 = 1_795_262_400_000_000_000;
const ROUNDS: usize = 41;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

struct Columns {
    len: usize,
    columns: HashMap<Column, Arc<ColumnData>>,
}

impl Columns {
    fn new(len: usize) -> Columns {
        let mut made = Columns {
            len,
            columns: HashMap::new(),
        };
        let random = &mut Random(1);
        for metric in 0..10 {
            // One run in ten lacks the metric, one in fifty has NaN.
            let values: Vec<f64> = (0..len)
                .map(|row| {
                    if row % 50 == 7 {
                        f64::NAN
                    } else {
                        random.unit()
                    }
                })
                .collect();
            let present = Bitmap::of(len, |row| row % 10 != metric);
            let data = ColumnData::Numbers { values, present };
            made.add(Column::metric(&format!("m{metric}")), data);
        }
        for param in 0..20_u64 {
            // Half of them have few values, half as many as there are runs.
            let text = |random: &mut Random| match param % 2 {
                0 => format!("value {}", random.next() % 12),
                _ => format!("{:?}", 10.0_f64.powf(-5.0 * random.unit())),
            };
            made.texts(Column::Param(format!("p{param}").into()), random, text);
        }
        let name = |random: &mut Random| format!("kind-elk-{}", random.next() % 100_000);
        made.texts(Column::Attribute(Attribute::Name), random, name);
        made.texts(Column::Attribute(Attribute::Experiment), random, |_| {
            "resnet".into()
        });
        let status = |random: &mut Random| match random.next() % 5 {
            0 => "failed".to_owned(),
            _ => "completed".to_owned(),
        };
        made.texts(Column::Attribute(Attribute::Status), random, status);
        let paper = |random: &mut Random| format!("v{}", random.next() % 9);
        made.texts(Column::Tag("paper".into()), random, paper);
        let ids = (0..len).map(|_| {
            let id = u128::from(random.next()) << 64 | u128::from(random.next());
            id.to_be_bytes()
        });
        let ids = ColumnData::Ids(ids.collect());
        made.add(Column::Attribute(Attribute::Id), ids);
        let started = (0..len as i64).map(|row| NOW_NS - (len as i64 - row) * 60_000_000_000);
        let data = ColumnData::Integers {
            values: started.collect(),
            present: Bitmap::all(len),
        };
        made.add(Column::Attribute(Attribute::Started), data);
        made
    }

    fn add(&mut self, column: Column, data: ColumnData) {
        self.columns.insert(column, Arc::new(data));
    }

    fn texts(&mut self, column: Column, random: &mut Random, text: impl Fn(&mut Random) -> String) {
        let mut builder = TextsBuilder::default();
        (0..self.len).for_each(|_| builder.push(Some(&text(random))));
        self.add(column, ColumnData::Texts(builder.build()));
    }
}

impl ColumnSource for Columns {
    fn len(&self) -> usize {
        self.len
    }

    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>> {
        let data = self.columns.get(column).cloned();
        Ok(data.unwrap_or_else(|| Arc::new(ColumnData::Missing)))
    }

    fn has(&self, family: Family, name: &str) -> bool {
        let column = match family {
            Family::Metric => Column::metric(name),
            Family::Param => Column::Param(name.into()),
            Family::Tag => Column::Tag(name.into()),
        };
        self.columns.contains_key(&column)
    }

    fn names(&self, family: Family) -> Vec<Box<str>> {
        let names = self
            .columns
            .keys()
            .filter_map(|column| match (family, column) {
                (Family::Metric, Column::Metric { name, .. })
                | (Family::Param, Column::Param(name))
                | (Family::Tag, Column::Tag(name)) => Some(name.clone()),
                _ => None,
            });
        names.collect()
    }
}

const QUESTIONS: [(Mode, &str, &[&str]); 9] = [
    (Mode::Full, "m3 > 0.5 and p4 = 'value 7'", &["-m1"]),
    (Mode::Full, "metrics.m3 > 0.2", &["m1", "-m2"]),
    (Mode::Full, "", &["-m1"]),
    (
        Mode::Full,
        "p3 < 0.001 or (status = failed and m5 < 0.1)",
        &["=p3"],
    ),
    (Mode::Full, "started > -7d and m0 is not null", &[".name"]),
    (Mode::Full, "not p5 = 1e-3 and took > 1h", &["-.took", "m2"]),
    (Mode::Full, "elk-77", &[]),
    (
        Mode::Mlflow,
        "metrics.m3 > 0.5 AND params.p4 = 'value 7'",
        &["metrics.m1 DESC"],
    ),
    (
        Mode::Mlflow,
        "params.p3 LIKE '0.0%' AND tags.paper != 'v3'",
        &["params.p3", "start_time DESC"],
    ),
];

fn ask(columns: &Columns, base: &Bitmap, (mode, filter, orders): (Mode, &str, &[&str])) -> usize {
    let filters = [parse(filter, mode).expect("the filter is right")];
    let orders = parse_orders(orders, mode).expect("the orders are right");
    let question = Question {
        base,
        filters: &filters,
        orders: &orders,
        ties: mode,
        window: Window {
            offset: 0,
            limit: 100,
        },
        now_ns: NOW_NS,
    };
    select(columns, &question)
        .expect("the columns can be read")
        .total
}

fn measure(rows: usize) {
    let columns = Columns::new(rows);
    let base = Bitmap::of(rows, |row| row % 97 != 0);
    println!(
        "{rows} runs\n{:>10} {:>10} {:>9}  question",
        "p50 ms", "max ms", "found"
    );
    for question in QUESTIONS {
        // The first time makes what is kept with a column.
        let found = ask(&columns, &base, question);
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let start = monotonic();
                assert_eq!(ask(&columns, &base, question), found);
                monotonic().saturating_duration_since(start)
            })
            .collect();
        times.sort_unstable();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        println!(
            "{:>10.3} {:>10.3} {found:>9}  {} {:?}",
            milliseconds(times[ROUNDS / 2]),
            milliseconds(times[ROUNDS - 1]),
            question.1,
            question.2
        );
    }
}

fn main() {
    let asked: Vec<usize> = std::env::args()
        .filter_map(|word| word.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![100_000, 1_000_000]
    } else {
        asked
    };
    sizes.into_iter().for_each(measure);
}
