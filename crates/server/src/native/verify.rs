//! `/api/v1/log/verify`: are the bytes of the log what was written? And what the last answer was.
//!
//! Invariants: nothing is changed; one check runs at a time, for a check reads much; what a check found is kept in memory
//! for everybody who looks at the log, and for nobody longer than the server runs.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use mltrack::{Code, Damage, Depth, Tracker, VerifyOptions, VerifyReport, WallTime};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::moment::time_text;
use crate::shared::Shared;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(verify))
}

/// What is known of checks.
#[derive(Clone, Debug, Default)]
pub struct LogChecks(Arc<Mutex<Kept>>, Arc<tokio::sync::Mutex<()>>);

#[derive(Debug, Default)]
struct Kept {
    is_running: bool,
    last: Option<Verified>,
}

impl LogChecks {
    /// What the last check found.
    pub fn last(&self) -> Option<Verified> {
        self.kept().last.clone()
    }

    /// Whose turn it is to wait for tables that are behind.
    pub fn turn(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.1)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Answer<Turn> {
        let mut kept = self.kept();
        if kept.is_running {
            let fault = Fault::new(Code::Busy, "a check of the log is running already");
            return Err(fault.hint("GET /api/v1/log tells what it found when it is over"));
        }
        kept.is_running = true;
        Ok(Turn(self.clone()))
    }
}

/// The right to check, given back when the check is over, however it ends.
struct Turn(LogChecks);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.kept().is_running = false;
    }
}

/// How much is read.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerifyAsk {
    /// Every byte of every frame and the chain of hashes, not only headers, links and ends.
    pub deep: bool,
}

/// A line of a check under way: how far it is, or what it found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyLine {
    /// Segments done, and segments in all.
    Progress {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
    /// It is over.
    Report(Verified),
    /// It broke off.
    Failed {
        /// Why.
        error: String,
    },
}

/// What a check of the log found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Verified {
    /// When it began.
    #[schema(format = DateTime)]
    pub time: String,
    /// How many seconds it took.
    pub took_s: f64,
    /// Whether every byte was read.
    pub deep: bool,
    /// Whether nothing is wrong that readers do not already skip.
    pub sound: bool,
    /// Segments of the log.
    pub segments: u64,
    /// Of those, sealed ones.
    pub sealed: u64,
    /// Of those, packed ones.
    pub packed: u64,
    /// Records that were read.
    pub records: u64,
    /// Bytes that were read and checked.
    pub bytes: u64,
    /// Hash of the newest sealed segment: kept elsewhere, it proves the history.
    pub head: Option<String>,
    /// What is wrong, in the order of the log.
    pub damages: Vec<DamageForm>,
}

/// A damaged range.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Damage)]
pub struct DamageForm {
    /// The segment's file.
    pub file: String,
    /// The first record of the segment.
    pub segment: u64,
    /// Where the damage begins in the file.
    pub offset: u64,
    /// Where the next whole frame begins, or the segment ends.
    pub end_offset: u64,
    /// The first record that cannot be read.
    pub first: u64,
    /// The first record behind the damage.
    pub end: u64,
    /// What is wrong.
    pub cause: String,
    /// Whether readers skip it already.
    pub skipped: bool,
}

/// Check the bytes of the log
///
/// Lines of JSON: how far it is after each segment, then what was found. It goes on when nobody listens any more, and
/// `GET /log` tells what it found.
#[utoipa::path(get, path = "/log/verify", tag = "store", params(VerifyAsk),
    responses((status = 200, description = "a `VerifyLine` for each step, one a line", content((String = "application/x-ndjson"))), Faults))]
async fn verify(State(shared): State<Shared>, Ask(ask): Ask<VerifyAsk>) -> Answer {
    let turn = shared.log_checks().begin()?;
    let (tell, told) = unbounded_channel();
    tokio::task::spawn_blocking(move || {
        check(shared.tracker(), ask.deep, &turn, &tell);
    });
    Ok(lines(told))
}

fn check(tracker: &Tracker, deep: bool, turn: &Turn, tell: &UnboundedSender<VerifyLine>) {
    // Whoever does not listen any more need not hear it.
    let say = |line| drop(tell.send(line));
    let options = VerifyOptions {
        depth: if deep { Depth::Deep } else { Depth::Quick },
        progress: Some(&|done, total| say(VerifyLine::Progress { done, total })),
        ..VerifyOptions::default()
    };
    let (begun, begun_ns) = (mltrack::door::monotonic(), mltrack::door::wall_time_ns());
    match tracker.verify_with(&options) {
        Ok(report) => {
            let took_s = (mltrack::door::monotonic() - begun).as_secs_f64();
            let found = found(&report, deep, (begun_ns, took_s));
            turn.0.kept().last = Some(found.clone());
            say(VerifyLine::Report(found));
        }
        Err(error) => say(VerifyLine::Failed {
            error: error.to_string(),
        }),
    }
}

fn found(report: &VerifyReport, deep: bool, (begun_ns, took_s): (i64, f64)) -> Verified {
    Verified {
        time: time_text(WallTime(begun_ns)),
        took_s,
        deep,
        sound: report.is_sound(),
        segments: report.segments,
        sealed: report.sealed,
        packed: report.packed,
        records: report.records,
        bytes: report.bytes,
        head: report
            .head
            .map(|hash| hash.map(|byte| format!("{byte:02x}")).concat()),
        damages: report.damages.iter().map(DamageForm::from).collect(),
    }
}

fn lines(told: UnboundedReceiver<VerifyLine>) -> Response {
    let lines = stream::unfold(told, |mut told| async {
        let mut line = serde_json::to_vec(&told.recv().await?).unwrap_or_default();
        line.push(b'\n');
        Some((Ok::<Bytes, std::convert::Infallible>(line.into()), told))
    });
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "application/x-ndjson");
    set(header::CACHE_CONTROL, "no-store, no-transform");
    // A proxy that collects answers would hold back how far it is.
    set(header::HeaderName::from_static("x-accel-buffering"), "no");
    response
}

impl From<&Damage> for DamageForm {
    fn from(damage: &Damage) -> DamageForm {
        let file = damage.path.file_name().unwrap_or_default();
        DamageForm {
            file: file.to_string_lossy().into_owned(),
            segment: damage.base.get(),
            offset: damage.offset,
            end_offset: damage.end_offset,
            first: damage.first.get(),
            end: damage.end.get(),
            cause: damage.cause.clone(),
            skipped: damage.is_quarantined,
        }
    }
}
