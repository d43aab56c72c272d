//! Buckets from pieces: nodes that were put together long ago, rows of today, the log's tail.
//!
//! The final width of the buckets is a function of the steps alone: the smallest power of two at which they are not too
//! many. A node no wider than that lies whole in one bucket and stands for its points. Whether it is no wider is not
//! known before; so the widest nodes are tried first, and where the outcome does not prove that they were narrow enough,
//! finer ones and at last the rows take their place.
//!
//! Invariant: the buckets are those of a fold over the points in the order of the log, bit for bit but for the rounding
//! of their sums, which are added up in another order.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::buckets::{Bucket, Bucketer};
use crate::history::Points;
use crate::source::{Chunk, ChunkSource, Nodes, SourceFault, Want};

/// What a stretch adds to a metric.
#[derive(Debug)]
pub enum Share {
    /// Its points, in the order of the log.
    Points(Points),
    /// Whole columns, which nobody else shares, in the order of the log.
    Columns(Vec<WholeColumn>),
    /// What its buckets are made of, in the order of the log.
    Pieces(Vec<Piece>),
}

/// A column of a chunk, all of whose rows are asked for.
pub struct WholeColumn {
    pub source: Arc<dyn ChunkSource>,
    pub chunk: Chunk,
    pub column: usize,
}

impl std::fmt::Debug for WholeColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WholeColumn")
            .field("chunk", &self.chunk)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

/// A part of a metric's buckets.
#[derive(Debug)]
pub enum Piece {
    /// Buckets that are no wider than the final ones, for certain.
    Fixed(Fixed),
    /// All points of a column.
    Nodes(NodePiece),
}

/// Buckets of a part of the points. With as many allowed as for all points, they are no wider than the final ones.
#[derive(Debug)]
pub struct Fixed {
    shift: u32,
    buckets: Vec<Bucket>,
}

/// A column of a chunk that has nodes.
pub struct NodePiece {
    pub source: Arc<dyn ChunkSource>,
    pub chunk: Chunk,
    pub column: usize,
    pub count_max: NonZeroUsize,
}

impl std::fmt::Debug for NodePiece {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodePiece")
            .field("chunk", &self.chunk)
            .field("column", &self.column)
            .finish_non_exhaustive()
    }
}

impl Fixed {
    /// The buckets as a piece, if there are any.
    pub fn of(bucketer: Bucketer) -> Option<Piece> {
        let fixed = Fixed::from(bucketer);
        (!fixed.buckets.is_empty()).then_some(Piece::Fixed(fixed))
    }
}

impl From<Bucketer> for Fixed {
    fn from(bucketer: Bucketer) -> Fixed {
        let shift = bucketer.shift();
        Fixed {
            shift,
            buckets: bucketer.finish(),
        }
    }
}

/// A piece as it is tried.
enum View<'a> {
    Fixed(&'a Fixed),
    /// A column's own rows, when its nodes were too wide.
    Rows(Fixed),
    Nodes {
        piece: &'a NodePiece,
        level: usize,
        nodes: Arc<Nodes>,
    },
}

impl View<'_> {
    fn shift(&self) -> u32 {
        match self {
            View::Fixed(fixed) => fixed.shift,
            View::Rows(fixed) => fixed.shift,
            View::Nodes { nodes, .. } => nodes.shift,
        }
    }

    fn buckets(&self) -> &[Bucket] {
        match self {
            View::Fixed(fixed) => &fixed.buckets,
            View::Rows(fixed) => &fixed.buckets,
            View::Nodes { nodes, .. } => &nodes.buckets,
        }
    }

    /// The next finer form of nodes; the others have none.
    fn refine(&mut self) -> Result<(), SourceFault> {
        let View::Nodes { piece, level, .. } = self else {
            return Ok(());
        };
        *self = match level.checked_sub(1) {
            Some(level) => piece.view(level)?,
            None => View::Rows(piece.rows()?),
        };
        Ok(())
    }
}

impl NodePiece {
    fn view(&self, level: usize) -> Result<View<'_>, SourceFault> {
        let nodes = self.source.nodes(&self.chunk, self.column, level)?;
        Ok(View::Nodes {
            piece: self,
            level,
            nodes,
        })
    }

    fn rows(&self) -> Result<Fixed, SourceFault> {
        let axes = self.source.axes(&self.chunk, Want::default())?;
        let values = self.source.values(&self.chunk, self.column)?;
        let mut bucketer = Bucketer::new(self.count_max);
        for (step, value) in axes.steps.iter().zip(&values) {
            bucketer.add(*step, *value);
        }
        Ok(bucketer.into())
    }
}

/// The buckets of all pieces together; a fault with the place of the piece that has it.
pub fn put_together(
    pieces: &[Piece],
    count_max: NonZeroUsize,
) -> Result<Vec<Bucket>, (usize, SourceFault)> {
    let mut views = Vec::with_capacity(pieces.len());
    for (at, piece) in pieces.iter().enumerate() {
        views.push(match piece {
            Piece::Fixed(fixed) => View::Fixed(fixed),
            Piece::Nodes(piece) => {
                let coarsest = piece.chunk.levels.saturating_sub(1);
                piece.view(coarsest).map_err(|fault| (at, fault))?
            }
        });
    }
    loop {
        let shift = views.iter().map(View::shift).max().unwrap_or(0);
        if let Some(buckets) = try_at(shift, &views, count_max) {
            return Ok(buckets);
        }
        for (at, view) in views.iter_mut().enumerate() {
            if view.shift() == shift {
                view.refine().map_err(|fault| (at, fault))?;
            }
        }
    }
}

/// The final buckets, when it is certain that they are at least as wide as this.
fn try_at(shift: u32, views: &[View<'_>], count_max: NonZeroUsize) -> Option<Vec<Bucket>> {
    let is_certain = shift == 0
        || views
            .iter()
            .any(|view| view.shift() == shift && !matches!(view, View::Nodes { .. }));
    let count: usize = views.iter().map(|view| view.buckets().len()).sum();
    // Where all of them fit at this width, a smaller one might do, too.
    if !is_certain && count <= count_max.get() {
        return None;
    }
    let mut bucketer = Bucketer::with_shift(count_max, shift);
    for bucket in views.iter().flat_map(View::buckets) {
        bucketer.add_bucket(bucket);
    }
    (is_certain || bucketer.shift() > shift).then(|| bucketer.finish())
}
