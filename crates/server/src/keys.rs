//! The tokens that a server asks for: who has one, what it allows, and until when.
//!
//! A key is a document of the store. What it holds of the token is a hash: the token itself is shown once, when it is
//! made, and nobody can tell it afterwards.
//!
//! Invariants: a key's document is written once and, by its revocation, changed once; a key whose document was ever
//! changed is revoked, so that no undo brings a revoked key back; a name is never given to a second key.

use std::sync::Arc;

use mltrack::{Code, Document, Error, Expected, Result, Tracker, door};
use serde::{Deserialize, Serialize};

use crate::caller::Role;

const KIND: &str = "key";
/// What a token begins with, so that it is recognised where it should not be.
const PREFIX: &str = "mlt_";
const NAME_LEN_MAX: usize = 64;

/// What a new key is to be.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose it is: the actor of everything that is done with it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The experiments that it is for, by name; none for all.
    pub scope: Vec<String>,
    /// When it ends, in nanoseconds since 1970.
    pub expires_ns: Option<i64>,
}

/// A key, without its token.
#[derive(Clone, Debug)]
pub struct Key {
    /// Whose it is.
    pub name: Arc<str>,
    /// What it allows.
    pub role: Role,
    /// The experiments that it is for, by name; none for all.
    pub scope: Arc<[String]>,
    /// When it was made, in nanoseconds since 1970.
    pub created_ns: i64,
    /// Who made it.
    pub actor: Arc<str>,
    /// When it ends.
    pub expires_ns: Option<i64>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    pub(crate) hash: blake3::Hash,
}

/// What is stored.
#[derive(Serialize, Deserialize)]
struct Body {
    schema: u32,
    blake3: String,
    role: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scope: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "is_false")]
    revoked: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Key {
    /// Whether it allows anything at this time.
    #[must_use]
    pub fn is_active(&self, now_ns: i64) -> bool {
        !self.is_revoked && self.expires_ns.is_none_or(|expires_ns| now_ns < expires_ns)
    }

    /// A document that is no key of a kind we know lets nobody in.
    fn of(document: &Document) -> Option<Key> {
        let body: Body = serde_json::from_str(&document.body).ok()?;
        Some(Key {
            name: Arc::clone(&document.id),
            role: Role::parse(&body.role)?,
            scope: body.scope.into(),
            created_ns: document.created_time_ns,
            actor: Arc::clone(&document.actor),
            expires_ns: body.expires_ns,
            is_revoked: body.revoked || document.lsn != document.created_lsn,
            hash: blake3::Hash::from_hex(&body.blake3).ok()?,
        })
    }
}

/// Makes a key and answers its token, which nobody can be told again.
///
/// Errors: `VALIDATION_ERROR` for a name that is none, `CONFLICT` for one that a key has or had.
///
/// ```
/// # fn main() -> Result<(), mltrack::Error> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let tracker = mltrack::Tracker::open(folder.path())?;
/// use mltrack_server::{Role, keys};
///
/// let new = keys::NewKey { name: "ci".into(), role: Role::Writer, scope: vec![], expires_ns: None };
/// let token = keys::make(&tracker, &new)?;
/// assert!(token.starts_with("mlt_"));
/// keys::revoke(&tracker, "ci")?;
/// assert!(keys::list(&tracker)?[0].is_revoked);
/// # Ok(())
/// # }
/// ```
pub fn make(tracker: &Tracker, new: &NewKey) -> Result<String> {
    check_name(&new.name)?;
    let token = new_token();
    let body = Body {
        schema: 1,
        blake3: blake3::hash(token.as_bytes()).to_string(),
        role: new.role.name().to_owned(),
        scope: new.scope.clone(),
        expires_ns: new.expires_ns,
        revoked: false,
    };
    let body = serde_json::to_string(&body).expect("texts and numbers are JSON");
    let put = tracker
        .documents(KIND)
        .put_if(&new.name, &body, Expected::Absent);
    put.map_err(|error| match error.code() {
        Code::Conflict => Error::new(
            Code::Conflict,
            format!("there is or was a key {:?}", new.name),
        )
        .with_hint("choose another name: what was done with a key is known by its name"),
        _ => error,
    })?;
    Ok(token)
}

/// All keys, revoked ones too, by name.
pub fn list(tracker: &Tracker) -> Result<Vec<Key>> {
    let documents = tracker.documents(KIND).list("", None, usize::MAX)?;
    Ok(documents.iter().filter_map(Key::of).collect())
}

/// The key of this name. Errors: `NOT_FOUND`.
pub fn find(tracker: &Tracker, name: &str) -> Result<Key> {
    let document = tracker.documents(KIND).get(name)?;
    document.as_ref().and_then(Key::of).ok_or_else(|| {
        Error::new(Code::NotFound, format!("there is no key {name:?}")).with_hint("mltrack key ls")
    })
}

/// Ends a key for good. Answers whether it had not been ended before. Errors: `NOT_FOUND`.
pub fn revoke(tracker: &Tracker, name: &str) -> Result<bool> {
    let key = find(tracker, name)?;
    if key.is_revoked {
        return Ok(false);
    }
    let body = Body {
        schema: 1,
        blake3: key.hash.to_string(),
        role: key.role.name().to_owned(),
        scope: key.scope.to_vec(),
        expires_ns: key.expires_ns,
        revoked: true,
    };
    let body = serde_json::to_string(&body).expect("texts and numbers are JSON");
    tracker
        .documents(KIND)
        .put_if(name, &body, Expected::Present)?;
    Ok(true)
}

fn new_token() -> String {
    let mut token = String::with_capacity(PREFIX.len() + 64);
    token.push_str(PREFIX);
    for byte in door::random_bytes::<32>() {
        for digit in [byte >> 4, byte & 15] {
            token.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    token
}

fn check_name(name: &str) -> Result<()> {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    if (1..=NAME_LEN_MAX).contains(&name.len()) && name.bytes().all(is_known) {
        return Ok(());
    }
    Err(Error::new(
        Code::ValidationError,
        format!("{name:?} is no name for a key"),
    )
    .with_hint("use 1 to 64 letters, digits, '.', '_', '@' or '-'"))
}
