//! Walks through the graph: what something was made of, and what was made of it.
//!
//! Invariants: nodes come by their distance from the root, those of one distance in the order of the log; each comes once,
//! so a cycle ends where it began; the edges are those that the walk went along, and those between nodes at the end of its reach.

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasherDefault;

use mltrack_event::{EdgeKind, ExperimentId, NodeRef};
use mltrack_projector::{IntHasher, IntMap};

use crate::graph::{Graph, Way};
use crate::things::Things;

/// How far to walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    /// Steps from the root.
    pub depth: u32,
    /// Nodes in the answer, the root included.
    pub limit: usize,
}

impl Reach {
    /// Without bounds.
    pub const ALL: Reach = Reach {
        depth: u32::MAX,
        limit: usize::MAX,
    };
}

/// What was met.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Walk {
    /// The root first.
    pub nodes: Vec<Step>,
    /// Between those nodes, in the direction in which data flows.
    pub edges: Vec<Edge>,
    /// Whether the limit kept nodes out.
    pub is_cut: bool,
}

/// A node that was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The node.
    pub node: NodeRef,
    /// How far it is from the root.
    pub depth: u32,
    /// In which direction it was met; `None` for the root.
    pub way: Option<Way>,
    /// The node, by its place in the answer, from which it was met first: following these is a shortest path to the root.
    pub via: Option<u32>,
}

/// An edge between nodes of an answer, by their places in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edge {
    /// Where data comes from.
    pub from: u32,
    /// Where it goes.
    pub to: u32,
    /// In which way.
    pub kind: EdgeKind,
}

/// What the graph is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GraphSize {
    /// Things that are the end of an edge.
    pub nodes: usize,
    /// Edges.
    pub edges: usize,
    /// Memory for both.
    pub bytes: usize,
}

impl Things {
    pub(crate) fn graph(&self) -> &Graph {
        self.graph.get_or_make(|| Graph::of(self))
    }

    /// How large the graph is. Makes it when nobody has asked before.
    #[must_use]
    pub fn graph_size(&self) -> GraphSize {
        let graph = self.graph();
        GraphSize {
            nodes: graph.node_count(),
            edges: graph.edge_count(),
            bytes: graph.bytes(),
        }
    }

    /// What is one step away, each with the kind of the edge, once, in the order of the log.
    #[must_use]
    pub fn neighbours(&self, node: &NodeRef, way: Way) -> Vec<(NodeRef, EdgeKind)> {
        let graph = self.graph();
        let Some(number) = graph.find(node) else {
            return Vec::new();
        };
        let mut met = BTreeSet::new();
        let edges = graph.edges(number, way).filter(|edge| met.insert(*edge));
        edges.map(|(end, kind)| (graph.node(end), kind)).collect()
    }

    /// Every edge once, those of one beginning together.
    #[must_use]
    pub fn edges(&self) -> Vec<(NodeRef, NodeRef, EdgeKind)> {
        let graph = self.graph();
        let mut edges = Vec::with_capacity(graph.edge_count());
        for number in 0..graph.node_count() as u32 {
            let mut met = BTreeSet::new();
            let ends = graph.edges(number, Way::Down);
            for (end, kind) in ends.filter(|edge| met.insert(*edge)) {
                edges.push((graph.node(number), graph.node(end), kind));
            }
        }
        edges
    }

    /// Walks from a root in the given directions, one after the other. The root comes even when nothing is known of it.
    #[must_use]
    pub fn walk(&self, root: &NodeRef, ways: &[Way], reach: Reach) -> Walk {
        let mut walker = Walker::new(self.graph(), root);
        for way in ways {
            walker.walk(*way, reach);
        }
        walker.walk
    }

