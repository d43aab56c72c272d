//! Shapes of secrets that their issuers gave them, and addresses with passwords.
//!
//! Invariant: one pass over the text tells which shapes may be in it; only those are looked for one by one.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexSet};

use crate::secrets::Found;

/// A pattern, and what has to be true of a match beyond it. Group 1, where there is one, is what is masked.
struct Shape {
    kind: &'static str,
    /// One of these is in every match, in small letters.
    anchors: &'static [&'static str],
    pattern: &'static str,
    is_secret: fn(&[u8]) -> bool,
}

const PRIVATE_KEY: &str = "a private key";

const SHAPES: &[Shape] = &[
    shape(
        PRIVATE_KEY,
        &["private key", "putty-user-key"],
        r"(?-u)-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,.-]*|PuTTY-User-Key-File-[0-9]",
    ),
    shape(
        "an AWS key",
        &["akia", "asia", "abia", "acca", "a3t"],
        r"(?-u)\b(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16}\b",
    ),
    shape(
        "a GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"(?-u)\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})",
    ),
    shape(
        "a GitLab token",
        &["gl"],
        r"(?-u)\bgl(?:pat|dt|rt|ptt|ft|soat|agent|cbt|imt|oas)-[A-Za-z0-9_.-]{20,}",
    ),
    shape(
        "a Slack token",
        &["xox", "xapp-"],
        r"(?-u)\bxox[abceoprs]-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
    ),
    shape(
        "a Slack address",
        &["hooks.slack.com"],
        r"(?-u)hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,}",
    ),
    shape(
        "a Stripe key",
        &["k_live_", "k_test_", "k_prod_", "whsec_"],
        r"(?-u)\b(?:[sr]k_(?:live|test|prod)|whsec)_[A-Za-z0-9]{10,}",
    ),
    checked(
        "an API key",
        &["sk-"],
        r"(?-u)\bsk-[A-Za-z0-9_-]{20,}",
        is_drawn,
    ),
    shape(
        "a Google key",
        &["aiza", "ya29.", "gocspx-"],
        r"(?-u)\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bGOCSPX-[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "a web token",
        &["eyj"],
        r"(?-u)\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    shape(
        "a Hugging Face token",
        &["hf_", "api_org_"],
        r"(?-u)\b(?:hf|api_org)_[A-Za-z0-9]{30,}",
    ),
    shape("an npm token", &["npm_"], r"(?-u)\bnpm_[A-Za-z0-9]{30,}"),
    shape(
        "a PyPI token",
        &["pypi-ag"],
        r"(?-u)\bpypi-Ag[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "a Databricks token",
        &["dapi"],
        r"(?-u)\bdapi[a-f0-9]{32}\b",
    ),
    shape(
        "a SendGrid key",
        &["sg."],
        r"(?-u)\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    ),
    shape(
        "a Vault token",
        &["hvs.", "hvb.", "hvr."],
        r"(?-u)\bhv[sbr]\.[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "a DigitalOcean token",
        &["_v1_"],
        r"(?-u)\bdo[opr]_v1_[a-f0-9]{40,}",
    ),
    shape(
        "a Docker token",
        &["dckr_"],
        r"(?-u)\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    ),
    shape(
        "an API key",
        &[
            "gsk_",
            "r8_",
            "shpat_",
            "shpss_",
            "lin_api_",
            "wandb_v1_",
            "nvapi-",
            "xai-",
            "fw-",
            "pplx-",
        ],
        r"(?-u)\b(?:gsk|r8|shpat|shpss|lin_api|wandb_v1)_[A-Za-z0-9_]{28,}|\b(?:nvapi|xai|fw|pplx)-[A-Za-z0-9_-]{32,}",
    ),
    shape(
        "a Neptune token",
        &["eyjh"],
        r"(?-u)\beyJhcGlfYWRkcmVzcyI6[A-Za-z0-9+/=_-]{20,}",
    ),
    shape(
        "a bot token",
        &[":aa"],
        r"(?-u)\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b",
    ),
    shape(
        "an Azure key",
        &["accesskey=", "accountkey=", "sig="],
        r"(?-u)(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{40,})|[?&]sig=([A-Za-z0-9%+/=]{30,})",
    ),
    checked(
        "an authorization",
        &["bearer", "authorization"],
        r#"(?i-u)\b(?:authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer|basic|token)|bearer)\s{1,4}([A-Za-z0-9._~+/=-]{8,})"#,
        is_drawn_short,
    ),
    checked(
        "an address with a password",
        &["@"],
        r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#"'<>@:\[\]\\`]*:[^\s/?#"'<>@\\`]+)@"#,
        is_password_part,
    ),
    checked(
        "an address with a token",
        &["@"],
        r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]{1,20}://([^\s/?#"'<>@:\[\]\\`]{12,})@"#,
        is_drawn_short,
    ),
];

