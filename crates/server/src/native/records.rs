//! `/api/v1/records`: the log itself, record by record, from any place and in both directions.
//!
//! Invariants: an answer holds a bounded number of records and of bytes; what cannot be read is named where it lies, and
//! never passed over in silence.

use axum::Json;
use axum::extract::{Path, State};
use mltrack::{RecordPage, RecordPlace, RecordQuery, TailEvent, Tracker, payload_json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Ask;
use super::error::{Answer, Fault, Faults};
use super::live_event::{EventForm, Names};
use super::moment::{Moment, time_text};
use super::named;
use super::page::{self, limit_of, lsn_number, record_of};
use crate::blocking::blocking;
use crate::shared::Shared;

/// A payload of more bytes is left out of lists.
const PAYLOAD_LEN_MAX: usize = 16 << 10;
/// The most moments of one answer.
const TIMES_MAX: u32 = 1_000;

pub fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(records))
        .routes(routes!(record))
        .routes(routes!(times))
}

/// Which records.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordsAsk {
    /// What lies before this record, the newest first; the end of the log when neither this nor `from` is given.
    #[param(minimum = 1)]
    pub before: Option<u64>,
    /// This record and what lies behind it, the oldest first.
    #[param(minimum = 1)]
    pub from: Option<u64>,
    /// Only records of these types, such as `metrics_logged`, with commas between them.
    pub types: Vec<String>,
    /// Only records about this run.
    pub run: Option<String>,
    /// Only records about this experiment and its runs.
    pub experiment: Option<String>,
    /// Only records whose text holds this, in any case: what they say, names of metrics, their type.
    pub text: Option<String>,
    /// The log ends behind this moment: an lsn, a time, or a length before now such as `-2h`.
    pub at: Option<String>,
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u32>,
}

/// A part of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct Records {
    /// The records: before `before` the newest first, from `from` on the oldest first.
    pub items: Vec<RecordForm>,
    /// The last record of the log; 0 in an empty store.
    pub lsn: u64,
    /// The next answer's `before` or `from`, as this one's; null at the beginning or the end of the log. It may be there
    /// though `items` are few or none: an answer reads at most 200,000 records or so.
    pub next: Option<u64>,
    /// How many records were read for this answer.
    pub scanned: u64,
    /// What was met that cannot be read.
    pub lost: Vec<LostForm>,
}

/// A record of the log, with its weight.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LogRecord)]
pub struct RecordForm {
    /// The record's number.
    pub lsn: u64,
    /// When it happened.
    #[schema(format = DateTime)]
    pub time: String,
    /// Its type, such as `metrics_logged`; `unknown` for one that this server does not know.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// The number of its type.
    pub type_id: u16,
    /// The version of its payload.
    pub version: u16,
    /// Who appended it.
    pub writer: u32,
    /// The run that it is about.
    pub run: Option<String>,
    /// The name of the experiment that it, or its run, belongs to.
    pub experiment: Option<String>,
    /// What it says; null when it was left out.
    pub payload: serde_json::Value,
    /// For values of metrics: the metrics, in the order of the values.
    pub labels: Vec<String>,
    /// When it was appended.
    #[schema(format = DateTime)]
    pub committed: String,
    /// How many bytes its payload has in the log.
    pub payload_bytes: u64,
    /// Whether the payload was left out because it is long: `GET /records/{lsn}` tells it.
    pub payload_left_out: bool,
    /// Why the payload cannot be decoded; null when it can.
    pub unreadable: Option<String>,
}

/// Records that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LostRecords)]
pub struct LostForm {
    /// The first of them.
    pub first: u64,
    /// The first record behind them.
    pub end: u64,
}

/// How many moments.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TimesAsk {
    /// At most so many.
    #[param(minimum = 2, maximum = 1000, default = 100)]
    pub count: Option<u32>,
}

/// When records were appended.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogTimes {
    /// Spread evenly over the log, oldest first.
    pub items: Vec<LogTime>,
}

/// When a record was appended.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogTime {
    /// The record.
    pub lsn: u64,
    /// When.
    #[schema(format = DateTime)]
    pub time: String,
}

/// The records of the log
#[utoipa::path(get, path = "/records", tag = "store", params(RecordsAsk),
    responses((status = 200, description = "some of them", body = Records), Faults))]
async fn records(State(shared): State<Shared>, Ask(ask): Ask<RecordsAsk>) -> Answer<Json<Records>> {
    blocking(move || {
        let tracker = shared.tracker();
        let query = query(tracker, ask)?;
        Ok(Json(form(tracker, query.fetch()?)))
    })
    .await
}

/// A record of the log
#[utoipa::path(get, path = "/records/{lsn}", tag = "store",
    params(("lsn" = u64, Path, minimum = 1, description = "its number")),
    responses((status = 200, description = "all of it", body = RecordForm), Faults))]
