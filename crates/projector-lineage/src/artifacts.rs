//! The artifacts of one run.
//!
//! Invariants: rows stand in the order of the log; versions of a path count from 1 in that order; what was purged keeps
//! its row, so that the versions behind it keep their numbers.

use std::hash::{BuildHasherDefault, Hash as _, Hasher as _};

use mltrack_projector::{IntHasher, IntMap};

use crate::artifact::Artifact;
use crate::lazy::Lazy;

/// Rows, and how they are found.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Artifacts {
    rows: Vec<Artifact>,
    /// Places of the rows by path, then version.
    order: Lazy<Box<[u32]>>,
    /// The order of the first rows, before others were added.
    order_before: Lazy<Box<[u32]>>,
    paths: Lazy<Paths>,
}

/// The newest row of each path, and the one before it, and so on.
#[derive(Default)]
struct Paths {
    newest: IntMap<u64, u32>,
    /// For each row the one before it whose path has the same hash.
    previous: Vec<Option<u32>>,
}

impl Paths {
    fn of(rows: &[Artifact]) -> Paths {
        let mut paths = Paths {
            newest: IntMap::with_capacity_and_hasher(rows.len(), BuildHasherDefault::default()),
            previous: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            paths.push(&row.path);
        }
        paths
    }

    fn push(&mut self, path: &str) {
        let place = self.previous.len() as u32;
        self.previous.push(self.newest.insert(hash_of(path), place));
    }

    /// Rows whose path has the same hash, the newest first.
    fn candidates(&self, path: &str) -> impl Iterator<Item = usize> {
        let newest = self.newest.get(&hash_of(path)).copied();
        let candidates = std::iter::successors(newest, |place| self.previous[*place as usize]);
        candidates.map(|place| place as usize)
    }
}

fn hash_of(path: &str) -> u64 {
    let mut hasher = IntHasher::default();
    path.hash(&mut hasher);
    hasher.finish()
}

impl Artifacts {
    /// Rows in the order of the log, with their versions, and where it is known their places by path and version. `None`
    /// when that is no order of them.
    pub fn from_rows(rows: Vec<Artifact>, order: Option<&[u32]>) -> Option<Artifacts> {
        let is_inside = |place: &u32| (*place as usize) < rows.len();
        if order.is_some_and(|order| order.len() != rows.len() || !order.iter().all(is_inside)) {
            return None;
        }
        Some(Artifacts {
            rows,
            order: order.map_or_else(Lazy::default, |order| Lazy::of(order.into())),
            ..Artifacts::default()
        })
    }

    pub fn rows(&self) -> &[Artifact] {
        &self.rows
    }

    pub fn row_mut(&mut self, place: usize) -> Option<&mut Artifact> {
        self.rows.get_mut(place)
    }

    /// Adds a row whose version is not known yet.
    pub fn push(&mut self, mut artifact: Artifact) {
        let newest = self.versions(&artifact.path).next();
        artifact.version = newest.map_or(1, |newest| newest.version.saturating_add(1));
        let path = artifact.path.clone();
        self.rows.push(artifact);
        if let Some(paths) = self.paths.made_mut() {
            paths.push(&path);
        }
        if let Some(order) = self.order.take() {
            self.order_before = Lazy::of(order);
        }
    }

    /// Every version of a path, the newest first, removed and purged ones included.
    pub fn versions(&self, path: &str) -> impl Iterator<Item = &Artifact> {
        let paths = self.paths.get_or_make(|| Paths::of(&self.rows));
        let rows = paths.candidates(path).map(|place| &self.rows[place]);
        rows.filter(move |row| *row.path == *path)
    }

    /// Places by path, then version.
    pub fn order(&self) -> &[u32] {
        self.order.get_or_make(|| {
            let key = |place: &u32| {
                let row = &self.rows[*place as usize];
                (&row.path, row.version)
            };
            let before = self.order_before.made().map_or(&[][..], |order| order);
            let mut added: Vec<u32> = (before.len() as u32..self.rows.len() as u32).collect();
            added.sort_by(|a, b| key(a).cmp(&key(b)));
            let mut order = Vec::with_capacity(self.rows.len());
            let mut rest = before;
            for place in added {
                let (less, more) =
                    rest.split_at(rest.partition_point(|other| key(other) < key(&place)));
                order.extend_from_slice(less);
                order.push(place);
                rest = more;
            }
            order.extend_from_slice(rest);
            order.into()
        })
    }

    /// Takes out rows as if they had never been logged: later versions of their paths move up. True when there were any.
    pub fn take_out(&mut self, is_out: impl Fn(&Artifact) -> bool) -> bool {
        let len = self.rows.len();
        self.rows.retain(|row| !is_out(row));
        if self.rows.len() == len {
            return false;
        }
        let rows = std::mem::take(&mut self.rows);
        self.paths.drop_it();
        self.order.drop_it();
        self.order_before.drop_it();
        for row in rows {
            self.push(row);
        }
        true
    }
}
