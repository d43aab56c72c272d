//! `mltrack lineage NODE --impact`: what is affected when something is bad, and by which way.

use mltrack::{LineageGraph, LineageImpact, NodeKind, NodeState};
use serde_json::{Map, Value, json};

use super::{Arguments, envelope};
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::quantity::counted;
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{People, Sheet, print};

pub const FIELDS: &[&str] = &["node", "kind", "name", "state", "depth", "path"];

pub fn run(arguments: &Arguments, impact: &LineageImpact, context: &Context) -> Outcome {
    let graph = &impact.graph;
    let table = table(impact);
    let text = || table.fitted(context.terminal.width, false);
    arguments.write(graph, &|| as_json(impact), &text)?;
    if arguments.format.is_some() {
        return Ok(Exit::Done);
    }
    let sheet = Sheet {
        fields: FIELDS,
        items: (1..graph.nodes.len())
            .map(|place| item(graph, place))
            .collect(),
        envelope: crate::output::items::Envelope {
            total: graph.nodes.len() as u64 - 1,
            ..envelope(graph)
        },
        people: People::Table(table),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

fn as_json(impact: &LineageImpact) -> Value {
    let counts = impact.counts.iter();
    let counts: Map<String, Value> = counts
        .map(|(kind, count)| (kind.name().to_owned(), (*count).into()))
        .collect();
    json!({
        "root": impact.graph.nodes[0].node.to_string(),
        "counts": counts,
        "absent": impact.absent,
        "graph": impact.graph.to_json(),
    })
}

/// In the order of [`FIELDS`].
fn item(graph: &LineageGraph, place: usize) -> Vec<Value> {
    let node = &graph.nodes[place];
    let path = graph.path_to(place).into_iter();
    let path: Vec<Value> = path
        .map(|place| graph.nodes[place].node.to_string().into())
        .collect();
    vec![
        node.node.to_string().into(),
        node.kind.name().into(),
        node.name.clone().into(),
        node.state.name().into(),
        node.depth.into(),
        path.into(),
    ]
}

fn table(impact: &LineageImpact) -> Table {
    let graph = &impact.graph;
    let cells = |place: usize| {
        let node = &graph.nodes[place];
        let path = graph.path_to(place).into_iter();
        let path: Vec<&str> = path.map(|place| graph.nodes[place].name.as_str()).collect();
        let state = match node.state {
            NodeState::Present => Cell::from(String::new()),
            state => Cell::toned(state.name(), Tone::Dim),
        };
        vec![
            kind_of(node.kind).to_owned().into(),
            node.name.clone().into(),
            state,
            path.join(" -> ").into(),
        ]
    };
    Table {
        columns: vec![
            Column::text("kind"),
            Column::text("affected"),
            Column::text("state"),
            Column::text("by"),
        ],
        rows: (1..graph.nodes.len()).map(cells).collect(),
        notes: notes(impact),
    }
}

fn notes(impact: &LineageImpact) -> Vec<String> {
    let root = impact.graph.nodes[0].title();
    let counts = impact.counts.iter();
    let counts: Vec<String> = counts
        .map(|(kind, count)| counted(*count, kind_of(*kind)))
        .collect();
    let mut notes = vec![if counts.is_empty() {
        format!("nothing was made of {root}")
    } else {
        format!("if {root} is bad: {}", counts.join(", "))
    }];
    if impact.absent > 0 {
        notes.push(format!(
            "{} that are deleted, removed or gone",
            impact.absent
        ));
    }
    if impact.graph.is_cut {
        notes.push("there are more (--limit)".into());
    }
    notes
}

fn kind_of(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::DatasetVersion => "dataset version",
        NodeKind::ModelVersion => "model version",
        kind => kind.name(),
    }
}