async fn record(State(shared): State<Shared>, Path(lsn): Path<u64>) -> Answer<Json<RecordForm>> {
    blocking(move || {
        let tracker = shared.tracker();
        let wanted = record_of(lsn)?;
        let place = RecordPlace::From(wanted);
        let mut page = tracker.records().place(place).limit(1).fetch()?;
        if let Some(lost) = page
            .lost
            .iter()
            .find(|lost| (lost.first..lost.end).contains(&wanted))
        {
            let text = format!(
                "record {lsn} cannot be read: {} to {} are damaged",
                lost.first,
                lost.end.get() - 1
            );
            return Err(Fault::new(mltrack::Code::Corrupt, text).hint("mltrack verify --deep"));
        }
        let found = page.items.pop().filter(|event| event.lsn == wanted);
        let found = found.ok_or_else(|| {
            let hint = format!("the last record is {}", lsn_number(page.lsn));
            Fault::missing(format!("there is no record {lsn}")).hint(hint)
        })?;
        Ok(Json(record_form(
            &mut Names::default(),
            tracker,
            found,
            usize::MAX,
        )))
    })
    .await
}

/// When the records of the log were appended
#[utoipa::path(get, path = "/log/times", tag = "store", params(TimesAsk),
    responses((status = 200, description = "some of them, evenly spread", body = LogTimes), Faults))]
async fn times(State(shared): State<Shared>, Ask(ask): Ask<TimesAsk>) -> Answer<Json<LogTimes>> {
    let count = ask.count.unwrap_or(100);
    if !(2..=TIMES_MAX).contains(&count) {
        let text = format!("count is {count}, and an answer has from 2 to {TIMES_MAX} moments");
        return Err(Fault::invalid(text));
    }
    blocking(move || {
        let times = shared.tracker().log_times(count as usize)?.into_iter();
        let items = times.map(|(lsn, time)| LogTime {
            lsn: lsn.get(),
            time: time_text(time),
        });
        Ok(Json(LogTimes {
            items: items.collect(),
        }))
    })
    .await
}

fn query(tracker: &Tracker, ask: RecordsAsk) -> Answer<RecordQuery> {
    let mut query = tracker.records().limit(limit_of(ask.limit)?);
    query = query.types(page::words(&ask.types));
    if let Some(run) = &ask.run {
        query = query.run(named::run_id(tracker, run)?);
    }
    if let Some(name) = &ask.experiment {
        query = query.experiment(named::experiment(tracker, name)?.name());
    }
    if let Some(text) = ask.text.filter(|text| !text.is_empty()) {
        let wanted = text.to_lowercase();
        query = query.matching(move |event| holds(event, &wanted));
    }
    let last = match Moment::of(ask.at.as_deref())? {
        Moment::Now => None,
        Moment::Lsn(lsn) => Some(lsn.get()),
        Moment::Time(time) => Some(lsn_number(tracker.last_at(time)?)),
    };
    if let Some(last) = last {
        query = query.until(last);
    }
    Ok(query.place(match (ask.before, ask.from) {
        (Some(before), None) => RecordPlace::Before(record_of(before)?),
        (None, Some(from)) => RecordPlace::From(record_of(from)?),
        (None, None) => RecordPlace::End,
        (Some(_), Some(_)) => {
            let text = "the log is read backwards from before= or forwards from from=, not both";
            return Err(Fault::invalid(text).hint("leave one of them out"));
        }
    }))
}

/// Whether a record's text holds this, which is in lower case.
fn holds(event: &TailEvent, wanted: &str) -> bool {
    event.type_name().contains(wanted)
        || event
            .labels()
            .iter()
            .any(|label| label.to_lowercase().contains(wanted))
        || payload_json(&event.event)
            .to_string()
            .to_lowercase()
            .contains(wanted)
}

fn form(tracker: &Tracker, page: RecordPage) -> Records {
    let mut names = Names::default();
    let items = page.items.into_iter();
    let lost = page.lost.iter().map(|lost| LostForm {
        first: lost.first.get(),
        end: lost.end.get(),
    });
    Records {
        lost: lost.collect(),
        lsn: lsn_number(page.lsn),
        next: page.next.map(mltrack::Lsn::get),
        scanned: page.scanned,
        items: items
            .map(|event| record_form(&mut names, tracker, event, PAYLOAD_LEN_MAX))
            .collect(),
    }
}

fn record_form(
    names: &mut Names,
    tracker: &Tracker,
    event: TailEvent,
    payload_len_max: usize,
) -> RecordForm {
    let payload_left_out = event.payload_len > payload_len_max;
    let event = names.dress(event, tracker);
    let known = &event.event;
    let (type_id, committed) = (known.type_id.0, time_text(known.committed));
    let (payload_bytes, unreadable) = (known.payload_len as u64, known.unreadable.as_ref());
    let unreadable = unreadable.map(ToString::to_string);
    let EventForm {
        lsn,
        time,
        type_name,
        version,
        writer,
        run,
        experiment,
        payload,
        labels,
    } = event.form();
    let (payload, labels) = if payload_left_out {
        (serde_json::Value::Null, Vec::new())
    } else {
        (payload, labels.unwrap_or_default())
    };
    RecordForm {
        lsn,
        time,
        type_name,
        type_id,
        version,
        writer,
        run,
        experiment,
        payload,
        labels,
        committed,
        payload_bytes,
        payload_left_out,
        unreadable,
    }
}
