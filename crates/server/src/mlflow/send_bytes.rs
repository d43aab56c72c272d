//! Answering with the bytes of an artifact: whole or a part of it, never as something a browser would run.
//!
//! Invariants: every answer is an attachment whose type is not guessed by the browser; every byte that is sent was
//! checked against its hash, and damage that is found on the way cuts the answer short instead of ending it well; memory
//! is bounded by a few pieces.

use std::fmt::Write as _;
use std::io::{self, Seek as _, SeekFrom};
use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::IntoResponse as _;
use mltrack::{ArtifactReader, BlobId, Tracker};
use tokio::sync::mpsc::{Sender, channel};

use super::error::{Answer, MlflowError, Reason};
use crate::blocking::blocking;

/// Pieces of up to 1 MiB that wait to be sent.
const WAITING_MAX: usize = 1;

/// What is sent.
#[derive(Clone, Debug)]
pub struct Content {
    /// The name that a browser saves it under: the last part of a path.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub blob: BlobId,
    /// How many there are.
    pub len: u64,
}

/// What the headers of a request ask for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    /// The client has it.
    Nothing,
    /// No byte of what was asked for is there.
    Beyond,
}

/// Answers a request with these bytes, or the part of them that it asks for.
pub async fn send(tracker: Tracker, content: Content, asked: &HeaderMap) -> Answer {
    let tag = format!("\"{}\"", content.blob);
    let (status, range) = match wanted(asked, &tag, content.len) {
        Wanted::All => (StatusCode::OK, 0..content.len),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Nothing => return Ok((StatusCode::NOT_MODIFIED, tagged(&tag)).into_response()),
        Wanted::Beyond => {
            let mut headers = tagged(&tag);
            let whole = format!("bytes */{}", content.len);
            headers.insert(header::CONTENT_RANGE, ascii(&whole));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let len = range.end - range.start;
    let mut headers = headers_of(&content, &tag);
    headers.insert(header::CONTENT_LENGTH, len.into());
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{}", range.start, range.end - 1, content.len);
        headers.insert(header::CONTENT_RANGE, ascii(&part));
    }
    let (reader, mut first) = blocking(move || open(&tracker, content.blob, range.start)).await?;
    first.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    let left = len - first.len() as u64;
    if left == 0 {
        return Ok((status, headers, Body::from(first)).into_response());
    }
    let (sender, mut pieces) = channel(WAITING_MAX);
    tokio::task::spawn_blocking(move || pour(reader, first, left, &sender));
    let stream = futures_util::stream::poll_fn(move |context| pieces.poll_recv(context));
    Ok((status, headers, Body::from_stream(stream)).into_response())
}

/// The bytes from a place on: the first of them show whether they can be had at all.
fn open(tracker: &Tracker, blob: BlobId, start: u64) -> Answer<(ArtifactReader, Bytes)> {
    let mut reader = tracker.open_bytes(blob)?;
    let first = reader
        .seek(SeekFrom::Start(start))
        .and_then(|_| reader.next_bytes());
    let first =
        first.map_err(|error| MlflowError::new(Reason::InternalError, error.to_string()))?;
    Ok((reader, first))
}

/// Reads on until everything was sent or nobody takes it any more.
fn pour(
    mut reader: ArtifactReader,
    first: Bytes,
    mut left: u64,
    sender: &Sender<io::Result<Bytes>>,
) {
    let mut next = Ok(first);
    loop {
        let is_failed = next.is_err();
        if sender.blocking_send(next).is_err() || is_failed || left == 0 {
            return;
        }
        next = reader.next_bytes().and_then(|mut bytes| {
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= bytes.len() as u64;
            Ok(bytes)
        });
    }
}

fn wanted(asked: &HeaderMap, tag: &str, len: u64) -> Wanted {
    let said = |name| {
        asked
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if said(header::IF_NONE_MATCH).is_some_and(|tags| names(tags, tag)) {
        return Wanted::Nothing;
    }
    let is_same = said(header::IF_RANGE).is_none_or(|known| known == tag);
    match said(header::RANGE).and_then(|text| range_of(text, len)) {
        Some(range) if is_same && range.start < range.end => Wanted::Part(range),
        Some(_) if is_same => Wanted::Beyond,
        _ => Wanted::All,
    }
}

/// Whether a list of tags has this one.
fn names(tags: &str, tag: &str) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The part that one range of bytes means, empty when there is nothing of it; `None` for what is no range, or several,
/// which may be answered with everything.
fn range_of(text: &str, len: u64) -> Option<Range<u64>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let count: u64 = last.parse().ok()?;
        return Some(len.saturating_sub(count)..len);
    }
    let first: u64 = first.parse().ok()?;
    let end = match last {
        "" => len,
        last => last.parse::<u64>().ok()?.checked_add(1)?.min(len),
    };
    if !last.is_empty() && end < first && first < len {
        return None;
    }
    Some(first.min(end)..end)
}

fn tagged(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, ascii(tag));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
}

fn headers_of(content: &Content, tag: &str) -> HeaderMap {
    let mut headers = tagged(tag);
    let unknown = HeaderValue::from_static("application/octet-stream");
    let media_type = HeaderValue::from_str(&content.media_type).unwrap_or(unknown);
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_DISPOSITION, attachment(&content.name));
    // A page that is opened all the same runs nothing and belongs to no site.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers
}

/// A header that saves the bytes under this name, whatever characters it has.
fn attachment(name: &str) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " !#$&+-.^_`{}~()[]=,@".contains(c);
    let plain: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    let mut value = format!("attachment; filename=\"{plain}\"");
    if plain != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                value.push(char::from(byte));
            } else {
                write!(value, "%{byte:02X}").expect("a text takes everything");
            }
        }
    }
    ascii(&value)
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("it was made of plain characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_means_what_http_says() {
        for (text, expected) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-5", Some(2..6)),
            ("bytes=2-", Some(2..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("bytes=5-100", Some(5..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=99-100", Some(10..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=5-2", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=a-b", None),
            ("bytes=0-18446744073709551615", None),
        ] {
            assert_eq!(range_of(text, 10), expected, "{text}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_header() {
        let value = |name| attachment(name).to_str().unwrap().to_owned();
        assert_eq!(value("a b.pt"), "attachment; filename=\"a b.pt\"");
        assert_eq!(
            value("a\"; x=\r\n\u{fc}"),
            "attachment; filename=\"a__ x=___\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%C3%BC"
        );
    }
}
