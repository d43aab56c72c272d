//! A `SQLite` file with the tables of `schema.rs`, indexes and views; `docs/export.md` draws it.
//!
//! Invariants: it is written once, in one transaction, to a file that nobody else knows yet; columns that hold numbers
//! with a fraction have no type, because `SQLite` would make an integer of `-0.0`; a NaN is NULL, because `SQLite` has
//! none, and a point keeps its bits beside it; a whole number beyond 2^63 - 1 is text.

mod views;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql, params_from_iter};

use crate::error::{Error, Result};
use crate::points::Rows;
use crate::table::{Cell, Kind, Schema};

/// A file that is being written.
pub struct Database {
    connection: Connection,
    /// What it is called in errors.
    path: PathBuf,
    tables: Vec<&'static str>,
}

/// Adds rows to a table.
pub struct Inserter<'a> {
    statement: Statement<'a>,
    path: &'a Path,
    rows: u64,
}

/// Adds points.
pub struct PointInserter<'a> {
    statement: Statement<'a>,
    path: &'a Path,
}

const SETTINGS: &str = "PRAGMA page_size = 8192;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -32768;
PRAGMA encoding = 'UTF-8';
BEGIN;
CREATE TABLE manifest (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;";

const POINTS: &str = "CREATE TABLE points (
    metric_id INTEGER NOT NULL REFERENCES metrics (id),
    step INTEGER NOT NULL,
    time_ns INTEGER NOT NULL,
    value,
    nan_bits INTEGER
)";

impl Database {
    /// Begins a database in the empty file at `path`; errors name `target`.
    pub fn create(path: &Path, target: &Path) -> Result<Database> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let wrap = |error| Error::sqlite(target, &error);
        let connection = Connection::open_with_flags(path, flags).map_err(wrap)?;
        connection.execute_batch(SETTINGS).map_err(wrap)?;
        Ok(Database {
            connection,
            path: target.to_owned(),
            tables: Vec::new(),
        })
    }

    /// Makes a table.
    pub fn table(&mut self, schema: &Schema) -> Result {
        let mut sql = format!("CREATE TABLE {} (", schema.name);
        for (place, (name, kind)) in schema.columns.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            let column = column(name, *kind);
            write!(sql, "{comma}{column}").expect("writing to a string cannot fail");
        }
        match (schema.key, schema.columns[0].1) {
            ("", _) => sql.push(')'),
            // The number of a row is its place in the file.
            ("id" | "lsn", Kind::Int) => {
                write!(sql, ", PRIMARY KEY ({}))", schema.key)
                    .expect("writing to a string cannot fail");
            }
            (key, _) => {
                write!(sql, ", PRIMARY KEY ({key})) WITHOUT ROWID")
                    .expect("writing to a string cannot fail");
            }
        }
        self.tables.push(schema.name);
        self.run(&sql)
    }

    /// Makes the table of points.
    pub fn points_table(&mut self) -> Result {
        self.tables.push("points");
        self.run(POINTS)
    }

    /// Adds rows to a table that was made.
    pub fn inserter(&self, schema: &Schema) -> Result<Inserter<'_>> {
        let marks = vec!["?"; schema.columns.len()].join(", ");
        let sql = format!("INSERT INTO {} VALUES ({marks})", schema.name);
        Ok(Inserter {
            statement: self.prepare(&sql)?,
            path: &self.path,
            rows: 0,
        })
    }

    /// Adds points to their table.
    pub fn point_inserter(&self) -> Result<PointInserter<'_>> {
        Ok(PointInserter {
            statement: self.prepare("INSERT INTO points VALUES (?, ?, ?, ?, ?)")?,
            path: &self.path,
        })
    }

    /// Says something about the file as a whole.
    pub fn say(&self, name: &str, value: &str) -> Result {
        let sql = "INSERT INTO manifest VALUES (?, ?)";
        let done = self.connection.execute(sql, [name, value]);
        done.map_err(|error| Error::sqlite(&self.path, &error))?;
        Ok(())
    }

    /// Adds indexes and views, and writes what is left.
    pub fn finish(self) -> Result {
        self.run(
            &views::sql(&self.connection, &self.tables)
                .map_err(|error| Error::sqlite(&self.path, &error))?,
        )?;
        self.run("COMMIT; PRAGMA optimize;")?;
        let closed = self.connection.close();
        closed.map_err(|(_, error)| Error::sqlite(&self.path, &error))
    }

    fn run(&self, sql: &str) -> Result {
        let done = self.connection.execute_batch(sql);
        done.map_err(|error| Error::sqlite(&self.path, &error))
    }

    fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        let prepared = self.connection.prepare(sql);
        prepared.map_err(|error| Error::sqlite(&self.path, &error))
    }
}

impl Inserter<'_> {
    /// Adds a row.
    pub fn row(&mut self, cells: &[Cell]) -> Result {
        let done = self.statement.execute(params_from_iter(cells));
        done.map_err(|error| Error::sqlite(self.path, &error))?;
        self.rows += 1;
        Ok(())
    }

    /// How many rows it added.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl PointInserter<'_> {
    /// Adds points of a metric.
    pub fn points(&mut self, metric_id: i64, rows: Rows<'_>) -> Result {
        let axes = rows.steps.iter().zip(rows.times_ns);
        for ((step, time_ns), value) in axes.zip(rows.values) {
            let nan_bits = value.is_nan().then(|| value.to_bits() as i64);
            let done = self
                .statement
                .execute((metric_id, step, time_ns, value, nan_bits));
            done.map_err(|error| Error::sqlite(self.path, &error))?;
        }
        Ok(())
    }
}

fn column(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Text => format!("{name} TEXT"),
        Kind::Int | Kind::Bool => format!("{name} INTEGER"),
        Kind::Time => format!("{name}_ns INTEGER"),
        Kind::Real | Kind::Whole => name.to_owned(),
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let owned = |value| Ok(ToSqlOutput::Owned(value));
        match self {
            Cell::Null => owned(Value::Null),
            Cell::Text(text) => Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))),
            Cell::Int(number) | Cell::Time(number) => owned(Value::Integer(*number)),
            Cell::Whole(number) => owned(match i64::try_from(*number) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Text(number.to_string()),
            }),
            Cell::Real(number) => owned(Value::Real(*number)),
            Cell::Bool(flag) => owned(Value::Integer(i64::from(*flag))),
        }
    }
}
