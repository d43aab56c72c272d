//! `mltrack search`: where in the store some words are, whatever they are written on.
//!
//! 1. A thing is found when every word is in its text, in any case. What counts as a thing's text is said at `mltrack::WordsQuery`.
//! 2. Kinds come in one order, the things of a kind in the order of their names, runs newest first.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::At;
use crate::output::items::{Envelope, ItemForm};
use crate::output::quantity::{counted, grouped};
use crate::output::style::{Tone, paint};
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print, push_line};
use crate::store;
use mltrack::{WordHit, WordHitKind};

/// Find words in experiments, runs, parameters, tags, metrics, notes, datasets, models and artifacts
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every word has to be there, in any case. What is found is grouped by what it is.

  mltrack search resnet
  mltrack search out of memory --kind run,note
  mltrack search lr 3e-4 -q | xargs -n1 mltrack run show")]
pub struct Arguments {
    /// Words that all have to be there
    #[arg(value_name = "QUERY", required = true)]
    query: Vec<String>,
    /// Only things of these kinds
    #[arg(long, value_enum, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<Kind>,
    /// So many of each kind [default on a terminal: 10]
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// End with 1 when nothing is found
    #[arg(long)]
    exit_status: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Kind {
    Experiment,
    Run,
    Param,
    Tag,
    Metric,
    Note,
    Dataset,
    Model,
    Artifact,
}

impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Experiment,
        Kind::Run,
        Kind::Param,
        Kind::Tag,
        Kind::Metric,
        Kind::Note,
        Kind::Dataset,
        Kind::Model,
        Kind::Artifact,
    ];

    fn found(self) -> WordHitKind {
        match self {
            Kind::Experiment => WordHitKind::Experiment,
            Kind::Run => WordHitKind::Run,
            Kind::Param => WordHitKind::Param,
            Kind::Tag => WordHitKind::Tag,
            Kind::Metric => WordHitKind::Metric,
            Kind::Note => WordHitKind::Note,
            Kind::Dataset => WordHitKind::Dataset,
            Kind::Model => WordHitKind::Model,
            Kind::Artifact => WordHitKind::Artifact,
        }
    }
}

fn word(kind: WordHitKind) -> &'static str {
    match kind {
        WordHitKind::Experiment => "experiment",
        WordHitKind::Run => "run",
        WordHitKind::Param => "param",
        WordHitKind::Tag => "tag",
        WordHitKind::Metric => "metric",
        WordHitKind::Note => "note",
        WordHitKind::Dataset => "dataset",
        WordHitKind::Model => "model",
        WordHitKind::Artifact => "artifact",
    }
}

const FIELDS: &[&str] = &["id", "kind", "name", "value", "experiment", "runs"];
const PEOPLE_TOP: usize = 10;

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let words = arguments.query.join(" ");
    if words.trim().is_empty() {
        return Err(Failure::usage("a search needs a word to look for")
            .hint("mltrack search resnet")
            .into());
    }
    let kinds: &[Kind] = if arguments.kind.is_empty() {
        &Kind::ALL
    } else {
        &arguments.kind
    };
    let tracker = store::open_to_look(context)?;
    let query = tracker.find_words(&words);
    let query = query.kinds(kinds.iter().map(|kind| kind.found()));
    let page = arguments.at.of_words(query, context).fetch()?;
    let (hits, lsn) = (page.items, page.lsn.map_or(0, mltrack::Lsn::get));
    let form = arguments.output.form(&context.terminal);
    let top = match &form {
        _ if arguments.top.is_some() => arguments.top,
        Form::People => Some(PEOPLE_TOP),
        _ => None,
    };
    let shown = first_of_each_kind(&hits, top.unwrap_or(usize::MAX));
    let items = match form {
        Form::Items(ItemForm::Ids) => ids(&shown),
        _ => shown.iter().map(|hit| item(hit)).collect(),
    };
    let sheet = Sheet {
        fields: FIELDS,
        items,
        envelope: Envelope {
            total: hits.len() as u64,
            lsn,
            next: Value::Null,
        },
        people: People::Text(text(&hits, &shown, context)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(if arguments.exit_status && hits.is_empty() {
        Exit::No
    } else {
        Exit::Done
    })
}

fn first_of_each_kind(hits: &[WordHit], top: usize) -> Vec<&WordHit> {
    let kinds = hits.chunk_by(|a, b| a.kind == b.kind);
    kinds.flat_map(|kind| kind.iter().take(top)).collect()
}

/// In the order of [`FIELDS`].
fn item(hit: &WordHit) -> Vec<Value> {
    vec![
        hit.id.clone().into(),
        word(hit.kind).into(),
        hit.name.as_str().into(),
        hit.value.clone().into(),
        hit.experiment.clone().into(),
        (hit.runs.len() as u64).into(),
    ]
}

/// The runs of everything that was found, each once.
fn ids(shown: &[&WordHit]) -> Vec<Vec<Value>> {
    let mut seen = BTreeSet::new();
    let runs = shown.iter().flat_map(|hit| &hit.runs);
    let new = runs.filter(|run| seen.insert(**run));
    let line = |run: &mltrack::RunId| {
        let mut item = vec![Value::Null; FIELDS.len()];
        item[0] = run.to_string().into();
        item
    };
    new.map(line).collect()
}

fn text(hits: &[WordHit], shown: &[&WordHit], context: &Context) -> String {
    let colour = context.terminal.colour;
    let mut text = String::new();
    for kind in shown.chunk_by(|a, b| a.kind == b.kind) {
        let word = word(kind[0].kind);
        let all = hits.iter().filter(|hit| hit.kind == kind[0].kind).count();
        push_line(&mut text, &paint(&format!("  {word}s"), Tone::Bold, colour));
        for hit in kind {
            push_line(&mut text, &format!("    {}", line(hit)));
        }
        if all > kind.len() {
            let more = format!("    {} more: --kind {word} --top {all}", all - kind.len());
            push_line(&mut text, &paint(&more, Tone::Dim, colour));
        }
    }
    let found = format!("  {} found", grouped(hits.len() as u64));
    push_line(&mut text, &paint(&found, Tone::Dim, colour));
    text
}

fn line(hit: &WordHit) -> String {
    let runs = counted(hit.runs.len() as u64, "run");
    let one_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let value = hit.value.as_deref().map(one_line).unwrap_or_default();
    let line = match hit.kind {
        WordHitKind::Experiment | WordHitKind::Dataset | WordHitKind::Model => {
            format!("{:24} {runs}  {value}", hit.name)
        }
        WordHitKind::Run => {
            let experiment = hit.experiment.as_deref().unwrap_or_default();
            format!("{:24} {experiment}  {value}", hit.name)
        }
        WordHitKind::Note | WordHitKind::Artifact => format!("{:24} {value}", hit.name),
        WordHitKind::Param | WordHitKind::Tag if hit.value.is_some() => {
            format!("{:24} {runs}", format!("{} = {value}", hit.name))
        }
        WordHitKind::Param | WordHitKind::Tag | WordHitKind::Metric => {
            format!("{:24} {runs}", hit.name)
        }
    };
    line.trim_end().to_owned()
}
