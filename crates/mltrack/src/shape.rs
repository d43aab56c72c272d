//! JSON values whose shape has a name: text, tables, confusion matrices.
//!
//! Invariants: what was logged in a shape is read back in it; a value that only nearly has a shape is read as plain JSON,
//! never refused, because another program may have written it.

use mltrack_event::JsonLogged;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::run::Run;
use crate::store::Logged;

/// What a JSON value of a run is; `docs/format.md` says how each is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "mltrack", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// A text, such as a sample of what a model wrote.
    Text {
        /// The text.
        text: String,
    },
    /// Rows of cells under named columns.
    Table(Table),
    /// How often each label was taken for each.
    ConfusionMatrix(ConfusionMatrix),
}

/// Rows of cells under named columns.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<serde_json::Value>>,
}

/// How often each label was taken for each other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    labels: Vec<String>,
    counts: Vec<Vec<u64>>,
}

impl Shape {
    /// The shape of a logged value; `None` when it is JSON of its own kind.
    #[must_use]
    pub fn of(logged: &JsonLogged) -> Option<Shape> {
        let shape = serde_json::from_str(&logged.json).ok()?;
        let is_whole = match &shape {
            Shape::Text { .. } => true,
            Shape::Table(table) => table.is_whole(),
            Shape::ConfusionMatrix(matrix) => matrix.is_square(),
        };
        is_whole.then_some(shape)
    }
}

impl Table {
    /// A table. Errors: `VALIDATION_ERROR` when a row has more or fewer cells than there are columns.
    pub fn new(
        columns: impl IntoIterator<Item = impl Into<String>>,
        rows: Vec<Vec<serde_json::Value>>,
    ) -> Result<Table> {
        let columns = columns.into_iter().map(Into::into).collect();
        let table = Table { columns, rows };
        match table.rows.iter().position(|row| !table.fits(row)) {
            None => Ok(table),
            Some(at) => Err(Error::validation(format!(
                "row {at} of the table has {} cells for {} columns",
                table.rows[at].len(),
                table.columns.len()
            ))),
        }
    }

    /// The columns' names.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows, each with a cell for each column.
    #[must_use]
    pub fn rows(&self) -> &[Vec<serde_json::Value>] {
        &self.rows
    }

    fn fits(&self, row: &[serde_json::Value]) -> bool {
        row.len() == self.columns.len()
    }

    fn is_whole(&self) -> bool {
        self.rows.iter().all(|row| self.fits(row))
    }
}

impl ConfusionMatrix {
    /// A matrix: `counts[actual][predicted]`, in the order of the labels. Errors: `VALIDATION_ERROR` when it is not as
    /// wide and as high as there are labels.
    pub fn new(
        labels: impl IntoIterator<Item = impl Into<String>>,
        counts: Vec<Vec<u64>>,
    ) -> Result<ConfusionMatrix> {
        let labels = labels.into_iter().map(Into::into).collect();
        let matrix = ConfusionMatrix { labels, counts };
        if matrix.is_square() {
            return Ok(matrix);
        }
        let widths: Vec<usize> = matrix.counts.iter().map(Vec::len).collect();
        Err(Error::validation(format!(
            "a confusion matrix of {} labels has that many rows of that many counts, not rows of {widths:?}",
            matrix.labels.len()
        )))
    }

    /// The labels, in the order of rows and columns.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// `counts[actual][predicted]`.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Each row as shares of its sum, which for the diagonal is the recall of the label; zeros for a label that never
    /// occurred.
    #[must_use]
    pub fn normalised(&self) -> Vec<Vec<f64>> {
        let share = |row: &Vec<u64>| {
            let sum: u64 = row.iter().sum();
            let share = |count: &u64| *count as f64 / sum.max(1) as f64;
            row.iter().map(share).collect()
        };
        self.counts.iter().map(share).collect()
    }

    /// The share of all that were taken for what they are; `None` when there are none.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        let right: u64 = (0..self.counts.len()).map(|at| self.counts[at][at]).sum();
        let all: u64 = self.counts.iter().flatten().sum();
        (all > 0).then(|| right as f64 / all as f64)
    }

    fn is_square(&self) -> bool {
        let size = self.labels.len();
        self.counts.len() == size && self.counts.iter().all(|row| row.len() == size)
    }
}

impl Run {
    /// Logs a text at a step. Errors: those of [`log_json`](Run::log_json).
    pub fn log_text(&self, name: &str, step: i64, text: impl Into<String>) -> Result<Logged> {
        self.log_json(name, step, &Shape::Text { text: text.into() })
    }

    /// Logs a table at a step. Errors: those of [`log_json`](Run::log_json).
    pub fn log_table(&self, name: &str, step: i64, table: &Table) -> Result<Logged> {
        self.log_json(name, step, &Shape::Table(table.clone()))
    }

    /// Logs a confusion matrix at a step. Errors: those of [`log_json`](Run::log_json).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// use mltrack::{ConfusionMatrix, Shape};
    /// let matrix = ConfusionMatrix::new(["cat", "dog"], vec![vec![8, 2], vec![1, 9]])?;
    /// let run = tracker.experiment("pets")?.start_run()?;
    /// run.log_confusion_matrix("validation", 10, &matrix)?;
    /// let found = tracker.json_values(run.id(), "validation").fetch()?;
    /// assert_eq!(Shape::of(&found[0].value), Some(Shape::ConfusionMatrix(matrix)));
    /// # run.finish()
    /// # }
    /// ```
    pub fn log_confusion_matrix(
        &self,
        name: &str,
        step: i64,
        matrix: &ConfusionMatrix,
    ) -> Result<Logged> {
        self.log_json(name, step, &Shape::ConfusionMatrix(matrix.clone()))
    }
}
