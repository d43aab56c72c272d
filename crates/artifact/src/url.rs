//! Where a root is: a path, `file://`, `s3://` with its settings, or `memory:`.
//!
//! Invariant: a URL holds no secret, so it may stand in logs and errors; one that tries is refused.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The place of a root.
///
/// ```
/// use mltrack_artifact::StoreUrl;
/// StoreUrl::parse("artifacts")?;
/// StoreUrl::parse("s3://bucket/team?endpoint=http://localhost:9000&region=eu-1&path_style=true")?;
/// assert!(StoreUrl::parse("s3://bucket?secret=x").unwrap_err().to_string().contains("endpoint"));
/// # Ok::<(), mltrack_artifact::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    text: String,
    pub(crate) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Folder(PathBuf),
    /// With a name: one for the whole process. Without: a new one.
    Memory(Option<String>),
    S3(S3Place),
}

/// What an `s3://` URL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct S3Place {
    pub bucket: String,
    /// Without slashes at its ends; may be empty.
    pub prefix: String,
    pub settings: Vec<(S3Setting, String)>,
}

/// What may stand behind the question mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum S3Setting {
    Endpoint,
    Region,
    PathStyle,
    Profile,
    Anonymous,
    Encryption,
    KmsKey,
    BucketKey,
}

const SETTINGS: &[(&str, S3Setting)] = &[
    ("endpoint", S3Setting::Endpoint),
    ("region", S3Setting::Region),
    ("path_style", S3Setting::PathStyle),
    ("profile", S3Setting::Profile),
    ("anonymous", S3Setting::Anonymous),
    ("sse", S3Setting::Encryption),
    ("sse_kms_key_id", S3Setting::KmsKey),
    ("sse_bucket_key", S3Setting::BucketKey),
];

impl StoreUrl {
    /// Reads a path, `file:///path`, `s3://bucket/prefix?endpoint=..&region=..&path_style=true&profile=..&sse=..`,
    /// or `memory:` (`memory:NAME` is one root for the whole process).
    pub fn parse(text: &str) -> Result<StoreUrl> {
        let place = if let Some(name) = text.strip_prefix("memory:") {
            Place::Memory((!name.is_empty()).then(|| name.to_owned()))
        } else if text.starts_with("s3://") {
            Place::S3(s3(text)?)
        } else if text.starts_with("file:") {
            Place::Folder(file(text)?)
        } else if text.contains("://") {
            return Err(wrong(
                text,
                "the kinds are a path, file:// and s3://".to_owned(),
            ));
        } else if text.is_empty() || text.contains('\0') {
            return Err(wrong(
                text,
                "a path has at least one character and no NUL".to_owned(),
            ));
        } else {
            Place::Folder(PathBuf::from(text))
        };
        Ok(StoreUrl {
            text: text.to_owned(),
            place,
        })
    }

    /// The root in this folder, also where its path is no text.
    pub fn folder(path: impl Into<PathBuf>) -> StoreUrl {
        let path = path.into();
        StoreUrl {
            text: path.display().to_string(),
            place: Place::Folder(path),
        }
    }

    /// The folder, when it is one.
    pub fn as_folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(path) => Some(path),
            _ => None,
        }
    }

    /// Whether bytes leave this machine.
    pub fn is_remote(&self) -> bool {
        matches!(self.place, Place::S3(_))
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for StoreUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<StoreUrl> {
        StoreUrl::parse(text)
    }
}

fn wrong(url: &str, why: String) -> Error {
    Error::Url {
        url: without_secrets(url),
        why,
    }
}

/// The URL as it may be shown: without user, password and what stands behind the question mark.
fn without_secrets(text: &str) -> String {
    let text = text.split('?').next().unwrap_or_default();
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => {
            format!("{}***{}", &text[..scheme + 3], &text[at..])
        }
        _ => text.to_owned(),
    }
}

fn file(text: &str) -> Result<PathBuf> {
    let url = url::Url::parse(text).map_err(|error| wrong(text, error.to_string()))?;
    url.to_file_path().map_err(|()| {
        wrong(
            text,
            "write file:// and an absolute path: file:///data/blobs".to_owned(),
        )
    })
}

