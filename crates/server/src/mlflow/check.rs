//! What names and values this interface admits, and its words for those it does not.
//!
//! Invariant: lengths are counted in characters; a name that is refused here never reaches the library.

use std::fmt::Write as _;

use mltrack::RunId;
use serde_json::Value;

use super::error::{Answer, MlflowError, Reason};
use crate::fields::Fields;

/// The most characters of the name of a metric, param or tag.
pub const KEY_LEN_MAX: usize = 250;
/// A param's value is cut to so many characters.
pub const PARAM_LEN_MAX: usize = 6000;
/// A run tag's value is cut to so many characters.
pub const TAG_LEN_MAX: usize = 8000;

/// The run that a request names.
pub fn run_id(fields: &Fields) -> Answer<RunId> {
    parse_run_id(run_id_text(fields)?)
}

/// How a request names a run, by its present or its former field.
pub fn run_id_text(fields: &Fields) -> Answer<&str> {
    let text = match fields.get("run_id") {
        None => fields.optional_text("run_uuid")?.unwrap_or_default(),
        Some(_) => fields.text("run_id")?,
    };
    if text.is_empty() {
        return Err(MlflowError::required("run_id"));
    }
    Ok(text)
}

/// The run with this id.
pub fn parse_run_id(text: &str) -> Answer<RunId> {
    text.parse().map_err(|_| no_run(text))
}

/// There is no such run.
pub fn no_run(id: impl std::fmt::Display) -> MlflowError {
    MlflowError::missing(format!("Run with id={id} not found"))
}

/// Refuses a run id of a form that no run could have.
pub fn run_id_form(text: &str) -> Answer<()> {
    let mut characters = text.chars();
    let first = characters.next();
    let is_well_begun = first.is_some_and(|character| character.is_ascii_alphanumeric());
    let is_well = |character: char| is_word(character) || character == '-';
    if is_well_begun && characters.clone().all(is_well) && characters.count() < 256 {
        return Ok(());
    }
    Err(invalid("run_id", &Value::from(text), ""))
}

/// What the library says about a run, in this interface's words: a call that is refused for the run's state is about a
/// deleted run, because here a run that has ended takes everything.
pub fn about_run(id: RunId, error: mltrack::Error) -> MlflowError {
    match error.code() {
        mltrack::Code::NotFound => no_run(id),
        mltrack::Code::InvalidState => MlflowError::invalid(format!(
            "The run {id} must be in the 'active' state. Current state is deleted."
        )),
        _ => error.into(),
    }
}

/// Refuses the name of a metric, param or tag; `path` is how the error names the field.
#[inline]
pub fn name(name: &str, path: impl Fn() -> String) -> Answer<()> {
    // Nearly every name is like this, and there may be a thousand in a request.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !name.is_empty() && name.bytes().all(is_plain) {
        return Ok(());
    }
    other_name(name, path)
}

#[cold]
fn other_name(name: &str, path: impl Fn() -> String) -> Answer<()> {
    let is_admitted = |character| is_word(character) || "/.- :".contains(character);
    if !name.chars().all(is_admitted) {
        let why = "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).";
        return Err(invalid(&path(), &Value::from(name), why));
    }
    resolved(name, path)
}

