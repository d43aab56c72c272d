//! Who asks.
//!
//! Invariant: every request that a handler sees has a caller, whose role allows what the request needs.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::access::Need;
use crate::keys::Key;

/// What a caller may do. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// To look.
    Viewer,
    /// To change runs, experiments, models and artifacts, too.
    Writer,
    /// Everything.
    Admin,
}

impl Role {
    /// The role of this name.
    pub fn parse(text: &str) -> Option<Role> {
        match text {
            "viewer" => Some(Role::Viewer),
            "writer" => Some(Role::Writer),
            "admin" => Some(Role::Admin),
            _ => None,
        }
    }

    /// As people and programs see it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Writer => "writer",
            Role::Admin => "admin",
        }
    }

    /// Whether it allows what a call needs.
    pub fn allows(self, need: Need) -> bool {
        match need {
            Need::Nothing | Need::Look => true,
            Need::Change => self >= Role::Writer,
            Need::Manage => self == Role::Admin,
        }
    }
}

/// Who asks; handlers may take it as an argument.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key's name; none when the server asks for none.
    pub name: Option<Arc<str>>,
    /// What it may do.
    pub role: Role,
    /// The experiments it may do that with, by name; none for all.
    pub scope: Option<Arc<[String]>>,
}

impl Caller {
    /// Who showed this key.
    pub fn of(key: &Key) -> Caller {
        Caller {
            name: Some(Arc::clone(&key.name)),
            role: key.role,
            scope: (!key.scope.is_empty()).then(|| Arc::clone(&key.scope)),
        }
    }

    /// Who showed nothing, where nothing is needed.
    pub fn nobody() -> Caller {
        Caller {
            name: None,
            role: Role::Viewer,
            scope: None,
        }
    }

    /// Whoever asks a server that does not ask back.
    pub fn anybody() -> Caller {
        Caller {
            name: None,
            role: Role::Admin,
            scope: None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Caller, Infallible> {
        // A handler that is called without the front, as in a test of its own, has the least rights.
        let known = parts.extensions.get::<Caller>().cloned();
        Ok(known.unwrap_or_else(Caller::nobody))
    }
}
