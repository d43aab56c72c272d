//! The first look at a table: which column is what, which rows are which run's, and whether all of it can be read.
//!
//! Invariants: the rule of `docs/import.md` says what a column is; nothing is imported of a table in which something is
//! wrong; memory holds eight bytes for each column of each run, and one place for each stretch of rows of one run.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::BufRead;

use super::cell;
use super::rows::{Row, RowError, Rows, Wrong};

/// What a user says about columns, beside what their names say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// The column that names the run of a row.
    pub run: Option<String>,
    /// The column of steps.
    pub step: Option<String>,
    /// The column of times.
    pub time: Option<String>,
    /// Columns that are metrics, whatever the rule says.
    pub metrics: Vec<String>,
    /// Columns that are parameters.
    pub params: Vec<String>,
}

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Run,
    Step,
    Time,
    Metric,
    Param,
    /// Texts by step.
    Text,
    /// Nothing stands in it, or it only counts rows.
    Nothing,
}

/// A table, known.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub header: Vec<String>,
    pub roles: Vec<Role>,
    pub has_decimal_comma: bool,
    pub runs: Vec<RunRows>,
    /// The place of the run of a name among `runs`.
    by_name: HashMap<String, usize>,
    step: Option<usize>,
    time: Option<usize>,
    run: Option<usize>,
    columns: Vec<Column>,
}

/// The rows of a run.
#[derive(Debug, Default)]
pub(crate) struct RunRows {
    pub name: String,
    pub stretches: Vec<Stretch>,
    /// What stood first in each column; 0 while nothing did.
    first: Vec<u64>,
}

/// Rows of one run, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub at: u64,
    pub line: u64,
    pub rows: u64,
}

#[derive(Clone, Debug, Default)]
struct Column {
    role: Option<Role>,
    has_value: bool,
    /// Something in it is no number.
    has_word: bool,
    /// It changes within a run.
    varies: bool,
}

const RUN_NAMES: &[&str] = &["run", "run id", "run name", "runid"];
const STEP_NAMES: &[&str] = &["step", "global step", "iteration", "iter", "batch", "epoch"];
const TIME_NAMES: &[&str] = &["time", "wall time", "timestamp", "datetime", "date"];

impl Survey {
    /// Looks at a whole table. `lone` is the name of the run when no column names one.
    pub fn of<R: BufRead>(
        rows: &mut Rows<R>,
        options: &CsvOptions,
        lone: &str,
        has_decimal_comma: bool,
    ) -> Result<Survey, RowError> {
        let mut row = Row::default();
        if !rows.next(&mut row)? {
            return Err(wrong(1, 0, "there is no header row"));
        }
        let mut survey = Survey {
            has_decimal_comma,
            ..Survey::default()
        };
        survey.read_header(&row)?;
        survey.assign(options, &row)?;
        let mut last = None;
        while rows.next(&mut row)? {
            last = Some(survey.row(&row, lone, last)?);
        }
        if survey.runs.is_empty() {
            return Err(wrong(row.line, 0, "there is no row behind the header"));
        }
        survey.decide();
        Ok(survey)
    }

    fn read_header(&mut self, row: &Row) -> Result<(), RowError> {
        for at in 0..row.len() {
            let name = row.cell(at);
            if name.is_empty() && at > 0 {
                return Err(wrong(
                    row.line,
                    at + 1,
                    "this column has no name in the header",
                ));
            }
            if self.header.iter().any(|other| other == name) {
                let what = format!("a second column is called {name:?}");
                return Err(wrong(row.line, at + 1, &what));
            }
            self.header.push(name.to_owned());
        }
        self.columns = vec![Column::default(); self.header.len()];
        // What pandas writes in front of a table counts its rows.
        if self.header[0].is_empty() {
            self.columns[0].role = Some(Role::Nothing);
        }
        Ok(())
    }

