//! An append-only log in a folder that many processes append to, tail and recover.
//!
//! Three doors: [`Log`] appends, [`Reader`] reads and follows, [`verify`] and [`repair`] look after the bytes.
//! The crate does not know what a record means. It prints nothing and installs one global hook, for forks.
//! The bytes are drawn in `docs/format.md`.
#![expect(
    unsafe_code,
    reason = "the one crate that maps files and asks the kernel for byte locks"
)]
#![warn(missing_docs)]

mod append;
mod append_lock;
mod background;
mod batch;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub mod bench_support;
mod catalog;
#[doc(hidden)]
pub mod codec;
mod compact;
mod control;
pub mod door;
mod error;
#[doc(hidden)]
pub mod failpoint;
mod ids;
mod layout;
mod log;
#[doc(hidden)]
pub mod medium;
mod options;
mod own;
pub mod pack;
mod packed;
mod parts;
mod prefix;
mod reader;
mod record;
mod recover;
mod repair;
mod rewrite;
mod roll;
mod scan;
mod seal;
mod shared;
mod source;
mod spool;
mod spool_only;
mod start;
mod stored;
mod survey;
mod sync;
mod tail;
mod unpack;
mod verify;

pub use append::Condition;
pub use batch::Batch;
#[doc(hidden)]
pub use compact::compact_on;
pub use compact::{
    CompactOptions, CompactProgress, CompactReport, KEEP_REPLACED, SkipReason, compact,
};
pub use error::{LogError, Result};
pub use ids::{Cursor, EpochId, Lsn, ParseIdError, StoreId, StreamId, WriterId};
pub use log::Log;
pub use medium::Trust;
pub use options::{Appended, Durability, OpenOptions, OpenReport};
pub use own::IndexOwner;
pub use pack::{PackFault, PackRecord, Packer, PlainPacker};
pub use packed::PackedBlock;
pub use parts::{LogPart, LogParts, PartReader, SmallFile, log_parts};
pub use prefix::{Prefix, copy_prefix};
pub use reader::{Lost, Reader, SegmentInfo};
pub use record::{BatchRecords, Record};
pub use repair::RepairReport;
pub use repair::repair;
#[doc(hidden)]
pub use repair::repair_on;
pub use start::holds_log;
pub use survey::Verdict;
pub use tail::{OwnedRecord, Tail, TailStream};
pub use verify::verify;
#[doc(hidden)]
pub use verify::verify_on;
pub use verify::{Damage, Depth, Purged, VerifyOptions, VerifyReport};
