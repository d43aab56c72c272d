//! What names, keys, aliases, numbers and stages of the registry may be, in `MLflow`'s words.
//!
//! Invariant: a name that is refused here may still be one of ours: what exists is found before a name is judged.

use serde_json::Value;

use super::{Answer, MlflowError, check};
use crate::fields::Fields;

/// The longest value of a tag, in characters.
const VALUE_LEN_MAX: usize = 100_000;
const ALIAS_LEN_MAX: usize = 255;
/// The stages, as they are written.
pub const STAGES: [&str; 4] = ["None", "Staging", "Production", "Archived"];

/// The tag that makes a model a prompt.
pub const IS_PROMPT: &str = "mlflow.prompt.is_prompt";
/// The tag that holds the text of a prompt's version.
pub const PROMPT_TEXT: &str = "mlflow.prompt.text";
/// The tag that says whether a prompt is a text or a chat.
pub const PROMPT_TYPE: &str = "_mlflow_prompt_type";

/// A tag as the wire has it.
pub type Tag = (String, String);

/// Refuses what is no name of a model; `field` is what the request calls it.
pub fn check_name(field: &str, name: &str) -> Answer<()> {
    if name.trim().is_empty() {
        let text = format!("Missing value for required parameter '{field}'.");
        return Err(MlflowError::invalid(text));
    }
    if name.contains(['/', ':']) {
        return Err(MlflowError::invalid(format!(
            "Invalid model name '{name}'. Names cannot contain '/' or ':'."
        )));
    }
    check::resolved(name, || "name".to_owned())
}

/// Refuses the key of a tag.
pub fn check_key(key: &str) -> Answer<()> {
    check::name(key, || "key".to_owned())?;
    check::length("key", key, check::KEY_LEN_MAX)
}

/// Refuses a tag. Those of versions may be the text of a prompt, which has an error of its own.
pub fn check_tag(key: &str, value: &str) -> Answer<()> {
    check_key(key)?;
    if key == PROMPT_TEXT && value.chars().count() > VALUE_LEN_MAX {
        return Err(MlflowError::invalid(format!(
            "Prompt text exceeds max length of {VALUE_LEN_MAX} characters."
        )));
    }
    check::length("value", value, VALUE_LEN_MAX)
}

/// Refuses what is no alias.
pub fn check_alias(alias: &str) -> Answer<()> {
    let is_known = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    if !alias.chars().all(is_known) {
        return Err(MlflowError::invalid(format!(
            "Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )));
    }
    check::length("Registered model alias name", alias, ALIAS_LEN_MAX)
}

/// Refuses an alias that could be read as something else.
pub fn check_reserved(alias: &str) -> Answer<()> {
    if alias.eq_ignore_ascii_case("latest") {
        let text = "'latest' alias name (case insensitive) is reserved.";
        return Err(MlflowError::invalid(text));
    }
    let digits = alias.strip_prefix(['v', 'V']).unwrap_or_default();
    if !digits.is_empty() && digits.chars().all(char::is_numeric) {
        let text = format!("Version alias name '{alias}' is reserved.");
        return Err(MlflowError::invalid(text));
    }
    Ok(())
}

/// The number of a version, which the wire writes as a text.
pub fn number(fields: &Fields) -> Answer<u64> {
    let text = fields.text("version")?;
    match text.trim().parse::<i64>() {
        // No version has a number below 1, so none is found.
        Ok(number) => Ok(u64::try_from(number).unwrap_or(0)),
        Err(_) => Err(MlflowError::invalid(format!(
            "Parameter 'version' must be an integer, got '{text}'."
        ))),
    }
}

/// A stage as it is written.
pub fn stage(text: &str) -> Answer<&'static str> {
    let mut stages = STAGES.into_iter();
    stages
        .find(|stage| stage.eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            MlflowError::invalid(format!(
                "Invalid Model Version stage: {text}. Value must be one of None, Staging, Production, Archived."
            ))
        })
}

/// The tags of a request, checked; of several with one key the last counts.
pub fn tags(fields: &Fields) -> Answer<Vec<Tag>> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in fields.list("tags")? {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default();
        let (key, value) = (text("key"), text("value"));
        check_tag(key, value)?;
        tags.retain(|(known, _)| known != key);
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// Whether these tags make a prompt.
pub fn is_prompt(tags: &[Tag]) -> bool {
    let mut tags = tags.iter();
    tags.any(|(key, value)| key == IS_PROMPT && value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_another_path_is_refused() {
        for name in ["resnet", "a b", "...a"] {
            assert_eq!(
                check_name("name", name).is_ok(),
                !name.starts_with(".."),
                "{name}"
            );
        }
        for name in ["", " ", "a/b", "a:b", ".", ".."] {
            assert!(check_name("name", name).is_err(), "{name}");
        }
        for key in ["a//b", "a/../b", "/a", "a/", "../a", "a*b"] {
            assert!(check_key(key).is_err(), "{key}");
        }
        assert!(check_key("mlflow.prompt/a:b c-d_é").is_ok());
        assert!(check_key(&"k".repeat(250)).is_ok());
        assert!(check_key(&"k".repeat(251)).is_err());
    }

    #[test]
    fn reserved_aliases_are_told_from_free_ones() {
        for alias in ["v1", "V22", "latest", "LATEST"] {
            assert!(check_reserved(alias).is_err(), "{alias}");
        }
        for alias in ["v", "v1a", "prod", "1", "late"] {
            assert!(check_reserved(alias).is_ok(), "{alias}");
            assert!(check_alias(alias).is_ok(), "{alias}");
        }
        assert!(check_alias("a.b").is_err());
        assert!(check_alias(&"a".repeat(256)).is_err());
    }
}
