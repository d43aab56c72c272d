//! What a run is: its name, its project, its configuration, and what it ran on.
//!
//! Invariants: what is said later replaces what was said before; a parameter is kept with its type, nested ones under
//! names joined by dots, as the peer shows them.

use std::collections::BTreeMap;

use mltrack::{ParamValue, WallTime};
use serde_json::{Map, Value};

use super::json::{self, Leaf};
use super::keys;
use super::record::{Item, ItemValue, texts, time_ns};
use crate::wire::{Fields, Read};

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    pub id: String,
    pub project: String,
    pub name: String,
    pub notes: String,
    pub started_ns: Option<i64>,
    pub user: Option<String>,
    pub tags: BTreeMap<String, String>,
    config: Map<String, Value>,
}

impl Facts {
    /// Takes a run record.
    pub fn run(&mut self, message: &[u8]) -> Read<()> {
        let [id, entity, project, group, job, name, notes, sweep, host] =
            texts(message, [1, 2, 3, 6, 7, 8, 9, 12, 13])?;
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                4 => self.config(value.bytes()?)?,
                10 => {
                    let tag = value.text()?;
                    // What an import says of itself stays what it says.
                    if !tag.starts_with("import.") {
                        self.tags.insert(tag, "true".to_owned());
                    }
                }
                17 => self.started_ns = Some(time_ns(value.bytes()?)?),
                21 => self.git(value.bytes()?)?,
                _ => {}
            }
        }
        for (kept, said) in [
            (&mut self.id, &id),
            (&mut self.project, &project),
            (&mut self.name, &name),
            (&mut self.notes, &notes),
        ] {
            if !said.is_empty() {
                kept.clone_from(said);
            }
        }
        self.say("wandb.id", id);
        self.say("wandb.entity", entity);
        self.say("wandb.project", project);
        self.say("wandb.group", group);
        self.say("wandb.job_type", job);
        self.say("wandb.sweep", sweep);
        self.say("wandb.host", host);
        Ok(())
    }

    /// Takes a record about the machine and the program.
    pub fn environment(&mut self, message: &[u8]) -> Read<()> {
        let [os, python, program, email, host, user, gpu, cuda] =
            texts(message, [1, 2, 6, 10, 12, 13, 18, 25])?;
        let mut arguments = Vec::new();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                5 => arguments.push(value.text()?),
                9 => self.git(value.bytes()?)?,
                _ => {}
            }
        }
        let user = [user, email].into_iter().find(|user| !user.is_empty());
        self.user = user.or_else(|| self.user.take());
        self.say("wandb.os", os);
        self.say("wandb.python", python);
        self.say("wandb.program", program);
        self.say("wandb.args", arguments.join(" "));
        self.say("wandb.host", host);
        self.say("wandb.gpu", gpu);
        self.say("wandb.cuda", cuda);
        Ok(())
    }

    fn git(&mut self, message: &[u8]) -> Read<()> {
        let [remote, commit] = texts(message, [1, 2])?;
        self.say("wandb.git.remote", remote);
        self.say("wandb.git.commit", commit);
        Ok(())
    }

    fn say(&mut self, key: &str, value: String) {
        if !value.is_empty() {
            self.tags.insert(key.to_owned(), value);
        }
    }

    /// Takes what a configuration record says.
    pub fn config(&mut self, message: &[u8]) -> Read<()> {
        let mut key = Vec::new();
        let mut fields = Fields::of(message);
        while let Some((number, value)) = fields.next()? {
            if !matches!(number, 1 | 2) {
                continue;
            }
            let item = Item::read(value.bytes()?, &mut key)?;
            if number == 2 {
                keys::remove(&mut self.config, &key);
                continue;
            }
            let value = match item.value {
                ItemValue::Json(json) => json::value(json),
                ItemValue::Number(number) => Some(Value::from(number)),
                ItemValue::Text(text) => Some(String::from_utf8_lossy(text).into()),
                ItemValue::Nothing => Some(Value::Null),
            };
            if let Some(value) = value {
                keys::put(&mut self.config, &key, value);
            }
        }
        Ok(())
    }

    /// The configuration as parameters. What the peer keeps there for itself is left out.
    pub fn params(&self) -> Vec<(String, ParamValue)> {
        let mut params = BTreeMap::new();
        for (key, value) in self.config.iter().filter(|(key, _)| *key != "_wandb") {
            flatten(key.clone(), value, &mut params);
        }
        params.into_iter().collect()
    }

    pub fn started(&self) -> Option<WallTime> {
        self.started_ns.filter(|time| *time > 0).map(WallTime)
    }
}

