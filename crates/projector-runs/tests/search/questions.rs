//! Generated runs, filters and orders. The same seed gives the same ones on every machine.

use crate::support::{NOW_NS, Row};

/// `SplitMix64`.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// In so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

#[derive(Clone, Debug)]
pub struct Question {
    pub filter: String,
    /// Whether a comparison with `in` or `is` stands behind another without `and` in between.
    is_side_by_side: bool,
    pub orders: Vec<String>,
}

const NAMES: [&str; 7] = [
    "kind-elk", "red-oak", "red_oak", "Kind-Elk", "a%b", "it's", "élan",
];
const STATUSES: [&str; 4] = ["completed", "running", "failed", "cancelled"];
const METRICS: [&str; 5] = ["loss", "val/acc", "a b", "layer.0.norm", "end"];
const PARAMS: [&str; 5] = ["lr", "optimizer.name", "batch-size", "model name", "seed"];
const TAGS: [&str; 4] = ["paper", "mlflow.source.name", "dot.ted", "wo rd"];
const TEXTS: [&str; 14] = [
    "adam", "Adam", "sgd", "0.1", "1e-3", "10", "9", "", "a%b", "a_b", "axb", "it's", "train.py",
    "Élan",
];
const VALUES: [f64; 9] = [
    0.0,
    1.0,
    -1.0,
    0.5,
    0.25,
    1e-3,
    3e10,
    f64::NAN,
    f64::INFINITY,
];

pub fn runs(random: &mut Random) -> Vec<Row> {
    let row = |at: u128, random: &mut Random| {
        // Few different times, so that ties are common; some differ only below a millisecond.
        let started_ns =
            NOW_NS - random.below(12) as i64 * 1_000_000_000 + random.below(2) as i64 * 1000;
        let mut row = Row {
            id: u128::from(random.next()) << 64 | at,
            name: random.pick(&NAMES),
            experiment: "resnet",
            status: random.pick(&STATUSES),
            started_ns: Some(started_ns),
            ended_ns: random
                .percent(70)
                .then(|| started_ns + random.below(9) as i64 * 500_000_000),
            ..Row::default()
        };
        for name in METRICS {
            if random.percent(70) {
                row = row.metric(name, random.pick(&VALUES));
            }
        }
        for name in PARAMS {
            if random.percent(70) {
                row = row.param(name, random.pick(&TEXTS));
            }
        }
        for name in TAGS {
            if random.percent(50) {
                row = row.tag(name, random.pick(&TEXTS));
            }
        }
        row
    };
    (0..80).map(|at| row(at, random)).collect()
}

/// A name behind its family, quoted where it must be and sometimes where it need not be.
fn column(random: &mut Random, families: &[&str], names: &[&str]) -> String {
    let (family, name) = (random.pick(families), random.pick(names));
    let is_plain = name.split('.').all(|part| {
        let is_name = part.starts_with(|first: char| first.is_alphabetic());
        is_name
            && part
                .chars()
                .all(|each| each.is_alphanumeric() || each == '_')
    });
    match random.below(if is_plain { 6 } else { 2 }) {
        0 => format!("{family}.`{name}`"),
        1 => format!("{family}.\"{name}\""),
        _ => format!("{family}.{name}"),
    }
}

fn text_literal(random: &mut Random) -> String {
    let text = random.pick(&TEXTS);
    let pattern = match random.below(6) {
        0 => format!("%{text}"),
        1 => format!("{text}%"),
        2 => format!("%{}%", text.get(..1).unwrap_or_default()),
        3 => text.replacen(['a', 'd'], "_", 1),
        _ => text.to_owned(),
    };
    if pattern.contains('\'') || random.percent(30) {
        format!("\"{pattern}\"")
    } else {
        format!("'{pattern}'")
    }
}

fn number_literal(random: &mut Random) -> String {
    random
        .pick(&[
            "0", "1", "-1", "0.5", ".25", "1.", "1e-3", "3E10", "-0", "1e300", "2.5e-1", "0.1",
        ])
        .to_owned()
}

fn time_literal(random: &mut Random) -> String {
    let milliseconds = NOW_NS / 1_000_000 - random.below(12) as i64 * 1000;
    match random.below(5) {
        0 => format!("{milliseconds}.5"),
        1 => "0".to_owned(),
        _ => milliseconds.to_string(),
    }
}

