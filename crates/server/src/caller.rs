//! Who asks.
//!
//! Invariant: every request that a handler sees has a caller, whose role allows what the request needs.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::FromRequestParts;
use axum::http::Method;
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

/// The longest path that is recorded as a command.
const PATH_LEN_MAX: usize = 200;

thread_local! {
    static CURRENT: RefCell<Option<Acting>> = const { RefCell::new(None) };
}

/// In whose name changes are recorded, and by which command. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Acting {
    by: Arc<(String, String)>,
    has_key: bool,
}

/// Puts back who acted before, also behind a panic.
struct Before(Option<Acting>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Acting {
    /// Whoever acts by a request, having shown a key: he is nobody else, whatever the request says.
    pub fn new(name: &str, method: &Method, path: &str) -> Acting {
        let path: String = path.chars().take(PATH_LEN_MAX).collect();
        Acting {
            by: Arc::new((name.to_owned(), format!("{method} {path}"))),
            has_key: true,
        }
    }

    /// The user of this process, who may say who he is.
    pub fn user(name: &str, method: &Method, path: &str) -> Acting {
        Acting {
            has_key: false,
            ..Acting::new(name, method, path)
        }
    }

    /// Whether whoever acts on this thread has shown a key.
    pub fn has_key() -> bool {
        Acting::current().is_some_and(|acting| acting.has_key)
    }

    /// What this thread changes during `work` is recorded in this name.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let _before = Before(CURRENT.replace(Some(self.clone())));
        mltrack::acting(&self.by.0, &self.by.1, work)
    }

    /// The name and the command.
    pub fn by(&self) -> &(String, String) {
        &self.by
    }

    /// Who acts on this thread, so that another one can go on for it.
    pub fn current() -> Option<Acting> {
        CURRENT.with_borrow(Clone::clone)
    }
}

/// A future in whose every step changes are recorded in a name.
pub struct InName<F> {
    acting: Acting,
    inner: Pin<Box<F>>,
}

impl<F: Future> InName<F> {
    /// The same future, in a name.
    pub fn new(acting: Acting, inner: F) -> InName<F> {
        InName {
            acting,
            inner: Box::pin(inner),
        }
    }
}

impl<F: Future> Future for InName<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let acting = self.acting.clone();
        acting.during(|| self.inner.as_mut().poll(context))
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

    /// In whose name changes are recorded: that of the key. Without keys it is the server's own, or the user that
    /// a client of `MLflow` names.
    pub fn acting(&self, method: &Method, path: &str) -> Option<Acting> {
        let name = self.name.as_deref()?;
        Some(Acting::new(name, method, path))
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
