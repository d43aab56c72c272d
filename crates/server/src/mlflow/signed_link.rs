//! Links that let whoever has them do one thing until they end: fetch one file, put one file, put one part of an upload.
//!
//! Invariants: a link says nothing that could be changed without breaking it; what is compared is compared in constant
//! time; the key never leaves the store's folder `server`, and a new one makes all links end.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use mltrack::{Code, Error, Tracker, door};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::{Answer, MlflowError, Reason};
use crate::fields::Fields;
use crate::hosts::host_in;
use crate::shared::Shared;

/// Below this path nothing needs another credential than the link itself.
pub const SIGNED: &str = "/api/2.0/mlflow-artifacts/signed";
const KEY_FILE: &str = "links.key";
const SECOND_NS: i64 = 1_000_000_000;
/// A link that nobody gave an end.
pub const SECONDS_DEFAULT: i64 = 900;
/// No link lasts longer: a week.
pub const SECONDS_MAX: i64 = 604_800;

/// What stands in a path of a URL as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What a link allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Right<'a> {
    /// To fetch the file at a path of the proxy.
    Get(&'a str),
    /// To put a file there.
    Put(&'a str),
    /// To put a part of an upload.
    Part(&'a str, u32),
}

impl Right<'_> {
    /// What is signed: no two rights are the same text, since no path has a line break.
    fn text(&self, ends_s: i64) -> String {
        match self {
            Right::Get(path) => format!("get\n{path}\n{ends_s}"),
            Right::Put(path) => format!("put\n{path}\n{ends_s}"),
            Right::Part(upload, number) => format!("part\n{upload}\n{number}\n{ends_s}"),
        }
    }

    fn path(&self) -> String {
        match self {
            Right::Get(path) | Right::Put(path) => {
                format!("{SIGNED}/file/{}", utf8_percent_encode(path, PLAIN))
            }
            Right::Part(upload, number) => format!("{SIGNED}/part/{upload}/{number}"),
        }
    }
}

/// What signs the links of one store.
pub struct Signer {
    key: [u8; 32],
}

impl Signer {
    /// The store's key, made when there is none.
    pub fn of(tracker: &Tracker) -> Answer<Signer> {
        let folder = server_folder(tracker)?;
        let path = folder.join(KEY_FILE);
        let key = match read_key(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(&folder, &path),
            read => read,
        };
        let key = key.map_err(|error| disk_error(&path, "the key of links", error))?;
        Ok(Signer { key })
    }

    /// The part of a URL behind its host, for a right that ends so many seconds from now.
    pub fn link(&self, right: &Right<'_>, seconds: i64) -> String {
        let ends_s = now_s() + seconds;
        let signature = self.sign(right, ends_s);
        format!("{}?expires={ends_s}&signature={signature}", right.path())
    }

    /// Refuses a link that has ended or that this store did not give for this right.
    pub fn check(&self, right: &Right<'_>, query: &str) -> Answer<()> {
        let refused = |why: &str| MlflowError::new(Reason::PermissionDenied, why);
        let fields = Fields::of_query(query);
        let ends_s = fields.optional_integer("expires")?.unwrap_or(0);
        let given = fields.optional_text("signature")?.unwrap_or_default();
        let given = blake3::Hash::from_hex(given).ok();
        // Hashes are compared in constant time.
        if given.is_none_or(|given| given != self.sign(right, ends_s)) {
            return Err(refused("this link was not given by this server"));
        }
        if ends_s < now_s() {
            return Err(refused("this link has ended: ask for a new one"));
        }
        Ok(())
    }

    fn sign(&self, right: &Right<'_>, ends_s: i64) -> blake3::Hash {
        blake3::keyed_hash(&self.key, right.text(ends_s).as_bytes())
    }
}

fn now_s() -> i64 {
    door::wall_time_ns() / SECOND_NS
}

/// The folder of the store that only servers use.
pub fn server_folder(tracker: &Tracker) -> Answer<PathBuf> {
    let store = tracker.path();
    let store = store.ok_or_else(|| MlflowError::invalid("the tracker is disabled"))?;
    let folder = store.join("server");
    fs::create_dir_all(&folder).map_err(|error| disk_error(&folder, "this folder", error))?;
    Ok(folder)
}

/// What an error of the disk means to a client. Where it happened stands in no answer.
pub fn disk_error(path: &Path, what: &str, error: io::Error) -> MlflowError {
    let code = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        _ => Code::IoError,
    };
    let name = path.file_name().unwrap_or_default().display();
    let what = format!("{what} ({name}) cannot be used: {}", error.kind());
    Error::new(code, what).with_source(error).into()
}

