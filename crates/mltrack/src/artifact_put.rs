//! Storing bytes and saying so in the log: what the background does for one call.
//!
//! Invariants: an event is appended only when every byte it names is stored, and while the lock is held that keeps
//! garbage collection away from them; an event is never deferred, because by then the bytes could be gone; what failed is
//! told once as a warning and once to whoever waits.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mltrack_event::{ArtifactId, ArtifactKind, ArtifactLogged, Event, Root, RunKey, StreamId};
use mltrack_log::{Batch, Condition, Log, LogError, Lsn, door};

use crate::artifact_depot::{Depot, Kept};
use crate::artifact_folder::{Found, files_in};
use crate::artifact_keep::KeepRules;
use crate::artifact_kind::kind_of;
use crate::artifact_media::{HEAD_LEN, media_type};
use crate::artifact_new::{Seen, file_error, look_at};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::store::{Store, push_event};
use crate::upload::{Ticket, Upload};
use crate::warning::{Warning, Warnings};
use crate::watch::Watch;

/// So many files of a folder are logged by one batch of events.
const BATCH_FILES_MAX: usize = 1000;
/// How long the log may stand still before an upload is given up. The bytes stay, and a repeated call finds them.
const BUSY_WAIT_MAX: Duration = Duration::from_mins(2);

/// What is said of an artifact.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub path: String,
    pub kind: Option<ArtifactKind>,
    pub media_type: Option<String>,
    pub step: Option<i64>,
    pub metadata: String,
    pub root: Root,
}

impl Default for Described {
    fn default() -> Described {
        Described {
            path: String::new(),
            kind: None,
            media_type: None,
            step: None,
            metadata: String::new(),
            root: Root::Artifacts,
        }
    }
}

/// Where bytes come from.
pub(crate) enum Origin {
    File(PathBuf, Seen),
    Folder(PathBuf),
    Bytes(Vec<u8>),
    Reader(Box<dyn Read + Send>),
}

/// What the background needs of a store, without keeping it open.
pub(crate) struct Appender {
    pub log: Log,
    pub watch: Arc<Watch>,
    pub warnings: Arc<Warnings>,
    pub by: (String, String),
}

/// What was logged, and under which path.
type Logged = (ArtifactId, String);

/// One call's work.
struct Put {
    appender: Appender,
    depot: Arc<Depot>,
    run: RunKey,
    described: Described,
}

impl Store {
    /// Gives an artifact of a run to the background. `bytes` of it lie in memory until it is stored.
    pub fn put_artifact(
        self: &Arc<Store>,
        (run, rules): (RunKey, Option<Arc<KeepRules>>),
        described: Described,
        origin: Origin,
        bytes: u64,
    ) -> Result<Upload> {
        let ticket = Arc::new(Ticket::default());
        let put = Put {
            appender: self.appender()?,
            depot: Arc::clone(self.depot()?),
            run,
            described,
        };
        let (answered, store) = (Arc::clone(&ticket), Arc::downgrade(self));
        let work = move || {
            let guard = Unanswered(&answered);
            let (name, warnings) = (put.name(&origin), Arc::clone(&put.appender.warnings));
            let logged = put.all(origin);
            match &logged {
                Err(error) => warnings.tell(&Warning::NotUploaded {
                    name,
                    error: error.again(),
                }),
                Ok(logged) => {
                    if let Some((rules, store)) = rules.zip(store.upgrade()) {
                        let paths: Vec<&str> =
                            logged.iter().map(|(_, path)| path.as_str()).collect();
                        rules.apply(&store, run, &paths);
                    }
                }
            }
            guard
                .0
                .answer(logged.map(|logged| logged.into_iter().map(|(id, _)| id).collect()));
        };
        self.uploads()?.push(run, bytes, work)?;
        Ok(Upload::of(Arc::clone(self), ticket))
    }

    pub fn appender(&self) -> Result<Appender> {
        Ok(Appender {
            log: self.log()?.clone(),
            watch: Arc::clone(&self.session()?.watch),
            warnings: Arc::clone(&self.warnings),
            by: self.by(),
        })
    }
}

/// Answers a ticket for work that panicked.
struct Unanswered<'a>(&'a Ticket);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        // Only the first answer counts.
        self.0.answer(Err(Error::new(
            Code::InternalError,
            "an upload panicked; this is a bug in mltrack",
        )));
    }
}

impl Put {
    /// What a warning calls it.
    fn name(&self, origin: &Origin) -> String {
        match origin {
            Origin::Folder(folder) => format!("{} ({})", self.described.path, folder.display()),
            Origin::File(file, _) => format!("{} ({})", self.described.path, file.display()),
            Origin::Bytes(_) | Origin::Reader(_) => self.described.path.clone(),
        }
    }

    fn all(&self, origin: Origin) -> Result<Vec<Logged>> {
        let root = self.described.root;
        let path = self.described.path.clone();
        let (kept, head) = match origin {
            Origin::Folder(folder) => return self.folder(&folder),
            Origin::File(file, seen) => self.file(&file, seen)?,
            Origin::Bytes(bytes) => {
                let head = bytes[..bytes.len().min(HEAD_LEN)].to_vec();
                (self.depot.put_bytes(root, &bytes)?, head)
            }
            Origin::Reader(mut reader) => {
                let head = read_head(&mut reader).map_err(|error| {
                    let what = format!("{path}: its bytes cannot be read");
                    Error::new(Code::IoError, what).with_source(error)
                })?;
                let kept = self
                    .depot
                    .put_reader(root, Cursor::new(head.clone()).chain(reader))?;
                (kept, head)
            }
        };
        self.log(vec![(path, head, kept)])
    }

