//! Deleting traces, with their spans and assessments: by id, or all that are old enough.
//!
//! Invariant: it can be undone: the documents are removed, and their bodies stay in the log.

use axum::extract::State;
use serde_json::json;

use super::trace::{ASSESSMENT_KIND, KIND, SPAN_KIND, Trace};
use super::wire::answer;
use super::{Answer, Message, MlflowError, act, experiments};
use crate::blocking::blocking;
use crate::fields::Fields;
use crate::shared::Shared;

/// What removes them says so.
const COMMAND: &str = "POST traces/delete-traces";

pub(super) async fn delete(State(shared): State<Shared>, Message(fields): Message) -> Answer {
    blocking(move || {
        let experiment = experiments::parse_id(fields.text("experiment_id")?)?.0;
        let ids = wanted(&shared, &fields, experiment)?;
        for id in &ids {
            for kind in [SPAN_KIND, ASSESSMENT_KIND] {
                let documents = act::documents(&shared, kind, COMMAND);
                let of_trace = documents.ids(&format!("{id}/"), None, usize::MAX)?;
                let of_trace: Vec<&str> = of_trace.iter().map(|(id, _)| &**id).collect();
                documents.remove_many(&of_trace)?;
            }
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let count = act::documents(&shared, KIND, COMMAND).remove_many(&ids)?;
        Ok(answer(&json!({ "traces_deleted": count })))
    })
    .await
}

fn wanted(shared: &Shared, fields: &Fields, experiment: u64) -> Answer<Vec<String>> {
    let newest_ms = fields.optional_integer("max_timestamp_millis")?;
    let count = fields.optional_integer("max_traces")?;
    let ids = fields.texts("request_ids")?;
    let refused = |what: String| Err(MlflowError::invalid(what));
    match (newest_ms, ids.as_slice()) {
        (None, []) => {
            refused("Either `max_timestamp_millis` or `trace_ids` must be specified.".into())
        }
        (Some(_), [_, ..]) => {
            refused("Only one of `max_timestamp_millis` and `trace_ids` can be specified.".into())
        }
        (None, _) if count.is_some() => {
            refused("`max_traces` can't be specified if `trace_ids` is specified.".into())
        }
        (None, ids) => {
            let mut found = Vec::new();
            for document in shared.tracker().documents(KIND).get_many(ids)? {
                if Trace::of(&document)?.experiment_id == experiment {
                    found.push(document.id.to_string());
                }
            }
            Ok(found)
        }
        (Some(newest_ms), []) => {
            let count = match count {
                None => usize::MAX,
                Some(count) => match usize::try_from(count) {
                    Ok(count) if count > 0 => count,
                    _ => {
                        return refused(format!(
                            "`max_traces` must be a positive integer, received {count}."
                        ));
                    }
                },
            };
            let listed = shared.traces().list(shared.tracker(), &[experiment])?;
            // The oldest go first.
            let old = listed
                .iter()
                .rev()
                .filter(|listed| listed.time_ms <= newest_ms);
            Ok(old
                .take(count)
                .map(|listed| listed.id.to_string())
                .collect())
        }
    }
}
