//! What a path of the artifact proxy means: an artifact of a run, or a file that belongs to none.
//!
//! Invariants: a path that could lead out of where it is kept is refused, however often it was encoded; one path means
//! one thing, whichever endpoint names it.

use mltrack::{RunId, Tracker};

use super::error::{Answer, MlflowError};
use super::wire::ARTIFACT_LOCATION;

/// So often a path is decoded to see what it would mean to whoever decodes it again.
const DECODED_MAX: usize = 8;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An artifact of a run; an empty path is all of them.
    Run(RunId, String),
    /// A file that belongs to no run.
    File(String),
}

/// Refuses what could lead out, and answers with the path in its one form; empty for what means no path at all.
pub fn checked(path: &str) -> Answer<String> {
    let mut seen = path.to_owned();
    for _ in 0..DECODED_MAX {
        if is_unsafe(&seen) {
            return Err(MlflowError::invalid("Invalid path"));
        }
        let decoded = percent_encoding::percent_decode_str(&seen).decode_utf8_lossy();
        if *decoded == *seen {
            return normal(path);
        }
        seen = decoded.into_owned();
    }
    Err(MlflowError::invalid("Invalid path"))
}

fn normal(path: &str) -> Answer<String> {
    if path.split('/').all(|part| part.is_empty() || part == ".") {
        return Ok(String::new());
    }
    mltrack::artifact_path(path)
        .map_err(|error| MlflowError::invalid(format!("Invalid path: {error}")))
}

fn is_unsafe(path: &str) -> bool {
    let mut letters = path.chars();
    let is_drive = matches!(
        (letters.next(), letters.next()),
        (Some('a'..='z' | 'A'..='Z'), Some(':'))
    );
    is_drive
        || path.starts_with('/')
        || path.contains(['\\', '#', '\0'])
        || path.split('/').any(|part| part == "..")
}

impl Place {
    /// What a path of the proxy names. It must have been [`checked`].
    pub fn of(tracker: &Tracker, path: &str) -> Answer<Place> {
        let parts: Vec<&str> = path.split('/').collect();
        for (at, pair) in parts.windows(2).enumerate() {
            let Ok(run) = pair[0].parse::<RunId>() else {
                continue;
            };
            let is_whole_id = pair[0].len() == 32 && pair[1] == "artifacts";
            if is_whole_id && is_home(tracker, run, &parts[..at].join("/"))? {
                return Ok(Place::Run(run, parts[at + 2..].join("/")));
            }
        }
        Ok(Place::File(path.to_owned()))
    }
}

/// Whether the artifacts of a run are below this folder: its experiment's number, or where the experiment's maker wanted
/// them.
fn is_home(tracker: &Tracker, run: RunId, folder: &str) -> Answer<bool> {
    let Some((experiment, location)) = tracker.experiment_of_run(run, ARTIFACT_LOCATION)? else {
        return Ok(false);
    };
    let chosen = location.as_deref().and_then(folder_of);
    Ok(folder == experiment.to_string() || chosen == Some(folder))
}

/// The folder of the proxy that an artifact location names, if it names one.
pub fn folder_of(location: &str) -> Option<&str> {
    if let Some(rest) = location.strip_prefix("mlflow-artifacts:") {
        let path = match rest.strip_prefix("//") {
            Some(with_host) => with_host.split_once('/').map_or("", |(_, path)| path),
            None => rest,
        };
        return Some(path.trim_matches('/'));
    }
    let is_http = location.starts_with("http://") || location.starts_with("https://");
    let (_, path) = location.split_once("/mlflow-artifacts/artifacts")?;
    is_http.then(|| path.trim_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_names_a_folder_of_the_proxy_or_none() {
        for (location, folder) in [
            ("mlflow-artifacts:/7", Some("7")),
            ("mlflow-artifacts:/a/b/", Some("a/b")),
            ("mlflow-artifacts://host:5000/a", Some("a")),
            (
                "http://host/api/2.0/mlflow-artifacts/artifacts/a",
                Some("a"),
            ),
            ("s3://bucket/a", None),
            ("file:///a", None),
        ] {
            assert_eq!(folder_of(location), folder, "{location}");
        }
    }

    #[test]
    fn a_path_that_leads_out_is_refused_however_often_it_was_encoded() {
        for path in [
            "..",
            "../x",
            "a/../b",
            "a/..",
            "%2e%2e/x",
            "a/%2e%2e/x",
            "%252e%252e/x",
            "a%2f..%2fx",
            "/etc/passwd",
            "%2fetc",
            "a\\b",
            "a%5cb",
            "C:/x",
            "c:x",
            "a\0b",
            "a%00b",
            "a#b",
        ] {
            assert!(checked(path).is_err(), "{path}");
        }
        assert_eq!(checked("a/b%20c 100%.txt").unwrap(), "a/b%20c 100%.txt");
        assert_eq!(checked("./a//b/").unwrap(), "a/b");
        assert_eq!(checked("").unwrap(), "");
    }
}
