//! Which runs are meant: experiment, filter, state, time, order, number. Every list of runs is asked for here.
//!
//! Invariant: what the library can decide is left to it, so that a hundred of a hundred thousand runs are made into
//! rows, and not all of them.

use mltrack::{Page, PageToken, RunQuery, RunState, RunSummary, Tracker, WallTime};

use super::column::Sort;
use super::content::compare_runs;
use super::row::RunRow;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::look::At;
use crate::moment::When;

// No doc comment: clap would take it for the description of the command it is flattened into.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Pick {
    /// Only runs that match: see `mltrack help filters`
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Only runs in this state, or in one of these: running,failed
    #[arg(long, value_name = "STATE", value_parser = parse_state, value_delimiter = ',')]
    state: Vec<RunState>,
    /// Only runs started since: a length of time such as 2d, or a time
    #[arg(long, value_name = "2d|TIME", allow_hyphen_values = true)]
    since: Option<When>,
}

impl Pick {
    /// Whether it leaves anything out.
    pub fn is_any(&self) -> bool {
        !self.filter.is_empty() || !self.state.is_empty() || self.since.is_some()
    }
}

fn parse_state(text: &str) -> Result<RunState, String> {
    text.parse()
        .map_err(|error: <RunState as std::str::FromStr>::Err| error.to_string())
}

/// A question about runs.
#[derive(Clone, Debug, Default)]
pub struct Wish<'a> {
    pub experiment: Option<&'a str>,
    pub pick: Pick,
    /// The first decides first; newest first when empty.
    pub sorts: &'a [Sort],
    pub limit: Option<usize>,
    pub page: Option<PageToken>,
    pub at: At,
    /// Deleted runs as well.
    pub with_deleted: bool,
}

/// Rows, how many there are beside them, and the lsn up to which they answer.
pub struct Found {
    pub rows: Vec<RunRow>,
    pub total: u64,
    pub lsn: u64,
    /// The page that comes next.
    pub next: Option<PageToken>,
    /// What the question named and nobody has.
    pub remarks: Vec<String>,
}

pub fn find(tracker: &Tracker, wish: &Wish<'_>, context: &Context) -> Outcome<Found> {
    let (query, is_sorted) = asked(tracker, wish, context);
    let page = wish.at.of_runs(query, context).fetch()?;
    let mut found = Found {
        rows: page.items.into_iter().map(RunRow::from).collect(),
        total: page.total as u64,
        lsn: page.lsn.map_or(0, mltrack::Lsn::get),
        next: page.next,
        remarks: page.notes,
    };
    if !is_sorted {
        let now_ns = context.started_ns;
        found
            .rows
            .sort_by(|a, b| compare_runs(wish.sorts, a, b, now_ns));
        found.rows.truncate(wish.limit.unwrap_or(usize::MAX));
    }
    Ok(found)
}

/// All that the library says of them.
pub fn summaries(
    tracker: &Tracker,
    wish: &Wish<'_>,
    context: &Context,
) -> Outcome<Page<RunSummary>> {
    let (query, _) = asked(tracker, wish, context);
    Ok(wish.at.of_runs(query, context).fetch()?)
}

/// The question, and whether its answer is in the order that is wished for.
fn asked(tracker: &Tracker, wish: &Wish<'_>, context: &Context) -> (RunQuery, bool) {
    let mut query = tracker.runs();
    if let Some(name) = wish.experiment {
        query = query.experiment(name);
    }
    if wish.with_deleted {
        query = query.with_deleted();
    }
    for filter in &wish.pick.filter {
        query = query.filter(filter);
    }
    if let Some(when) = wish.pick.since {
        let since = WallTime(when.time_ns(context.started_ns));
        query = query.filter(format!("attributes.started >= '{since}'"));
    }
    for state in &wish.pick.state {
        query = query.state(*state);
    }
    let orders: Option<Vec<String>> = wish.sorts.iter().map(Sort::order).collect();
    let is_sorted = orders.is_some();
    for order in orders.unwrap_or_default() {
        query = query.order_by(order);
    }
    if let Some(page) = wish.page {
        query = query.page(page);
    }
    if is_sorted {
        query = query.limit(wish.limit.unwrap_or(usize::MAX));
    }
    (query, is_sorted)
}

/// Pages are cut by the library, so it has to sort, too.
pub fn check_pages(sorts: &[Sort]) -> Outcome<()> {
    match sorts.iter().find(|sort| sort.order().is_none()) {
        Some(sort) => Err(Failure::usage(format!(
            "a list sorted by {} has no pages",
            sort.column.title()
        ))
        .hint("leave out --limit and --page, or sort by a metric, a parameter or .started")
        .into()),
        None => Ok(()),
    }
}
