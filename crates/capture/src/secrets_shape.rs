//! Shapes of secrets that their issuers gave them, and addresses with passwords.
//!
//! Invariant: one pass over the text tells which shapes may be in it; only those are looked for one by one.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet};

use crate::secrets::Found;

/// A pattern, and what has to be true of a match beyond it. Group 1, where there is one, is what is masked.
struct Shape {
    kind: &'static str,
    pattern: &'static str,
    is_secret: fn(&[u8]) -> bool,
}

const PRIVATE_KEY: &str =
    r"(?-u)-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[0-9]";

const SHAPES: &[Shape] = &[
    shape(
        "a private key",
        r"(?-u)-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,.-]*|PuTTY-User-Key-File-[0-9]",
    ),
    shape(
        "an AWS key",
        r"(?-u)\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16}\b",
    ),
    shape(
        "a GitHub token",
        r"(?-u)\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    shape(
        "a GitLab token",
        r"(?-u)\bgl(?:pat|dt|rt|ptt|ft|soat|agent|cbt|imt|oas)-[A-Za-z0-9_.-]{20,}",
    ),
    shape(
        "a Slack token",
        r"(?-u)\bxox[abceoprs]-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
    ),
    shape(
        "a Slack address",
        r"(?-u)hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,}",
    ),
    shape(
        "a Stripe key",
        r"(?-u)\b(?:[sr]k_(?:live|test|prod)|whsec)_[A-Za-z0-9]{10,}",
    ),
    checked("an API key", r"(?-u)\bsk-[A-Za-z0-9_-]{20,}", is_drawn),
    shape(
        "a Google key",
        r"(?-u)\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "a web token",
        r"(?-u)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    shape(
        "a Hugging Face token",
        r"(?-u)\b(?:hf|api_org)_[A-Za-z0-9]{30,}",
    ),
    shape("an npm token", r"(?-u)\bnpm_[A-Za-z0-9]{30,}"),
    shape("a PyPI token", r"(?-u)\bpypi-Ag[A-Za-z0-9_-]{20,}"),
    shape("a Databricks token", r"(?-u)\bdapi[a-f0-9]{32}\b"),
    shape(
        "a SendGrid key",
        r"(?-u)\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
    shape("a Vault token", r"(?-u)\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
    shape("a DigitalOcean token", r"(?-u)\bdo[opr]_v1_[a-f0-9]{40,}"),
    shape(
        "a Docker token",
        r"(?-u)\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "an API key",
        r"(?-u)\b(?:gsk|r8|shpat|shpss|lin_api|wandb_v1)_[A-Za-z0-9_]{28,}|\b(?:nvapi|xai|fw|pplx)-[A-Za-z0-9_-]{32,}",
    ),
    shape(
        "a Neptune token",
        r"(?-u)\beyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/=_-]{20,}",
    ),
    shape("a bot token", r"(?-u)\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    shape(
        "an Azure key",
        r"(?-u)(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{40,})|[?&]sig=([A-Za-z0-9%+/=]{30,})",
    ),
    checked(
        "an authorization",
        r#"(?i-u)\b(?:authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)|bearer)\s{1,4}([A-Za-z0-9._~+/=-]{8,})"#,
        is_drawn_short,
    ),
    checked(
        "an address with a password",
        r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#"'<>@:\[\]\\`]*:[^\s/?#"'<>@\\`]+)@"#,
        is_password_part,
    ),
    checked(
        "an address with a token",
        r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#"'<>@:\[\]\\`]{12,})@"#,
        is_drawn_short,
    ),
];

const fn shape(kind: &'static str, pattern: &'static str) -> Shape {
    checked(kind, pattern, always)
}

const fn checked(kind: &'static str, pattern: &'static str, is_secret: fn(&[u8]) -> bool) -> Shape {
    Shape {
        kind,
        pattern,
        is_secret,
    }
}

fn always(_: &[u8]) -> bool {
    true
}

/// Sixteen letters and digits in a row, some of them digits: no word is like that.
fn is_drawn(value: &[u8]) -> bool {
    value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .any(|run| {
            run.len() >= 16
                && run.iter().any(u8::is_ascii_digit)
                && run.iter().any(u8::is_ascii_alphabetic)
        })
}

fn is_drawn_short(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && !is_placeholder(value)
}

/// `user:password`, where the password is not left open.
fn is_password_part(value: &[u8]) -> bool {
    let password = value
        .splitn(2, |&byte| byte == b':')
        .nth(1)
        .unwrap_or_default();
    !is_open(&String::from_utf8_lossy(password))
}

/// What a template leaves open: nothing that anybody could use.
fn is_open(text: &str) -> bool {
    text.starts_with(['$', '%', '<', '{', '*'])
        || ["${", "{{", "%(", "$("]
            .iter()
            .any(|mark| text.contains(mark))
}

/// Values that only say what kind of value will stand there.
const WORDS: &[&str] = &[
    "none",
    "null",
    "nil",
    "true",
    "false",
    "undefined",
    "string",
    "str",
    "bool",
    "int",
    "bytes",
    "any",
    "optional",
];

/// Parts of values that manuals show.
const FILLERS: &[&str] = &[
    "your",
    "example",
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "xxxx",
    "****",
    "redacted",
    "dummy",
    "<",
    "{",
];

/// What stands in a manual or a template where a secret will stand.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_lowercase();
    let is_one_letter = text.bytes().all(|byte| Some(byte) == text.bytes().next());
    is_one_letter
        || is_open(&text)
        || WORDS.contains(&text.as_str())
        || FILLERS.iter().any(|filler| text.contains(filler))
}

struct Shapes {
    any: RegexSet,
    each: Vec<Regex>,
    private_key: Regex,
}

static COMPILED: LazyLock<Shapes> = LazyLock::new(|| {
    let patterns = || SHAPES.iter().map(|shape| shape.pattern);
    let each =
        patterns().map(|pattern| Regex::new(pattern).expect("a test compiles every pattern"));
    Shapes {
        any: RegexSet::new(patterns()).expect("a test compiles every pattern"),
        each: each.collect(),
        private_key: Regex::new(PRIVATE_KEY).expect("a test compiles every pattern"),
    }
});

fn of_shape(index: usize, bytes: &[u8]) -> impl Iterator<Item = Found> + '_ {
    let shape = &SHAPES[index];
    COMPILED.each[index]
        .captures_iter(bytes)
        .filter_map(move |captures| {
            let masked = captures
                .iter()
                .skip(1)
                .flatten()
                .next()
                .or_else(|| captures.get(0))?;
            (shape.is_secret)(masked.as_bytes()).then(|| Found {
                kind: shape.kind,
                range: masked.range(),
            })
        })
}

/// The first kind found; which one that is says nothing about where it stands.
pub(crate) fn first(bytes: &[u8]) -> Option<&'static str> {
    let indices = COMPILED.any.matches(bytes).into_iter();
    indices
        .filter_map(|index| of_shape(index, bytes).next())
        .map(|found| found.kind)
        .next()
}

/// Every place of every shape, unsorted.
pub(crate) fn find(bytes: &[u8]) -> Vec<Found> {
    let indices = COMPILED.any.matches(bytes).into_iter();
    indices.flat_map(|index| of_shape(index, bytes)).collect()
}

pub(crate) fn private_key(bytes: &[u8]) -> Option<&'static str> {
    COMPILED
        .private_key
        .is_match(bytes)
        .then_some("a private key")
}
