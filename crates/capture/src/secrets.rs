//! What must not be kept: secrets, told by the names of files and keys, and by their shapes.
//!
//! A tracker keeps what it is given for years and shows it to a team, so a doubt is decided against keeping: a file is
//! left out as a whole, a value becomes [`MASK`]. What machine learning is full of is known not to be one: hashes of
//! commits, uuids, paths of checkpoints, names and numbers of tokens.
//!
//! Invariants: time is linear in the text (no pattern can backtrack); nothing here reads a file or fails.
//!
//! ```
//! use mltrack_capture::secrets;
//!
//! assert!(secrets::file_name(b"deploy/.env.local").is_some());
//! assert!(secrets::content(b"password = \"hunter2\"").is_some());
//! assert_eq!(secrets::mask("GET https://me:pw@host/x"), "GET https://***@host/x");
//! assert_eq!(secrets::arguments(["train", "--token", "abc"]), ["train", "--token", "***"]);
//! ```

use std::borrow::Cow;
use std::ops::Range;

use crate::secrets_argument;
use crate::secrets_assignment;
use crate::secrets_key;
use crate::secrets_name;
use crate::secrets_shape;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// A place in a text that has to be masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it seems to be, in a few words.
    pub kind: &'static str,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// Why a file's name says that it holds secrets, if it does: `.env`, `id_rsa`, `server.pem`, `credentials.json`, ..
/// Takes a path with slashes; what it is called and the folders it lies in count.
pub fn file_name(path: &[u8]) -> Option<&'static str> {
    secrets_name::kind(path)
}

/// What secret a file's content holds, if any. Text of two bytes per letter is looked at as well.
pub fn content(bytes: &[u8]) -> Option<&'static str> {
    first(bytes).or_else(|| {
        let narrow: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != 0).collect();
        let is_wide = narrow.len() < bytes.len() - bytes.len() / 5;
        is_wide.then(|| first(&narrow)).flatten()
    })
}

fn first(bytes: &[u8]) -> Option<&'static str> {
    secrets_shape::first(bytes).or_else(|| secrets_assignment::first(bytes))
}

/// The same for keys that cover many lines only: the middle of one does not look like one.
pub fn private_key(bytes: &[u8]) -> Option<&'static str> {
    secrets_shape::private_key(bytes)
}

/// Every secret in a text, in the order they stand, none within another.
pub fn find(bytes: &[u8]) -> Vec<Found> {
    let mut found = secrets_shape::find(bytes);
    found.extend(secrets_assignment::find(bytes));
    found.sort_by_key(|found| (found.range.start, std::cmp::Reverse(found.range.end)));
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for found in found {
        match merged.last_mut() {
            Some(last) if found.range.start < last.range.end => {
                last.range.end = last.range.end.max(found.range.end);
            }
            _ => merged.push(found),
        }
    }
    merged
}

/// How often a text is looked through again after something was masked in it.
const LOOK_COUNT_MAX: usize = 5;

/// A text with every secret replaced by [`MASK`]; the text itself where there is none. What a secret stood before may
/// show itself as one once that is gone, so a text is looked through until nothing is found.
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for _ in 0..LOOK_COUNT_MAX {
        let found = find(masked.as_bytes());
        if found.is_empty() {
            break;
        }
        masked = Cow::Owned(replaced(&masked, &found));
    }
    masked
}

fn replaced(text: &str, found: &[Found]) -> String {
    let shown = |range: Range<usize>| String::from_utf8_lossy(&text.as_bytes()[range]);
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    for Found { range, .. } in found {
        replaced.push_str(&shown(at..range.start));
        replaced.push_str(MASK);
        at = range.end;
    }
    replaced.push_str(&shown(at..text.len()));
    replaced
}

/// A command line with the values of secret-like options and assignments replaced: `--token X`, `--password=X`,
/// `API_KEY=X`, and everything [`mask`] finds.
pub fn arguments<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Vec<String> {
    secrets_argument::mask(arguments)
}

/// An address without who may enter there: user and password are cut, and the values of secret-like parameters. The
/// user of an ssh address named `git` stays, since the address means nothing without it.
pub fn url(address: &str) -> String {
    secrets_argument::url(address)
}

/// Why a variable must not be kept, if so: its name is one of a secret's, or its value looks like a secret.
pub fn variable(name: &str, value: &str) -> Option<&'static str> {
    if secrets_key::strength(name.as_bytes()).is_some() {
        return Some("named like a secret");
    }
    content(value.as_bytes())
}
