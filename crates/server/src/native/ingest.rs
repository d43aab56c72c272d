//! `/api/v1/ingest`: lines of JSON without end, written in batches that are acknowledged one by one.
//!
//! Invariants: an acknowledged line is in the log; a line that is refused says why and harms no other; memory is bounded
//! by one batch, whatever the length of the stream. A client that breaks off goes on behind the last acknowledged line.

use std::collections::HashMap;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use mltrack::{Lsn, RemoteRun, Tracker};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::{object_of, too_large};
use super::error::{Answer, ErrorCode, Fault, Faults};
use super::ingest_key::Progress;
use super::named;
use super::write_runs::{LogBatch, NewPoint, write};
use crate::blocking::blocking;
use crate::caller::Caller;
use crate::shared::Shared;

/// How many lines are written at once, at most.
const LINES_MAX: usize = 5_000;
/// How much of the stream is read for a batch, about.
const BATCH_LEN_MAX: usize = 1 << 20;
/// The longest line.
const LINE_LEN_MAX: usize = 4 << 20;
/// How many refused lines of a batch are told one by one.
const REFUSED_MAX: usize = 100;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(ingest))
}

/// A line of the stream: what to log to a run.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestLine {
    /// The run: its id, the beginning of it, or its name.
    pub run: String,
    /// A point.
    #[serde(flatten)]
    pub what: IngestPart,
}

/// What a line logs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum IngestPart {
    /// A point of a metric.
    Point(NewPoint),
    /// Points, parameters and tags together.
    Batch(LogBatch),
}

/// What became of a batch: a line of the answer.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// Every line up to this one, counted from 1, is dealt with.
    pub line: u64,
    /// The last record of the batch; null when none was written.
    pub lsn: Option<u64>,
    /// How many of its lines were written.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
    /// Why, for the first hundred of them.
    pub errors: Vec<Refused>,
    /// Whether this was the last batch.
    pub done: bool,
    /// Whether this is about the batches of earlier calls with the same `Idempotency-Key`.
    pub earlier: bool,
}

/// A line that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Refused {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub error: String,
    /// What kind of failure it is.
    pub code: ErrorCode,
}

/// Log any number of lines
///
/// NDJSON both ways: each line is one point `{"run", "metric", "value", "step", "time_ms"}`, or a batch
/// `{"run", "points", "params", "tags"}`; each line of the answer acknowledges a batch.
#[utoipa::path(post, path = "/ingest", tag = "runs",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, description = "acknowledgements, one a line", content((String = "application/x-ndjson"))), Faults))]
async fn ingest(
    State(shared): State<Shared>,
    caller: Caller,
    request: Request,
) -> Answer<Response> {
    check_type(&request)?;
    let (parts, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let begun = Progress::begin(&shared, (&caller, &parts.headers), &mut body).await?;
    let mut intake = Intake {
        shared,
        body: Some(body),
        pending: Vec::new(),
        line: 0,
        runs: HashMap::new(),
        is_done: false,
        progress: None,
        earlier: None,
    };
    if let Some((progress, rest, earlier)) = begun {
        intake.line = progress.line();
        (intake.pending, intake.earlier) = (rest, earlier);
        intake.progress = Some(progress);
    }
    let told = stream::unfold(intake, |mut intake| async {
        let told = intake.next().await?;
        Some((Ok::<Bytes, std::convert::Infallible>(told), intake))
    });
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(told)).into_response())
}

fn check_type(request: &Request) -> Result<(), Fault> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if matches!(
        kind,
        "application/x-ndjson" | "application/jsonl" | "application/json"
    ) {
        return Ok(());
    }
    Err(
        Fault::invalid(format!("a body of type {kind:?} is not read here"))
            .status(axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE)
            .hint("send it with the header Content-Type: application/x-ndjson"),
    )
}

/// A stream of lines that is being taken in.
struct Intake {
    shared: Shared,
    /// `None` at its end.
    body: Option<BodyDataStream>,
    /// What was read and is no whole batch yet.
    pending: Vec<u8>,
    line: u64,
    runs: HashMap<String, RemoteRun>,
    is_done: bool,
    /// Where it is noted how far it has come, when it has a key.
    progress: Option<Progress>,
    /// What is to be told of earlier calls with the same key.
    earlier: Option<Acknowledgement>,
}

