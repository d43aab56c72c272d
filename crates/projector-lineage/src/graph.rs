//! What depends on what, as a graph that is made from the facts at the first question and grows with them.
//!
//! Invariants: edges run in the direction in which data flows; the edges of a node stand in the order of the log, whether
//! the graph was made at once or grew; whatever takes an edge away drops the graph, and the next question makes it again.
//!
//! Memory: an edge takes 10 bytes, 5 for each direction; a node 24 for its id, 8 for its edges and some 6 to be found by.

mod adjacency;
pub(crate) mod edges;
mod nodes;

use mltrack_event::{EdgeKind, NodeRef};

use crate::things::Things;
use adjacency::Adjacency;
use edges::{Sink, SomeEdge};
use nodes::Nodes;

/// In which direction to walk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// To what it was made of.
    Up,
    /// To what was made of it.
    Down,
}

/// Nodes by number, and the edges between them in both directions.
#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Nodes,
    down: Adjacency,
    up: Adjacency,
}

/// A graph that grew by this part of itself is made again.
const GROWN_SHIFT: u32 = 2;
/// But not before it grew by so many edges.
const GROWN_MIN: usize = 1 << 16;

impl Graph {
    pub fn of(things: &Things) -> Graph {
        let mut gathered = Gathered::default();
        let facts = things.runs.iter();
        let artifacts: usize = facts.map(|facts| facts.artifacts.rows().len()).sum();
        gathered.nodes.reserve(things.run_count() + artifacts);
        gathered.edges.reserve(2 * things.run_count() + artifacts);
        edges::of_all(things, &mut gathered);
        let Gathered { nodes, mut edges } = gathered;
        // Equal lsns keep the order in which one event gave its edges.
        edges.sort_by_key(|edge| edge.lsn);
        let down = Adjacency::of(
            nodes.len(),
            edges.iter().map(|edge| (edge.from, edge.to, edge.kind)),
        );
        let up = Adjacency::of(
            nodes.len(),
            edges.iter().map(|edge| (edge.to, edge.from, edge.kind)),
        );
        Graph { nodes, down, up }
    }

    pub fn add(&mut self, edge: &SomeEdge) {
        let (from, to) = (self.nodes.intern(&edge.from), self.nodes.intern(&edge.to));
        self.down.add(from, to, edge.kind);
        self.up.add(to, from, edge.kind);
    }

    /// Whether so much was added that walking would be faster if it were made again.
    pub fn has_grown(&self) -> bool {
        self.down.added() > GROWN_MIN.max(self.down.packed() >> GROWN_SHIFT)
    }

    pub fn find(&self, node: &NodeRef) -> Option<u32> {
        self.nodes.find(node)
    }

    pub fn node(&self, number: u32) -> NodeRef {
        self.nodes.get(number)
    }

    /// The edges of a node in one direction, in the order of the log. The same edge may come several times.
    pub fn edges(&self, number: u32, way: Way) -> impl Iterator<Item = (u32, EdgeKind)> {
        let adjacency = match way {
            Way::Up => &self.up,
            Way::Down => &self.down,
        };
        adjacency.of_node(number)
    }

    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub fn edge_count(&self) -> usize {
        self.down.packed() + self.down.added()
    }

    /// Memory that it takes.
    pub fn bytes(&self) -> usize {
        self.nodes.bytes() + self.down.bytes() + self.up.bytes()
    }
}

#[derive(Default)]
struct Gathered {
    nodes: Nodes,
    edges: Vec<Numbered>,
}

struct Numbered {
    lsn: u64,
    from: u32,
    to: u32,
    kind: EdgeKind,
}

impl Sink for Gathered {
    fn edge(&mut self, edge: SomeEdge) {
        self.edges.push(Numbered {
            lsn: edge.lsn.get(),
            from: self.nodes.intern(&edge.from),
            to: self.nodes.intern(&edge.to),
            kind: edge.kind,
        });
    }
}

impl Sink for Graph {
    fn edge(&mut self, edge: SomeEdge) {
        self.add(&edge);
    }
}
