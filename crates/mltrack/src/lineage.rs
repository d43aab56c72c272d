//! Lineage: what something was made of, what was made of it, and what is affected when it is bad.
//!
//! Invariant: an answer is about one moment, and says which.

use std::sync::Arc;

use mltrack_event::{EdgeKind, NodeRef, WallTime};
use mltrack_log::Lsn;
use mltrack_projector_lineage::{NodeKind, NodeState, Reach, Things, Walk, Way};

use crate::error::{Error, Result};
use crate::lineage_node::NodeName;
use crate::moment::Moment;
use crate::store::Store;
use crate::tracker::Tracker;

/// A question about what depends on what; see [`Tracker::lineage`].
#[must_use = "nothing is asked before `fetch`"]
pub struct LineageQuery {
    tracker: Tracker,
    store: Arc<Store>,
    root: NodeName,
    ways: Vec<Way>,
    reach: Reach,
    moment: Moment,
}

/// Things and what depends on what between them, in the direction in which data flows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineageGraph {
    /// The root first, then the others, nearest first.
    pub nodes: Vec<LineageNode>,
    /// By places in `nodes`.
    pub edges: Vec<LineageEdge>,
    /// Whether the limit kept nodes out.
    pub is_cut: bool,
    /// The last record that is part of the answer; `None` when there is none.
    pub lsn: Option<Lsn>,
}

/// A thing in a graph.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineageNode {
    /// Which it is.
    pub node: NodeRef,
    /// What it is.
    pub kind: NodeKind,
    /// What people call it.
    pub name: String,
    /// Whether it is there.
    pub state: NodeState,
    /// When it came to be: the run or the dataset was created, the version was added. `None` where nobody knows.
    pub created: Option<WallTime>,
    /// Steps from the root.
    pub depth: u32,
    /// In which direction it was met; `None` for the root.
    pub way: Option<Way>,
    /// From which node of the answer it was met first.
    pub via: Option<usize>,
}

/// A dependency in a graph.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineageEdge {
    /// Where data comes from.
    pub from: usize,
    /// Where it goes.
    pub to: usize,
    /// In which way.
    pub kind: EdgeKind,
    /// More of it: the splits for which a dataset was taken in, what was done to a dataset. Empty when there is no more.
    pub note: String,
}

/// A dependency by itself, with the things at its ends.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineageLink {
    /// Where data comes from.
    pub from: NodeRef,
    /// Where it goes.
    pub to: NodeRef,
    /// In which way.
    pub kind: EdgeKind,
    /// As in [`LineageEdge`].
    pub note: String,
}

/// Everything that is affected when one thing is bad.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LineageImpact {
    /// The thing first, then what is affected, nearest first. Following `via` from a node is a shortest path to the root.
    pub graph: LineageGraph,
    /// How many things of each kind are affected and there. A dataset or model counts when one of its versions does.
    pub counts: Vec<(NodeKind, u64)>,
    /// How many are affected but deleted, removed or gone.
    pub absent: u64,
}

/// So many nodes are in an answer when nothing else is said.
const LIMIT: usize = 10_000;

impl Tracker {
    /// Asks what a thing was made of and what was made of it. All of it follows from what was logged: which runs took in
    /// which versions of datasets and models, which artifacts they made, what versions were derived from.
    ///
    /// The root is named `run:NAME` (or just `NAME`), `dataset:NAME@v3`, `model:NAME@ALIAS`, `artifact:RUN/PATH@v2`,
    /// `exp:NAME`, `metric:RUN/NAME`, `transformation:NAME` or `external:URI`. A dataset or model without a version
    /// means all its versions.
    ///
    /// Errors: `VALIDATION_ERROR` for a name that is none; [`fetch`](LineageQuery::fetch) looks it up.
    ///
    /// ```
    /// # fn main() -> Result<(), mltrack::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let tracker = mltrack::Tracker::open(folder.path())?;
    /// let run = tracker.experiment("resnet")?.start_run()?;
    /// run.finish()?;
    /// let graph = tracker.lineage(&format!("run:{}", run.id()))?.up().depth(3).fetch()?;
    /// assert_eq!(graph.nodes[1].name, "resnet");
    /// # Ok(())
    /// # }
    /// ```
    pub fn lineage(&self, root: &str) -> Result<LineageQuery> {
        let root = NodeName::parse(root)?;
        let Some(store) = self.store().cloned() else {
            return Err(Error::validation("the tracker is disabled"));
        };
        Ok(LineageQuery {
            tracker: self.clone(),
            store,
            root,
            ways: Vec::new(),
            reach: Reach {
                limit: LIMIT,
                ..Reach::ALL
            },
            moment: Moment::Now,
        })
    }

    /// The node that a text names, as [`Tracker::link`] takes it.
    ///
    /// Errors: those of [`Tracker::lineage`], and `NOT_FOUND` with the name that was probably meant.
    pub fn find_node(&self, text: &str) -> Result<NodeRef> {
        let query = self.lineage(text)?;
        query.with_root(|_, root, _| Ok(root))
    }
}

impl LineageQuery {
    /// To what it was made of. Without this and [`down`](LineageQuery::down), both.
    pub fn up(mut self) -> LineageQuery {
        self.ways.push(Way::Up);
        self
    }

    /// To what was made of it.
    pub fn down(mut self) -> LineageQuery {
        self.ways.push(Way::Down);
        self
    }

