//! A graph of lineage as lines that people read: `model resnet v7 <- run kind-elk <- dataset imagenet v1 (train)`.
//!
//! Invariants: each thing stands once, where a shortest way leads to it; what goes on in one direction only stays on one
//! line while the line is short. On the way up, what only contains a
//! thing, steps and artifacts that others tell of are left out, and what a dataset was made of hangs on the run that did it.

use std::collections::BTreeMap;

use mltrack::{EdgeKind, LineageGraph, LineageImpact, LineageNode, NodeKind, Way};

use crate::output::push_line;
use crate::output::quantity::counted;

/// A line grows up to so many characters.
const LINE_LEN_MAX: usize = 110;
/// What stands deeper is not set in further.
const INDENT_MAX: usize = 40;

/// The whole text. `affected` is what else was made of the farthest dataset that the root was made of.
pub fn text(graph: &LineageGraph, affected: Option<&LineageImpact>) -> String {
    let mut text = String::new();
    let ways: Vec<Way> = [Way::Up, Way::Down]
        .into_iter()
        .filter(|way| graph.nodes.iter().any(|node| node.way == Some(*way)))
        .collect();
    if ways.is_empty() {
        let root = &graph.nodes[0].title();
        push_line(
            &mut text,
            &format!("  {root} stands alone: nothing leads to it or from it"),
        );
    }
    for way in ways {
        Tree::of(graph, way).write(&mut text);
    }
    if let Some(line) = affected.and_then(|affected| also_affected(graph, affected)) {
        push_line(&mut text, &line);
    }
    if graph.is_cut {
        let shown = counted(graph.nodes.len() as u64, "thing");
        push_line(
            &mut text,
            &format!("  {shown} shown, there are more (--limit)"),
        );
    }
    text
}

struct Tree<'a> {
    graph: &'a LineageGraph,
    children: BTreeMap<usize, Vec<usize>>,
    /// On what each hangs.
    parents: BTreeMap<usize, usize>,
    arrow: &'static str,
    way: Way,
}

impl<'a> Tree<'a> {
    fn of(graph: &'a LineageGraph, way: Way) -> Tree<'a> {
        let mut children: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut parents = BTreeMap::new();
        // From the farthest on, so that it is known of each whether something hangs on it.
        for place in (1..graph.nodes.len()).rev() {
            let node = &graph.nodes[place];
            let is_leaf = !children.contains_key(&place);
            let is_left_out = way == Way::Up && is_leaf && is_said_by_others(graph, place);
            if let Some(via) = node.via.filter(|_| node.way == Some(way) && !is_left_out) {
                let parent = maker_between(graph, place, via, way).unwrap_or(via);
                children.entry(parent).or_default().insert(0, place);
                parents.insert(place, parent);
            }
        }
        let arrow = match way {
            Way::Up => "<-",
            Way::Down => "->",
        };
        Tree {
            graph,
            children,
            parents,
            arrow,
            way,
        }
    }

    fn of_place(&self, place: usize) -> &[usize] {
        self.children.get(&place).map_or(&[], Vec::as_slice)
    }

    fn write(&self, text: &mut String) {
        let mut open = vec![(0, 0)];
        while let Some((place, indent)) = open.pop() {
            let mut line = " ".repeat(2 + indent.min(INDENT_MAX));
            if place != 0 {
                line.push_str(self.arrow);
                line.push(' ');
            }
            line.push_str(&self.title(place));
            let mut end = place;
            while let [only] = self.of_place(end) {
                let title = self.title(*only);
                if line.chars().count() + title.chars().count() + 4 > LINE_LEN_MAX {
                    break;
                }
                line = format!("{line} {} {title}", self.arrow);
                end = *only;
            }
            push_line(text, &line);
            let children = self.of_place(end).iter().rev();
            open.extend(children.map(|child| (*child, indent + 2)));
        }
    }

    /// The thing, and behind it what is known of the edge to it.
    fn title(&self, place: usize) -> String {
        let node = &self.graph.nodes[place];
        let title = node.title();
        let Some(parent) = self.parents.get(&place) else {
            return title;
        };
        let ends = match self.way {
            Way::Up => (place, *parent),
            Way::Down => (*parent, place),
        };
        let mut edges = self.graph.edges.iter();
        let edge = edges.find(|edge| (edge.from, edge.to) == ends);
        match edge.map(|edge| edge.note.as_str()) {
            None | Some("") => title,
            Some(more) => format!("{title} ({more})"),
        }
    }
}

/// The run that made one thing of another: what a dataset was derived from went into it, too.
fn maker_between(graph: &LineageGraph, place: usize, via: usize, way: Way) -> Option<usize> {
    if way == Way::Down || graph.nodes[place].kind == NodeKind::Run {
        return None;
    }
    let edges = graph.edges.iter().filter(|edge| edge.from == place);
    let mut runs = edges.map(|edge| edge.to).filter(|to| {
        let run = &graph.nodes[*to];
        run.kind == NodeKind::Run && run.via == Some(via)
    });
    runs.next()
}

/// What holds a thing, a step whose name stands with what it made, and an artifact that a run made which is shown, add nothing to a way up.
fn is_said_by_others(graph: &LineageGraph, place: usize) -> bool {
    match graph.nodes[place].kind {
        NodeKind::Experiment | NodeKind::Dataset | NodeKind::Model => true,
        NodeKind::Transformation => {
            let name = &graph.nodes[place].name;
            let mut edges = graph.edges.iter();
            edges.any(|edge| edge.kind == EdgeKind::DerivedFrom && edge.note == *name)
        }
        NodeKind::Artifact => {
            let mut edges = graph.edges.iter();
            edges.any(|edge| edge.to == place && edge.kind == EdgeKind::Produces)
        }
        _ => false,
    }
}

/// What is affected by the farthest dataset beside what is shown.
fn also_affected(graph: &LineageGraph, affected: &LineageImpact) -> Option<String> {
    let is_shown = |kind, name: &str| {
        let mut shown = graph.nodes.iter();
        shown.any(|node| node.kind == kind && node.name == name)
    };
    let nodes = &affected.graph.nodes;
    let others = |kind: NodeKind| {
        let of_kind = nodes.iter().skip(1).filter(move |node| node.kind == kind);
        of_kind
            .filter(|node| node.state == mltrack::NodeState::Present && !is_shown(kind, &node.name))
            .count() as u64
    };
    let counts = [
        (others(NodeKind::Run), "run"),
        (others(NodeKind::ModelVersion), "model version"),
        (others(NodeKind::DatasetVersion), "dataset version"),
    ];
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(*count, noun))
        .collect();
    if told.is_empty() {
        return None;
    }
    let source = &nodes[0];
    Some(format!(
        "  also affected by {}: {}   (mltrack lineage {} --impact)",
        source.name,
        told.join(", "),
        typed(source)
    ))
}

/// As a person would type it, where that needs no quoting.
fn typed(node: &LineageNode) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    match node.name.rsplit_once(" v") {
        Some((name, number)) if name.chars().all(is_plain) => format!("dataset:{name}@v{number}"),
        _ => node.node.to_string(),
    }
}
