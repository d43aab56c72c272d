//! Row groups of points as bytes, made apart from the file so that several can be made at once.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer};
use parquet::data_type::{DataType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr};

use super::texts::Texts;

/// The rows of a row group: run, experiment, metric and context, and beside them step, time and value.
#[derive(Default)]
pub struct Group {
    pub texts: [Texts; TEXTS],
    pub steps: Vec<i64>,
    pub times_ns: Vec<i64>,
    pub values: Vec<f64>,
}

/// Columns of text, which come first.
pub const TEXTS: usize = 4;

/// A column of a row group.
pub struct Encoded {
    pub bytes: Bytes,
    pub close: ColumnCloseResult,
}

/// What every row group of a file has in common.
#[derive(Clone)]
pub struct Shape {
    pub descr: SchemaDescPtr,
    pub properties: WriterPropertiesPtr,
}

impl Group {
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Empty, with the memory that it has.
    pub fn cleared(mut self) -> Group {
        self.texts.iter_mut().for_each(Texts::clear);
        self.steps.clear();
        self.times_ns.clear();
        self.values.clear();
        self
    }

    /// Its columns in their order.
    pub fn encode(&self, shape: &Shape) -> Result<Vec<Encoded>> {
        let mut columns = Vec::with_capacity(TEXTS + 3);
        for (at, texts) in self.texts.iter().enumerate() {
            columns.push(texts.encode(&shape.descr.column(at))?);
        }
        let numbers = |at: usize| shape.descr.column(TEXTS + at);
        columns.push(shape.encode::<Int64Type>(numbers(0), &self.steps)?);
        columns.push(shape.encode::<Int64Type>(numbers(1), &self.times_ns)?);
        columns.push(shape.encode::<DoubleType>(numbers(2), &self.values)?);
        Ok(columns)
    }
}

impl Shape {
    fn encode<T: DataType>(&self, descr: ColumnDescPtr, values: &[T::T]) -> Result<Encoded> {
        let mut sink = TrackedWrite::new(Vec::with_capacity(mem::size_of_val(values) / 2));
        let pages = Box::new(SerializedPageWriter::new(&mut sink));
        let writer = get_column_writer(descr, Arc::clone(&self.properties), pages);
        let close = written::<T>(writer, values)?;
        Ok(Encoded {
            bytes: sink.into_inner()?.into(),
            close,
        })
    }
}

fn written<T: DataType>(writer: ColumnWriter<'_>, values: &[T::T]) -> Result<ColumnCloseResult> {
    let mut writer = T::get_column_writer(writer).expect("the column holds what its type says");
    writer.write_batch(values, None, None)?;
    writer.close()
}
