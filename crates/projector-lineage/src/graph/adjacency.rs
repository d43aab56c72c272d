//! The edges of every node in one direction: packed ones, then those that were added since.
//!
//! Invariant: the edges of a node stand in the order in which they were handed over.

use mltrack_event::EdgeKind;
use mltrack_projector::IntMap;

#[derive(Default, Debug)]
pub struct Adjacency {
    /// For each node where its edges begin; one more at the end.
    starts: Vec<u32>,
    ends: Vec<u32>,
    kinds: Vec<EdgeKind>,
    added: IntMap<u32, Vec<(u32, EdgeKind)>>,
    added_len: usize,
}

impl Adjacency {
    /// Packs edges between nodes with numbers below `node_count`.
    pub fn of(
        node_count: usize,
        edges: impl Iterator<Item = (u32, u32, EdgeKind)> + Clone,
    ) -> Adjacency {
        let mut starts = vec![0_u32; node_count + 1];
        for (from, _, _) in edges.clone() {
            starts[from as usize + 1] += 1;
        }
        for node in 0..node_count {
            starts[node + 1] += starts[node];
        }
        let len = starts[node_count] as usize;
        let (mut ends, mut kinds) = (vec![0; len], vec![EdgeKind::Contains; len]);
        let mut next = starts.clone();
        for (from, to, kind) in edges {
            let place = &mut next[from as usize];
            ends[*place as usize] = to;
            kinds[*place as usize] = kind;
            *place += 1;
        }
        Adjacency {
            starts,
            ends,
            kinds,
            ..Adjacency::default()
        }
    }

    pub fn add(&mut self, from: u32, to: u32, kind: EdgeKind) {
        self.added.entry(from).or_default().push((to, kind));
        self.added_len += 1;
    }

    pub fn of_node(&self, number: u32) -> impl Iterator<Item = (u32, EdgeKind)> {
        let at = number as usize;
        let range = match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(first), Some(end)) => *first as usize..*end as usize,
            _ => 0..0,
        };
        let ends = self.ends[range.clone()].iter().copied();
        let packed = ends.zip(self.kinds[range].iter().copied());
        packed.chain(self.added.get(&number).into_iter().flatten().copied())
    }

    pub fn packed(&self) -> usize {
        self.ends.len()
    }

    pub fn added(&self) -> usize {
        self.added_len
    }

    pub fn bytes(&self) -> usize {
        let per_added = 4 * size_of::<(u32, EdgeKind)>();
        (self.starts.len() + self.ends.len()) * size_of::<u32>()
            + self.kinds.len()
            + self.added_len * per_added
    }
}
