//! The secrets that deliveries are signed with, in a file of the store that only its owner reads.
//!
//! Invariants: no secret is in the log or in an answer; the file is replaced as a whole, so whoever reads it reads a whole
//! one; what others keep in it stays.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

/// The part of the file that is ours.
const PART: &str = "webhooks";

/// The secrets of a store's webhooks.
#[derive(Clone, Debug)]
pub struct Secrets {
    path: PathBuf,
    /// Held while the file is replaced, so that no change of this process is lost.
    turn: Arc<Mutex<()>>,
}

impl Secrets {
    /// Those in this folder, which need not be there yet.
    pub fn of(folder: &Path) -> Secrets {
        Secrets {
            path: folder.join("secrets.json"),
            turn: Arc::default(),
        }
    }

    /// The secret of a webhook.
    pub fn get(&self, id: &str) -> io::Result<Option<String>> {
        let all = self.read()?;
        let secret = all.get(PART).and_then(|part| part.get(id)?.as_str());
        Ok(secret.map(str::to_owned))
    }

    /// Sets the secret of a webhook, or takes it away.
    pub fn set(&self, id: &str, secret: Option<&str>) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.read()?;
        let part = all.entry(PART).or_insert_with(|| Value::Object(Map::new()));
        let part = part.as_object_mut().ok_or_else(|| damaged(&self.path))?;
        match secret {
            Some(secret) => drop(part.insert(id.to_owned(), secret.into())),
            None if part.remove(id).is_none() => return Ok(()),
            None => {}
        }
        let bytes = serde_json::to_vec_pretty(&all)?;
        write_private(&self.path, &bytes)
    }

    fn read(&self) -> io::Result<Map<String, Value>> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Map::new()),
            read => read?,
        };
        serde_json::from_slice(&bytes).map_err(|_| damaged(&self.path))
    }
}

fn damaged(path: &Path) -> io::Error {
    let what = format!(
        "{} is not the JSON that was written there: restore it, or remove it and set the secrets again",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Replaces a file by one that only its owner reads.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_for_its_owner_alone_and_beside_what_others_keep() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.json");
        fs::write(&path, r#"{"other": 1}"#).unwrap();
        let secrets = Secrets::of(folder.path());
        secrets.set("a", Some("hush")).unwrap();
        assert_eq!(secrets.get("a").unwrap().as_deref(), Some("hush"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        secrets.set("a", None).unwrap();
        assert_eq!(secrets.get("a").unwrap(), None);
        assert!(fs::read_to_string(&path).unwrap().contains("other"));
        fs::write(&path, "{").unwrap();
        assert!(
            secrets
                .get("a")
                .unwrap_err()
                .to_string()
                .contains("restore it")
        );
    }
}
