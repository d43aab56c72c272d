//! A graph of lineage for other programs: JSON, DOT for Graphviz, Mermaid for Markdown.
//!
//! Invariant: whatever stands in a name, the text is one that the program reads, and names can neither end a label nor
//! add nodes.

use std::fmt::Write as _;

use mltrack_projector_lineage::{NodeKind, NodeState, Way};
use serde_json::{Value, json};

use crate::lineage::{LineageEdge, LineageGraph, LineageNode};

impl LineageGraph {
    /// Nodes with their ids, kinds, names and states, and edges by the ids of their ends.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let id = |place: usize| self.nodes[place].node.to_string();
        let nodes = self.nodes.iter().map(LineageNode::to_json);
        let edges = self.edges.iter().map(|edge| {
            json!({
                "from": id(edge.from),
                "to": id(edge.to),
                "kind": edge.kind.name(),
                "note": edge.note,
            })
        });
        json!({
            "root": id(0),
            "nodes": nodes.collect::<Vec<_>>(),
            "edges": edges.collect::<Vec<_>>(),
            "cut": self.is_cut,
            "lsn": self.lsn.map(mltrack_log::Lsn::get),
        })
    }

    /// A digraph for Graphviz: `mltrack lineage NODE --format dot | dot -Tsvg`.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n");
        for (place, node) in self.nodes.iter().enumerate() {
            let style = match node.state {
                NodeState::Present => "",
                _ => ", style=dashed",
            };
            let label = dot(&node.title());
            let shape = shape(node.kind);
            writeln!(text, "  n{place} [label={label}, shape={shape}{style}];")
                .expect("writing to a string cannot fail");
        }
        for edge in &self.edges {
            let label = dot(&edge.title());
            writeln!(text, "  n{} -> n{} [label={label}];", edge.from, edge.to)
                .expect("writing to a string cannot fail");
        }
        text.push_str("}\n");
        text
    }

    /// A flowchart for Mermaid, which Markdown pages show.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for (place, node) in self.nodes.iter().enumerate() {
            let label = mermaid(&node.title());
            let (open, close) = brackets(node.kind);
            writeln!(text, "  n{place}{open}\"{label}\"{close}")
                .expect("writing to a string cannot fail");
        }
        for edge in &self.edges {
            let label = mermaid(&edge.title());
            writeln!(text, "  n{} -->|\"{label}\"| n{}", edge.from, edge.to)
                .expect("writing to a string cannot fail");
        }
        text
    }
}

impl LineageNode {
    /// The node as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "node": self.node.to_string(),
            "kind": self.kind.name(),
            "name": self.name,
            "state": self.state.name(),
            "depth": self.depth,
            "way": self.way.map(way),
        })
    }

    /// Kind and name, and the state of what is not there.
    #[must_use]
    pub fn title(&self) -> String {
        let kind = match self.kind {
            NodeKind::DatasetVersion => "dataset",
            NodeKind::ModelVersion => "model",
            kind => kind.name(),
        };
        match self.state {
            NodeState::Present => format!("{kind} {}", self.name),
            state => format!("{kind} {} [{}]", self.name, state.name()),
        }
    }
}

impl LineageEdge {
    /// Kind and note.
    #[must_use]
    pub fn title(&self) -> String {
        let kind = self.kind.name().replace('_', " ");
        if self.note.is_empty() {
            kind
        } else {
            format!("{kind}: {}", self.note)
        }
    }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Up => "up",
        Way::Down => "down",
    }
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Experiment => "folder",
        NodeKind::Run => "ellipse",
        NodeKind::Dataset | NodeKind::DatasetVersion => "cylinder",
        NodeKind::Model | NodeKind::ModelVersion => "box3d",
        NodeKind::Artifact => "note",
        NodeKind::Metric => "diamond",
        NodeKind::Transformation => "cds",
        NodeKind::External => "plaintext",
    }
}

fn brackets(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Run => ("([", "])"),
        NodeKind::Dataset | NodeKind::DatasetVersion => ("[(", ")]"),
        NodeKind::Model | NodeKind::ModelVersion => ("[[", "]]"),
        NodeKind::Metric | NodeKind::Transformation => ("{{", "}}"),
        NodeKind::Experiment | NodeKind::Artifact | NodeKind::External => ("[", "]"),
    }
}

/// A quoted string of DOT. Control characters would end a line or be refused, so each becomes a blank.
fn dot(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if control.is_control() => quoted.push(' '),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The inside of a quoted label of Mermaid, which knows entities by number and nothing else.
fn mermaid(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        let is_plain = character.is_alphanumeric() || " .,-_/()+*!?=:@".contains(character);
        match character {
            control if control.is_control() => escaped.push(' '),
            plain if is_plain => escaped.push(plain),
            other => {
                write!(escaped, "#{};", u32::from(other)).expect("writing to a string cannot fail");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: [&str; 6] = [
        "a\"]; b -> c; \"",
        "back\\slash\\",
        "new\nline\r\u{0}",
        "end\"\n  n9[\"x\"]",
        "#quot; <b>&amp;|}{",
        "\u{202e}emoji \u{1f600}",
    ];

    #[test]
    fn no_name_ends_a_quoted_string_of_dot() {
        for name in NASTY {
            let quoted = dot(name);
            let inside = &quoted[1..quoted.len() - 1];
            let mut is_escaped = false;
            for character in inside.chars() {
                assert!(
                    character != '\n' && (is_escaped || character != '"'),
                    "{quoted}"
                );
                is_escaped = character == '\\' && !is_escaped;
            }
            assert!(!is_escaped, "{quoted}");
        }
    }

    #[test]
    fn no_name_ends_a_label_of_mermaid_or_is_read_as_an_entity() {
        for name in NASTY {
            let escaped = mermaid(name);
            assert!(
                !escaped.contains(['"', '\n', '<', '>', '|', '&', '[', '}']),
                "{escaped}"
            );
        }
        assert_eq!(mermaid("#quot; \""), "#35;quot#59; #34;");
    }
}