/// Refuses a name that would be another one as a path.
pub fn resolved(name: &str, path: impl Fn() -> String) -> Answer<()> {
    let resolved = normal_path(name);
    if resolved != name
        || resolved == "."
        || resolved.starts_with("..")
        || resolved.starts_with('/')
    {
        let why = format!(
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '{resolved}'"
        );
        return Err(invalid(&path(), &Value::from(name), &why));
    }
    Ok(())
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What a path means once `.`, `..` and doubled slashes are resolved, without looking at any disk.
fn normal_path(path: &str) -> String {
    let root = match path.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let joined = format!("{root}{}", parts.join("/"));
    if joined.is_empty() {
        ".".to_owned()
    } else {
        joined
    }
}

/// Refuses a text of more characters than `max`.
pub fn length(what: &str, text: &str, max: usize) -> Answer<()> {
    if text.len() <= max || text.chars().count() <= max {
        return Ok(());
    }
    Err(MlflowError::invalid(format!(
        "'{what}' exceeds the maximum length of {max} characters"
    )))
}

/// The first characters of a text, at most `max`.
pub fn cut(text: &str, max: usize) -> &str {
    match text.char_indices().nth(max) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A value that cannot be used, as the interface says it.
pub fn invalid(path: &str, value: &Value, why: &str) -> MlflowError {
    let value = ascii_json(value);
    if why.is_empty() {
        return MlflowError::invalid(format!(
            "Invalid value {value} for parameter '{path}' supplied."
        ));
    }
    MlflowError::invalid(format!(
        "Invalid value {value} for parameter '{path}' supplied: {why}"
    ))
}

/// JSON in which every character beyond ASCII is written as its code.
fn ascii_json(value: &Value) -> String {
    let (mut ascii, mut units) = (String::new(), [0; 2]);
    for character in value.to_string().chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            // Writing to a text cannot fail.
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

/// A value of the wrong type, as the interface says it.
pub fn wrong_type(path: &str, value: &Value) -> MlflowError {
    let kind = match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    };
    let why = format!(
        " Hint: Value was of type '{kind}'. See the API docs for more information about request parameters."
    );
    invalid(path, value, &why)
}

/// The key of an entry of a list.
pub fn entry_key<'a>(list: &str, at: usize, entry: &'a Value) -> Answer<&'a str> {
    let key = entry_text(list, at, entry, "key")?.filter(|key| !key.is_empty());
    key.ok_or_else(|| MlflowError::required(&format!("{list}[{at}].key")))
}

fn entry_text<'a>(list: &str, at: usize, entry: &'a Value, name: &str) -> Answer<Option<&'a str>> {
    match entry.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(other) => Err(wrong_type(&format!("{list}[{at}].{name}"), other)),
    }
}

/// A pair of `key` and `value` from a list of a request; a value that is left out is empty.
pub fn pair<'a>(list: &str, at: usize, entry: &'a Value) -> Answer<(&'a str, &'a str)> {
    let key = entry_key(list, at, entry)?;
    let value = entry_text(list, at, entry, "value")?;
    Ok((key, value.unwrap_or_default()))
}

/// All pairs of a list.
pub fn pairs<'a>(fields: &'a Fields, list: &str) -> Answer<Vec<(&'a str, &'a str)>> {
    let entries = fields.list(list)?.into_iter().enumerate();
    entries.map(|(at, entry)| pair(list, at, entry)).collect()
}

/// Refuses a key that is ours alone.
pub fn not_ours(key: &str) -> Answer<()> {
    if !key.starts_with(super::wire::HIDDEN) {
        return Ok(());
    }
    let what = format!("The tag '{key}' belongs to the server. Choose another name.");
    Err(MlflowError::new(Reason::InvalidParameterValue, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_resolved_without_looking_at_a_disk() {
        for (path, resolved) in [
            ("a/b", "a/b"),
            ("a//b", "a/b"),
            ("a/", "a"),
            ("./a", "a"),
            ("a/../..", ".."),
            ("../x", "../x"),
            ("/../x", "/x"),
            ("", "."),
            ("//a", "//a"),
            ("///a", "/a"),
        ] {
            assert_eq!(normal_path(path), resolved, "{path}");
        }
    }

    #[test]
    fn a_name_has_admitted_characters_and_resolves_to_itself() {
        for good in ["loss", "val/loss", "a b-c.d:e", "größe", "a..b"] {
            assert!(name(good, || "name".into()).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "..a", "/a", "a/", "a//b", "a*b", "a\nb"] {
            assert!(name(bad, || "name".into()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn characters_beyond_ascii_are_written_as_their_codes_in_an_error() {
        assert_eq!(ascii_json(&Value::from("aé😀")), r#""a\u00e9\ud83d\ude00""#);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("aéb", 2), "aé");
        assert_eq!(cut("ab", 2), "ab");
        assert!(length("key", &"é".repeat(250), 250).is_ok());
        assert!(length("key", &"é".repeat(251), 250).is_err());
    }
}
