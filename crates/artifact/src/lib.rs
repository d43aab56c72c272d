//! Blobs by their content: bytes that runs read and write, kept once however often they are named.
//!
//! Invariants: the id of a blob is the blake3 of its whole uncompressed content; a blob that can be found is whole.
#![deny(missing_docs)]