fn read_key(path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    File::open(path)?.read_exact(&mut key)?;
    Ok(key)
}

/// Writes a new key aside and links it into place, so that of several servers one makes the key of all.
fn make_key(folder: &Path, path: &Path) -> io::Result<[u8; 32]> {
    let aside = folder.join(format!("{KEY_FILE}.{}", nonce()));
    let options = || {
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        options
    };
    let key: [u8; 32] = door::random_bytes();
    let made = options().open(&aside).and_then(|mut file| {
        file.write_all(&key)?;
        file.sync_all()
    });
    let linked = made.and_then(|()| fs::hard_link(&aside, path));
    drop(fs::remove_file(&aside));
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read_key(path),
    }
}

/// 128 random bits as a name.
pub fn nonce() -> String {
    format!("{:032x}", u128::from_le_bytes(door::random_bytes()))
}

/// Refuses to take bytes where nothing is changed: who follows a link is asked for no other right.
pub fn refuse_read_only(shared: &Shared) -> Answer<()> {
    if shared.options().is_read_only {
        let what = "this server only reads the store";
        return Err(MlflowError::new(Reason::PermissionDenied, what));
    }
    Ok(())
}

/// The beginning of a URL under which the client of a request reaches the server, `https://host:5000`.
pub struct Origin(pub String);

impl FromRequestParts<Shared> for Origin {
    type Rejection = MlflowError;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Origin, MlflowError> {
        let host = host_in(&parts.uri, &parts.headers).unwrap_or_default();
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(MlflowError::invalid("the header Host names no host"));
        }
        // A proxy that encrypts says so; this server knows of itself.
        let told = parts.headers.get("x-forwarded-proto");
        let is_encrypted = shared.options().tls.is_some() || told.is_some_and(|it| it == "https");
        let scheme = if is_encrypted { "https" } else { "http" };
        Ok(Origin(format!("{scheme}://{host}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(link: &str) -> &str {
        link.split_once('?').unwrap().1
    }

    #[test]
    fn a_link_is_good_for_one_thing_and_until_it_ends() {
        let signer = Signer { key: [7; 32] };
        let right = Right::Get("1/a b.txt");
        let link = signer.link(&right, 60);
        assert!(link.starts_with("/api/2.0/mlflow-artifacts/signed/file/1/a%20b.txt?"));
        assert!(signer.check(&right, query(&link)).is_ok());
        for other in [
            Right::Put("1/a b.txt"),
            Right::Get("1/a"),
            Right::Part("1/a b.txt", 1),
        ] {
            assert!(signer.check(&other, query(&link)).is_err(), "{other:?}");
        }
        let later = query(&link).replacen("expires=", "expires=9", 1);
        assert!(signer.check(&right, &later).is_err());
        assert!(signer.check(&right, "").is_err());
        let ended = signer.link(&right, -1);
        assert!(signer.check(&right, query(&ended)).is_err());
        let stranger = Signer { key: [8; 32] };
        assert!(stranger.check(&right, query(&link)).is_err());
    }

    #[tokio::test]
    async fn a_link_leads_to_where_the_request_went_whichever_version_of_http_says_that() {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path().join("store")).unwrap();
        let shared = Shared::new(tracker, crate::options::Options::default());
        let origin = async |uri: &str, headers: &[(&str, &str)]| {
            let mut request = axum::http::Request::builder().uri(uri);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let origin = Origin::from_request_parts(&mut parts, &shared).await;
            origin.map(|origin| origin.0).ok()
        };
        let host = ("host", "tracker.example:5000");
        let expected = "://tracker.example:5000";
        for (uri, headers, scheme) in [
            ("/a", &[host][..], "http"),
            ("/a", &[host, ("x-forwarded-proto", "https")], "https"),
            // As the second version of HTTP has it.
            ("http://tracker.example:5000/a", &[], "http"),
        ] {
            let told = origin(uri, headers).await;
            assert_eq!(told, Some(format!("{scheme}{expected}")), "{uri}");
        }
        assert_eq!(origin("/a", &[]).await, None);
        assert_eq!(origin("/a", &[("host", "a b")]).await, None);
    }

    #[test]
    fn one_key_is_kept_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path().join("store")).unwrap();
        let first = Signer::of(&tracker).unwrap();
        assert_eq!(Signer::of(&tracker).unwrap().key, first.key);
        let server = server_folder(&tracker).unwrap();
        let mode = fs::metadata(server.join(KEY_FILE)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(server).unwrap().count(), 1);
    }
}
