//! The server: one store over HTTP, for `MLflow`'s clients, for programs of our own, and for who only looks.
//!
//! It speaks two languages. `/api/2.0/mlflow` and its like are `MLflow`'s, word for word where its clients look
//! ([`docs/mlflow.md`](https://docs.rs/mltrack)); `/api/v1` is ours: everything the library can do, in JSON, with live
//! streams. Both only call the library: the store stays the folder that local processes write at the same time.
//!
//! Invariants: this is the only crate that knows JSON forms of the wire, `MLflow`'s names, and browsers; nothing is
//! acknowledged that is not in the log; a handler that may wait for a disk runs where waiting holds up nobody.
#![deny(missing_docs)]

mod access;
mod auth;
mod blocking;
mod body;
mod caller;
pub mod command;
mod compress;
mod default_experiment;
mod fields;
mod figures;
mod front;
mod health;
mod home;
mod host;
mod hosts;
mod in_process;
pub mod keys;
mod link;
mod listen;
mod mlflow;
mod native;
mod options;
mod origin;
mod page;
mod prometheus;
mod quick_start;
mod refusal;
mod request_id;
mod router;
mod scope;
mod scope_native;
mod server;
mod shared;
mod tls;
mod webhook;

pub use caller::Role;
pub use host::{Host, Reloader, Stopper};
pub use in_process::{Called, InProcess};
pub use mlflow::Metric;
pub use options::{Compression, Options, TlsFiles};
pub use server::{ServeError, Server};
pub use tls::TlsError;
