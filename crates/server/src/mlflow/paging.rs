//! Pages of `MLflow`'s lists: how many are asked for, and where the next page begins.
//!
//! Invariant: a page names a next one only when there is more.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::check;
use super::error::{Answer, MlflowError};
use crate::fields::Fields;

/// The most that a page of runs or experiments may have.
pub const PAGE_MAX: i64 = 50_000;

/// Where a page begins, by the token that the page before named.
pub fn offset(fields: &Fields) -> Answer<usize> {
    match fields.optional_text("page_token")? {
        None | Some("") => Ok(0),
        Some(token) => offset_of(token),
    }
}

fn offset_of(token: &str) -> Answer<usize> {
    let wrong = |what: &str| MlflowError::invalid(format!("Invalid page token, {what}"));
    let bytes = STANDARD.decode(token);
    let bytes = bytes.map_err(|_| wrong("could not base64-decode"))?;
    let parsed: Value = serde_json::from_slice(&bytes)
        .map_err(|_| wrong(&format!("decoded value={}", python_bytes(&bytes))))?;
    let offset = match parsed.get("offset") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(Value::Number(number)) => number.as_u64(),
        _ => return Err(wrong(&format!("parsed value={parsed}"))),
    };
    match offset {
        Some(0) => Err(wrong(&format!("parsed value={parsed}"))),
        Some(offset) => Ok(usize::try_from(offset).unwrap_or(usize::MAX)),
        None => Err(wrong(&format!("not stringable {}", parsed["offset"]))),
    }
}

/// The token of the page that begins behind so many others.
#[must_use]
pub fn token(offset: usize) -> String {
    STANDARD.encode(json!({ "offset": offset }).to_string())
}

/// Bytes as Python shows them, which is how they stand in the message that clients know.
fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut shown = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b'\t' => shown.push_str("\\t"),
            b'\\' => shown.push_str("\\\\"),
            byte if char::from(*byte) == quote => shown.extend(['\\', quote]),
            b' '..=b'~' => shown.push(char::from(*byte)),
            byte => {
                let _ = write!(shown, "\\x{byte:02x}");
            }
        }
    }
    shown.push(quote);
    shown
}

/// How many a page may have; `fallback` when nobody says. `what` is a page of.
pub fn page_len(fields: &Fields, fallback: Option<i64>, what: &str) -> Answer<usize> {
    let asked = fields.optional_integer("max_results")?.or(fallback);
    let asked = asked.unwrap_or_default();
    let wrong = |what: &str| {
        MlflowError::invalid(format!(
            "Invalid value {asked} for parameter 'max_results' supplied. It must be {what}"
        ))
    };
    match usize::try_from(asked) {
        Err(_) | Ok(0) => Err(wrong("a positive integer")),
        // Its two searches say the same in different words.
        Ok(_) if asked > PAGE_MAX && what == "runs" => Err(check::invalid(
            "max_results",
            &Value::from(asked),
            " Hint: Value was of type 'int'. See the API docs for more information about request parameters.",
        )),
        Ok(_) if asked > PAGE_MAX => Err(wrong(&format!("at most {PAGE_MAX}"))),
        Ok(len) => Ok(len),
    }
}

/// Which of the living and the deleted are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// Those that are not deleted.
    Active,
    /// Only those that are.
    Deleted,
    /// Both.
    All,
}

/// What a field says about the living and the deleted, by name or by number.
pub fn view(fields: &Fields, name: &str) -> Answer<View> {
    let Some(value) = fields.get(name) else {
        return Ok(View::Active);
    };
    let number = value.as_i64();
    let text = value.as_str().unwrap_or_default();
    match (number, text) {
        (Some(1), _) | (None, "ACTIVE_ONLY" | "1") => Ok(View::Active),
        (Some(2), _) | (None, "DELETED_ONLY" | "2") => Ok(View::Deleted),
        (Some(3), _) | (None, "ALL" | "3") => Ok(View::All),
        _ => Err(MlflowError::invalid(format!(
            "Invalid value {value} for parameter '{name}' supplied: write ACTIVE_ONLY, DELETED_ONLY or ALL."
        ))),
    }
}

/// The ids of a list, in the words for what is none. An id that no experiment can have is none of them.
pub fn experiment_ids(fields: &Fields) -> Answer<Vec<mltrack::ExperimentId>> {
    let texts = fields.texts("experiment_ids")?;
    let mut ids = Vec::with_capacity(texts.len());
    for text in texts {
        let number: i64 = text.trim().parse().map_err(|_| {
            MlflowError::invalid(format!(
                "Invalid experiment ID '{text}'. Experiment ID must be a valid integer."
            ))
        })?;
        if let Ok(id) = u64::try_from(number) {
            ids.push(mltrack::ExperimentId(id));
        }
    }
    Ok(ids)
}
