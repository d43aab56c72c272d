//! What is said about a run in words: tags, notes, log lines.

use mltrack_event::{Level, Line, LogLine, NameKind, NoteAdded, TagRemoved, TagsSet};

use crate::error::Result;
use crate::run::{Inner, Run};
use crate::store::Logged;

impl Run {
    /// Sets a tag, replacing a value it had. A plain tag has an empty value.
    ///
    /// Errors: `INVALID_STATE` when the run has ended, `VALIDATION_ERROR` for a key that is none.
    pub fn set_tag(&self, key: &str, value: &str) -> Result<Logged> {
        self.set_tags([(key, value)])
    }

    /// Sets several tags, all or none. Errors: those of [`set_tag`](Run::set_tag).
    pub fn set_tags<K: Into<String>, V: Into<String>>(
        &self,
        tags: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        let tags: Vec<(String, String)> = tags
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        tags.iter()
            .try_for_each(|(key, _)| NameKind::Tag.check(key))?;
        let (actor, command) = inner.store.by();
        let event = TagsSet {
            run: inner.key,
            tags,
            actor,
            command,
        };
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))
    }

    /// Removes a tag, if it is there. Errors: `INVALID_STATE` when the run has ended.
    pub fn remove_tag(&self, key: &str) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        let (actor, command) = inner.store.by();
        let event = TagRemoved {
            run: inner.key,
            key: key.to_owned(),
            actor,
            command,
        };
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))
    }

    /// Adds a note, in Markdown. Errors: `INVALID_STATE` when the run has ended.
    pub fn note(&self, text: impl Into<String>) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        let (actor, command) = inner.store.by();
        let event = NoteAdded {
            run: inner.key,
            text: text.into(),
            actor,
            command,
        };
        inner.record(|recorder, at| recorder.log_event(at, None, &event.into()))
    }

    /// Logs a line of text. Errors: `INVALID_STATE` when the run has ended, `VALIDATION_ERROR` when it is longer than
    /// 1 MiB.
    pub fn log_line(&self, level: Level, text: impl Into<String>) -> Result<Logged> {
        let (source, text) = (String::new(), text.into());
        self.log_lines(vec![Line {
            level,
            source,
            text,
            time: None,
        }])
    }

    /// Logs several lines, each with where it comes from and when, as one record. Errors: those of
    /// [`log_line`](Run::log_line), and `VALIDATION_ERROR` for none at all.
    pub fn log_lines(&self, lines: Vec<Line>) -> Result<Logged> {
        let Some(inner) = self.inner() else {
            return Ok(Logged::Disabled);
        };
        if lines.is_empty() {
            return Err(crate::Error::validation("there is no line to log"));
        }
        inner.log_lines(lines)
    }
}

impl Inner {
    pub fn log_lines(&self, lines: Vec<Line>) -> Result<Logged> {
        let run = self.key;
        let event = LogLine { run, lines };
        self.record(|recorder, at| recorder.log_event(at, None, &event.into()))
    }
}
