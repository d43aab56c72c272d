//! Indexes, and the questions that are asked most as views.
//!
//! Invariant: a view is made only where all of its tables are.

use std::fmt::Write as _;

use rusqlite::Connection;

/// What is made when these tables are there.
const MADE: &[(&[&str], &str)] = &[
    (
        &["points"],
        "CREATE INDEX points_by_metric ON points (metric_id, step);",
    ),
    (
        &["metrics"],
        "CREATE INDEX metrics_by_run ON metrics (run_id, label);
CREATE INDEX metrics_by_label ON metrics (label);",
    ),
    (
        &["runs"],
        "CREATE INDEX runs_by_experiment ON runs (experiment, number);",
    ),
    (
        &["events"],
        "CREATE INDEX events_by_run ON events (run, lsn);
CREATE INDEX events_by_type ON events (type, lsn);",
    ),
    (
        &["artifacts"],
        "CREATE INDEX artifacts_by_run ON artifacts (run_id, path, version);",
    ),
    (
        &["lineage"],
        "CREATE INDEX lineage_by_from ON lineage (from_node);
CREATE INDEX lineage_by_to ON lineage (to_node);",
    ),
    (
        &["runs", "metrics", "points"],
        "CREATE VIEW curves AS
SELECT r.id AS run_id, r.experiment, r.name AS run, m.label AS metric, p.step, p.time_ns, p.value
FROM points p JOIN metrics m ON m.id = p.metric_id JOIN runs r ON r.id = m.run_id;",
    ),
    (
        &["runs", "metrics"],
        "CREATE VIEW best AS
SELECT r.experiment, m.label AS metric, 'lowest' AS which, min(m.min_value) AS value, m.min_step AS step,
       r.id AS run_id, r.name AS run
FROM metrics m JOIN runs r ON r.id = m.run_id WHERE m.min_value IS NOT NULL AND r.deleted_ns IS NULL
GROUP BY r.experiment_id, m.label
UNION ALL
SELECT r.experiment, m.label, 'highest', max(m.max_value), m.max_step, r.id, r.name
FROM metrics m JOIN runs r ON r.id = m.run_id WHERE m.max_value IS NOT NULL AND r.deleted_ns IS NULL
GROUP BY r.experiment_id, m.label;",
    ),
];

/// More columns of a kind are left out of `runs_wide`: a view has 2,000 at most.
const WIDE_MAX: usize = 400;

/// What is to be made for these tables.
pub fn sql(connection: &Connection, tables: &[&str]) -> rusqlite::Result<String> {
    let has = |needed: &&str| tables.contains(needed);
    let mut sql = String::new();
    for (_, made) in MADE.iter().filter(|(needed, _)| needed.iter().all(has)) {
        sql.push_str(made);
        sql.push('\n');
    }
    if ["runs", "params", "tags", "metrics"].iter().all(has) {
        sql.push_str(&wide(connection)?);
    }
    Ok(sql)
}

/// A row a run, a column a parameter, tag and metric, each by its last value.
fn wide(connection: &Connection) -> rusqlite::Result<String> {
    let mut sql = "CREATE VIEW runs_wide AS SELECT r.*".to_owned();
    for (table, column, value) in [
        ("params", "name", "coalesce(x.number, x.value)"),
        ("tags", "name", "x.value"),
        ("metrics", "label", "x.last_value"),
    ] {
        for name in names(connection, table, column)? {
            let (title, name) = (quoted(&format!("{table}.{name}"), '"'), quoted(&name, '\''));
            write!(
                sql,
                ",\n(SELECT {value} FROM {table} x WHERE x.run_id = r.id AND x.{column} = {name}) AS {title}"
            )
            .expect("writing to a string cannot fail");
        }
    }
    sql.push_str("\nFROM runs r;");
    Ok(sql)
}

/// Those that most runs have, sorted.
fn names(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<Vec<String>> {
    let sql = format!(
        "SELECT {column} FROM {table} GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT {WIDE_MAX}"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let mut names = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    names.retain(|name| !name.contains('\0'));
    names.sort();
    Ok(names)
}

fn quoted(text: &str, mark: char) -> String {
    format!(
        "{mark}{}{mark}",
        text.replace(mark, &format!("{mark}{mark}"))
    )
}
