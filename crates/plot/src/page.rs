//! What a chart is drawn on.

use crate::theme::ThemeName;

/// What print shops ask for.
pub const DPI_DEFAULT: f64 = 300.0;

/// The size of a chart, what is above it and what it is made for.
#[derive(Clone, Debug)]
pub struct Page {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: Option<String>,
    pub(crate) theme: ThemeName,
}

/// Why a page cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PageError {
    /// Ask for a size between the two.
    #[error(
        "a chart is from {MIN_MM} to {MAX_MM} mm wide and high, not {width_mm} x {height_mm} mm"
    )]
    Size {
        /// Across, in mm.
        width_mm: f64,
        /// Down, in mm.
        height_mm: f64,
    },
}

const MIN_MM: f64 = 30.0;
const MAX_MM: f64 = 2000.0;

impl Page {
    /// A page of this size, in mm. Errors: one that nothing can be read on.
    pub fn new(width_mm: f64, height_mm: f64) -> Result<Page, PageError> {
        let is_fine = |mm: f64| (MIN_MM..=MAX_MM).contains(&mm);
        if !is_fine(width_mm) || !is_fine(height_mm) {
            return Err(PageError::Size {
                width_mm: (width_mm * 10.0).round() / 10.0,
                height_mm: (height_mm * 10.0).round() / 10.0,
            });
        }
        let points = |mm: f64| mm / 25.4 * 72.0;
        Ok(Page {
            width: points(width_mm),
            height: points(height_mm),
            title: None,
            theme: ThemeName::Light,
        })
    }

    /// With a line above.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Page {
        self.title = Some(title.into());
        self
    }

    /// For another ground.
    #[must_use]
    pub fn theme(mut self, theme: ThemeName) -> Page {
        self.theme = theme;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_nothing_can_be_read_on_is_refused() {
        assert!(Page::new(84.0, 60.0).is_ok());
        for (width, height) in [(5.0, 60.0), (84.0, 9000.0), (f64::NAN, 60.0)] {
            assert!(Page::new(width, height).is_err(), "{width} x {height}");
        }
    }
}
