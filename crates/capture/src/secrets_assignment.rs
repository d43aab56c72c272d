//! Assignments to keys that are named like secrets: `password = "x"`, `API_KEY=x`, `"token": "x"`, `--secret x`.
//!
//! A word that such keys end with is looked for; what stands around it is then read by hand, a few hundred bytes at most,
//! so that no text can make this slow.
//!
//! Invariants: a value that code computes, a type, a path and a placeholder are no secrets; a value is one line at most.

use crate::secrets::Found;
use crate::secrets_key::{self, Strength};
use crate::secrets_shape;

const KIND: &str = "a value assigned to a secret's name";
const NAME_LEN_MAX: usize = 80;
const VALUE_LEN_MAX: usize = 1024;
const BLANKS_MAX: usize = 16;

/// What the last words of a secret's name start with, in small letters.
const WORDS: &[&[u8]] = &[
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"credential",
    b"key",
    b"auth",
    b"jwt",
];

/// Where the next of the words stands.
fn next_word(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let starts_here = |at: usize| {
        // Most letters begin none of them.
        if !matches!(
            bytes[at] | 0x20,
            b'p' | b's' | b't' | b'c' | b'k' | b'a' | b'j'
        ) {
            return None;
        }
        let fits = |word: &&&[u8]| {
            let here = bytes.get(at..at + word.len());
            here.is_some_and(|here| here.eq_ignore_ascii_case(word))
        };
        WORDS.iter().find(fits).map(|word| (at, at + word.len()))
    };
    (from..bytes.len()).find_map(starts_here)
}

/// A value with how it is written.
struct Value {
    start: usize,
    end: usize,
    is_quoted: bool,
    /// A semicolon follows.
    is_statement: bool,
    /// Written right behind an equals sign, as files of variables and command lines are.
    is_tight: bool,
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The name around a word: from where to where.
fn name_around(bytes: &[u8], start: usize, end: usize) -> (usize, usize) {
    let before = bytes[..start].iter().rev().take(NAME_LEN_MAX);
    let start = start - before.take_while(|&&byte| is_name(byte)).count();
    let after = bytes[end..].iter().take(NAME_LEN_MAX);
    let end = end + after.take_while(|&&byte| is_name(byte)).count();
    (start, end)
}

fn skip(bytes: &[u8], mut at: usize, is_skipped: impl Fn(u8) -> bool) -> usize {
    let end = bytes.len().min(at + BLANKS_MAX);
    while at < end && is_skipped(bytes[at]) {
        at += 1;
    }
    at
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where the value of a name that ends at `end` starts, and whether an equals sign stands right before it.
fn after_operator(bytes: &[u8], end: usize, is_option: bool) -> Option<(usize, bool)> {
    let closed = skip(bytes, end, |byte| {
        matches!(byte, b'"' | b'\'' | b']' | b'\\' | b'`')
    });
    let at = skip(bytes, closed, is_blank);
    let is_spaced = at > closed;
    match bytes.get(at..)? {
        [b':', b'=', ..] | [b'=', b'>' | b'=' | b':', ..] => {
            Some((skip(bytes, at + 2, is_blank), false))
        }
        [b'=', ..] => {
            let value = skip(bytes, at + 1, is_blank);
            Some((value, !is_spaced && value == at + 1))
        }
        [b':', b':', ..] => None,
        [b':', ..] => Some((skip(bytes, at + 1, is_blank), false)),
        // `<password>value</password>`
        [b'>', ..] if !is_spaced && end == closed => Some((at + 1, true)),
        [first, ..] if is_option && is_spaced && *first != b'-' => Some((at, true)),
        _ => None,
    }
}

/// The value that starts at `at`: between quotes on one line, or up to what ends a word.
fn value_at(bytes: &[u8], at: usize, is_tight: bool) -> Option<Value> {
    let at = skip(bytes, at, |byte| byte == b'\\');
    let prefix = usize::from(matches!(
        bytes.get(at..),
        Some([b'b' | b'r' | b'u' | b'B', b'"' | b'\'', ..])
    ));
    let (start, window) = (at + prefix, VALUE_LEN_MAX);
    let end = bytes.len().min(start + window);
    let quote = *bytes.get(start)?;
    if matches!(quote, b'"' | b'\'' | b'`') {
        let start = start + 1;
        let text = bytes.get(start..end)?;
        let len = text
            .iter()
            .position(|&byte| byte == quote || byte == b'\n')?;
        let len = len - usize::from(len > 0 && text[len - 1] == b'\\');
        return Some(Value {
            start,
            end: start + len,
            is_quoted: true,
            is_statement: false,
            is_tight,
        });
    }
    let is_end = |byte: u8| {
        byte.is_ascii_whitespace()
            || matches!(
                byte,
                b'"' | b'\'' | b'`' | b',' | b';' | b')' | b']' | b'}' | b'<' | b'&' | b'|'
            )
    };
    let text = bytes.get(at..end)?;
    let len = text
        .iter()
        .position(|&byte| is_end(byte))
        .unwrap_or(text.len());
    Some(Value {
        start: at,
        end: at + len,
        is_quoted: false,
        is_statement: bytes.get(at + len) == Some(&b';'),
        is_tight,
    })
}

/// A type annotation comes before the value: `password: str = "x"`.
fn past_type(bytes: &[u8], value: Value) -> Option<Value> {
    let at = skip(bytes, value.end, is_blank);
    match bytes.get(at..at + 2) {
        Some([b'=', next]) if !value.is_quoted && !value.is_tight && *next != b'=' => {
            value_at(bytes, skip(bytes, at + 1, is_blank), false)
        }
        _ => Some(value),
    }
}

fn entropy(text: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for &byte in text {
        counts[usize::from(byte)] += 1;
    }
    let len = text.len() as f64;
    let shares = counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| count as f64 / len);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// A value that code computes: a name, a call, a member.
fn is_code(text: &[u8]) -> bool {
    let is_word = |byte: &u8| {
        byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b':' | b'?' | b'!' | b'*')
    };
    let holds = |marks: &[&[u8]]| {
        marks
            .iter()
            .any(|mark| text.windows(mark.len()).any(|window| window == *mark))
    };
    text.iter().all(is_word)
        || text
            .iter()
            .any(|byte| matches!(byte, b'(' | b'[' | b'{' | b'>'))
        || holds(&[
            b"::", b"->", b"self.", b"args.", b"config.", b"cfg.", b"env.", b"this.",
        ])
        || matches!(text.first(), Some(b'&' | b'*' | b'@' | b'#'))
}

/// A path of a file: `/run/secrets/x`, `../x`, `~/x`.
fn is_path(text: &[u8]) -> bool {
    [b"/" as &[u8], b"./", b"../", b"~/", b"file:"]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The name of a variable or constant, in capitals.
fn is_constant(text: &[u8]) -> bool {
    let is_capital =
        |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    text.contains(&b'_')
        && text.first().is_some_and(u8::is_ascii_uppercase)
        && text.iter().all(is_capital)
}

/// The name of another secret: `azure_storage_account_key`.
fn is_name_of_one(text: &[u8]) -> bool {
    let is_small = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'_';
    text.contains(&b'_') && text.iter().all(is_small) && secrets_key::strength(text).is_some()
}

/// A number as code writes it: `0x0020`, `2048u32`, `17` before a semicolon.
fn is_number(text: &[u8], is_statement: bool) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'_';
    let digits = text
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'_')
        .count();
    let suffix = &text[digits..];
    match text {
        [b'0', b'x' | b'X', rest @ ..] => {
            let end = rest
                .iter()
                .position(|byte| !is_digit(byte))
                .unwrap_or(rest.len());
            end > 0 && rest[end..].len() <= 3
        }
        _ if suffix.is_empty() => is_statement,
        _ => {
            digits > 0
                && matches!(suffix, [b'u' | b'i' | b'f' | b'U' | b'L' | b'l', rest @ ..] if rest.len() <= 4 && rest.iter().all(u8::is_ascii_alphanumeric))
        }
    }
}

