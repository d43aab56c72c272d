//! Backups over the real log and real roots: what comes back, what is copied once, and what is refused.
//!
//! Each place that a backup can lie in is held to the same cases: a folder, memory, and a real S3 server.

mod damage;
mod golden;
mod growing;
mod places;
#[path = "../../../artifact/tests/conformance/seaweed.rs"]
mod seaweed;
mod support;
mod writers;
