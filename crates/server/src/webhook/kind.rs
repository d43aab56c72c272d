//! What a webhook may be told about: which thing, and what became of it.
//!
//! Invariant: every kind here is one that the log can bring about.

use serde_json::{Value, json};

/// A thing and what became of it, as in `model_version.created`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The thing.
    pub entity: &'static str,
    /// What became of it.
    pub action: &'static str,
}

/// Every kind there is.
pub const KINDS: [Kind; 14] = [
    Kind::of("registered_model", "created"),
    Kind::of("model_version", "created"),
    Kind::of("model_version_tag", "set"),
    Kind::of("model_version_tag", "deleted"),
    Kind::of("model_version_alias", "created"),
    Kind::of("model_version_alias", "deleted"),
    Kind::of("prompt", "created"),
    Kind::of("prompt_version", "created"),
    Kind::of("prompt_tag", "set"),
    Kind::of("prompt_tag", "deleted"),
    Kind::of("prompt_version_tag", "set"),
    Kind::of("prompt_version_tag", "deleted"),
    Kind::of("prompt_alias", "created"),
    Kind::of("prompt_alias", "deleted"),
];

impl Kind {
    const fn of(entity: &'static str, action: &'static str) -> Kind {
        Kind { entity, action }
    }

    /// The kind of these names, in any case of letters.
    pub fn named(entity: &str, action: &str) -> Option<Kind> {
        KINDS.into_iter().find(|kind| {
            kind.entity.eq_ignore_ascii_case(entity) && kind.action.eq_ignore_ascii_case(action)
        })
    }

    /// The kind that is written `entity.action`.
    pub fn parse(text: &str) -> Option<Kind> {
        let (entity, action) = text.split_once('.')?;
        Kind::named(entity, action)
    }

    /// What may become of a thing; nothing for what is none.
    pub fn actions_of(entity: &str) -> Vec<&'static str> {
        let of_it = KINDS.iter().filter(|kind| kind.entity == entity);
        let mut actions: Vec<_> = of_it.map(|kind| kind.action).collect();
        actions.sort_unstable();
        actions
    }

    /// What a test sends.
    pub fn example(self) -> Value {
        let is_prompt = self.entity.starts_with("prompt");
        let name = if is_prompt {
            "example_prompt"
        } else {
            "example_model"
        };
        let mut data = json!({"name": name});
        let entity = self
            .entity
            .trim_start_matches("prompt")
            .trim_start_matches("model");
        if entity.starts_with("_version") {
            data["version"] = "1".into();
        }
        match (self.entity, self.action) {
            ("registered_model", _) => described(&mut data, "An example registered model"),
            ("prompt", _) => described(&mut data, "An example prompt"),
            ("model_version", _) => {
                data["source"] = "models:/123".into();
                data["run_id"] = "abcd1234abcd5678".into();
                described(&mut data, "An example model version");
            }
            ("prompt_version", _) => {
                data["template"] = "Hello {{name}}!".into();
                described(&mut data, "An example prompt version");
            }
            (_, "created") => {
                data["alias"] = "example_alias".into();
                data["version"] = "1".into();
            }
            ("model_version_alias" | "prompt_alias", _) => {
                data["alias"] = "example_alias".into();
                if let Some(data) = data.as_object_mut() {
                    data.remove("version");
                }
            }
            (_, action) => {
                data["key"] = "example_key".into();
                if action == "set" {
                    data["value"] = "example_value".into();
                }
            }
        }
        data
    }
}

fn described(data: &mut Value, description: &str) {
    data["tags"] = json!({"example_key": "example_value"});
    data["description"] = description.into();
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.entity, self.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_what_it_is_written_as() {
        for kind in KINDS {
            assert_eq!(Kind::parse(&kind.to_string()), Some(kind));
            assert!(kind.example()["name"].is_string());
        }
        assert_eq!(Kind::parse("registered_model.set"), None);
        assert_eq!(Kind::actions_of("prompt_tag"), ["deleted", "set"]);
    }

    #[test]
    fn an_example_has_what_its_kind_tells() {
        let example = |text: &str| Kind::parse(text).unwrap().example();
        let alias = json!({"name": "example_model", "alias": "example_alias", "version": "1"});
        assert_eq!(example("model_version_alias.created"), alias);
        let gone = json!({"name": "example_prompt", "alias": "example_alias"});
        assert_eq!(example("prompt_alias.deleted"), gone);
        let tag = json!({"name": "example_prompt", "key": "example_key", "value": "example_value"});
        assert_eq!(example("prompt_tag.set"), tag);
        let tag = json!({"name": "example_model", "version": "1", "key": "example_key"});
        assert_eq!(example("model_version_tag.deleted"), tag);
    }
}
