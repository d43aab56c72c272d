//! The crate's contract, seen from outside: round trips, hostile bytes, golden bytes, documents.
//!
//! One binary with a module per theme. What tests a single private function stands beside it.

mod audit;
mod documents;
mod draw;
mod golden;
mod hostile;
mod hot_path;
mod json_view;
mod round_trip;
mod run_strategies;
mod samples;
mod strategies;
mod streams;
mod things;
