//! Lists of runs, summed up: which names they have, and how they fall into groups.
//!
//! Invariant: what is summed up is what [`RunQuery::fetch`] would list, deleted runs and filters included.

use mltrack_log::Lsn;
use mltrack_projector_runs::search::{Family, Window, groups, select};

pub use mltrack_projector_runs::search::{
    Group as RunGroup, Named as RunName, Summary as RunNumbers,
};

use crate::code::Code;
use crate::error::{Error, Result};
use crate::run_query::RunQuery;
use crate::run_table::AskedTable;

/// The names that runs have, each family in its order.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct RunNames {
    /// How many runs were looked at.
    pub runs: usize,
    /// Their params.
    pub params: Vec<RunName>,
    /// Their metrics, as people write them: `loss`, or `loss{subset=val}` with a context.
    pub metrics: Vec<RunName>,
    /// Their tags.
    pub tags: Vec<RunName>,
    /// The last record that the answer takes into account; `None` in an empty store.
    pub lsn: Option<Lsn>,
}

/// Runs in groups, the largest first.
#[derive(Clone, Default, Debug)]
#[non_exhaustive]
pub struct RunGroups {
    /// The first so many groups.
    pub groups: Vec<RunGroup>,
    /// How many groups there are.
    pub total: usize,
    /// How many runs are in all of them.
    pub runs: usize,
    /// The last record that the answer takes into account; `None` in an empty store.
    pub lsn: Option<Lsn>,
}

impl RunQuery {
    /// Asks only which params, metrics and tags the runs have. A page or a limit says nothing here. Errors: those of
    /// [`fetch`](RunQuery::fetch).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| Ok(run.log_metric("acc", 0.95)?))?;
    /// let names = tracker.runs().fetch_names()?;
    /// assert_eq!((&*names.metrics[0].name, names.metrics[0].rows), ("acc", 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch_names(self) -> Result<RunNames> {
        let named = self.at_table(|asked| {
            let rows = self.rows(asked)?;
            let family = |family| {
                let named = asked.table.named(family, &rows);
                named.map_err(|error| {
                    Error::new(Code::IoError, "the table of runs cannot be read").with_source(error)
                })
            };
            Ok(RunNames {
                runs: rows.count(),
                params: family(Family::Param)?,
                metrics: family(Family::Metric)?,
                tags: family(Family::Tag)?,
                lsn: asked.lsn,
            })
        })?;
        Ok(named.unwrap_or_default())
    }

    /// Groups the runs by what they have in the columns `by`, and sums up the numbers of the columns `of` in each group;
    /// columns are written as [`order_by`](RunQuery::order_by) takes them. At most `limit` groups are told, the largest.
    ///
    /// Errors: those of [`fetch`](RunQuery::fetch).
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// # tracker.run("resnet", |run| { run.log_param("lr", 0.1)?; Ok(run.log_metric("acc", 0.95)?) })?;
    /// let grouped = tracker.runs().fetch_groups(&["=lr"], &["acc"], 10)?;
    /// assert_eq!(grouped.groups[0].values, [Some("0.1".to_owned())]);
    /// assert_eq!(grouped.groups[0].summaries[0].mean, Some(0.95));
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch_groups(self, by: &[&str], of: &[&str], limit: usize) -> Result<RunGroups> {
        let owned = |columns: &[&str]| -> Vec<String> {
            columns.iter().map(|column| (*column).to_owned()).collect()
        };
        let (by, of) = (self.columns(&owned(by))?, self.columns(&owned(of))?);
        let grouped = self.at_table(|asked| {
            let question = asked.question(&[], self.mode(), NOTHING);
            let found = groups(&asked.table, &question, (&by, &of), limit)
                .map_err(|error| Error::search(error, self.mode()))?;
            Ok(RunGroups {
                groups: found.groups,
                total: found.total,
                runs: found.rows,
                lsn: asked.lsn,
            })
        })?;
        Ok(grouped.unwrap_or_default())
    }

    /// The rows that the question admits.
    fn rows(&self, asked: &AskedTable<'_>) -> Result<mltrack_projector_runs::search::Bitmap> {
        let mut rows = asked.base.clone();
        if asked.filters.is_empty() {
            return Ok(rows);
        }
        let all = Window {
            offset: 0,
            limit: usize::MAX,
        };
        let question = asked.question(&[], self.mode(), all);
        let selected =
            select(&asked.table, &question).map_err(|error| Error::search(error, self.mode()))?;
        rows = mltrack_projector_runs::search::Bitmap::none(rows.len());
        for row in selected.rows {
            rows.set(row as usize, true);
        }
        Ok(rows)
    }
}

const NOTHING: Window = Window {
    offset: 0,
    limit: 0,
};