/// A way to a member, in small letters: `node.colon2_token`.
fn is_member(text: &[u8]) -> bool {
    let is_small = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let mut parts = text.split(|&byte| byte == b'.');
    text.contains(&b'.')
        && parts.all(|part| {
            part.first().is_some_and(u8::is_ascii_lowercase) && part.iter().all(is_small)
        })
}

fn is_secret(name: &[u8], strength: Strength, text: &[u8], value: &Value) -> bool {
    if text.is_empty()
        || secrets_shape::is_placeholder(text)
        || is_path(text)
        || is_constant(text)
        || is_name_of_one(text)
        || text.eq_ignore_ascii_case(name)
    {
        return false;
    }
    // Addresses have a shape of their own.
    if text.windows(3).any(|window| window == b"://") {
        return false;
    }
    let is_variable = value.is_tight && name.iter().all(|byte| !byte.is_ascii_lowercase());
    let is_computed = is_code(text) && (!is_variable || text.contains(&b'.'))
        || !is_variable && (is_number(text, value.is_statement) || is_member(text));
    if !value.is_quoted && is_computed {
        return false;
    }
    let has = |is: fn(&u8) -> bool| text.iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let blank_count = text.split(|&byte| byte == b' ').count() - 1;
    match strength {
        Strength::Strong if value.is_quoted => {
            let is_phrase = name.to_ascii_lowercase().ends_with(b"phrase");
            text.len() >= 4 && (blank_count < 2 || is_phrase)
        }
        Strength::Strong => text.len() >= if value.is_tight { 4 } else { 6 },
        Strength::Medium => text.len() >= 8 && blank_count == 0 && (is_mixed || text.len() >= 20),
        Strength::Weak => text.len() >= 16 && blank_count == 0 && is_mixed && entropy(text) >= 3.0,
    }
}

/// The secret that is assigned to the name around the word, and where that name ends.
fn assigned(bytes: &[u8], start: usize, end: usize) -> (Option<Found>, usize) {
    let (name_start, name_end) = name_around(bytes, start, end);
    let name = &bytes[name_start..name_end];
    let found = || {
        let strength = secrets_key::strength(name)?;
        let is_option = name.starts_with(b"--");
        let (at, is_tight) = after_operator(bytes, name_end, is_option)?;
        let value = past_type(bytes, value_at(bytes, at, is_tight)?)?;
        let text = bytes.get(value.start..value.end)?;
        is_secret(name, strength, text, &value).then_some(Found {
            kind: KIND,
            range: value.start..value.end,
        })
    };
    (found(), name_end)
}

struct Assignments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Assignments<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        while let Some((start, end)) = next_word(self.bytes, self.at) {
            let (found, end) = assigned(self.bytes, start, end);
            self.at = found.as_ref().map_or(end, |found| found.range.end.max(end));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

pub(crate) fn first(bytes: &[u8]) -> Option<&'static str> {
    Assignments { bytes, at: 0 }.next().map(|found| found.kind)
}

pub(crate) fn find(bytes: &[u8]) -> impl Iterator<Item = Found> + '_ {
    Assignments { bytes, at: 0 }
}
