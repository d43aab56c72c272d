//! Links to a blob that anybody can follow until they end.
//!
//! Invariant: a link names a plain copy of the content, made for it; gc takes the copy away when the link has ended.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::hash::BlobHash;
use crate::keys;
use crate::store::BlobStore;

/// S3 signs nothing for longer.
const EXPIRES_MAX: Duration = Duration::from_hours(7 * 24);

/// A link to one blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it can be fetched with a plain GET.
    pub url: String,
    /// When it ends, in nanoseconds since 1970.
    pub expires_ns: i64,
}

impl BlobStore {
    /// A link that ends after this time, 1 second to 7 days. Only S3 gives links.
    pub fn link(&self, id: &BlobHash, expires: Duration) -> Result<Link> {
        let root = &self.inner.root;
        if expires < Duration::from_secs(1) || expires > EXPIRES_MAX {
            return Err(Error::Name {
                name: format!("{} s", expires.as_secs_f64()),
                why: "a link lasts from 1 second to 7 days (604800 s)".to_owned(),
            });
        }
        // A root that gives no links says so before anything is copied.
        root.sign(&keys::blob(id), expires)?;
        let now_ns = (self.inner.options.wall_ns)();
        let expires_ns = i64::try_from(expires.as_nanos())
            .ok()
            .and_then(|expires_ns| now_ns.checked_add(expires_ns))
            .unwrap_or(i64::MAX);
        let key = keys::link(expires_ns, id, (self.inner.options.nonce)());
        let mut content = self.open_blob(id)?;
        root.put_stream(&key, &mut content)?;
        Ok(Link {
            url: root.sign(&key, expires)?,
            expires_ns,
        })
    }
}