const fn shape(
    kind: &'static str,
    anchors: &'static [&'static str],
    pattern: &'static str,
) -> Shape {
    checked(kind, anchors, pattern, always)
}

const fn checked(
    kind: &'static str,
    anchors: &'static [&'static str],
    pattern: &'static str,
    is_secret: fn(&[u8]) -> bool,
) -> Shape {
    Shape {
        kind,
        anchors,
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

/// Texts up to this length are looked through for anchors, word by word: patterns take milliseconds to be compiled, and
/// most short texts need none of them.
const SHORT_LEN_MAX: usize = 4096;

static ANY: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = SHAPES.iter().map(|shape| shape.pattern);
    RegexSet::new(patterns).expect("a test compiles every pattern")
});

static EACH: [OnceLock<Regex>; SHAPES.len()] = [const { OnceLock::new() }; SHAPES.len()];

fn compiled(index: usize) -> &'static Regex {
    let compile = || Regex::new(SHAPES[index].pattern).expect("a test compiles every pattern");
    EACH[index].get_or_init(compile)
}

/// Numbers of the shapes that may be in the text.
fn candidates(bytes: &[u8]) -> Vec<usize> {
    if bytes.len() > SHORT_LEN_MAX {
        return ANY.matches(bytes).into_iter().collect();
    }
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let has_anchor = |shape: &Shape| shape.anchors.iter().any(|anchor| text.contains(anchor));
    let shapes = SHAPES.iter().enumerate();
    shapes
        .filter(|(_, shape)| has_anchor(shape))
        .map(|(index, _)| index)
        .collect()
}

fn of_shape(index: usize, bytes: &[u8]) -> impl Iterator<Item = Found> + '_ {
    let shape = &SHAPES[index];
    let matches = compiled(index).captures_iter(bytes);
    matches.filter_map(move |captures| {
        let mut groups = captures.iter().skip(1).flatten();
        let masked = groups.next().or_else(|| captures.get(0))?;
        (shape.is_secret)(masked.as_bytes()).then(|| Found {
            kind: shape.kind,
            range: masked.range(),
        })
    })
}

/// The first kind found; which one that is says nothing about where it stands.
pub(crate) fn first(bytes: &[u8]) -> Option<&'static str> {
    let indices = candidates(bytes).into_iter();
    indices
        .filter_map(|index| of_shape(index, bytes).next())
        .map(|found| found.kind)
        .next()
}

/// Every place of every shape, unsorted.
pub(crate) fn find(bytes: &[u8]) -> Vec<Found> {
    let indices = candidates(bytes).into_iter();
    indices.flat_map(|index| of_shape(index, bytes)).collect()
}

pub(crate) fn private_key(bytes: &[u8]) -> Option<&'static str> {
    let mut indices = (0..SHAPES.len()).filter(|&index| SHAPES[index].kind == PRIVATE_KEY);
    let is_there = indices.any(|index| compiled(index).is_match(bytes));
    is_there.then_some(PRIVATE_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with the shape's first anchor is looked at by its pattern, however long it is.
    #[test]
    fn every_pattern_compiles_and_has_an_anchor_in_small_letters() {
        assert_eq!(ANY.len(), SHAPES.len());
        for (index, shape) in SHAPES.iter().enumerate() {
            assert!(compiled(index).as_str() == shape.pattern && !shape.anchors.is_empty());
            for anchor in shape.anchors {
                assert_eq!(*anchor, anchor.to_ascii_lowercase());
            }
        }
    }
}
