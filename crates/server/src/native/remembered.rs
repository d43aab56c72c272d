//! What became of requests that came with a key, in files of the store's folder `server/requests`: who sends one again
//! is told the same, by this server and by the next one.
//!
//! Invariants: a key belongs to the first request that came with it, of however many servers on one store; its file is
//! there before that request is worked on, so that nothing is done twice whatever ends the server in between; a day later
//! the key is free.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use mltrack::door;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;

/// How long a key is remembered, in nanoseconds: a day.
const AGE_MAX_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// How often files that are too old are looked for, in nanoseconds: every hour, while keys come.
const SWEEP_NS: i64 = 3_600 * 1_000_000_000;

/// What is known of the requests with keys.
#[derive(Debug)]
pub struct Remembered {
    folder: PathBuf,
    turns: Mutex<Turns>,
}

#[derive(Debug, Default)]
struct Turns {
    /// Held by the request that is worked on.
    by_key: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    swept_ns: i64,
}

/// The one request with a key that is worked on in this process.
#[derive(Debug)]
pub struct Turn {
    remembered: Arc<Remembered>,
    /// The name of the key's file.
    name: String,
    guard: Option<OwnedMutexGuard<()>>,
}

/// What a file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Known<T> {
    /// When the request came.
    time_ns: i64,
    /// The hash of its method and path.
    pub request: String,
    /// What became of it; none while it is worked on, or when the server ended meanwhile.
    pub outcome: Option<T>,
}

/// Whose a key is.
#[derive(Debug)]
pub enum Claim<T> {
    /// This request's.
    Mine,
    /// That of an earlier one. Of a file that cannot be read nothing is known.
    Taken(Option<Known<T>>),
}

impl Remembered {
    /// Of a store, below its folder for servers.
    pub fn of(store: &Path) -> Arc<Remembered> {
        Arc::new(Remembered {
            folder: store.join("server").join("requests"),
            turns: Mutex::default(),
        })
    }

    /// Waits until no other request with this key of this caller is worked on here.
    pub async fn turn(self: &Arc<Self>, caller: &str, key: &str) -> Turn {
        let name = hash_of(&[caller, key]);
        let mutex = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.by_key.entry(name.clone()).or_default())
        };
        Turn {
            remembered: Arc::clone(self),
            name,
            guard: Some(mutex.lock_owned().await),
        }
    }

    /// Removes what is too old, unless that was done a short while ago.
    fn sweep(&self) {
        let now_ns = door::wall_time_ns();
        {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if now_ns - turns.swept_ns < SWEEP_NS {
                return;
            }
            turns.swept_ns = now_ns;
        }
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|known| known.modified()).ok();
            let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            let age_ns = since.map_or(0, |since| now_ns - since.as_nanos() as i64);
            if age_ns > AGE_MAX_NS {
                // What another server removes at this moment is gone as well.
                drop(fs::remove_file(entry.path()));
            }
        }
    }
}

impl Turn {
    fn path(&self) -> PathBuf {
        self.remembered.folder.join(&self.name)
    }

    /// Takes the key for a request, or tells what is known of the one that has it.
    pub fn claim<T: Serialize + for<'de> Deserialize<'de>>(
        &self,
        request: &str,
    ) -> io::Result<Claim<T>> {
        self.remembered.sweep();
        fs::create_dir_all(&self.remembered.folder)?;
        let known = Known::<T> {
            time_ns: door::wall_time_ns(),
            request: request.to_owned(),
            outcome: None,
        };
        let bytes = serde_json::to_vec(&known)?;
        loop {
            let created = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(self.path());
            match created {
                Ok(mut file) => return file.write_all(&bytes).map(|()| Claim::Mine),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            match fs::read(self.path()) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                read => {
                    let taken: Option<Known<T>> = serde_json::from_slice(&read?).ok();
                    let is_old = |taken: &Known<T>| known.time_ns - taken.time_ns > AGE_MAX_NS;
                    if !taken.as_ref().is_some_and(is_old) {
                        return Ok(Claim::Taken(taken));
                    }
                    self.release()?;
                }
            }
        }
    }

    /// Remembers what became of the request.
    pub fn keep<T: Serialize>(&self, request: &str, outcome: T) -> io::Result<()> {
        let known = Known {
            time_ns: door::wall_time_ns(),
            request: request.to_owned(),
            outcome: Some(outcome),
        };
        let aside = self.path().with_extension("new");
        fs::write(&aside, serde_json::to_vec(&known)?)?;
        fs::rename(&aside, self.path())
    }

    /// Gives the key free: nothing was done.
    pub fn release(&self) -> io::Result<()> {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.guard = None;
        let turns = self.remembered.turns.lock();
        let mut turns = turns.unwrap_or_else(PoisonError::into_inner);
        let waits = turns.by_key.get(&self.name).map(Arc::strong_count);
        if waits == Some(1) {
            turns.by_key.remove(&self.name);
        }
    }
}

/// A hash of several texts, told apart.
pub fn hash_of(texts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_is_its_first_request_s_until_a_day_has_passed() {
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::of(folder.path());
        let turn = remembered.turn("ada", "k").await;
        assert!(matches!(turn.claim::<u32>("a").unwrap(), Claim::Mine));
        let Claim::Taken(Some(known)) = turn.claim::<u32>("b").unwrap() else {
            panic!("a second request got the key");
        };
        assert_eq!((known.request.as_str(), known.outcome), ("a", None));
        turn.keep("a", 7).unwrap();
        assert!(
            matches!(turn.claim::<u32>("a").unwrap(), Claim::Taken(Some(known)) if known.outcome == Some(7))
        );
        let other = remembered.turn("bob", "k").await;
        assert!(matches!(other.claim::<u32>("a").unwrap(), Claim::Mine));
        let old = Known {
            time_ns: door::wall_time_ns() - AGE_MAX_NS - 1,
            request: "a".to_owned(),
            outcome: Some(7),
        };
        fs::write(turn.path(), serde_json::to_vec(&old).unwrap()).unwrap();
        assert!(matches!(turn.claim::<u32>("a").unwrap(), Claim::Mine));
        fs::write(turn.path(), "{").unwrap();
        assert!(matches!(
            turn.claim::<u32>("a").unwrap(),
            Claim::Taken(None)
        ));
        drop((turn, other));
        assert!(remembered.turns.lock().unwrap().by_key.is_empty());
    }

    #[test]
    fn texts_that_are_cut_elsewhere_have_another_hash() {
        assert_ne!(hash_of(&["ab", "c"]), hash_of(&["a", "bc"]));
    }
}