impl Intake {
    /// Takes in a batch; what became of it, as a line.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(earlier) = self.earlier.take() {
            return Some(line_of(&earlier));
        }
        if self.is_done {
            return None;
        }
        let told = match self.fill().await {
            Ok(()) => self.settle().await,
            Err(fault) => Err(fault),
        };
        let mut told = told.unwrap_or_else(|fault| {
            // Nothing more is written.
            self.is_done = true;
            let mut told = Acknowledgement::default();
            told.refuse(self.line + 1, fault);
            told
        });
        told.line = self.line;
        told.done = self.is_done;
        Some(line_of(&told))
    }

    /// Writes a batch of what was read.
    async fn settle(&mut self) -> Answer<Acknowledgement> {
        let had_end = self.body.is_none();
        let (bytes, lines) = self.cut();
        let (tracker, first) = (self.shared.tracker().clone(), self.line + 1);
        let last = self.line + lines.len() as u64;
        let is_done = had_end && self.pending.is_empty();
        let (mut runs, mut progress) = (std::mem::take(&mut self.runs), self.progress.take());
        let written = blocking(move || {
            if let Some(progress) = &mut progress {
                progress.begin_batch(&bytes, last)?;
            }
            let told = take_in(&tracker, &mut runs, first, &lines);
            if let Some(progress) = &mut progress {
                progress.end_batch(&told, is_done);
            }
            Answer::Ok((told, runs, progress))
        });
        let (told, runs, progress) = written.await?;
        (self.runs, self.progress) = (runs, progress);
        (self.line, self.is_done) = (last, is_done);
        Ok(told)
    }

    /// Reads until there is a batch, or what has come so far when nothing more is there yet. A batch has a whole line at
    /// least, however long it is.
    async fn fill(&mut self) -> Answer<()> {
        loop {
            let end = self.pending.iter().position(|byte| *byte == b'\n');
            if end.unwrap_or(self.pending.len()) > LINE_LEN_MAX {
                self.pending.clear();
                return Err(too_large(LINE_LEN_MAX));
            }
            let has_line = end.is_some();
            if has_line && self.pending.len() >= BATCH_LEN_MAX {
                return Ok(());
            }
            let Some(body) = &mut self.body else {
                return Ok(());
            };
            let next = if has_line {
                // Whoever sends a line and waits for its acknowledgement gets it.
                let Some(next) = futures_util::FutureExt::now_or_never(body.next()) else {
                    return Ok(());
                };
                next
            } else {
                body.next().await
            };
            match next {
                None => self.body = None,
                Some(Ok(bytes)) => self.pending.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    self.body = None;
                    self.pending.clear();
                    return Err(Fault::invalid(format!("the stream broke off: {error}")));
                }
            }
        }
    }

    /// Whole lines, and at the end of the stream the last one without its end; and the bytes that they are.
    fn cut(&mut self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut lines = Vec::new();
        let mut begin = 0;
        while lines.len() < LINES_MAX {
            let rest = &self.pending[begin..];
            match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    lines.push(rest[..end].to_vec());
                    begin += end + 1;
                }
                None if self.body.is_none() && !rest.is_empty() => {
                    lines.push(rest.to_vec());
                    begin = self.pending.len();
                }
                None => break,
            }
        }
        (self.pending.drain(..begin).collect(), lines)
    }
}

/// Writes the lines of a batch, neighbours of one run together.
fn take_in(
    tracker: &Tracker,
    runs: &mut HashMap<String, RemoteRun>,
    first: u64,
    lines: &[Vec<u8>],
) -> Acknowledgement {
    let mut told = Acknowledgement::default();
    let mut waiting: Option<(String, LogBatch, Vec<u64>)> = None;
    for (number, line) in (first..).zip(lines) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let parsed = match object_of::<IngestLine>(line) {
            Ok(parsed) => parsed,
            Err(error) => {
                told.refuse(
                    number,
                    Fault::invalid(format!("the line cannot be used: {error}")),
                );
                continue;
            }
        };
        let goes_on = matches!((&waiting, &parsed.what), (Some((run, _, _)), IngestPart::Point(_)) if *run == parsed.run);
        if !goes_on {
            told.settle(tracker, runs, waiting.take());
        }
        match (parsed.what, &mut waiting) {
            (IngestPart::Point(point), Some((_, batch, numbers))) => {
                batch.points.push(point);
                numbers.push(number);
            }
            (IngestPart::Point(point), None) => {
                let batch = LogBatch {
                    points: vec![point],
                    ..LogBatch::default()
                };
                waiting = Some((parsed.run, batch, vec![number]));
            }
            (IngestPart::Batch(batch), _) => {
                told.settle(tracker, runs, Some((parsed.run, batch, vec![number])));
            }
        }
    }
    told.settle(tracker, runs, waiting.take());
    told
}

impl Acknowledgement {
    /// Writes what is waiting. A batch that is refused is tried line by line, so that one bad point refuses only itself.
    fn settle(
        &mut self,
        tracker: &Tracker,
        runs: &mut HashMap<String, RemoteRun>,
        waiting: Option<(String, LogBatch, Vec<u64>)>,
    ) {
        let Some((name, batch, numbers)) = waiting else {
            return;
        };
        let run = match run_of(tracker, runs, &name) {
            Ok(run) => run,
            Err(fault) => {
                for number in &numbers {
                    self.refuse(*number, fault.clone());
                }
                return;
            }
        };
        let is_single = numbers.len() == 1;
        let points = batch.points.clone();
        match write(&run, batch) {
            Ok(lsn) => {
                self.accepted += numbers.len() as u64;
                self.lsn = lsn.map(Lsn::get).or(self.lsn);
            }
            Err(fault) if is_single => self.refuse(numbers[0], fault),
            Err(_) => {
                for (number, point) in numbers.into_iter().zip(points) {
                    let batch = LogBatch {
                        points: vec![point],
                        ..LogBatch::default()
                    };
                    self.settle(tracker, runs, Some((name.clone(), batch, vec![number])));
                }
            }
        }
    }

    fn refuse(&mut self, line: u64, fault: Fault) {
        self.refused += 1;
        if self.errors.len() < REFUSED_MAX {
            self.errors.push(refused(line, fault));
        }
    }
}

/// A line of the answer.
fn line_of(told: &Acknowledgement) -> Bytes {
    let mut line = serde_json::to_vec(told).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// A line that was refused, in words.
pub fn refused(line: u64, fault: Fault) -> Refused {
    Refused {
        line,
        error: fault.message,
        code: ErrorCode::of(fault.code),
    }
}

fn run_of(
    tracker: &Tracker,
    runs: &mut HashMap<String, RemoteRun>,
    name: &str,
) -> Answer<RemoteRun> {
    if let Some(run) = runs.get(name) {
        return Ok(run.clone());
    }
    if runs.len() >= 10_000 {
        runs.clear();
    }
    let run = tracker.remote_run(named::run_id(tracker, name)?)?;
    runs.insert(name.to_owned(), run.clone());
    Ok(run)
}
