//! Where columns come from.

use std::io;
use std::sync::Arc;

use super::column::{Column, Family};
use super::data::ColumnData;

/// A table of runs, column by column. A row is a run, in the order of creation.
///
/// [`Attribute::Took`](super::Attribute::Took), [`Attribute::Dirty`](super::Attribute::Dirty),
/// [`Attribute::MlflowStatus`](super::Attribute::MlflowStatus) and
/// [`Attribute::MlflowStarted`](super::Attribute::MlflowStarted) are never asked for: they are made of others.
pub trait ColumnSource {
    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One column, as long as the table; [`ColumnData::Missing`] when no run has it. The same column is asked for again
    /// and again, so a source keeps what it made.
    fn column(&self, column: &Column) -> io::Result<Arc<ColumnData>>;

    /// Whether some run has, or had, a metric, param or tag of this name.
    fn has(&self, family: Family, name: &str) -> bool;

    /// The names of a family, for suggestions and for looking into all tags.
    fn names(&self, family: Family) -> Vec<Box<str>>;
}
