//! `MLflow`'s store in an `SQLite` database.
//!
//! Invariants: the database is opened for reading only, and no lock on it outlives a chunk, so that a server may go on
//! writing; points come in the order in which they were logged; damage that concerns one run ends that run only.

use std::path::{Path, PathBuf};

use mltrack::{Code, Error, NameKind, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row as Found};

use super::head::{Head, Input, Row, Status};
use super::mark::Mark;
use super::rows::Rows;
use super::schema::{self, Schema};
use super::store::Store;
use crate::chunk::Chunk;
use crate::fit::fit;
use crate::report::Untaken;
use crate::source::PastExperiment;

/// A database file.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    connection: Connection,
    schema: Schema,
    rows: Rows,
    len: u64,
}

impl Sqlite {
    /// Errors: `VALIDATION_ERROR` for what is no database of `MLflow`'s or one of a version that is not known,
    /// `CORRUPT` for a damaged one.
    pub fn open(path: &Path) -> Result<Sqlite> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(path, flags);
        let connection = opened.map_err(|error| failure(path, error))?;
        let schema = schema::check(&connection, path)?;
        let len = std::fs::metadata(path).map_or(0, |known| known.len());
        Ok(Sqlite {
            path: path.to_owned(),
            rows: Rows::new(schema.has_run_index),
            connection,
            schema,
            len,
        })
    }

    /// All rows that a query gives, each as `read` makes it.
    fn all<T>(
        &self,
        query: &str,
        of: Option<&str>,
        mut read: impl FnMut(&Found<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(query)?;
        match of {
            Some(of) => statement.query_map([of], &mut read)?.collect(),
            None => statement.query_map([], &mut read)?.collect(),
        }
    }

    fn failure(&self, error: rusqlite::Error) -> Error {
        failure(&self.path, error)
    }

    /// What there is of which nothing is taken.
    fn say_unsupported(&self, said: &mut Vec<Untaken>) -> Result<()> {
        let place = self.path.to_string_lossy();
        for (table, noun) in schema::UNSUPPORTED {
            if !self.schema.tables.contains(table) {
                continue;
            }
            let query = format!("SELECT count(*) FROM {table}");
            let count = self.all(&query, None, |row| row.get::<_, i64>(0));
            let count = count.map_err(|error| self.failure(error))?;
            if let Some(count) = count.first().filter(|count| **count > 0) {
                let why = format!("{noun} of other trackers are not brought in");
                said.push(Untaken::unsupported(
                    format!("{count} {noun}"),
                    place.clone(),
                    &why,
                ));
            }
        }
        Ok(())
    }

    fn experiment_name(&self) -> &'static str {
        if self.schema.has_workspaces {
            "CASE e.workspace WHEN 'default' THEN e.name ELSE e.workspace || '/' || e.name END"
        } else {
            "e.name"
        }
    }

    fn read_row(&self, head: &Head, said: &mut Vec<Untaken>) -> rusqlite::Result<Row> {
        const QUERY: &str = "SELECT user_id, status, start_time, end_time, lifecycle_stage, deleted_time, \
            artifact_uri, source_type, source_name, entry_point_name, source_version \
            FROM runs WHERE run_uuid = ?1";
        let mut row = Row::default();
        let mut sources = Vec::new();
        self.all(QUERY, Some(&head.id), |found| {
            row.user = text(found, 0)?.filter(|user| !user.is_empty());
            row.status = text(found, 1)?.as_deref().and_then(Status::read);
            row.start_ms = found.get(2)?;
            row.end_ms = found.get(3)?;
            row.is_deleted = text(found, 4)?.as_deref() == Some("deleted");
            row.deleted_ms = found.get(5)?;
            row.artifact_uri = text(found, 6)?;
            sources.clear();
            for (at, (tag, _)) in super::SOURCE_TAGS.iter().enumerate() {
                sources.push((*tag, text(found, 7 + at)?));
            }
            Ok(())
        })?;
        row.params = self.pairs(
            "SELECT key, value FROM params WHERE run_uuid = ?1",
            &head.id,
        )?;
        row.tags = self.pairs("SELECT key, value FROM tags WHERE run_uuid = ?1", &head.id)?;
        // What is unknown is said by nothing better than by leaving it out.
        for (tag, value) in sources {
            let is_there = row.tags.iter().any(|(known, _)| known == tag);
            let value = value.filter(|value| !matches!(value.as_str(), "" | "UNKNOWN"));
            if let Some(value) = value.filter(|_| !is_there) {
                row.tags.push((tag.to_owned(), value));
            }
        }
        if self.schema.tables.contains("inputs") {
            row.inputs = self.inputs(&head.id, said)?;
        }
        Ok(row)
    }

    fn pairs(&self, query: &str, of: &str) -> rusqlite::Result<Vec<(String, String)>> {
        let mut pairs = self.all(query, Some(of), |row| {
            Ok((
                text(row, 0)?.unwrap_or_default(),
                text(row, 1)?.unwrap_or_default(),
            ))
        })?;
        pairs.sort();
        Ok(pairs)
    }

    fn inputs(&self, run: &str, said: &mut Vec<Untaken>) -> rusqlite::Result<Vec<Input>> {
        const QUERY: &str = "SELECT i.input_uuid, d.name, d.digest, d.dataset_source_type, d.dataset_source, \
            d.dataset_schema, d.dataset_profile FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id \
            WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ?1 ORDER BY i.rowid";
        const MODELS: &str = "SELECT 1 FROM inputs WHERE (source_type LIKE 'RUN%' AND source_id = ?1) \
            OR (destination_type LIKE 'RUN%' AND destination_id = ?1 AND source_type LIKE 'MODEL%')";
        let mut inputs = self.all(QUERY, Some(run), |row| {
            let input = Input {
                name: text(row, 1)?.unwrap_or_default(),
                digest: text(row, 2)?.unwrap_or_default(),
                source_type: text(row, 3)?.unwrap_or_default(),
                source: text(row, 4)?.unwrap_or_default(),
                schema: text(row, 5)?,
                profile: text(row, 6)?,
                tags: Vec::new(),
            };
            Ok((text(row, 0)?.unwrap_or_default(), input))
        })?;
        for (id, input) in &mut inputs {
            input.tags = self.pairs(
                "SELECT name, value FROM input_tags WHERE input_uuid = ?1",
                id,
            )?;
        }
        let models = self.all(MODELS, Some(run), |_| Ok(()))?.len();
        if models > 0 {
            let why =
                "logged models are not brought in; their files are artifacts of MLflow's store";
            let what = format!("{models} models that it took in or gave out");
            said.push(Untaken::unsupported(what, self.place(run), why));
        }
        Ok(inputs.into_iter().map(|(_, input)| input).collect())
    }

    fn place(&self, run: &str) -> String {
        format!("{}#{run}", self.path.display())
    }

    /// Damage that concerns one run is said, and everything else ends the import.
    fn one<T>(
        &self,
        run: &str,
        error: rusqlite::Error,
        instead: T,
        said: &mut Vec<Untaken>,
    ) -> Result<T> {
        if !is_damage(&error) {
            return Err(self.failure(error));
        }
        let why = format!("{error}; sqlite3 FILE .recover saves what can be saved");
        said.push(Untaken::damaged("a run", self.place(run), &why));
        Ok(instead)
    }
}