    fn file(&self, file: &Path, seen: Seen) -> Result<(Kept, Vec<u8>)> {
        let check = |when: &str| match look_at(file)?.1 {
            now if now == seen => Ok(()),
            _ => Err(changed(file, when)),
        };
        check("before it could be stored")?;
        let head = File::open(file)
            .and_then(|mut file| read_head(&mut file))
            .map_err(|error| file_error(file, "cannot be read", error))?;
        let kept = self.depot.put_file(self.described.root, file)?;
        check("while it was stored")?;
        Ok((kept, head))
    }

    fn folder(&self, folder: &Path) -> Result<Vec<Logged>> {
        let files = files_in(folder, &self.described.path)?;
        for found in &files {
            self.depot
                .check_len(&found.file.display().to_string(), found.seen.len)?;
        }
        let mut ids = Vec::with_capacity(files.len());
        for files in files.chunks(BATCH_FILES_MAX) {
            ids.extend(self.log(self.files(files)?)?);
        }
        Ok(ids)
    }

    /// Stores files beside each other, where that pays: the first failure ends it.
    fn files(&self, files: &[Found]) -> Result<Vec<(String, Vec<u8>, Kept)>> {
        let each = files
            .len()
            .div_ceil(self.depot.parallel(self.described.root)?);
        let store = |files: &[Found]| -> Result<Vec<_>> {
            let files = files.iter();
            files
                .map(|found| {
                    let (kept, head) = self.file(&found.file, found.seen)?;
                    Ok((found.path.clone(), head, kept))
                })
                .collect()
        };
        std::thread::scope(|scope| {
            let parts: Vec<_> = files
                .chunks(each.max(1))
                .map(|part| scope.spawn(move || store(part)))
                .collect();
            let mut kept = Vec::with_capacity(files.len());
            for part in parts {
                let stored = part
                    .join()
                    .map_err(|_| Error::new(Code::InternalError, "storing a file panicked"))?;
                kept.extend(stored?);
            }
            Ok(kept)
        })
    }

    /// Appends the events of what is stored. What keeps the bytes is let go of only then.
    fn log(&self, stored: Vec<(String, Vec<u8>, Kept)>) -> Result<Vec<Logged>> {
        let mut ids = Vec::with_capacity(stored.len());
        let mut events = Vec::with_capacity(stored.len());
        for (path, head, kept) in &stored {
            let event = self.event(path, head, kept);
            ids.push((event.artifact, path.clone()));
            events.push(event.into());
        }
        if !events.is_empty() {
            self.appender.append(&events)?;
        }
        drop(stored);
        Ok(ids)
    }

    fn event(&self, path: &str, head: &[u8], kept: &Kept) -> ArtifactLogged {
        let described = &self.described;
        let media_type = match &described.media_type {
            Some(said) => said.clone(),
            None => media_type(path, head).to_owned(),
        };
        let kind = described.kind.clone();
        let (actor, command) = self.appender.by.clone();
        ArtifactLogged {
            artifact: ArtifactId::from_bytes(door::random_bytes()),
            run: self.run,
            path: path.to_owned(),
            kind: kind.unwrap_or_else(|| kind_of(path, &media_type)),
            media_type,
            len: kept.len,
            blob: kept.blob,
            root: described.root,
            step: described.step,
            metadata: described.metadata.clone(),
            actor,
            command,
        }
    }
}

impl Appender {
    /// Appends events that nothing can refuse, and waits while the log stands still.
    pub fn append(&self, events: &[Event]) -> Result<Lsn> {
        let mut batch = Batch::new();
        for event in events {
            push_event(&mut batch, event, None)?;
        }
        let stream = mltrack_log::StreamId(StreamId::artifacts().0);
        let deadline = door::monotonic() + BUSY_WAIT_MAX;
        loop {
            // Nothing may refuse it, so no earlier record has to be looked at.
            let condition = Condition {
                stream,
                unchanged: &[],
                seen: self.log.end()?,
            };
            match self.log.append_if(&mut batch, condition) {
                Err(LogError::Busy { .. }) if door::monotonic() < deadline => {}
                Err(error) => return Err(error.into()),
                Ok(mltrack_log::Appended::Visible { first, next }) => {
                    self.watch.appended(first, next);
                    self.warnings.moving();
                    return Ok(Lsn::new(next.get() - 1).unwrap_or(first));
                }
                Ok(mltrack_log::Appended::Deferred) => {
                    unreachable!("a conditional append is never deferred")
                }
            }
        }
    }
}

fn changed(file: &Path, when: &str) -> Error {
    let what = format!(
        "{}: it changed {when}, so nothing was logged",
        file.display()
    );
    Error::new(Code::Conflict, what).with_hint(
        "write to another name and rename, or log it with artifact(..).snapshot(true).file(..)",
    )
}

/// The first bytes, as many as tell what it is.
pub(crate) fn read_head(reader: &mut dyn Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_LEN);
    reader.take(HEAD_LEN as u64).read_to_end(&mut head)?;
    Ok(head)
}