fn s3(text: &str) -> Result<S3Place> {
    let url = url::Url::parse(text).map_err(|error| wrong(text, error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            text,
            "credentials do not belong into a URL: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .to_owned(),
        ));
    }
    let bucket = url.host_str().unwrap_or_default().to_owned();
    if bucket.is_empty() || url.port().is_some() {
        return Err(wrong(
            text,
            "write s3://BUCKET/PREFIX; another server is named with ?endpoint=".to_owned(),
        ));
    }
    let prefix = url.path().trim_matches('/').to_owned();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.=@+".contains(c);
    let is_part = |part: &str| !part.is_empty() && part.chars().all(is_plain);
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        return Err(wrong(
            text,
            "the parts of a prefix have letters, digits and -_.=@+ only".to_owned(),
        ));
    }
    let settings = url
        .query_pairs()
        .map(|(name, value)| Ok((setting(text, &name)?, value.into_owned())))
        .collect::<Result<Vec<_>>>()?;
    for (setting, value) in &settings {
        check_setting(text, *setting, value)?;
    }
    Ok(S3Place {
        bucket,
        prefix,
        settings,
    })
}

fn setting(url: &str, name: &str) -> Result<S3Setting> {
    let found = SETTINGS.iter().find(|(known, _)| *known == name);
    found.map(|(_, setting)| *setting).ok_or_else(|| {
        let known: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
        wrong(
            url,
            format!("it has no setting {name:?}; there are {}", known.join(", ")),
        )
    })
}

fn check_setting(url: &str, setting: S3Setting, value: &str) -> Result<()> {
    let is_fine = match setting {
        S3Setting::PathStyle | S3Setting::Anonymous | S3Setting::BucketKey => {
            matches!(value, "true" | "false")
        }
        S3Setting::Endpoint => value.starts_with("http://") || value.starts_with("https://"),
        S3Setting::Encryption => matches!(value, "AES256" | "aws:kms" | "aws:kms:dsse" | "sse-c"),
        S3Setting::Region | S3Setting::Profile | S3Setting::KmsKey => !value.is_empty(),
    };
    if is_fine {
        return Ok(());
    }
    Err(wrong(
        url,
        format!(
            "{value:?} is no value of its setting: path_style, anonymous and sse_bucket_key are true or false, endpoint begins with http:// or https://, sse is AES256, aws:kms, aws:kms:dsse or sse-c"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_every_kind_are_read() {
        let place = |text: &str| StoreUrl::parse(text).expect(text).place;
        assert_eq!(place("a/b c"), Place::Folder("a/b c".into()));
        assert_eq!(place("file:///a/b%20c"), Place::Folder("/a/b c".into()));
        assert_eq!(place("memory:"), Place::Memory(None));
        assert_eq!(place("memory:x"), Place::Memory(Some("x".to_owned())));
        let Place::S3(s3) = place("s3://b/p/q/?endpoint=http://h:1&path_style=true") else {
            panic!("not S3");
        };
        assert_eq!((s3.bucket.as_str(), s3.prefix.as_str()), ("b", "p/q"));
        assert_eq!(s3.settings.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_named_and_secrets_are_not_repeated() {
        for (text, needle) in [
            ("", "at least one"),
            ("http://x/y", "s3://"),
            ("s3://", "BUCKET"),
            ("s3://b/a b", "letters, digits"),
            ("s3://b/a//b", "letters, digits"),
            ("s3://user:hunter2@b/p", "AWS_ACCESS_KEY_ID"),
            ("s3://b?secret_access_key=hunter2", "path_style"),
            ("s3://b?endpoint=hunter2", "http://"),
            ("s3://b?path_style=yes", "true or false"),
            ("file://host/a", "file:///"),
        ] {
            let message = StoreUrl::parse(text).expect_err(text).to_string();
            assert!(message.contains(needle), "{text}: {message}");
            assert!(!message.contains("user:hunter2"), "{text}: {message}");
        }
    }
}