    /// At most so many steps from the root.
    pub fn depth(mut self, steps: u32) -> LineageQuery {
        self.reach.depth = steps;
        self
    }

    /// At most so many nodes, the root included; 10,000 when not said. What is left out is told by
    /// [`LineageGraph::is_cut`].
    pub fn limit(mut self, nodes: usize) -> LineageQuery {
        self.reach.limit = nodes.max(1);
        self
    }

    /// As it was after this record.
    pub fn at(mut self, lsn: Lsn) -> LineageQuery {
        self.moment = Moment::Lsn(lsn);
        self
    }

    /// As it was at this time.
    pub fn at_time(mut self, time: WallTime) -> LineageQuery {
        self.moment = Moment::Time(time);
        self
    }

    /// Asks. An experiment without a direction is shown with its runs, what they took in and what they made.
    ///
    /// Errors: `NOT_FOUND` for the root, with the name that was probably meant; `HISTORY_FLOOR` for a moment of which
    /// records were purged.
    pub fn fetch(self) -> Result<LineageGraph> {
        let (ways, reach) = (self.ways.clone(), self.reach);
        self.with_root(|things, root, lsn| {
            let walk = match (&root, ways.as_slice()) {
                (NodeRef::Experiment(id), []) if reach.depth == u32::MAX => {
                    things.graph_of_experiment(*id, reach.limit)
                }
                (root, []) => things.walk(root, &[Way::Up, Way::Down], reach),
                (root, ways) => things.walk(root, ways, reach),
            };
            Ok(graph(things, &walk, lsn))
        })
    }

    /// Asks what is affected when the root is bad: everything that was made of it, however many steps away.
    ///
    /// Errors: those of [`fetch`](LineageQuery::fetch).
    pub fn impact(self) -> Result<LineageImpact> {
        let limit = self.reach.limit;
        self.with_root(|things, root, lsn| {
            let impact = things.impact(&root, limit);
            Ok(LineageImpact {
                graph: graph(things, &impact.walk, lsn),
                counts: impact.counts,
                absent: impact.absent,
            })
        })
    }

    fn with_root<T>(
        &self,
        answer: impl FnOnce(&Things, NodeRef, Option<Lsn>) -> Result<T>,
    ) -> Result<T> {
        let found = self.root.find_run(&self.tracker);
        let last = self.store.last_of(self.moment)?;
        self.store.things_at(self.moment, |things, reader| {
            let root = self.root.resolve(things, found)?;
            let end = Lsn::new(reader.next_lsn().get() - 1);
            let lsn = if self.moment == Moment::Now {
                end
            } else {
                last.min(end)
            };
            answer(things, root, lsn)
        })
    }
}

impl LineageImpact {
    /// How many things of a kind are affected.
    #[must_use]
    pub fn count(&self, kind: NodeKind) -> u64 {
        let counts = self.counts.iter();
        counts
            .filter(|(known, _)| *known == kind)
            .map(|(_, count)| count)
            .sum()
    }
}

impl LineageGraph {
    /// A shortest path from the root to a node, by places, both ends included.
    #[must_use]
    pub fn path_to(&self, place: usize) -> Vec<usize> {
        let via = |place: &usize| self.nodes.get(*place)?.via;
        let mut path: Vec<usize> = std::iter::successors(Some(place), via).collect();
        path.reverse();
        path
    }
}

fn graph(things: &Things, walk: &Walk, lsn: Option<Lsn>) -> LineageGraph {
    let nodes = walk.nodes.iter().map(|step| {
        let described = things.describe(&step.node);
        LineageNode {
            node: step.node.clone(),
            kind: described.kind,
            name: described.name,
            state: described.state,
            created: things.created_of(&step.node).map(|at| WallTime(at.time_ns)),
            depth: step.depth,
            way: step.way,
            via: step.via.map(|via| via as usize),
        }
    });
    let edges = walk.edges.iter().map(|edge| {
        let (from, to) = (edge.from as usize, edge.to as usize);
        let ends = (&walk.nodes[from].node, &walk.nodes[to].node);
        LineageEdge {
            from,
            to,
            kind: edge.kind,
            note: note(things, ends, edge.kind),
        }
    });
    LineageGraph {
        nodes: nodes.collect(),
        edges: edges.collect(),
        is_cut: walk.is_cut,
        lsn,
    }
}

/// What else is known of an edge.
pub(crate) fn note(things: &Things, ends: (&NodeRef, &NodeRef), kind: EdgeKind) -> String {
    match (kind, ends) {
        (EdgeKind::UsesDataset, (NodeRef::DatasetVersion(id, number), NodeRef::Run(run))) => {
            let uses = things.uses_of_run(*run).datasets.iter();
            let meant = uses.filter(|used| used.dataset == *id && used.number == *number);
            let mut splits: Vec<&str> = meant.map(|used| used.split.name()).collect();
            splits.dedup();
            splits.join(", ")
        }
        (EdgeKind::DerivedFrom, (_, NodeRef::DatasetVersion(id, number))) => {
            let version = things.dataset_version(*id, *number);
            let done = version.and_then(|version| version.transformation.clone());
            done.unwrap_or_default()
        }
        _ => String::new(),
    }
}

impl std::fmt::Debug for LineageQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineageQuery")
            .field("root", &self.root)
            .field("ways", &self.ways)
            .finish_non_exhaustive()
    }
}
