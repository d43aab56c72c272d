//! Webhooks: what is sent to whom when something happens to a model or a prompt, and how it gets there.
//!
//! A webhook is a document, so it is undone, asked about the past and read by other processes like everything else; its
//! secret is in a file that only the owner of the store reads. What is sent follows the log, not the calls of this
//! server: what the library or the command line does is told as well, and so is what happened while no server ran.
//!
//! Invariants: every event is delivered at least once, or given up after so many attempts, before its place in the log is
//! passed; nothing is sent to an address that is not public unless the host allows it, whatever name leads there and
//! whenever that changes.

mod address;
mod book;
mod client;
mod desk;
mod kind;
mod ledger;
mod occurrence;
mod place;
mod public;
mod secrets;
mod sending;

pub use address::{Gate, Refused};
pub use book::{Book, Status, Told as WebhookTold, Webhook};
pub use client::{Attempt, Sender, Signed};
pub use desk::Desk;
pub use kind::Kind;
pub use ledger::body as delivery_body;
pub use occurrence::Occurrence;
