//! The webhooks of a store: documents, one for each.
//!
//! Invariant: a secret is never in a document; a document only says whether there is one.

use std::sync::Arc;

use mltrack::{Change, Code, Document, Documents, Error, Lsn, Tracker};
use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// The kind of the documents.
const KIND: &str = "mlflow.webhook";

/// Whether a webhook is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// It is.
    Active,
    /// It is not.
    Disabled,
}

/// What a document says of a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name, which need not be unique.
    pub name: String,
    /// Where it is sent.
    pub url: String,
    /// What it is told about, as `entity.action`.
    pub events: Vec<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is told anything.
    pub status: Status,
    /// Whether deliveries are signed.
    #[serde(default)]
    pub has_secret: bool,
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its id.
    pub id: Arc<str>,
    /// What is said of it.
    pub told: Told,
    /// The record that made it: it is told nothing that happened before.
    pub since: Lsn,
    /// When it was made, in ns since 1970.
    pub created_ns: i64,
    /// When it was changed last, in ns since 1970.
    pub updated_ns: i64,
}

impl Webhook {
    /// Of a document that somebody else wrote, nothing.
    fn of(document: &Document) -> Option<Webhook> {
        Some(Webhook {
            id: Arc::clone(&document.id),
            told: serde_json::from_str(&document.body).ok()?,
            since: document.created_lsn,
            created_ns: document.created_time_ns,
            updated_ns: document.time_ns,
        })
    }

    /// What it is told about.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        self.told.events.iter().filter_map(|text| Kind::parse(text))
    }

    /// Whether it is told about this.
    pub fn hears(&self, kind: Kind) -> bool {
        self.told.status == Status::Active && self.kinds().any(|own| own == kind)
    }
}

/// The webhooks of a store.
#[derive(Clone)]
pub struct Book(Documents);

impl Book {
    /// Those of this store.
    pub fn of(tracker: &Tracker) -> Book {
        Book(tracker.documents(KIND))
    }

    /// The same, changed in somebody's name.
    pub fn by(self, actor: &str, command: &str) -> Book {
        Book(self.0.by(actor, command))
    }

    /// All of them, those made last first.
    pub fn all(&self) -> Result<Vec<Webhook>, Error> {
        let documents = self.0.list("", None, usize::MAX)?;
        let mut webhooks: Vec<_> = documents.iter().filter_map(Webhook::of).collect();
        webhooks.sort_by_key(|webhook| std::cmp::Reverse(webhook.since));
        Ok(webhooks)
    }

    /// One of them.
    pub fn get(&self, id: &str) -> Result<Option<Webhook>, Error> {
        let document = self.0.get(id)?;
        Ok(document.as_ref().and_then(Webhook::of))
    }

    /// Makes one.
    pub fn add(&self, id: &str, told: &Told) -> Result<(), Error> {
        self.0.put(id, &body(told)).map(drop)
    }

    /// Changes one. Errors: `NOT_FOUND`.
    pub fn change(&self, id: &str, change: impl Fn(&mut Told)) -> Result<(), Error> {
        let missing = || Error::new(Code::NotFound, format!("no webhook {id:?}"));
        self.0.update(id, |known| {
            let webhook = known.and_then(Webhook::of).ok_or_else(missing)?;
            let mut told = webhook.told.clone();
            change(&mut told);
            Ok(Change::Put(body(&told)))
        })?;
        Ok(())
    }

    /// Removes one. Tells whether it was there.
    pub fn remove(&self, id: &str) -> Result<bool, Error> {
        Ok(self.0.remove(id)?.is_some())
    }
}

fn body(told: &Told) -> String {
    serde_json::to_string(told).expect("texts and lists have a JSON form")
}
