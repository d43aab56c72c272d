//! Addresses of roots, as they may be written down.
//!
//! Invariant: an address with a user, a password or a key in it is refused, and not repeated in the refusal.

use std::path::Path;

use crate::artifact_new::file_error;
use crate::error::{Error, Result};

/// Whether an address is more than a folder's path.
pub(crate) fn is_remote(url: &str) -> bool {
    url.contains("://") || url.starts_with("memory:")
}

/// The address as it may be kept: without secrets, and the same wherever the next process stands.
pub(crate) fn usable(store: &Path, url: &str) -> Result<String> {
    if is_remote(url) {
        return without_secrets(url);
    }
    let path = std::path::absolute(url)
        .map_err(|error| file_error(Path::new(url), "cannot tell where this is", error))?;
    let inside = path
        .strip_prefix(store)
        .ok()
        .filter(|rest| !rest.as_os_str().is_empty());
    match inside.unwrap_or(&path).to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Error::validation(format!(
            "{}: a root's folder must have a name in UTF-8",
            path.display()
        ))),
    }
}

/// Words in the name of an option whose value nobody may write down.
const SECRET_WORDS: [&str; 6] = [
    "secret",
    "password",
    "token",
    "signature",
    "credential",
    "access_key",
];

/// Refuses an address that has a credential in it. The message does not repeat the address.
pub(crate) fn without_secrets(url: &str) -> Result<String> {
    let refuse = |what: &str| {
        Err(Error::validation(format!("the address of a root must not contain {what}"))
            .with_hint("give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws"))
    };
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = after_scheme.split(['/', '?', '#']).next().unwrap_or("");
    if host.contains('@') {
        return refuse("a user or a password");
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&') {
        let name = pair
            .split('=')
            .next()
            .unwrap_or("")
            .to_ascii_lowercase()
            .replace('-', "_");
        if SECRET_WORDS.iter().any(|word| name.contains(word)) {
            return refuse(&format!("the option {name:?}"));
        }
        let value = pair.split_once('=').map_or("", |(_, value)| value);
        if value.contains('@') || value.contains("%40") {
            return refuse(&format!(
                "a user or a password, as its option {name:?} does"
            ));
        }
    }
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    #[test]
    fn an_address_with_a_credential_is_refused_without_repeating_it() {
        for url in [
            "s3://key:hunter2@bucket/prefix",
            "s3://bucket?secret_access_key=hunter2",
            "s3://bucket?X-Amz-Signature=hunter2",
            "s3://bucket?session_token=hunter2",
            "s3://bucket?endpoint=http://me:hunter2@host",
            "s3://bucket?endpoint=http%3A%2F%2Fme%3Ahunter2%40host",
        ] {
            let error = usable(Path::new("store"), url).unwrap_err();
            assert_eq!(error.code(), Code::ValidationError, "{url}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
        let fine = "s3://bucket/a?endpoint=http://host:9000&path_style=true&sse_kms_key_id=abc";
        assert_eq!(usable(Path::new("store"), fine).unwrap(), fine);
    }
}
