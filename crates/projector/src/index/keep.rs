//! The index while it is open, and the calls that open it for a moment.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use mltrack_log::{Cursor, LogError, Lsn, Reader};

use super::database::{self, Database, Fault};
use super::rows::{self, Rows, differences, encode_checkpoint};
use super::{Check, IndexError, Loaded, SetAside, Stored, Written};
use crate::follower::{Follower, Progress};

/// The open folder of one projector. One process at a time can have it open.
pub struct Index<P> {
    path: PathBuf,
    database: Option<Database>,
    projector: PhantomData<fn() -> P>,
}

impl<P: Stored> Index<P> {
    /// Opens the folder, making it when there is none. One that cannot be used is set aside and a fresh one made.
    pub fn open(path: &Path) -> Result<(Index<P>, Option<SetAside>), IndexError> {
        let mut index = Index {
            path: path.to_owned(),
            database: None,
            projector: PhantomData,
        };
        let set_aside = match Database::open(path, P::VERSION) {
            Ok(database) => {
                index.database = Some(database);
                None
            }
            Err(fault) => Some(index.begin_again(&fault)?),
        };
        Ok((index, set_aside))
    }

    /// Up to where the rows have folded; `None` when there are none of this version.
    pub fn checkpoint(&mut self) -> Result<Option<Cursor>, IndexError> {
        match self.database()?.checkpoint(P::VERSION) {
            Ok(cursor) => Ok(cursor),
            Err(fault) => {
                self.begin_again(&fault)?;
                Ok(None)
            }
        }
    }

    /// The state that the rows make. A folder that cannot be read is set aside, and holds nothing then.
    pub fn load(&mut self) -> Result<Loaded<P::State>, IndexError> {
        let read = |database: &Database| {
            let Some(cursor) = database.checkpoint(P::VERSION)? else {
                return Ok(None);
            };
            let state = P::restore(&database.read()?).map_err(Fault::Damaged)?;
            Ok(Some((state, cursor)))
        };
        match read(self.database()?) {
            Ok(found) => Ok(Loaded {
                found,
                set_aside: None,
            }),
            Err(fault) => Ok(Loaded {
                found: None,
                set_aside: Some(self.begin_again(&fault)?),
            }),
        }
    }

    /// Writes what changed in a state that is folded up to `cursor`; everything, when it is not known what did. A
    /// folder that fails is set aside, and a fresh one written.
    pub fn update(&mut self, state: &mut P::State, cursor: Cursor) -> Result<Written, IndexError> {
        match self.database()?.update::<P>(state, cursor) {
            Ok(Some(written)) => Ok(written),
            Ok(None) => self.replace(state, cursor),
            Err(fault) => {
                let set_aside = Some(self.begin_again(&fault)?);
                let written = self.replace(state, cursor)?;
                Ok(Written {
                    set_aside,
                    ..written
                })
            }
        }
    }

    /// Makes the folder hold this state and nothing else. Durable on return. Rows that are the same are not written.
    pub fn replace(&mut self, state: &P::State, cursor: Cursor) -> Result<Written, IndexError> {
        let rows = rows::encode::<P>(state);
        let checkpoint = encode_checkpoint(P::VERSION, cursor);
        let fault = match self.database()?.replace(&rows, &checkpoint) {
            Ok(written) => return Ok(written),
            Err(fault) => fault,
        };
        let set_aside = Some(self.begin_again(&fault)?);
        match self.database()?.replace(&rows, &checkpoint) {
            Ok(written) => Ok(Written {
                set_aside,
                ..written
            }),
            Err(fault) => Err(self.write_error(&fault)),
        }
    }

    /// Makes everything that was written durable.
    pub fn flush(&mut self) -> Result<(), IndexError> {
        let flushed = self.database()?.flush();
        flushed.map_err(|fault| self.write_error(&fault))
    }

    fn database(&self) -> Result<&Database, IndexError> {
        let closed = || self.write_error(&Fault::Damaged("it could not be made again".into()));
        self.database.as_ref().ok_or_else(closed)
    }

