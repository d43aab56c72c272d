//! A file of points: run, experiment, metric, context, step, time, value.
//!
//! Invariants: no allocation for a point; row groups have at most [`GROUP_ROWS`] rows; rows stand in the order in which
//! they came.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::{Encoding, Repetition};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::writer::SerializedFileWriter;

use super::encode::{Group, Shape};
use super::pool::{Done, Pool};
use super::{message, properties};
use crate::error::{Error, Result};
use crate::points::{Labels, Rows};
use crate::schema::CURVES;

/// Rows of a row group: 12 MiB of numbers.
pub const GROUP_ROWS: usize = 1 << 19;

/// A file that is being written.
pub struct PointsFile<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// What it is called in errors.
    path: PathBuf,
    group: Group,
    spare: Vec<Group>,
    pool: Pool,
}

impl<W: Write + Send> PointsFile<W> {
    /// Begins a file.
    pub fn new(out: W, path: PathBuf) -> Result<PointsFile<W>> {
        let schema = message(&CURVES.columns(), Repetition::REQUIRED);
        let properties = properties()
            .set_dictionary_enabled(false)
            .set_column_encoding("step".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("time".into(), Encoding::DELTA_BINARY_PACKED)
            .build();
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties));
        let file = file.map_err(|error| Error::parquet(&path, error))?;
        let shape = Shape {
            descr: file.schema_descr().clone().into(),
            properties: Arc::clone(file.properties()),
        };
        Ok(PointsFile {
            pool: Pool::new(&shape),
            file,
            path,
            group: Group::default(),
            spare: Vec::new(),
        })
    }

    /// Adds points of a metric.
    pub fn points(&mut self, labels: &Labels<'_>, rows: Rows<'_>) -> Result {
        let mut rest = rows;
        while !rest.is_empty() {
            let (part, behind) = rest.split(GROUP_ROWS - self.group.len());
            let texts = [labels.run, labels.experiment, labels.name, labels.context];
            for (column, text) in self.group.texts.iter_mut().zip(texts) {
                column.push(text, part.len() as u32);
            }
            self.group.steps.extend_from_slice(part.steps);
            self.group.times_ns.extend_from_slice(part.times_ns);
            self.group.values.extend_from_slice(part.values);
            rest = behind;
            if self.group.len() == GROUP_ROWS {
                self.hand()?;
            }
        }
        Ok(())
    }

    /// Writes what is left, and the end of the file.
    pub fn finish(mut self) -> Result {
        if self.group.len() > 0 {
            self.hand()?;
        }
        self.collect(true)?;
        let finished = self.file.finish();
        finished.map_err(|error| Error::parquet(&self.path, error))?;
        Ok(())
    }

    fn hand(&mut self) -> Result {
        let empty = self.spare.pop().unwrap_or_default();
        let full = std::mem::replace(&mut self.group, empty);
        self.pool.hand(full);
        self.collect(false)
    }

    fn collect(&mut self, is_end: bool) -> Result {
        while let Some(done) = self.pool.take(is_end) {
            let written = done.and_then(|done| append(&mut self.file, done));
            let spare = written.map_err(|error| Error::parquet(&self.path, error))?;
            self.spare.push(spare);
        }
        Ok(())
    }
}

fn append<W: Write + Send>(file: &mut SerializedFileWriter<W>, done: Done) -> Written<Group> {
    let mut group = file.next_row_group()?;
    for column in done.columns {
        group.append_column(&column.bytes, column.close)?;
    }
    group.close()?;
    Ok::<_, ParquetError>(done.group)
}
