//! Charts as files: numbers in, an SVG or a PNG out.
//!
//! 1. A chart is a pure function of its arguments: the same data gives the same bytes, on every machine.
//! 2. Both forms are made from one [`Picture`], letters included, so they look the same wherever they are shown.
//! 3. Colour is never alone: a line has dashes and markers of its own, a shade has a number or a scale beside it.
//! 4. Thinning keeps the first, lowest, highest and last value of every stretch, so that no spike is lost.
//! 5. No text lies on another one, and none is smaller than 7 pt: names give way in their middle, ticks become fewer.
#![deny(missing_docs)]

mod axes;
mod bars;
mod canvas;
mod clock;
mod colour;
mod confusion;
mod curves;
mod font;
mod heat;
mod legend;
mod number;
mod page;
mod paper;
mod parallel;
mod picture;
mod png;
mod scale;
mod scatter;
mod scene;
mod smooth;
mod spread;
mod strip;
mod svg;
mod theme;
mod thin;
mod ticks;

pub use bars::{Bar, Bars};
pub use colour::{Look, look_at, look_of, looks_of};
pub use confusion::{Confusion, Share};
pub use curves::{Curves, Line, Panel, Reach};
pub use heat::{HeatPanel, Heats, Slice};
pub use number::short_number;
pub use page::{DPI_DEFAULT, Page, PageError};
pub use parallel::{Parallel, ParallelAxis, ParallelRow};
pub use picture::Picture;
pub use png::PngError;
pub use scale::Scale;
pub use scatter::{Dot, Scatter};
pub use smooth::smoothed;
pub use spread::{Middle, Ribbon, Spread, ribbon, spread};
pub use theme::ThemeName;
pub use thin::thinned;
