//! Tables as every format gets them: columns that have a kind, rows of cells.
//!
//! Invariant: a cell is what the store has, bit for bit; what a format cannot hold, the writer of that format solves and
//! its documentation says.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// A whole number from 0 to 2^64 - 1.
    Whole,
    /// A floating-point number.
    Real,
    /// A moment, in ns since 1970.
    Time,
    /// True or false.
    Bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// A value, or none.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Int`].
    Int(i64),
    /// See [`Kind::Whole`].
    Whole(u64),
    /// See [`Kind::Real`].
    Real(f64),
    /// See [`Kind::Time`].
    Time(i64),
    /// See [`Kind::Bool`].
    Bool(bool),
}

/// A table of a fixed shape.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its name, which is that of its file, too.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [(&'static str, Kind)],
    /// What tells its rows apart, as SQL: columns.
    pub key: &'static str,
}

impl Schema {
    /// Its columns by themselves.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        let columns = self.columns.iter();
        columns
            .map(|(name, kind)| Column::new(*name, *kind))
            .collect()
    }
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, kind: Kind) -> Column {
        Column {
            name: name.into(),
            kind,
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Cell {
        Cell::Int(number)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Cell {
        Cell::Whole(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Cell {
        Cell::Real(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Cell {
        Cell::Bool(flag)
    }
}

impl From<mltrack::WallTime> for Cell {
    fn from(time: mltrack::WallTime) -> Cell {
        Cell::Time(time.0)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}
