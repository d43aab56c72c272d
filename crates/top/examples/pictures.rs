//! Draws screens of a made-up store as SVG files: `cargo run -p mltrack-top --example pictures -- [FOLDER]`. The pictures
//! in `docs/img` are these.

#[path = "../tests/support/sample.rs"]
mod sample;
#[path = "pictures/svg.rs"]
mod svg;

use std::error::Error;
use std::path::{Path, PathBuf};

use mltrack_top::{Look, Options, Still, Theme};

/// The name of the file, the size, and the keys that lead there.
const PICTURES: &[(&str, (u16, u16), &str)] = &[
    ("top-60x20", (60, 20), ""),
    ("top-120x40", (120, 40), "jxkssss"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let store = tempfile::tempdir()?;
    drop(sample::make(&store.path().join(".mltrack"))?);
    for (name, size, keys) in PICTURES {
        for (theme, ending) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let text = draw(store.path(), *size, keys, theme)?;
            std::fs::write(folder.join(format!("{name}-{ending}.svg")), text)?;
        }
    }
    Ok(())
}

fn draw(
    store: &Path,
    size: (u16, u16),
    keys: &str,
    theme: Theme,
) -> Result<String, Box<dyn Error>> {
    let tracker = mltrack::Tracker::builder(store.join(".mltrack"));
    let tracker = tracker.read_only(true).open()?;
    let options = Options {
        store: "digits".to_owned(),
        look: Look {
            theme,
            has_colour: true,
            ..Look::default()
        },
        ..Options::default()
    };
    let mut still = Still::at(tracker, &options, size, sample::NOW_NS)?;
    still.type_keys(keys)?;
    Ok(svg::picture(&still.buffer(), theme))
}
