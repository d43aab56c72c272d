//! Tables of comma separated values: a row is a step of a run, or a run.
//!
//! Invariants: the whole table is looked at before anything of it is taken; what was taken before must still stand there
//! as it did, else the run is refused.

mod cell;
mod rows;
mod survey;

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use mltrack::{Code, EndState, Error, Result, Shape, WallTime};
use serde::{Deserialize, Serialize};

use crate::chunk::{Chunk, PastEnding, PastValue, RunFacts};
use crate::report::Untaken;
use crate::source::{RunHead, Source, unreadable};
use rows::{Row, RowError, Rows};
pub use survey::CsvOptions;
use survey::{Role, RunRows, Survey};

/// A chunk has about so many values at most.
const VALUES_MAX: usize = 64 << 10;

/// A file of comma separated values.
#[derive(Debug)]
pub struct Csv {
    path: PathBuf,
    experiment: String,
    separator: u8,
    survey: Survey,
    len: u64,
    changed: WallTime,
    at: usize,
    current: Option<Current>,
    untaken: Vec<Untaken>,
}

/// How far a run was taken.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Mark {
    rows: u64,
    /// Of the bytes of these rows.
    hash: String,
    last_ns: i64,
}

/// The run that is read.
#[derive(Debug)]
struct Current {
    run: usize,
    stretch: usize,
    rows: Option<Rows<BufReader<File>>>,
    /// Rows that are left of the stretch.
    left: u64,
    hasher: blake3::Hasher,
    count: u64,
    known: Mark,
    /// Which parameters were met.
    met: Vec<bool>,
    last_ns: i64,
    is_new: bool,
}

impl Csv {
    /// Looks at a whole table.
    ///
    /// Errors: `NOT_FOUND`, `IO_ERROR`; `VALIDATION_ERROR` for what is no table, with its line and column.
    pub fn open(path: &Path, options: &CsvOptions) -> Result<Csv> {
        let path = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
        let known = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        if !known.is_file() {
            let what = format!("{} is no file", path.display());
            return Err(Error::new(Code::ValidationError, what)
                .with_hint("name one file of comma separated values"));
        }
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let mut input = open(&path)?;
        let separator = rows::separator(
            input
                .fill_buf()
                .map_err(|error| unreadable(&path, &error))?
                .split(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default(),
        );
        let mut rows = Rows::new(input, separator, 0, 1);
        let survey = Survey::of(&mut rows, options, &name, separator == b';');
        let survey = survey.map_err(|error| failure(&path, error))?;
        let changed = known
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(Csv {
            path,
            experiment: name,
            separator,
            survey,
            len: known.len(),
            changed: WallTime(changed.map_or(0, |since| since.as_nanos() as i64)),
            at: 0,
            current: None,
            untaken: Vec::new(),
        })
    }
}

fn open(path: &Path) -> Result<BufReader<File>> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(BufReader::with_capacity(1 << 18, file))
}

impl Source for Csv {
    fn kind(&self) -> &'static str {
        "csv"
    }

    fn len_total(&self) -> Option<u64> {
        Some(self.len)
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        let Some(run) = self.survey.runs.get(self.at) else {
            self.at = 0;
            return Ok(None);
        };
        self.current = Some(Current::new(self.at, self.survey.header.len()));
        self.at += 1;
        Ok(Some(RunHead {
            identity: format!("{}#{}", self.path.display(), run.name),
            name: run.name.clone(),
            experiment: self.experiment.clone(),
        }))
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        if let Some(current) = &mut self.current {
            current.is_new = mark.is_none();
            let known = mark.and_then(|mark| serde_json::from_str(mark).ok());
            current.known = known.unwrap_or_default();
            current.last_ns = current.known.last_ns;
        }
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        let Some(mut current) = self.current.take() else {
            return Ok(false);
        };
        chunk.facts = current.is_new.then(RunFacts::default);
        let run = &self.survey.runs[current.run];
        let mut row = Row::default();
        while current.next(self, run, &mut row)? {
            if current.count > current.known.rows {
                self.take(&mut current, &row, chunk);
            } else {
                current.pass_by(&self.survey, &row);
                if current.count == current.known.rows && !current.is_as_known() {
                    let why = format!(
                        "{} says something else about it up to line {} than when it was imported; mltrack rm it and import it anew",
                        self.path.display(),
                        row.line
                    );
                    self.untaken.push(Untaken::refused("run", &run.name, &why));
                    return Ok(false);
                }
            }
            if chunk.points.len() + chunk.values.len() >= VALUES_MAX {
                current.finish(chunk);
                self.current = Some(current);
                return Ok(true);
            }
        }
        if current.count < current.known.rows {
            let why = format!(
                "{} has {} rows of it, and {} were imported",
                self.path.display(),
                current.count,
                current.known.rows
            );
            self.untaken.push(Untaken::refused("run", &run.name, &why));
            return Ok(false);
        }
        current.finish(chunk);
        Ok(false)
    }

    fn untaken(&mut self) -> Vec<Untaken> {
        std::mem::take(&mut self.untaken)
    }
}

