//! Histories of one metric in several runs: `metrics/get-history-bulk` and `metrics/get-history-bulk-interval`.
//!
//! Invariants: neither answers more points than its limit, however many there are; a sample holds points that were really
//! logged, the first and the last among them.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use mltrack::{RunId, Tracker};

use super::endpoint;
use super::error::{Answer, MlflowError};
use super::history::{lead, write_points};
use super::message::Message;
use super::points::{WirePoint, points};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

const RUNS_MAX: usize = 100;
/// The most points of a plain answer.
const POINTS_MAX: usize = 25_000;
/// The most points of each run in a sampled answer.
const SAMPLE_MAX: usize = 2_500;

/// The routes of this file.
pub fn routes() -> Router<Shared> {
    let router = endpoint(
        Router::new(),
        "/2.0/mlflow/metrics/get-history-bulk",
        get(bulk),
    );
    let path = "/2.0/mlflow/metrics/get-history-bulk-interval";
    endpoint(router, path, get(interval))
}

async fn bulk(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let runs = fields.texts("run_id")?;
    let wrong = |what: &str| MlflowError::invalid(format!("GetMetricHistoryBulk request {what}"));
    if runs.is_empty() {
        return Err(wrong("must specify at least one run_id."));
    }
    if runs.len() > RUNS_MAX {
        let count = runs.len();
        return Err(wrong(&format!(
            "cannot specify more than {RUNS_MAX} run_ids. Received {count} run_ids."
        )));
    }
    let key = fields.optional_text("metric_key")?.map(str::to_owned);
    let key = key.ok_or_else(|| wrong("must specify a metric_key."))?;
    let limit = fields.optional_integer("max_results")?;
    let limit = limit.map_or(POINTS_MAX, |limit| usize::try_from(limit).unwrap_or(0));
    // Each run once, in the order of their ids.
    let mut runs: Vec<RunId> = runs.iter().filter_map(|run| run.parse().ok()).collect();
    runs.sort_unstable_by_key(ToString::to_string);
    runs.dedup();
    let text = blocking(move || {
        let mut answer = Points::new(&key);
        let mut left = limit.min(POINTS_MAX);
        for run in runs {
            let mut found = points(shared.tracker(), run, &key, WirePoint::by_time)?;
            found.truncate(left);
            left -= found.len();
            answer.add(run, &found);
            if left == 0 {
                break;
            }
        }
        Answer::Ok(answer.end())
    })
    .await?;
    Ok(reply(text))
}

fn reply(text: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}

async fn interval(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    let asked = Interval::of(&fields)?;
    let text = blocking(move || asked.answer(shared.tracker())).await?;
    Ok(reply(text))
}

/// A question about samples.
struct Interval {
    runs: Vec<RunId>,
    key: String,
    steps: Option<(i64, i64)>,
    limit: usize,
}

impl Interval {
    fn of(fields: &Fields) -> Answer<Interval> {
        let runs = fields.texts("run_ids")?;
        if runs.is_empty() {
            return Err(MlflowError::required("run_ids"));
        }
        if runs.len() > RUNS_MAX {
            return Err(MlflowError::invalid(format!(
                "GetMetricHistoryBulkInterval request must specify at most {RUNS_MAX} run_ids. Received {} run_ids.",
                runs.len()
            )));
        }
        let limit = fields.optional_integer("max_results")?;
        let limit = match limit.map_or(Ok(SAMPLE_MAX), usize::try_from) {
            Ok(limit) if (1..=SAMPLE_MAX).contains(&limit) => limit,
            _ => {
                let what = format!(
                    "max_results must be between 1 and {SAMPLE_MAX}. See the API docs for more information about request parameters."
                );
                return Err(MlflowError::invalid(what));
            }
        };
        Ok(Interval {
            runs: runs.iter().filter_map(|run| run.parse().ok()).collect(),
            key: fields.text("metric_key")?.to_owned(),
            steps: steps(fields)?,
            limit,
        })
    }

    fn answer(self, tracker: &Tracker) -> Answer<Vec<u8>> {
        let mut answer = Points::new(&self.key);
        // A run that is not there has no points, which is no error.
        for run in self.runs {
            let mut found = points(tracker, run, &self.key, WirePoint::by_step)?;
            if let Some((first, last)) = self.steps {
                found.retain(|point| (first..=last).contains(&point.step));
            }
            answer.add(run, &sample(&found, self.limit));
        }
        if answer.is_empty() {
            return Ok(b"{}".to_vec());
        }
        Ok(answer.end())
    }
}

/// The first and the last step that are asked for.
fn steps(fields: &Fields) -> Answer<Option<(i64, i64)>> {
    let first = fields.optional_integer("start_step")?;
    let last = fields.optional_integer("end_step")?;
    match (first, last) {
        (Some(first), Some(last)) if first > last => Err(MlflowError::invalid(format!(
            "end_step must be greater than start_step. Found start_step={first} and end_step={last}."
        ))),
        (Some(first), Some(last)) => Ok(Some((first, last))),
        (None, None) => Ok(None),
        _ => Err(MlflowError::invalid(
            "If either start step or end step are specified, both must be specified.",
        )),
    }
}

/// The first point of each of `limit` parts that are as large as one another, the larger ones first, and the last of all.
fn sample(points: &[WirePoint], limit: usize) -> Vec<WirePoint> {
    if points.len() <= limit {
        return points.to_vec();
    }
    let (small, larger) = (points.len() / limit, points.len() % limit);
    let firsts = (0..limit).map(|part| points[part * small + part.min(larger)]);
    let mut sample: Vec<WirePoint> = firsts.collect();
    sample[limit - 1] = points[points.len() - 1];
    sample
}

/// Points of several runs as they are written.
struct Points {
    text: Vec<u8>,
    lead: Vec<u8>,
    is_empty: bool,
}

impl Points {
    fn new(key: &str) -> Points {
        Points {
            text: b"{\"metrics\":[".to_vec(),
            lead: lead(key),
            is_empty: true,
        }
    }

    fn is_empty(&self) -> bool {
        self.is_empty
    }

    fn add(&mut self, run: RunId, points: &[WirePoint]) {
        if points.is_empty() {
            return;
        }
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        let mut tail = String::new();
        write!(tail, ",\"run_id\":\"{run}\"").expect("writing to a text cannot fail");
        write_points(&mut self.text, points, &self.lead, tail.as_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.text.extend(b"]}");
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(len: i64) -> Vec<WirePoint> {
        let point = |step: i64| WirePoint {
            time_ms: step,
            step,
            value: 0.5,
        };
        (0..len).map(point).collect()
    }

    fn steps_of(len: i64, limit: usize) -> Vec<i64> {
        let sampled = sample(&line(len), limit);
        sampled.iter().map(|point| point.step).collect()
    }

    #[test]
    fn a_sample_is_spread_evenly_and_ends_with_the_last_point() {
        assert_eq!(steps_of(3, 5), [0, 1, 2]);
        assert_eq!(steps_of(10, 3), [0, 4, 9]);
        assert_eq!(steps_of(10, 1), [9]);
        assert_eq!(steps_of(12, 4), [0, 3, 6, 11]);
        assert_eq!(steps_of(0, 4), [0_i64; 0]);
        assert_eq!(steps_of(100_000, 320).len(), 320);
    }
}
