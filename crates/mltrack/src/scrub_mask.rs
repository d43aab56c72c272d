//! What of an event is taken away when its run is scrubbed: the event as it is to be from then on.
//!
//! Invariants: a masked event is of the same type and about the same things, so that a fold meets it where the old one
//! was; ids, numbers, times and states stay. What is found is never repeated anywhere, only where it was.

use mltrack_capture::secrets;
use mltrack_event::{Event, NodeRef, ParamValue, RunError, canonical_json};
use regex::Regex;
use serde_json::Value;

use secrets::MASK;

/// What is to go.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// This text.
    Text(String),
    /// Whatever matches.
    Pattern(Regex),
    /// What looks like a password, a key or a token.
    Secrets,
    /// Everything in the parts that were chosen.
    Everything,
}

/// Which parts of a run are searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part of its own that is chosen or not"
)]
pub(crate) struct Parts {
    pub params: bool,
    pub lines: bool,
    pub environment: bool,
    pub patch: bool,
    /// Names, tags, notes, errors, values kept as JSON, who did it, and the files of the run.
    pub others: bool,
}

impl Parts {
    pub const ALL: Parts = Parts {
        params: true,
        lines: true,
        environment: true,
        patch: true,
        others: true,
    };

    pub fn is_none(self) -> bool {
        self == Parts::default()
    }
}

impl What {
    /// The text without what is to go; `None` when it holds nothing of it.
    pub fn mask(&self, text: &str) -> Option<String> {
        match self {
            What::Everything if text.is_empty() || text == MASK => None,
            What::Everything => Some(MASK.to_owned()),
            What::Text(wanted) => text
                .contains(wanted.as_str())
                .then(|| text.replace(wanted.as_str(), MASK)),
            What::Pattern(pattern) => pattern
                .is_match(text)
                .then(|| pattern.replace_all(text, MASK).into_owned())
                .filter(|masked| masked != text),
            What::Secrets => Some(secrets::mask(text).into_owned()).filter(|masked| masked != text),
        }
    }
}

/// What becomes of an event.
pub(crate) enum Masked {
    /// It holds nothing of what is to go.
    Same,
    /// It holds nothing else.
    Gone,
    /// It stays without it.
    Other(Box<Event>),
}

/// The event without what is to go.
pub(crate) fn masked(event: &Event, parts: Parts, what: &What) -> Masked {
    let is_emptied = matches!(what, What::Everything);
    match event {
        Event::LogLine(_) if parts.lines && is_emptied => return Masked::Gone,
        Event::EnvironmentCaptured(_) if parts.environment && is_emptied => return Masked::Gone,
        _ => {}
    }
    let mut event = event.clone();
    let mut masker = Masker {
        what,
        has_changed: false,
    };
    masker.event(&mut event, parts);
    if masker.has_changed {
        Masked::Other(Box::new(event))
    } else {
        Masked::Same
    }
}

struct Masker<'a> {
    what: &'a What,
    has_changed: bool,
}