fn metric(random: &mut Random) -> String {
    let column = column(random, &["metrics", "metric"], &METRICS);
    let operator = random.pick(&["=", "!=", "<", "<=", ">", ">="]);
    let blank = random.pick(&[" ", "", "  "]);
    format!("{column}{blank}{operator}{blank}{}", number_literal(random))
}

fn named(random: &mut Random) -> String {
    let column = if random.percent(60) {
        column(
            random,
            &["params", "param", "parameters", "parameter"],
            &PARAMS,
        )
    } else {
        column(random, &["tags", "tag"], &TAGS)
    };
    if random.percent(20) {
        return format!(
            "{column} {}",
            random.pick(&["IS NULL", "is not null", "IS NOT NULL"])
        );
    }
    let operator = random.pick(&["=", "!=", "LIKE", "like", "ILIKE", "ilike"]);
    format!("{column} {operator} {}", text_literal(random))
}

fn attribute(random: &mut Random) -> String {
    let prefix = random.pick(&["", "", "attributes.", "attribute.", "attr.", "run."]);
    match random.below(5) {
        0 => {
            let name = random.pick(&["start_time", "end_time", "created", "Created"]);
            let operator = random.pick(&["=", "!=", "<", "<=", ">", ">="]);
            format!("{prefix}{name} {operator} {}", time_literal(random))
        }
        1 => {
            let operator = random.pick(&["=", "!=", "LIKE", "ilike"]);
            let status = random.pick(&[
                "'FINISHED'",
                "'RUNNING'",
                "'f%'",
                "'F%'",
                "\"KILLED\"",
                "'finished'",
            ]);
            format!("{prefix}status {operator} {status}")
        }
        2 => {
            let name = random.pick(&[
                "run_name",
                "`run name`",
                "\"Run Name\"",
                "user_id",
                "artifact_uri",
            ]);
            let operator = random.pick(&["=", "!=", "LIKE", "ILIKE"]);
            let text = random.pick(&[
                "'kind-elk'",
                "'red_oak'",
                "'%elk'",
                "'KIND%'",
                "'ada'",
                "\"it's\"",
                "'ÉLAN'",
            ]);
            format!("{prefix}{name} {operator} {text}")
        }
        3 => {
            let operator = random.pick(&["IN", "NOT IN", "in", "not in"]);
            let list = random.pick(&["('a')", "('a', 'b')", "(\"a\",'b',)"]);
            format!("{prefix}run_id {operator} {list}")
        }
        _ => {
            let name = random.pick(&["name", "digest", "context"]);
            let operator = random.pick(&["=", "!=", "LIKE"]);
            format!("dataset.{name} {operator} 'x'")
        }
    }
}

fn comparison(random: &mut Random) -> String {
    match random.below(10) {
        0..=3 => metric(random),
        4..=7 => named(random),
        _ => attribute(random),
    }
}

/// Comparisons that are refused, each for a reason of its own.
const WRONG: [&str; 58] = [
    "metrics.loss > '1'",
    "metrics.loss LIKE '1'",
    "metrics.loss > x",
    "metrics.loss > 1e+5",
    "metrics.loss > +1",
    "metrics.loss > - 1",
    "metrics.loss > 0x10",
    "metrics.loss > inf",
    "metrics.loss > nan",
    "metrics.loss > 1_000",
    "metrics.loss IS NULL",
    "metrics.loss IN (1)",
    "metrics.loss == 1",
    "metrics.loss <> 1",
    "metrics.loss => 1",
    "metrics.loss ~ 1",
    "metrics.val/acc > 1",
    "metrics.batch-size > 1",
    "metrics.1 > 1",
    "metrics.loss > metrics.end",
    "metrics.loss > 1e",
    "metrics.loss !< 1",
    "Metrics.loss > 1",
    "metrics.loss >",
    "metrics.loss",
    "> 1",
    "1 < metrics.loss",
    "params.lr > '1'",
    "params.lr = 1",
    "params.lr = adam",
    "params.lr = `adam`",
    "params.lr IN ('a')",
    "params.lr NOT LIKE 'a'",
    "params.lr RLIKE 'a'",
    "params.lr = 'a",
    "params.lr IS 'a'",
    "params.lr NOT NULL",
    "tags.paper NOT IN ('a')",
    "tags.paper < 'a'",
    "tags.in = 'a'",
    "tag = 'a'",
    "foo.bar = 'a'",
    "\"metrics\".loss > 1",
    "start_time > '1'",
    "start_time LIKE '1'",
    "start_time IN (1)",
    "status > 'a'",
    "status IN ('FINISHED')",
    "run_name IN ('a')",
    "status IS NULL",
    "Status = 'FINISHED'",
    "run name = 'a'",
    "name = 'a'",
    "experiment_id = '1'",
    "run_id IN ()",
    "run_id IN (1)",
    "run_id IN ('a','b'",
    "dataset.size = 'a'",
];

