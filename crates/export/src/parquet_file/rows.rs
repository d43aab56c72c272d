//! A file of rows of any shape. Every column may have nulls.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::Repetition;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::writer::SerializedFileWriter;

use super::{message, properties};
use crate::error::{Error, Result};
use crate::table::{Cell, Column, Kind};

/// Rows of a row group, and about how many bytes of text.
const GROUP_ROWS: usize = 1 << 16;
const GROUP_LEN: usize = 16 << 20;

/// A file that is being written.
pub struct RowsFile<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// What it is called in errors.
    path: PathBuf,
    columns: Vec<Growing>,
    rows: usize,
    len: usize,
}

/// A column of the row group that is growing.
struct Growing {
    /// Whether each row has a value.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Real(Vec<f64>),
    Bool(Vec<bool>),
}

impl<W: Write + Send> RowsFile<W> {
    /// Begins a file.
    pub fn new(out: W, path: PathBuf, columns: &[Column]) -> Result<RowsFile<W>> {
        let schema = message(columns, Repetition::OPTIONAL);
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties().build()));
        Ok(RowsFile {
            file: file.map_err(|error| Error::parquet(&path, error))?,
            path,
            columns: columns.iter().map(Growing::of).collect(),
            rows: 0,
            len: 0,
        })
    }

    /// Adds a row: a cell for every column, of its kind or none.
    pub fn row(&mut self, cells: &[Cell]) -> Result {
        assert_eq!(cells.len(), self.columns.len(), "a cell for every column");
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            self.len += column.push(cell);
        }
        self.rows += 1;
        if self.rows == GROUP_ROWS || self.len >= GROUP_LEN {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what is left, and the end of the file.
    pub fn finish(mut self) -> Result {
        self.flush()?;
        let finished = self.file.finish();
        finished.map_err(|error| Error::parquet(&self.path, error))?;
        Ok(())
    }

    fn flush(&mut self) -> Result {
        if self.rows > 0 {
            let written = self.write();
            written.map_err(|error| Error::parquet(&self.path, error))?;
        }
        (self.rows, self.len) = (0, 0);
        Ok(())
    }

    fn write(&mut self) -> Written<()> {
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.expect("a writer for every column");
            column.write(writer.untyped())?;
            writer.close()?;
            column.clear();
        }
        group.close()?;
        Ok::<_, ParquetError>(())
    }
}

impl Growing {
    fn of(column: &Column) -> Growing {
        let values = match column.kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Int | Kind::Whole | Kind::Time => Values::Int(Vec::new()),
            Kind::Real => Values::Real(Vec::new()),
            Kind::Bool => Values::Bool(Vec::new()),
        };
        Growing {
            levels: Vec::new(),
            values,
        }
    }

    /// About how many bytes it became longer.
    fn push(&mut self, cell: &Cell) -> usize {
        self.levels.push(i16::from(!matches!(cell, Cell::Null)));
        match (&mut self.values, cell) {
            (_, Cell::Null) => return 2,
            (Values::Text(values), Cell::Text(text)) => {
                values.push(ByteArray::from(text.as_bytes().to_vec()));
                return text.len() + 48;
            }
            (Values::Int(values), Cell::Int(number) | Cell::Time(number)) => values.push(*number),
            // The bits of the same column without a sign.
            (Values::Int(values), Cell::Whole(number)) => values.push(*number as i64),
            (Values::Real(values), Cell::Real(number)) => values.push(*number),
            (Values::Bool(values), Cell::Bool(flag)) => values.push(*flag),
            (_, other) => unreachable!("{other:?} is not of the column's kind"),
        }
        10
    }

    fn write(&self, writer: &mut ColumnWriter<'_>) -> Written<()> {
        match &self.values {
            Values::Text(values) => write::<ByteArrayType>(writer, values, &self.levels),
            Values::Int(values) => write::<Int64Type>(writer, values, &self.levels),
            Values::Real(values) => write::<DoubleType>(writer, values, &self.levels),
            Values::Bool(values) => write::<BoolType>(writer, values, &self.levels),
        }
    }

    fn clear(&mut self) {
        self.levels.clear();
        match &mut self.values {
            Values::Text(values) => values.clear(),
            Values::Int(values) => values.clear(),
            Values::Real(values) => values.clear(),
            Values::Bool(values) => values.clear(),
        }
    }
}

fn write<T: DataType>(
    writer: &mut ColumnWriter<'_>,
    values: &[T::T],
    levels: &[i16],
) -> Written<()> {
    let writer = T::get_column_writer_mut(writer).expect("the column holds what its kind says");
    writer.write_batch(values, Some(levels), None)?;
    Ok(())
}