impl Store for Sqlite {
    fn len(&self) -> Option<u64> {
        Some(self.len)
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    fn experiments(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<PastExperiment>> {
        self.say_unsupported(said)?;
        let query = format!(
            "SELECT {}, e.lifecycle_stage, CAST(e.experiment_id AS TEXT) FROM experiments e ORDER BY e.experiment_id",
            self.experiment_name()
        );
        let found = self.all(&query, None, |row| {
            let is_deleted = text(row, 1)?.as_deref() == Some("deleted");
            Ok((
                text(row, 0)?.unwrap_or_default(),
                is_deleted,
                text(row, 2)?.unwrap_or_default(),
            ))
        });
        let found = found.map_err(|error| self.failure(error))?;
        let mut experiments = Vec::new();
        for (name, is_deleted, id) in found {
            const TAGS: &str =
                "SELECT key, value FROM experiment_tags WHERE experiment_id = CAST(?1 AS INTEGER)";
            let tags = self.pairs(TAGS, &id).map_err(|error| self.failure(error))?;
            let identity = self.place(&format!("experiment {id}"));
            let note = tags.iter().find(|(key, _)| key == super::NOTE);
            experiments.push(PastExperiment {
                name: fit(NameKind::Experiment, &name, &identity, said),
                description: note.map(|(_, text)| text.clone()).unwrap_or_default(),
                tags,
                is_deleted,
                identity,
            });
        }
        Ok(experiments)
    }

    fn runs(&mut self, said: &mut Vec<Untaken>) -> Result<Vec<Head>> {
        let query = format!(
            "SELECT r.run_uuid, r.name, {}, r.start_time, \
             (SELECT value FROM tags t WHERE t.run_uuid = r.run_uuid AND t.key = '{}'), \
             (SELECT value FROM tags t WHERE t.run_uuid = r.run_uuid AND t.key = '{}') \
             FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id",
            self.experiment_name(),
            super::PARENT,
            super::RUN_NAME
        );
        let heads = self.all(&query, None, |row| {
            let name = text(row, 1)?.filter(|name| !name.is_empty());
            Ok(Head {
                id: text(row, 0)?.unwrap_or_default(),
                name: name.or(text(row, 5)?).unwrap_or_default(),
                experiment: text(row, 2)?.unwrap_or_default(),
                parent: text(row, 4)?,
                start_ms: row.get::<_, Option<i64>>(3)?.unwrap_or(i64::MAX),
                ..Head::default()
            })
        });
        let mut heads = heads.map_err(|error| self.failure(error))?;
        let len = self.len / (heads.len() as u64).max(1);
        for head in &mut heads {
            head.len = len;
            let place = self.place(&head.id);
            head.name = fit(NameKind::Run, &head.name, &place, said);
            // The experiment's own name was said with it.
            head.experiment = fit(
                NameKind::Experiment,
                &head.experiment,
                &place,
                &mut Vec::new(),
            );
        }
        Ok(heads)
    }

    fn row(&mut self, head: &Head, said: &mut Vec<Untaken>) -> Result<Row> {
        self.rows.begin();
        match self.read_row(head, said) {
            Ok(row) => Ok(row),
            Err(error) => {
                let damage =
                    Some("the database is damaged where it says what the run was".to_owned());
                let instead = Row {
                    damage,
                    ..Row::default()
                };
                self.one(&head.id, error, instead, said)
            }
        }
    }

    fn points(
        &mut self,
        head: &Head,
        mark: &mut Mark,
        chunk: &mut Chunk,
        said: &mut Vec<Untaken>,
    ) -> Result<bool> {
        let place = self.place(&head.id);
        match self
            .rows
            .read(&self.connection, head, &place, mark, chunk, said)
        {
            Ok(has_more) => Ok(has_more),
            Err(error) => self.one(&head.id, error, false, said),
        }
    }

    fn artifacts(&self, _: &Head) -> Option<PathBuf> {
        None
    }
}

/// A text, whatever type the column has for it; bytes that are no UTF-8 are shown as such.
pub(super) fn text(row: &Found<'_>, at: usize) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
    })
}

fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(
                failure.code,
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
            )
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => true,
        _ => false,
    }
}

/// What an error of the database means to who imports.
pub(super) fn failure(path: &Path, error: rusqlite::Error) -> Error {
    let (code, hint) = match error.sqlite_error_code() {
        _ if is_damage(&error) => (
            Code::Corrupt,
            "the database is damaged: sqlite3 FILE .recover saves what can be saved into another",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            Code::Busy,
            "somebody is writing to it: repeat the import, which goes on where it was",
        ),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => (
            Code::IoError,
            "it must be readable, and so must its -wal file if it has one",
        ),
        _ => (Code::IoError, "repeat the import: it goes on where it was"),
    };
    let what = format!("cannot read {}: {error}", path.display());
    Error::new(code, what).with_hint(hint).with_source(error)
}
