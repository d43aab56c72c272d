//! Searching the table of runs: filters, orders, windows.
//!
//! [`parse`] reads a filter and [`parse_orders`] what to sort by, in one of two grammars ([`Mode`]); [`select`] answers
//! over any [`ColumnSource`]. A filter is compared with whole columns, not run by run: see `docs/search.md` for what it
//! can say.
//!
//! Invariants: nothing here reads a clock or a file; a run without a value is admitted by no comparison with it, not
//! even `!=`; the order of rows is total.

mod bitmap;
mod catalog;
mod cell;
mod column;
mod data;
mod error;
mod eval;
mod experiments;
mod expr;
mod folded;
mod groups;
mod ident_mlflow;
mod kernel;
mod lex;
mod lex_mlflow;
mod like;
mod name;
mod order;
mod parse;
mod parse_mlflow;
mod predicate;
mod rank;
mod select;
mod source;
mod text_list;
mod time;

pub use bitmap::Bitmap;
pub use catalog::Named;
pub(crate) use cell::{Cell, attribute_cell, metric_cell, param_text};
pub use column::{Aggregate, Attribute, Column, Family};
pub use data::{ColumnData, LIST_END, MISSING, Texts, TextsBuilder};
pub use error::{FilterError, SearchError, Span};
pub use experiments::ExperimentTable;
pub use expr::{Expr, Mode, Order};
pub use folded::{StateColumns, StateTable};
pub use groups::{Group, Groups, Summary, groups};
pub use order::parse_orders;
pub use parse::parse;
pub use select::{Question, Selected, Window, select};
pub use source::ColumnSource;
pub use text_list::TextList;
