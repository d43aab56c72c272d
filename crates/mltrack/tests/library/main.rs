//! The library as programs use it: one binary, one module for each thing it promises.

mod buffered;
mod closures;
mod collecting;
mod creation;
mod disabled;
mod endings;
mod experiments;
mod histories;
mod imports;
mod indexing;
mod layer;
mod lineage;
mod looking;
mod metrics;
mod operations;
mod owners;
mod params;
mod reproducing;
mod searching;
mod seed;
mod shapes;
mod snapshots;
mod support;
mod tailing;
mod undoing;
mod value_kinds;
