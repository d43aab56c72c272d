//! What a store knows, written for other programs: Parquet, `SQLite`, Markdown, LaTeX.
//!
//! `table.rs` is what every format gets, `schema.rs` which tables there are, `cells.rs` how the library's answers become
//! rows. Points have a path of their own, `points.rs` and `parquet_file/points.rs`, which is fast. `docs/export.md` draws it.
//!
//! Invariants: what is written is what the store has, bit for bit; memory is that of some row groups, of the list of runs, and
//! of what of one run is in the log alone; a target is what it was or whole (`place.rs`).
#![warn(missing_docs)]

mod cells;
mod error;
mod everything;
mod holders;
mod pages;
mod parquet_file;
mod partition;
mod place;
mod points;
mod schema;
mod sqlite;
mod table;
mod wide;

pub use error::{Error, Result};
pub use everything::{Counts, Tables, Things, write_everything, write_runs};
pub use holders::{About, DatabaseFile, TablesFolder};
pub use pages::Page;
pub use parquet_file::{PointsFile, RowsFile};
pub use partition::{Partition, PartitionedFolder};
pub use place::{NewFile, NewFolder};
pub use points::{Labels, Rows, Source, context_text};
pub use schema::{EVENTS, SCHEMA_VERSION};
pub use table::{Cell, Column, Kind, Schema};
pub use wide::Wide;
