//! `/api/v1/store`: what the store is, how much is in it, and how it is.
//!
//! Invariant: it answers from what is known already; nothing is verified or counted by reading the log.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use mltrack::{Cursor, SegmentInfo, Tracker};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{Answer, Faults};
use super::page::lsn_number;
use super::verify::Verified;
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// So long is waited for tables that are behind, before it is told how much.
const TAKEN_IN_WAIT: Duration = Duration::from_secs(1);

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
    /// What the caller may do: a `viewer` looks, a `writer` changes, too, an `admin` may do everything.
    #[schema(example = "writer")]
    pub role: &'static str,
    /// The name of the caller's key; null on a server that asks for none.
    pub caller: Option<String>,
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
    /// The last of these records that the tables of experiments and runs have taken in.
    pub index_lsn: u64,
    /// How many of these records they have not taken in, a second after they were asked to: questions about runs wait until
    /// they have.
    pub index_lag: u64,
    /// Its segments, oldest first.
    pub segments: Vec<Segment>,
    /// The snapshots that opening the store begins with, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Nothing can be said about moments before this record, because runs were purged.
    pub history_floor: Option<u64>,
    /// What the last check found that this server was asked for; null before the first.
    pub verified: Option<Verified>,
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
    /// Whether it is sealed: nothing is appended to it any more, and a hash says what it holds.
    pub sealed: bool,
}

/// A snapshot of the index.
#[derive(Debug, Serialize, ToSchema)]
pub struct Snapshot {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub bytes: u64,
    /// The first record that it does not know of; null where its name does not say.
    pub next: Option<u64>,
}

/// The store
#[utoipa::path(get, path = "/store", tag = "store",
    responses((status = 200, description = "what is known of it", body = Store), Faults))]
async fn store(State(shared): State<Shared>, caller: Caller) -> Answer<Json<Store>> {
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
            role: caller.role.name(),
            caller: caller.name.as_deref().map(str::to_owned),
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
    let tracker = shared.tracker().clone();
    let segments = blocking(move || tracker.segments()).await?;
    let end = segments
        .last()
        .map_or(mltrack::Lsn::FIRST, |last| last.next);
    take_in(&shared, end).await;
    blocking(move || told(&shared, segments).map(Json)).await
}

/// What is known of a log of these segments.
fn told(shared: &Shared, segments: Vec<SegmentInfo>) -> Answer<LogForm> {
    let tracker = shared.tracker();
    let lsn = segments.last().map_or(0, |last| last.next.get() - 1);
    // What came meanwhile is not behind.
    let index_lsn = tracker.folded_lsn()?.map_or(0, |next| next.get() - 1);
    let index_lsn = index_lsn.min(lsn);
    let sealed = tracker.sealed_segments()?;
    Ok(LogForm {
        lsn,
        index_lsn,
        index_lag: lsn - index_lsn,
        segments: segments
            .into_iter()
            .map(|segment| Segment::of(segment, &sealed))
            .collect(),
        snapshots: tracker
            .snapshots()
            .into_iter()
            .map(Snapshot::from)
            .collect(),
        history_floor: floor(tracker)?,
        verified: shared.log_checks().last(),
    })
}

/// Lets the tables take in what is before `end`, and waits a moment for it: what is left then takes long. However many
/// ask, one thread waits for the tables.
async fn take_in(shared: &Shared, end: mltrack::Lsn) {
    let tracker = shared.tracker().clone();
    let turn = shared.log_checks().turn();
    let taken = async move {
        let turn = turn.lock_owned().await;
        if matches!(tracker.folded_lsn(), Ok(Some(next)) if next >= end) {
            return;
        }
        // What hinders it, questions about runs tell.
        blocking(move || drop((tracker.runs().limit(0).fetch_ids(), turn))).await;
    };
    // What is not taken in by then is told.
    tokio::time::timeout(TAKEN_IN_WAIT, taken).await.ok();
}

fn floor(tracker: &Tracker) -> Answer<Option<u64>> {
    Ok(tracker.history_floor()?.map(mltrack::Lsn::get))
}

impl Segment {
    /// `sealed` are the first records of the segments that are, rising.
    fn of(segment: SegmentInfo, sealed: &[mltrack::Lsn]) -> Segment {
        Segment {
            first: segment.base.get(),
            next: segment.next.get(),
            epoch: segment.epoch.to_string(),
            bytes: segment.allocated,
            used_bytes: segment.used,
            packed: segment.is_packed,
            sealed: sealed.binary_search(&segment.base).is_ok(),
        }
    }
}

impl From<mltrack::SnapshotFile> for Snapshot {
    fn from(file: mltrack::SnapshotFile) -> Snapshot {
        let name = file.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        // Such as `runs-00000000000000000412-1a2b3c4d.snap`.
        let next = name.split('-').nth(1).and_then(|part| part.parse().ok());
        Snapshot {
            next,
            file: name.into_owned(),
            bytes: file.bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;

    #[test]
    fn records_that_the_tables_have_not_taken_in_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path()).unwrap();
        let shared = Shared::new(tracker.clone(), Options::default());
        tracker.runs().fetch().unwrap();
        let of_log = || told(&shared, tracker.segments().unwrap()).ok().unwrap();
        let before = of_log();
        assert_eq!((before.index_lsn, before.index_lag), (before.lsn, 0));
        // Another process logs, and nobody asks about runs.
        let other = Tracker::open(folder.path()).unwrap();
        let run = other.experiment("e").unwrap().start_run().unwrap();
        run.log_metric("loss", 0.5).unwrap();
        let now = of_log();
        assert!(now.lsn > before.lsn);
        assert_eq!(
            (now.index_lsn, now.index_lag),
            (before.lsn, now.lsn - before.lsn)
        );
        tracker.runs().fetch().unwrap();
        assert_eq!(of_log().index_lag, 0);
        run.finish().unwrap();
    }
}