const JOINTS: [&str; 7] = [" OR ", " or ", " , ", "; ", " NOT ", " AND (", ") AND "];

fn filter(random: &mut Random) -> (String, bool) {
    let mut filter = String::new();
    let mut is_side_by_side = false;
    for at in 0..random.pick(&[0, 1, 1, 1, 2, 2, 3]) {
        let joint = random.pick(&[" AND ", " and ", "  And\n", " AND AND ", " "]);
        let part = if random.percent(8) {
            random.pick(&WRONG).to_owned()
        } else {
            comparison(random)
        };
        if at > 0 {
            let upper = part.to_uppercase();
            is_side_by_side |= joint == " " && (upper.contains(" IN ") || upper.contains(" IS "));
            filter.push_str(if random.percent(5) {
                random.pick(&JOINTS)
            } else {
                joint
            });
        }
        filter.push_str(&part);
    }
    if random.percent(5) {
        filter.push_str(random.pick(&[" AND", ";", " OR", " foo", ")", " 1"]));
    }
    (filter, is_side_by_side)
}

/// Clauses that name no column, or nothing that can be sorted by.
const WRONG_ORDERS: [&str; 18] = [
    "",
    "metrics.loss foo",
    "metrics.loss desc nulls last",
    " metrics.loss",
    "metrics.loss ",
    "-metrics.loss",
    "timestamp",
    "name",
    "`Run Name`",
    "dataset.name",
    "foo.bar",
    "metrics.val/acc",
    "metrics.batch-size desc",
    "desc",
    "1",
    "metrics.loss, metrics.end",
    "metrics.loss ASC;",
    "metrics.loss desc desc",
];

fn orders(random: &mut Random) -> Vec<String> {
    let mut orders: Vec<String> = Vec::new();
    for _ in 0..random.pick(&[0, 0, 1, 1, 2, 3]) {
        if random.percent(6) {
            orders.push(random.pick(&WRONG_ORDERS).to_owned());
            continue;
        }
        let column = match random.below(4) {
            0 => random
                .pick(&[
                    "start_time",
                    "end_time",
                    "created",
                    "status",
                    "run_id",
                    "run_name",
                    "user_id",
                    "artifact_uri",
                    "attributes.status",
                ])
                .to_owned(),
            1 => column(random, &["metrics", "metric"], &METRICS),
            2 => column(random, &["params", "parameter"], &PARAMS),
            _ => column(random, &["tags"], &TAGS),
        };
        orders.push(format!(
            "{column}{}",
            random.pick(&["", " ASC", " desc", "  DESC", " asc"])
        ));
    }
    orders
}

pub fn questions(random: &mut Random, count: usize) -> Vec<Question> {
    let one = |random: &mut Random| {
        let (filter, is_side_by_side) = filter(random);
        Question {
            filter,
            is_side_by_side,
            orders: orders(random),
        }
    };
    std::iter::repeat_with(|| one(random))
        .filter(|question| !is_conflict(question))
        .take(count)
        .collect()
}

/// Questions that are not asked, each for a reason that has a name.
fn is_conflict(question: &Question) -> bool {
    is_order_repeated(question) || is_check_side_by_side(question)
}

/// `params.a = 'x' tags.b is null`: the tokenizer takes everything before `is` for one name, and the store compares
/// with a tag that nobody has. We refuse; with `and` in between, and with other comparators, the answers are equal.
fn is_check_side_by_side(question: &Question) -> bool {
    question.is_side_by_side
}

/// A field that comes twice in an order: `SearchUtils` sorts, the store refuses. So do we.
fn is_order_repeated(question: &Question) -> bool {
    let field = |order: &String| {
        let column = order.split(' ').next().unwrap_or_default();
        let column = column.trim_start_matches("attributes.");
        let column = column
            .replace("created", "start_time")
            .replace(['`', '"'], "");
        column
            .replace("metrics.", "metric.")
            .replace("params.", "parameter.")
    };
    let mut fields: Vec<String> = question.orders.iter().map(field).collect();
    fields.sort_unstable();
    fields.windows(2).any(|pair| pair[0] == pair[1])
}
