//! `/api/v1/store`: what the store is, how much is in it, and how it is.
//!
//! Invariant: it answers from what is known already; nothing is verified or counted by reading the log.

use axum::Json;
use axum::extract::State;
use mltrack::{Cursor, SegmentInfo, Tracker};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{Answer, Faults};
use super::page::lsn_number;
use crate::blocking::blocking;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(store))
        .routes(routes!(log))
}

/// A store.
#[derive(Debug, Serialize, ToSchema)]
pub struct Store {
    /// The server's version.
    pub version: &'static str,
    /// The store's folder.
    pub path: String,
    /// Whether calls that change it are refused.
    pub read_only: bool,
    /// The last record; 0 in an empty store.
    pub lsn: u64,
    /// The end of the log as a place that tells when the log was cut off: a value for `after` of the live stream.
    pub position: Option<String>,
    /// Bytes of its log.
    pub log_bytes: u64,
    /// Experiments that are not deleted.
    pub experiments: u64,
    /// Runs that are not deleted.
    pub runs: u64,
    /// Runs that run.
    pub running: u64,
    /// Listeners of the live stream.
    pub listeners: u64,
    /// Nothing can be said about moments before this record, because runs were purged.
    pub history_floor: Option<u64>,
}

/// The log of a store.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogForm {
    /// The last record; 0 in an empty store.
    pub lsn: u64,
    /// The last record that the index has taken in.
    pub index_lsn: u64,
    /// How many records the index is behind.
    pub index_lag: u64,
    /// Its segments, oldest first.
    pub segments: Vec<Segment>,
    /// The snapshots that opening the store begins with, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Nothing can be said about moments before this record, because runs were purged.
    pub history_floor: Option<u64>,
}

/// A file of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Segment {
    /// Its first record.
    pub first: u64,
    /// The record behind its last.
    pub next: u64,
    /// The epoch its records belong to.
    pub epoch: String,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Bytes of them that are records.
    pub used_bytes: u64,
    /// Whether it is packed.
    pub packed: bool,
}

/// A snapshot of the index.
#[derive(Debug, Serialize, ToSchema)]
pub struct Snapshot {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
}

/// The store
#[utoipa::path(get, path = "/store", tag = "store",
    responses((status = 200, description = "what is known of it", body = Store), Faults))]
async fn store(State(shared): State<Shared>) -> Answer<Json<Store>> {
    blocking(move || {
        let tracker = shared.tracker();
        let runs = tracker.runs().limit(0).fetch()?;
        let running = tracker.runs().state(mltrack::RunState::Running).limit(0);
        let experiments = tracker.experiments().with_archived().limit(0).fetch()?;
        let end = tracker.tail().from(Cursor::End).follow().position();
        let path = tracker.path().map(|path| path.display().to_string());
        Ok(Json(Store {
            version: env!("CARGO_PKG_VERSION"),
            path: path.unwrap_or_default(),
            read_only: shared.options().is_read_only,
            lsn: lsn_number(runs.lsn),
            position: end.map(|position| position.to_string()),
            log_bytes: tracker.segments()?.iter().map(|segment| segment.used).sum(),
            experiments: experiments.total as u64,
            runs: runs.total as u64,
            running: running.fetch()?.total as u64,
            listeners: shared.live().listeners_count() as u64,
            history_floor: floor(tracker)?,
        }))
    })
    .await
}

/// The log
#[utoipa::path(get, path = "/log", tag = "store",
    responses((status = 200, description = "its segments and snapshots", body = LogForm), Faults))]
async fn log(State(shared): State<Shared>) -> Answer<Json<LogForm>> {
    blocking(move || {
        let tracker = shared.tracker();
        let index_lsn = lsn_number(tracker.experiments().limit(0).fetch()?.lsn);
        let segments = tracker.segments()?;
        let lsn = segments.last().map_or(0, |last| last.next.get() - 1);
        Ok(Json(LogForm {
            lsn,
            index_lsn,
            index_lag: lsn.saturating_sub(index_lsn),
            segments: segments.into_iter().map(Segment::from).collect(),
            snapshots: tracker
                .snapshots()
                .into_iter()
                .map(Snapshot::from)
                .collect(),
            history_floor: floor(tracker)?,
        }))
    })
    .await
}

fn floor(tracker: &Tracker) -> Answer<Option<u64>> {
    Ok(tracker.history_floor()?.map(mltrack::Lsn::get))
}

impl From<SegmentInfo> for Segment {
    fn from(segment: SegmentInfo) -> Segment {
        Segment {
            first: segment.base.get(),
            next: segment.next.get(),
            epoch: segment.epoch.to_string(),
            bytes: segment.allocated,
            used_bytes: segment.used,
            packed: segment.is_packed,
        }
    }
}

impl From<mltrack::SnapshotFile> for Snapshot {
    fn from(file: mltrack::SnapshotFile) -> Snapshot {
        let name = file.path.file_name().unwrap_or_default();
        Snapshot {
            file: name.to_string_lossy().into_owned(),
            bytes: file.bytes,
        }
    }
}
