//! Parquet files: tables of any shape, and points by a path of their own that is fast enough for all of a store's.
//!
//! Invariants: row groups are bounded, so memory is that of a few of them, however long the file becomes; everything is
//! compressed with zstd; moments are `TIMESTAMP(NANOS, UTC)`.

mod encode;
mod points;
mod pool;
mod rows;
mod texts;

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::{Type, TypePtr};

use crate::table::{Column, Kind};

pub use points::PointsFile;
pub use rows::RowsFile;

/// The version of what the files hold: it is in the metadata of each, under this name.
const SCHEMA_KEY: &str = "mltrack.schema";

fn message(columns: &[Column], repetition: Repetition) -> TypePtr {
    let fields = columns
        .iter()
        .map(|column| Arc::new(field(column, repetition)));
    let message = Type::group_type_builder("mltrack")
        .with_fields(fields.collect())
        .build();
    Arc::new(message.expect("a group of columns is a type"))
}

fn field(column: &Column, repetition: Repetition) -> Type {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Int => (Physical::INT64, Some(LogicalType::integer(64, true))),
        Kind::Whole => (Physical::INT64, Some(LogicalType::integer(64, false))),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::NANOS)),
        ),
        Kind::Bool => (Physical::BOOLEAN, None),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
        .expect("each logical type goes with its physical one")
}

fn properties() -> WriterPropertiesBuilder {
    let schema = KeyValue::new(SCHEMA_KEY.to_owned(), crate::SCHEMA_VERSION.to_string());
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(format!("mltrack {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![schema]))
}