    /// An experiment with its runs, what they took in and what they made, and the edges between all of those.
    #[must_use]
    pub fn graph_of_experiment(&self, id: ExperimentId, limit: usize) -> Walk {
        let mut walker = Walker::new(self.graph(), &NodeRef::Experiment(id));
        walker.walk(Way::Down, Reach { depth: 1, limit });
        let run_count = walker.numbers.len() as u32;
        let admits = Admits { depth: 2, limit };
        for way in [Way::Up, Way::Down] {
            for place in 1..run_count {
                walker.expand(place, way, Some(admits));
            }
        }
        for place in run_count..walker.numbers.len() as u32 {
            walker.expand(place, Way::Down, None);
        }
        walker.walk
    }
}

/// Which new nodes may come into the answer.
#[derive(Clone, Copy)]
struct Admits {
    depth: u32,
    limit: usize,
}

type IntSet<T> = HashSet<T, BuildHasherDefault<IntHasher>>;

struct Walker<'a> {
    graph: &'a Graph,
    walk: Walk,
    /// The number of each node of the answer; `None` for a root that the graph does not have.
    numbers: Vec<Option<u32>>,
    places: IntMap<u32, u32>,
    known: IntSet<Edge>,
}

impl<'a> Walker<'a> {
    fn new(graph: &'a Graph, root: &NodeRef) -> Walker<'a> {
        let number = graph.find(root);
        let root = Step {
            node: root.clone(),
            depth: 0,
            way: None,
            via: None,
        };
        Walker {
            graph,
            walk: Walk {
                nodes: vec![root],
                ..Walk::default()
            },
            numbers: vec![number],
            places: number.map(|number| (number, 0)).into_iter().collect(),
            known: IntSet::default(),
        }
    }

    /// Everything within reach, nearest first. What another walk has met already is walked through all the same.
    fn walk(&mut self, way: Way, reach: Reach) {
        let (mut next, mut seen) = (vec![0], IntSet::default());
        seen.insert(0);
        let mut depth = 0;
        let is_whole = matches!(
            self.walk.nodes[0].node,
            NodeRef::Dataset(_) | NodeRef::Model(_)
        );
        if is_whole && way == Way::Up && reach.depth > 0 {
            // What a dataset or a model was made of is what its versions were made of.
            depth = 1;
            let admits = Some(Admits {
                depth,
                limit: reach.limit,
            });
            next = self.expand(0, way, admits);
            next.extend(self.expand(0, Way::Down, admits));
            next.retain(|end| seen.insert(*end));
        }
        while depth < reach.depth && !next.is_empty() {
            depth += 1;
            let admits = Admits {
                depth,
                limit: reach.limit,
            };
            let mut met = Vec::new();
            for place in next {
                let ends = self.expand(place, way, Some(admits)).into_iter();
                met.extend(ends.filter(|end| seen.insert(*end)));
            }
            next = met;
        }
        // Those at the end of the reach may depend on each other. What they were made of are few things, what was made of
        // them may be very many, so that is where to look in both directions.
        for place in next {
            self.expand(place, Way::Up, None);
        }
    }

    /// Takes in what is one step away, and says where it is in the answer.
    fn expand(&mut self, place: u32, way: Way, admits: Option<Admits>) -> Vec<u32> {
        let mut ends = Vec::new();
        let Some(number) = self.numbers[place as usize] else {
            return ends;
        };
        for (end, kind) in self.graph.edges(number, way) {
            let end = match (self.places.get(&end), admits) {
                (Some(end), _) => *end,
                (None, Some(admits)) if self.numbers.len() < admits.limit => {
                    self.meet(end, place, way, admits.depth)
                }
                (None, admits) => {
                    self.walk.is_cut |= admits.is_some();
                    continue;
                }
            };
            let (from, to) = match way {
                Way::Up => (end, place),
                Way::Down => (place, end),
            };
            let edge = Edge { from, to, kind };
            if self.known.insert(edge) {
                self.walk.edges.push(edge);
            }
            ends.push(end);
        }
        ends
    }

    fn meet(&mut self, number: u32, via: u32, way: Way, depth: u32) -> u32 {
        let place = self.numbers.len() as u32;
        self.numbers.push(Some(number));
        self.places.insert(number, place);
        self.walk.nodes.push(Step {
            node: self.graph.node(number),
            depth,
            way: Some(way),
            via: Some(via),
        });
        place
    }
}