    /// Gives columns the roles that are known before any row.
    fn assign(&mut self, options: &CsvOptions, row: &Row) -> Result<(), RowError> {
        let said = |name: &String, role| (name.clone(), role);
        let wishes = options.metrics.iter().map(|name| said(name, Role::Metric));
        let wishes = wishes.chain(options.params.iter().map(|name| said(name, Role::Param)));
        let lone = [
            (&options.run, Role::Run),
            (&options.step, Role::Step),
            (&options.time, Role::Time),
        ];
        let lone_said = lone
            .iter()
            .filter_map(|(name, role)| Some(((*name).clone()?, *role)));
        for (name, role) in wishes.chain(lone_said).collect::<Vec<_>>() {
            let Some(at) = self.header.iter().position(|known| *known == name) else {
                let known = self.header.join(", ");
                let what = format!("no column is called {name:?}; there are {known}");
                return Err(wrong(row.line, 0, &what));
            };
            if self.columns[at]
                .role
                .replace(role)
                .is_some_and(|other| other != role)
            {
                let what = format!("the column {name:?} is named as two things");
                return Err(wrong(row.line, at + 1, &what));
            }
        }
        self.run = self.place(Role::Run, RUN_NAMES, options.run.is_some());
        self.step = self.place(Role::Step, STEP_NAMES, options.step.is_some());
        self.time = self.place(Role::Time, TIME_NAMES, options.time.is_some());
        Ok(())
    }

    /// The column of a role: the one that is said, else the first of these names that has no other.
    fn place(&mut self, role: Role, names: &[&str], is_said: bool) -> Option<usize> {
        if is_said {
            return self
                .columns
                .iter()
                .position(|column| column.role == Some(role));
        }
        let plain: Vec<String> = self
            .header
            .iter()
            .map(|name| name.to_lowercase().replace(['_', '-'], " "))
            .collect();
        let position = |name: &&str| plain.iter().position(|plain| plain == name);
        let mut free = names
            .iter()
            .filter_map(position)
            .filter(|at| self.columns[*at].role.is_none());
        let at = free.next()?;
        drop(free);
        self.columns[at].role = Some(role);
        Some(at)
    }

    /// Takes a row into account. Answers its run.
    fn row(&mut self, row: &Row, lone: &str, last: Option<usize>) -> Result<usize, RowError> {
        self.check(row)?;
        let name = self.run.map_or(lone, |at| row.cell(at));
        let at = match last.filter(|last| self.runs[*last].name == name) {
            Some(last) => last,
            None => self.run_of(name),
        };
        let run = &mut self.runs[at];
        match run.stretches.last_mut().filter(|_| last == Some(at)) {
            Some(stretch) => stretch.rows += 1,
            None => run.stretches.push(Stretch {
                at: row.at,
                line: row.line,
                rows: 1,
            }),
        }
        for (column, known) in self.columns.iter_mut().enumerate() {
            let value = row.cell(column);
            if matches!(
                known.role,
                Some(Role::Run | Role::Step | Role::Time | Role::Nothing)
            ) || cell::is_missing(value)
            {
                continue;
            }
            known.has_value = true;
            if cell::number(value, self.has_decimal_comma).is_none() {
                if known.role == Some(Role::Metric) {
                    return Err(wrong(
                        row.line,
                        column + 1,
                        &format!("{value:?} is no number, and the column is a metric"),
                    ));
                }
                known.has_word = true;
            }
            let hash = hash(value);
            match run.first[column] {
                0 => run.first[column] = hash,
                first => known.varies |= first != hash,
            }
        }
        Ok(at)
    }

    fn run_of(&mut self, name: &str) -> usize {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        self.by_name.insert(name.to_owned(), self.runs.len());
        self.runs.push(RunRows {
            name: name.to_owned(),
            stretches: Vec::new(),
            first: vec![0; self.header.len()],
        });
        self.runs.len() - 1
    }

    /// Whether a row has as many cells as the header, and a step and a time where it must.
    fn check(&self, row: &Row) -> Result<(), RowError> {
        let width = self.header.len();
        if row.len() < width || (width..row.len()).any(|at| !row.cell(at).is_empty()) {
            let what = format!("the row has {} cells, and the header {width}", row.len());
            return Err(wrong(row.line, 0, &what));
        }
        if let Some(at) = self.run.filter(|at| row.cell(*at).is_empty()) {
            return Err(wrong(row.line, at + 1, "the row names no run"));
        }
        if let Some(at) = self.step.filter(|at| cell::step(row.cell(*at)).is_none()) {
            let what = format!("{:?} is no step: a whole number is", row.cell(at));
            return Err(wrong(row.line, at + 1, &what));
        }
        if let Some(at) = self.time.filter(|at| cell::time(row.cell(*at)).is_none()) {
            let what = format!(
                "{:?} is no time: seconds since 1970 or 2026-11-22T10:00:00Z are",
                row.cell(at)
            );
            return Err(wrong(row.line, at + 1, &what));
        }
        Ok(())
    }