fn flatten(name: String, value: &Value, params: &mut BTreeMap<String, ParamValue>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                flatten(format!("{name}.{key}"), value, params);
            }
        }
        value => {
            params.insert(name, param(value));
        }
    }
}

fn param(value: &Value) -> ParamValue {
    match value {
        Value::String(_) => match json::leaf(value.clone()) {
            Some(Leaf::Number(number)) => ParamValue::Float(number),
            _ => ParamValue::from_json(value),
        },
        value => ParamValue::from_json(&json::plain(value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u32, body: &[u8]) -> Vec<u8> {
        let key = (number << 3 | 2) as u8;
        let key = if number < 16 {
            vec![key]
        } else {
            vec![key | 0x80, (number >> 4) as u8]
        };
        [&key[..], &[body.len() as u8], body].concat()
    }

    fn config(pairs: &[(&str, &str)]) -> Vec<u8> {
        let items = pairs.iter().map(|(key, json)| {
            let item = [field(1, key.as_bytes()), field(16, json.as_bytes())].concat();
            field(1, &item)
        });
        items.collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_configuration_is_flat_and_keeps_its_types() {
        let mut facts = Facts::default();
        let pairs = [
            ("lr", "0.1"),
            ("depth", "3"),
            (
                "opt",
                r#"{"name": "adam", "betas": [0.9, NaN], "more": {"a": true}, "none": {}}"#,
            ),
            ("inf", "Infinity"),
            ("nothing", "null"),
            ("_wandb", r#"{"a": 1}"#),
        ];
        facts.config(&config(&pairs)).unwrap();
        facts.config(&config(&[("lr", "0.2")])).unwrap();
        let removed = field(2, &field(1, b"depth"));
        facts.config(&removed).unwrap();
        let wanted: Vec<(String, ParamValue)> = [
            ("inf", ParamValue::Float(f64::INFINITY)),
            ("lr", ParamValue::Float(0.2)),
            ("nothing", ParamValue::Json("null".into())),
            ("opt.betas", ParamValue::Json(r#"[0.9,"NaN"]"#.into())),
            ("opt.more.a", ParamValue::Bool(true)),
            ("opt.name", ParamValue::Text("adam".into())),
            ("opt.none", ParamValue::Json("{}".into())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        assert_eq!(facts.params(), wanted);
    }

    #[test]
    fn a_run_says_what_it_is_and_later_what_it_is_now() {
        let mut facts = Facts::default();
        let first = [
            field(1, b"id1"),
            field(3, b"vision"),
            field(8, b"kind elk"),
            field(10, b"good"),
            field(17, &[8, 5]),
        ];
        facts.run(&first.concat()).unwrap();
        facts
            .run(&[field(1, b"id1"), field(9, b"words"), field(6, b"g")].concat())
            .unwrap();
        assert_eq!(
            (facts.id.as_str(), facts.project.as_str()),
            ("id1", "vision")
        );
        assert_eq!(
            (facts.name.as_str(), facts.notes.as_str()),
            ("kind elk", "words")
        );
        assert_eq!(facts.started(), Some(WallTime(5_000_000_000)));
        assert_eq!(facts.tags["good"], "true");
        assert_eq!(facts.tags["wandb.group"], "g");
        let environment = [
            field(1, b"Linux"),
            field(5, b"--lr"),
            field(5, b"1"),
            field(13, b"ada"),
        ];
        facts.environment(&environment.concat()).unwrap();
        assert_eq!(
            (facts.user.as_deref(), facts.tags["wandb.args"].as_str()),
            (Some("ada"), "--lr 1")
        );
    }
}
