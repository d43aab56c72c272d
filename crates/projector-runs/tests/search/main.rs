//! Searching the table of runs: both grammars, what they refuse, and what they find.

mod answers;
mod full;
mod mlflow;
mod page;
mod property;
mod questions;
mod search_utils;
mod support;
