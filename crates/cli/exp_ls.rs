//! `mltrack exp ls`: the experiments of a store.

use std::num::NonZeroUsize;

use mltrack::{ExperimentQuery, Lsn, PageToken, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At, ExperimentRow};
use crate::output::items::{Envelope, ItemForm};
use crate::output::quantity::{ago, counted};
use crate::output::table::{Column, Table};
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List experiments
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Filters are those of runs, on id, name, status, created, updated, archived, owner, description, hypothesis, goal, runs
and tags.

  mltrack exp ls -f \"tags.team = 'vision' and runs > 10\" --sort -updated")]
pub struct Arguments {
    /// Archived ones too
    #[arg(short, long)]
    all: bool,
    /// Only experiments that match
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Sort by properties or tags; - before one for largest first
    #[arg(
        long,
        value_name = "[-]COL,..",
        allow_hyphen_values = true,
        value_delimiter = ','
    )]
    sort: Vec<String>,
    /// So many on a page; the answer names the next page
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// The page that an answer with --limit named
    #[arg(
        long,
        value_name = "TOKEN",
        requires = "limit",
        conflicts_with = "moment"
    )]
    page: Option<PageToken>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, look::EXPERIMENT_FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let page = arguments.query(&tracker, arguments.all, context).fetch()?;
    for remark in &page.notes {
        context.note(remark);
    }
    let hidden = if arguments.all {
        0
    } else {
        let all = arguments.query(&tracker, true, context).limit(0).fetch()?;
        all.total.saturating_sub(page.total) as u64
    };
    let (total, next) = (page.total as u64, page.next.map(|next| next.to_string()));
    let lsn = page.lsn.map_or(0, Lsn::get);
    let rows: Vec<ExperimentRow> = page.items.into_iter().map(ExperimentRow::new).collect();
    let mut table = table(&rows, total, hidden, context.started_ns);
    if let Some(next) = &next {
        table.notes.push(format!("the next page: --page {next}"));
    }
    let sheet = Sheet {
        fields: look::EXPERIMENT_FIELDS,
        items: rows.iter().map(ExperimentRow::item).collect(),
        envelope: Envelope {
            total,
            lsn,
            next: next.clone().into(),
        },
        people: People::Table(table),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let form = arguments.output.form(&context.terminal);
    let is_told =
        matches!(&form, Form::Items(form) if !matches!(form, ItemForm::Json(_) | ItemForm::Ids));
    if let Some(next) = next.filter(|_| is_told) {
        context.note(&format!("the next page: --page {next}"));
    }
    Ok(Exit::Done)
}

impl Arguments {
    fn query(&self, tracker: &Tracker, is_all: bool, context: &Context) -> ExperimentQuery {
        let mut query = self.at.of_experiments(tracker.experiments(), context);
        if is_all {
            query = query.with_archived();
        }
        for filter in &self.filter {
            query = query.filter(filter);
        }
        for column in &self.sort {
            query = query.order_by(column);
        }
        if let Some(limit) = self.limit {
            query = query.limit(limit.get());
        }
        match self.page {
            Some(token) => query.page(token),
            None => query,
        }
    }
}

fn table(rows: &[ExperimentRow], total: u64, hidden: u64, now_ns: i64) -> Table {
    let columns = vec![
        Column::number("id"),
        Column::text("experiment"),
        Column::text("state"),
        Column::number("runs"),
        Column::text("goal"),
        Column::text("created"),
    ];
    let cells = |row: &ExperimentRow| {
        vec![
            row.id.to_string().into(),
            row.name.clone().into(),
            row.state.to_string().into(),
            row.runs.to_string().into(),
            row.goal_text().into(),
            ago(row.created_ns, now_ns).into(),
        ]
    };
    let shown = rows.len() as u64;
    let experiments = counted(total, "experiment");
    let mut notes = vec![if shown == total {
        experiments
    } else {
        format!("{shown} of {experiments}")
    }];
    if hidden > 0 {
        notes.push(format!("{hidden} archived ones are hidden (--all)"));
    }
    Table {
        columns,
        rows: rows.iter().map(cells).collect(),
        notes,
    }
}