    /// Sets the folder aside and begins a fresh one.
    fn begin_again(&mut self, fault: &Fault) -> Result<SetAside, IndexError> {
        self.database = None;
        let set_aside = database::set_aside(&self.path, fault)?;
        match Database::open(&self.path, P::VERSION) {
            Ok(database) => {
                self.database = Some(database);
                Ok(set_aside)
            }
            Err(fault) => Err(self.write_error(&fault)),
        }
    }

    fn write_error(&self, fault: &Fault) -> IndexError {
        IndexError::Write {
            path: self.path.clone(),
            why: fault.to_string(),
        }
    }
}

impl<P> fmt::Debug for Index<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Makes the folder hold `state`, folded up to `cursor`. Durable on return. Rows that are the same are not written.
///
/// A folder that cannot be used is set aside, and a fresh one written.
pub fn store<P: Stored>(
    path: &Path,
    state: &P::State,
    cursor: Cursor,
) -> Result<Written, IndexError> {
    let (mut index, set_aside) = Index::<P>::open(path)?;
    let written = index.replace(state, cursor)?;
    Ok(Written {
        set_aside: set_aside.or(written.set_aside),
        ..written
    })
}

/// Reads what a folder holds. A folder that is not there, or was written for an older version of the projector, holds
/// nothing; one that cannot be used is set aside.
pub fn load<P: Stored>(path: &Path) -> Result<Loaded<P::State>, IndexError> {
    let nothing = |set_aside| Loaded {
        found: None,
        set_aside,
    };
    if !path.exists() {
        return Ok(nothing(None));
    }
    let read = || {
        let database = Database::open(path, P::VERSION)?;
        let Some(cursor) = database.checkpoint(P::VERSION)? else {
            return Ok(None);
        };
        let state = P::restore(&database.read()?).map_err(Fault::Damaged)?;
        Ok(Some((state, cursor)))
    };
    match read() {
        Ok(found) => Ok(Loaded {
            found,
            set_aside: None,
        }),
        Err(fault) => Ok(nothing(Some(database::set_aside(path, &fault)?))),
    }
}

/// Folds the whole log and makes the folder hold the result. Returns the state too.
pub fn rebuild<P: Stored>(
    path: &Path,
    reader: Reader,
    on_progress: impl FnMut(Progress) + Send + 'static,
) -> Result<(P::State, Written), IndexError> {
    let mut follower: Follower<P> = Follower::new(reader);
    follower.on_progress(on_progress);
    follower.catch_up()?;
    let written = store::<P>(path, follower.state(), follower.checkpoint())?;
    Ok((follower.into_state(), written))
}

/// Whether the folder holds the fold of the log up to its checkpoint. Folds from zero; writes nothing, but sets a
/// folder aside that cannot be used.
pub fn check<P: Stored>(path: &Path, mut reader: Reader) -> Result<Check, IndexError> {
    let loaded = load::<P>(path)?;
    let mut check = Check {
        checkpoint: None,
        rows: 0,
        folded: 0,
        differences: Vec::new(),
        is_rewound: false,
        set_aside: loaded.set_aside,
    };
    let Some((state, cursor)) = loaded.found else {
        return Ok(check);
    };
    check.checkpoint = Some(cursor);
    match reader.resume(cursor) {
        Ok(()) => {}
        Err(LogError::Rewound { .. }) => {
            check.is_rewound = true;
            return Ok(check);
        }
        Err(error) => return Err(error.into()),
    }
    let mut follower: Follower<P> = Follower::new(reader);
    if let Some(last) = Lsn::new(cursor.next.get() - 1) {
        follower.to(last)?;
    }
    let kept: Rows = rows::encode::<P>(&state);
    let folded = rows::encode::<P>(follower.state());
    check.rows = folded.len() as u64;
    check.folded = follower.counts().folded;
    check.differences = differences::<P>(&kept, &folded);
    Ok(check)
}
