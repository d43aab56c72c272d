//! `mltrack artifact ls`: the artifacts of a run, or of all runs.

use mltrack::{ArtifactKind, ArtifactQuery, PageToken};
use serde_json::Value;

use crate::artifact::{FIELDS, counted_bytes, item, table};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::items::Envelope;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// List artifacts: the newest version of each path
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack artifact ls @last
  mltrack artifact ls @last 'ckpt/*' --all
  mltrack artifact ls --kind model --json=path,run,bytes

`*` is any text within a part of a path, `**` any number of parts, `?` one character; a folder means what is in it.")]
pub struct Arguments {
    /// An id's beginning, a name, EXP/12, @last or @running; all runs when it is left out
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Only paths of this pattern, or in this folder
    #[arg(value_name = "PATTERN")]
    pattern: Option<String>,
    /// Only artifacts of this kind: model, checkpoint, dataset, visualization, log, config, report or another word
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only artifacts of runs of this experiment
    #[arg(long, value_name = "EXP")]
    exp: Option<String>,
    /// Every version of each path
    #[arg(long)]
    all: bool,
    /// Removed ones too
    #[arg(long)]
    removed: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The page that `next` of the one before named
    #[arg(long, value_name = "TOKEN")]
    page: Option<PageToken>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let mut query = narrowed(tracker.artifacts(), arguments);
    if let Some(name) = &arguments.run {
        let (row, _) = look::run(&tracker, name, arguments.at, context)?;
        query = query.run(row.run_id);
    }
    let page = arguments.at.of_artifacts(query, context).fetch()?;
    let is_of_one_run = arguments.run.is_some();
    let mut notes = vec![counted_bytes(&page.items)];
    if page.items.len() < page.total {
        notes.push(format!("{} in all", page.total));
    }
    let next = page.next.map(|next| next.to_string());
    let sheet = Sheet {
        fields: FIELDS,
        items: page.items.iter().map(item).collect(),
        envelope: Envelope {
            total: page.total as u64,
            lsn: page.lsn.map_or(0, mltrack::Lsn::get),
            next: next.clone().map_or(Value::Null, Value::from),
        },
        people: People::Table(table(&page.items, is_of_one_run, context.started_ns, notes)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    if let Some(next) = next {
        context.note(&format!("more with --page {next}"));
    }
    Ok(Exit::Done)
}

fn narrowed(mut query: ArtifactQuery, arguments: &Arguments) -> ArtifactQuery {
    if let Some(pattern) = &arguments.pattern {
        query = query.path(pattern);
    }
    for kind in &arguments.kind {
        query = query.kind(ArtifactKind::from(kind.as_str()));
    }
    if let Some(name) = &arguments.exp {
        query = query.experiment(name);
    }
    if arguments.all {
        query = query.all_versions();
    }
    if arguments.removed {
        query = query.with_removed();
    }
    if let Some(limit) = arguments.limit {
        query = query.limit(limit);
    }
    match arguments.page {
        Some(token) => query.page(token),
        None => query,
    }
}
