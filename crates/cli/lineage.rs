//! `mltrack lineage`: what a thing was made of, what was made of it, and what is affected when it is bad.

mod impact;
mod link;
mod tree;

use std::io::Write as _;

use clap::ValueEnum;
use mltrack::{LineageGraph, LineageQuery, Lsn, Tracker, Way};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::At;
use crate::output::items::Envelope;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Show what a thing was made of and what was made of it
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
A thing is run:NAME (or just NAME), dataset:NAME@v3, model:NAME@ALIAS, artifact:RUN/PATH@v2, exp:NAME, metric:RUN/NAME,
transformation:NAME or external:URI. A dataset or a model without a version means all its versions.

  mltrack lineage model:resnet@prod --up --depth 3
  mltrack lineage dataset:imagenet@v1 --impact
  mltrack lineage exp:resnet --format dot | dot -Tsvg > resnet.svg"
)]
pub struct Arguments {
    /// The thing
    #[arg(value_name = "NODE", required = true)]
    node: Option<String>,
    /// What it was made of
    #[arg(long)]
    up: bool,
    /// What was made of it
    #[arg(long)]
    down: bool,
    /// At most so many steps away
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// At most so many things
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// What is affected when it is bad, however many steps away
    #[arg(long, conflicts_with_all = ["up", "down", "depth"])]
    impact: bool,
    /// How to write the graph, wherever it goes
    #[arg(long, value_enum, value_name = "FORM", conflicts_with = "form")]
    format: Option<GraphForm>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
    #[command(subcommand)]
    action: Option<Action>,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GraphForm {
    /// For people
    Tree,
    /// Nodes and edges
    Json,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say that data flows from one thing to another
    Link(link::Arguments),
    /// Take back what `lineage link` said
    Unlink(link::Arguments),
}

const FIELDS: &[&str] = &["node", "kind", "name", "state", "depth", "way", "to"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    match &arguments.action {
        Some(Action::Link(link)) => return link::run(link, true, context),
        Some(Action::Unlink(link)) => return link::run(link, false, context),
        None => {}
    }
    let fields = if arguments.impact {
        impact::FIELDS
    } else {
        FIELDS
    };
    if list_fields(&arguments.output, fields)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let node = arguments.node.as_deref().unwrap_or_default();
    let asked = arguments.query(&tracker, node, context)?;
    if arguments.impact {
        return impact::run(arguments, &asked.impact()?, context);
    }
    let graph = asked.fetch()?;
    let sources = graph
        .nodes
        .iter()
        .rev()
        .filter(|node| node.way == Some(Way::Up));
    let source = sources
        .into_iter()
        .find(|node| node.kind == mltrack::NodeKind::DatasetVersion);
    let affected = match source {
        Some(source) if arguments.shows_people(context) => {
            let source = source.node.to_string();
            let query = tracker.lineage(&source)?;
            Some(arguments.at.of_lineage(query, context).impact()?)
        }
        _ => None,
    };
    let text = || tree::text(&graph, affected.as_ref());
    arguments.write(&graph, &|| graph.to_json(), &text)?;
    if arguments.format.is_some() {
        return Ok(Exit::Done);
    }
    let sheet = Sheet {
        fields: FIELDS,
        items: (0..graph.nodes.len())
            .map(|place| item(&graph, place))
            .collect(),
        envelope: envelope(&graph),
        people: People::Text(text()),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

impl Arguments {
    fn query(&self, tracker: &Tracker, node: &str, context: &Context) -> Outcome<LineageQuery> {
        let mut query = tracker.lineage(node)?;
        if self.up {
            query = query.up();
        }
        if self.down {
            query = query.down();
        }
        if let Some(depth) = self.depth {
            query = query.depth(depth);
        }
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        Ok(self.at.of_lineage(query.limit(limit), context))
    }

    /// Whether the answer is read by people.
    fn shows_people(&self, context: &Context) -> bool {
        match self.format {
            Some(form) => form == GraphForm::Tree,
            None => self.output.form(&context.terminal) == crate::output::Form::People,
        }
    }

    /// Writes the form that was named, if one was.
    fn write(
        &self,
        graph: &LineageGraph,
        as_json: &dyn Fn() -> Value,
        text: &dyn Fn() -> String,
    ) -> Outcome<()> {
        let written = match self.format {
            None => return Ok(()),
            Some(GraphForm::Tree) => text(),
            Some(GraphForm::Json) => format!("{:#}\n", as_json()),
            Some(GraphForm::Dot) => graph.to_dot(),
            Some(GraphForm::Mermaid) => graph.to_mermaid(),
        };
        let mut sink = self.output.sink()?;
        sink.write_all(written.as_bytes())?;
        sink.keep()
    }
}

fn envelope(graph: &LineageGraph) -> Envelope {
    Envelope {
        total: graph.nodes.len() as u64,
        lsn: graph.lsn.map_or(0, Lsn::get),
        next: Value::Null,
    }
}

/// In the order of [`FIELDS`].
fn item(graph: &LineageGraph, place: usize) -> Vec<Value> {
    let node = &graph.nodes[place];
    let to = graph.edges.iter().filter(|edge| edge.from == place);
    let to: Vec<Value> = to
        .map(|edge| {
            json!({
                "node": graph.nodes[edge.to].node.to_string(),
                "kind": edge.kind.name(),
                "note": edge.note,
            })
        })
        .collect();
    let way = node.way.map(|way| match way {
        Way::Up => "up",
        Way::Down => "down",
    });
    vec![
        node.node.to_string().into(),
        node.kind.name().into(),
        node.name.clone().into(),
        node.state.name().into(),
        node.depth.into(),
        way.into(),
        to.into(),
    ]
}