impl Csv {
    /// Takes the values of a row.
    fn take(&self, current: &mut Current, row: &Row, chunk: &mut Chunk) {
        let survey = &self.survey;
        let step = survey.step(row, current.count - 1);
        let time = survey.time(row).unwrap_or(self.changed);
        if let Some(facts) = &mut chunk.facts {
            facts.started.get_or_insert(time);
        }
        current.last_ns = time.0;
        for (at, role) in survey.roles.iter().enumerate() {
            let value = row.cell(at);
            if cell::is_missing(value) {
                continue;
            }
            let name = &survey.header[at];
            match role {
                Role::Metric => {
                    if let Some(number) = cell::number(value, survey.has_decimal_comma) {
                        let slot = chunk.points.slot(name);
                        chunk.points.push(slot, step, time.0, number);
                    }
                }
                Role::Param if !current.met[at] => {
                    current.met[at] = true;
                    let value = cell::param(value, survey.has_decimal_comma);
                    chunk.params.push((name.clone(), value));
                }
                Role::Text => {
                    let text = Shape::Text {
                        text: value.to_owned(),
                    };
                    chunk.values.push(PastValue {
                        name: name.clone(),
                        step,
                        time,
                        json: serde_json::to_string(&text).expect("a text is JSON"),
                    });
                }
                Role::Param | Role::Run | Role::Step | Role::Time | Role::Nothing => {}
            }
        }
    }
}

impl Current {
    fn new(run: usize, width: usize) -> Current {
        Current {
            run,
            stretch: 0,
            rows: None,
            left: 0,
            hasher: blake3::Hasher::new(),
            count: 0,
            known: Mark::default(),
            met: vec![false; width],
            last_ns: 0,
            is_new: true,
        }
    }

    /// The run's next row; false behind its last.
    fn next(&mut self, csv: &Csv, run: &RunRows, row: &mut Row) -> Result<bool> {
        let unreadable = |error| unreadable(&csv.path, &error);
        if self.left == 0 {
            let Some(stretch) = run.stretches.get(self.stretch) else {
                return Ok(false);
            };
            self.stretch += 1;
            self.left = stretch.rows;
            let rows = match &mut self.rows {
                Some(rows) => rows,
                rows => rows.insert(Rows::new(open(&csv.path)?, csv.separator, 0, 1)),
            };
            rows.goto(stretch.at, stretch.line).map_err(unreadable)?;
        }
        self.left -= 1;
        let Some(rows) = &mut self.rows else {
            return Ok(false);
        };
        if !rows.next(row).map_err(|error| failure(&csv.path, error))? {
            return Ok(false);
        }
        self.hasher.update(rows.bytes());
        self.count += 1;
        Ok(true)
    }

    /// Takes note of a row that was taken before.
    fn pass_by(&mut self, survey: &Survey, row: &Row) {
        for (at, met) in self.met.iter_mut().enumerate() {
            *met |= survey.roles[at] == Role::Param && !cell::is_missing(row.cell(at));
        }
    }

    fn is_as_known(&self) -> bool {
        self.hasher.finalize().to_hex().as_str() == self.known.hash
    }

    fn finish(&mut self, chunk: &mut Chunk) {
        let mark = Mark {
            rows: self.count,
            hash: self.hasher.finalize().to_hex().to_string(),
            last_ns: self.last_ns,
        };
        chunk.mark = serde_json::to_string(&mark).expect("numbers and texts are JSON");
        chunk.ending = Some(PastEnding {
            state: EndState::Completed,
            time: WallTime(self.last_ns),
            is_said: false,
            is_deleted: false,
        });
        self.is_new = false;
    }
}

fn failure(path: &Path, error: RowError) -> Error {
    let wrong = match error {
        RowError::Read(error) => return unreadable(path, &error),
        RowError::Wrong(wrong) => wrong,
    };
    let place = match wrong.column {
        0 => format!("line {}", wrong.line),
        column => format!("line {}, column {column}", wrong.line),
    };
    let what = format!("{}, {place}: {}", path.display(), wrong.what);
    Error::new(Code::ValidationError, what)
        .with_hint("mend the table and import it again: nothing of it was taken")
}
