//! The colours of what is around the data.

use crate::colour::{DARK, Ink, LIGHT, ink};

/// What a chart is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// A bright screen.
    #[default]
    Light,
    /// A dark one.
    Dark,
    /// Paper: black on white, without a grid.
    Print,
}

#[derive(Debug)]
pub struct Theme {
    pub ground: Ink,
    pub text: Ink,
    pub soft: Ink,
    pub axis: Ink,
    pub grid: Option<Ink>,
    pub palette: &'static [Ink; 8],
}

static LIGHT_THEME: Theme = Theme {
    ground: ink(0x00ff_ffff),
    text: ink(0x0016_191f),
    soft: ink(0x004a_5260),
    axis: ink(0x0086_8f9c),
    grid: Some(ink(0x00e4_e8ed)),
    palette: &LIGHT,
};
static DARK_THEME: Theme = Theme {
    ground: ink(0x0018_1c22),
    text: ink(0x00e8_ebef),
    soft: ink(0x00b4_bcc8),
    axis: ink(0x006f_7988),
    grid: Some(ink(0x002c_333c)),
    palette: &DARK,
};
static PRINT_THEME: Theme = Theme {
    ground: ink(0x00ff_ffff),
    text: ink(0),
    soft: ink(0x0022_2222),
    axis: ink(0),
    grid: None,
    palette: &LIGHT,
};

impl ThemeName {
    pub(crate) fn theme(self) -> &'static Theme {
        match self {
            ThemeName::Light => &LIGHT_THEME,
            ThemeName::Dark => &DARK_THEME,
            ThemeName::Print => &PRINT_THEME,
        }
    }
}