    /// Gives every other column a role.
    fn decide(&mut self) {
        let has_step = self.step.is_some();
        let roles = self.columns.iter().map(|column| match column {
            Column {
                role: Some(role), ..
            } => *role,
            Column {
                has_value: false, ..
            } => Role::Nothing,
            Column {
                has_word: false,
                varies,
                ..
            } if *varies || has_step => Role::Metric,
            Column { varies: false, .. } => Role::Param,
            Column { .. } => Role::Text,
        });
        self.roles = roles.collect();
    }

    /// The step of a row; so many came before it in its run.
    pub fn step(&self, row: &Row, before: u64) -> i64 {
        let step = self.step.and_then(|at| cell::step(row.cell(at)));
        step.unwrap_or(before as i64)
    }

    /// The time of a row, when a column says it.
    pub fn time(&self, row: &Row) -> Option<mltrack::WallTime> {
        cell::time(row.cell(self.time?))
    }
}

/// Never 0.
fn hash(value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}

fn wrong(line: u64, column: usize, what: &str) -> RowError {
    RowError::Wrong(Wrong {
        line,
        column,
        what: what.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(text: &str, options: &CsvOptions) -> Result<Survey, Wrong> {
        let mut rows = Rows::new(text.as_bytes(), b',', 0, 1);
        Survey::of(&mut rows, options, "table", false).map_err(|error| match error {
            RowError::Wrong(wrong) => wrong,
            RowError::Read(error) => panic!("{error}"),
        })
    }

    #[test]
    fn without_steps_what_stays_the_same_in_a_run_is_a_parameter() {
        let text = "run,lr,loss,note\na,0.1,3,x\na,0.1,2,y\nb,0.2,5,x\nb,0.2,4,x\n";
        let known = survey(text, &CsvOptions::default()).unwrap();
        assert_eq!(
            known.roles,
            [Role::Run, Role::Param, Role::Metric, Role::Text]
        );
        assert_eq!(
            known
                .runs
                .iter()
                .map(|run| run.name.as_str())
                .collect::<Vec<_>>(),
            ["a", "b"]
        );
    }

    #[test]
    fn with_steps_every_number_is_a_metric() {
        let text =
            "Step,Wall time,lr,optimizer,empty\n1,1700000000,0.1,adam,\n2,1700000001,0.1,adam,\n";
        let known = survey(text, &CsvOptions::default()).unwrap();
        assert_eq!(
            known.roles,
            [
                Role::Step,
                Role::Time,
                Role::Metric,
                Role::Param,
                Role::Nothing
            ]
        );
    }

    #[test]
    fn what_is_said_of_a_column_counts() {
        let options = CsvOptions {
            metrics: vec!["accuracy".into()],
            params: vec!["epoch".into()],
            ..CsvOptions::default()
        };
        let known = survey("run,epoch,accuracy\na,3,0.9\nb,4,0.8\n", &options).unwrap();
        assert_eq!(known.roles, [Role::Run, Role::Param, Role::Metric]);
        for options in [
            CsvOptions {
                run: Some("nothing".into()),
                ..CsvOptions::default()
            },
            CsvOptions {
                run: Some("run".into()),
                params: vec!["run".into()],
                ..CsvOptions::default()
            },
        ] {
            assert_eq!(survey("run,a\nx,1\n", &options).unwrap_err().line, 1);
        }
    }

    #[test]
    fn rows_of_a_run_are_found_again_however_they_are_mixed() {
        let known = survey(
            "run,step,a\nx,1,1\nx,2,1\ny,1,1\nx,3,1\n",
            &CsvOptions::default(),
        )
        .unwrap();
        let x = &known.runs[0].stretches;
        assert_eq!(
            x.iter().map(|one| (one.line, one.rows)).collect::<Vec<_>>(),
            [(2, 2), (5, 1)]
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_column() {
        for (text, line, column) in [
            ("", 1, 0),
            ("a,b\n", 2, 0),
            ("a,a\n1,2\n", 1, 2),
            ("a,,b\n1,2,3\n", 1, 2),
            ("step,a\n1,2\nx,3\n", 3, 1),
            ("time,a\nnever,2\n", 2, 1),
            ("a,b\n1,2\n3\n", 3, 0),
            ("a,b\n1,2,3\n", 2, 0),
            ("run,a\n,2\n", 2, 1),
        ] {
            let wrong = survey(text, &CsvOptions::default()).unwrap_err();
            assert_eq!(
                (wrong.line, wrong.column),
                (line, column),
                "{text:?}: {}",
                wrong.what
            );
        }
    }
}
