//! A database, and a folder of Parquet files, as what holds tables.
//!
//! Invariant: both hold the same tables, except that a point in a file says by name what it belongs to, and in a database
//! by the number of its metric.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::everything::{Counts, SomeRows, Tables, each_point};
use crate::parquet_file::{PointsFile, RowsFile};
use crate::place::{NewFile, NewFolder};
use crate::points::{Labels, Rows, Source};
use crate::schema::SCHEMA_VERSION;
use crate::sqlite::Database;
use crate::table::Schema;

/// What an export is of.
#[derive(Clone, Debug)]
pub struct About {
    /// The last record that counts, 0 in an empty store.
    pub lsn: u64,
    /// When it was made.
    pub made: mltrack::WallTime,
}

/// A database that is being written beside its target.
pub struct DatabaseFile {
    file: NewFile,
    database: Database,
}

/// A folder that is being written beside its target.
pub struct TablesFolder {
    folder: NewFolder,
}

impl DatabaseFile {
    /// Begins it. Errors: [`Error::Special`] for a target that is no regular file.
    pub fn at(target: &Path) -> Result<DatabaseFile> {
        let file = NewFile::by_path(target)?;
        let database = Database::create(file.path(), target)?;
        Ok(DatabaseFile { file, database })
    }

    /// Puts it in its place.
    pub fn finish(self, about: &About, counts: &Counts) -> Result {
        let DatabaseFile { file, database } = self;
        database.say("schema", &SCHEMA_VERSION.to_string())?;
        database.say("mltrack", env!("CARGO_PKG_VERSION"))?;
        database.say("lsn", &about.lsn.to_string())?;
        database.say("made", &about.made.to_string())?;
        for (name, rows) in counts {
            database.say(&format!("rows.{name}"), &rows.to_string())?;
        }
        database.finish()?;
        file.keep()
    }
}

impl Tables for DatabaseFile {
    fn table(&mut self, schema: &'static Schema, rows: SomeRows<'_>) -> Result<u64> {
        self.database.table(schema)?;
        let mut inserter = self.database.inserter(schema)?;
        for row in rows {
            inserter.row(&row?)?;
        }
        Ok(inserter.rows())
    }

    fn points(&mut self, source: &Source<'_>, told: &mut dyn FnMut(u64) -> Result) -> Result<u64> {
        self.database.points_table()?;
        let mut inserter = self.database.point_inserter()?;
        let target = self.file.target();
        let mut take = |id: Option<i64>, labels: &Labels<'_>, rows: Rows<'_>| {
            let id = id.ok_or_else(|| Error::Format {
                path: target.to_owned(),
                what: format!(
                    "run {} has points of {} without a summary",
                    labels.run, labels.name
                ),
            })?;
            inserter.points(id, rows)
        };
        each_point(source, &mut take, told)
    }
}

impl TablesFolder {
    /// Begins it. Errors: [`Error::Occupied`].
    pub fn at(target: &Path) -> Result<TablesFolder> {
        let folder = NewFolder::at(target)?;
        Ok(TablesFolder { folder })
    }

    /// Puts it in its place, with a page for people and one for programs.
    pub fn finish(self, about: &About, counts: &Counts) -> Result {
        self.text("README.md", &readme(about, counts))?;
        self.text("manifest.json", &manifest(about, counts))?;
        self.folder.keep()
    }

    fn text(&self, name: &str, text: &str) -> Result {
        let (mut file, shown) = self.folder.file(name)?;
        let written = file.write_all(text.as_bytes());
        written.map_err(|error| Error::io("write", &shown, error))
    }

    fn file(&self, name: &str) -> Result<(BufWriter<File>, std::path::PathBuf)> {
        let (file, shown) = self.folder.file(&format!("{name}.parquet"))?;
        Ok((BufWriter::new(file), shown))
    }
}

impl Tables for TablesFolder {
    fn table(&mut self, schema: &'static Schema, rows: SomeRows<'_>) -> Result<u64> {
        let (file, shown) = self.file(schema.name)?;
        let mut file = RowsFile::new(file, shown, &schema.columns())?;
        let mut count = 0;
        for row in rows {
            file.row(&row?)?;
            count += 1;
        }
        file.finish()?;
        Ok(count)
    }

    fn points(&mut self, source: &Source<'_>, told: &mut dyn FnMut(u64) -> Result) -> Result<u64> {
        let (file, shown) = self.file("points")?;
        let mut file = PointsFile::new(file, shown)?;
        let count = each_point(
            source,
            &mut |_, labels, rows| file.points(labels, rows),
            told,
        )?;
        file.finish()?;
        Ok(count)
    }
}

fn manifest(about: &About, counts: &Counts) -> String {
    let tables = counts.iter().map(|(name, rows)| {
        let file = format!("{name}.parquet");
        ((*name).to_owned(), json!({"file": file, "rows": rows}))
    });
    let manifest = json!({
        "schema": SCHEMA_VERSION,
        "mltrack": env!("CARGO_PKG_VERSION"),
        "lsn": about.lsn,
        "made": about.made.to_string(),
        "tables": Value::Object(tables.collect()),
    });
    format!("{manifest:#}\n")
}

fn readme(about: &About, counts: &Counts) -> String {
    let mut text = format!(
        "# Everything in an mltrack store\n\n\
         Schema {SCHEMA_VERSION}, written by mltrack {} at {}, as of record {}.\n\
         One Parquet file a table; `docs/export.md` of mltrack says what each column means, and `manifest.json` says this for programs.\n\n\
         | table | rows |\n| --- | ---: |\n",
        env!("CARGO_PKG_VERSION"),
        about.made,
        about.lsn
    );
    for (name, rows) in counts {
        writeln!(text, "| [{name}]({name}.parquet) | {rows} |")
            .expect("writing to a string cannot fail");
    }
    text
}