impl Masker<'_> {
    fn event(&mut self, event: &mut Event, parts: Parts) {
        match event {
            Event::RunCreated(created) if parts.params => self.params(&mut created.params),
            Event::ParamsLogged(logged) if parts.params => self.params(&mut logged.params),
            Event::ParamsRemoved(removed) if parts.params => self.texts(&mut removed.names),
            Event::LogLine(logged) if parts.lines => {
                for line in &mut logged.lines {
                    self.text(&mut line.text);
                    self.text(&mut line.source);
                }
            }
            Event::EnvironmentCaptured(captured) if parts.environment => {
                // Keys stay: they are the same for every run.
                let values = captured.summary.iter_mut();
                values.for_each(|(_, value)| self.text(value));
                self.texts(&mut captured.left_out);
            }
            _ => {}
        }
        if parts.others {
            self.others(event);
            self.by(event);
        }
    }

    fn others(&mut self, event: &mut Event) {
        match event {
            Event::RunCreated(created) => {
                self.text(&mut created.name);
                self.text(&mut created.host);
                self.pairs(&mut created.tags);
            }
            Event::RunStarted(started) => self.text(&mut started.host),
            Event::RunResumed(resumed) => self.text(&mut resumed.host),
            Event::RunAttached(attached) => self.text(&mut attached.host),
            Event::RunEnded(ended) => ended.error.iter_mut().for_each(|error| self.error(error)),
            Event::TagsSet(set) => self.pairs(&mut set.tags),
            Event::RunRenamed(renamed) => self.text(&mut renamed.name),
            Event::TagRemoved(removed) => self.text(&mut removed.key),
            Event::NoteAdded(added) => self.text(&mut added.text),
            Event::JsonLogged(logged) => {
                self.text(&mut logged.name);
                self.json(&mut logged.json);
            }
            Event::ArtifactLogged(logged) => {
                self.text(&mut logged.path);
                self.text(&mut logged.media_type);
                self.json(&mut logged.metadata);
            }
            Event::ArtifactsRemoved(removed) => self.text(&mut removed.why),
            Event::DatasetUsed(used) => {
                self.text(&mut used.selector);
                self.json(&mut used.sampling);
            }
            Event::ModelUsed(used) => self.text(&mut used.selector),
            Event::ModelVersionAdded(added) => {
                self.text(&mut added.source);
                self.json(&mut added.signature);
                self.json(&mut added.metadata);
                self.pairs(&mut added.tags);
            }
            Event::DatasetVersionAdded(added) => {
                self.text(&mut added.source);
                for json in [&mut added.schema, &mut added.profile, &mut added.sampling] {
                    self.json(json);
                }
                self.pairs(&mut added.tags);
            }
            Event::LineageLinked(linked) => {
                self.node(&mut linked.from);
                self.node(&mut linked.to);
            }
            Event::LineageUnlinked(unlinked) => {
                self.node(&mut unlinked.from);
                self.node(&mut unlinked.to);
            }
            _ => {}
        }
    }

    /// Who did it, and by which command: a secret can stand in an argument.
    fn by(&mut self, event: &mut Event) {
        /// The two texts that these events end with.
        macro_rules! by {
            ($($event:ident)+) => {
                match event {
                    $(Event::$event(event) => {
                        self.text(&mut event.actor);
                        self.text(&mut event.command);
                    })+
                    _ => {}
                }
            };
        }
        by!(
            RunCreated RunQueued RunStarted RunResumed RunAttached RunEnded RunLost RunDeleted RunRestored
            ParamsLogged ParamsRemoved TagsSet TagRemoved NoteAdded NoteRemoved RunRenamed
            EnvironmentCaptured ArtifactLogged ArtifactsRemoved ArtifactsRestored ArtifactUsed
            DatasetUsed DatasetVersionAdded ModelUsed ModelVersionAdded LineageLinked LineageUnlinked
        );
    }

    fn text(&mut self, text: &mut String) {
        if let Some(masked) = self.what.mask(text) {
            *text = masked;
            self.has_changed = true;
        }
    }

    fn texts(&mut self, texts: &mut [String]) {
        for text in texts {
            self.text(text);
        }
    }

    fn pairs(&mut self, pairs: &mut [(String, String)]) {
        for (key, value) in pairs {
            self.key(key);
            self.text(value);
        }
    }

    /// A name says what was there, so it stays unless it is itself what is to go.
    fn key(&mut self, key: &mut String) {
        if !matches!(self.what, What::Everything) {
            self.text(key);
        }
    }

    fn params(&mut self, params: &mut [(String, ParamValue)]) {
        for (name, value) in params {
            // A secret is known by its name too, as in `api_key=...`.
            let is_secret = is_secret(self.what, name, &plain(value));
            self.key(name);
            let masked = match &*value {
                ParamValue::Json(json) => self.masked_json(json).map(ParamValue::Json),
                known => self.what.mask(&plain(known)).map(ParamValue::Text),
            };
            let masked = masked.or(is_secret.then(|| ParamValue::Text(MASK.to_owned())));
            if let Some(masked) = masked.filter(|masked| !masked.same(value)) {
                *value = masked;
                self.has_changed = true;
            }
        }
    }

    fn json(&mut self, json: &mut String) {
        if let Some(masked) = self.masked_json(json) {
            *json = masked;
            self.has_changed = true;
        }
    }

    /// A document stays one: its texts, keys and numbers are masked one by one.
    fn masked_json(&self, json: &str) -> Option<String> {
        if json.is_empty() {
            return None;
        }
        let Ok(mut value) = serde_json::from_str::<Value>(json) else {
            return self.what.mask(json);
        };
        mask_value(&mut value, self.what).then(|| canonical_json(&value))
    }

    fn error(&mut self, error: &mut RunError) {
        self.text(&mut error.kind);
        self.text(&mut error.message);
        for text in [&mut error.trace, &mut error.cause].into_iter().flatten() {
            self.text(text);
        }
    }

    fn node(&mut self, node: &mut NodeRef) {
        if let NodeRef::External(text) | NodeRef::Transformation(text) = node {
            self.text(text);
        }
    }
}

/// Masks whatever a document holds; true when there was something.
pub(crate) fn mask_value(value: &mut Value, what: &What) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |has_changed, item| {
            mask_value(item, what) | has_changed
        }),
        Value::Object(object) => mask_object(object, what),
        Value::String(text) => what.mask(text).is_some_and(|masked| {
            *text = masked;
            true
        }),
        Value::Number(number) if !matches!(what, What::Secrets) => {
            let is_hit = what.mask(&number.to_string()).is_some();
            if is_hit {
                *value = Value::String(MASK.to_owned());
            }
            is_hit
        }
        _ => false,
    }
}

fn mask_object(object: &mut serde_json::Map<String, Value>, what: &What) -> bool {
    let is_key_hit = |key: &String| !matches!(what, What::Everything) && what.mask(key).is_some();
    let hits: Vec<String> = object
        .keys()
        .filter(|key| is_key_hit(key))
        .cloned()
        .collect();
    for key in &hits {
        let (masked, value) = (what.mask(key), object.remove(key));
        if let (Some(masked), Some(value)) = (masked, value) {
            object.insert(masked, value);
        }
    }
    object
        .iter_mut()
        .fold(!hits.is_empty(), |has_changed, (key, value)| {
            let is_known_by_key = value
                .as_str()
                .is_some_and(|text| text != MASK && is_secret(what, key, text));
            if is_known_by_key {
                *value = Value::String(MASK.to_owned());
            }
            mask_value(value, what) | is_known_by_key | has_changed
        })
}

/// Whether a value is a secret because of what it is called.
fn is_secret(what: &What, name: &str, value: &str) -> bool {
    matches!(what, What::Secrets) && secrets::variable(name, value).is_some()
}

fn plain(value: &ParamValue) -> String {
    match value {
        ParamValue::Bool(value) => value.to_string(),
        ParamValue::Int(value) => value.to_string(),
        ParamValue::Float(value) => value.to_string(),
        ParamValue::Text(text) | ParamValue::Json(text) => text.clone(),
    }
}
