//! A screen as an SVG file, in the colours of a terminal whose palette can be told apart by everybody.

use std::fmt::Write as _;

use mltrack_top::Theme;
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::style::{Color, Modifier};

const CELL: (f64, f64) = (8.4, 18.0);
const MARGIN: f64 = 10.0;

/// Text and background.
fn ground(theme: Theme) -> (&'static str, &'static str) {
    match theme {
        Theme::Dark => ("#d8dce2", "#14171c"),
        Theme::Light => ("#22262c", "#fbfbf9"),
    }
}

/// The terminal's own colours, after Okabe and Ito.
fn colour(theme: Theme, colour: Color) -> &'static str {
    match (theme, colour) {
        (Theme::Dark, Color::Green) => "#2bbd8e",
        (Theme::Dark, Color::Red) => "#ff7a45",
        (Theme::Dark, Color::Yellow) => "#f0b83c",
        (Theme::Dark, Color::LightCyan) => "#6cc5f7",
        (Theme::Dark, Color::LightMagenta) => "#e69ac8",
        (Theme::Dark, Color::LightBlue) => "#5a9be0",
        (Theme::Dark, Color::LightGreen) => "#5fdcb3",
        (Theme::Dark, Color::LightRed) => "#ff9d75",
        (Theme::Light, Color::Green) => "#00775a",
        (Theme::Light, Color::Red) => "#c2500a",
        (Theme::Light, Color::Magenta) => "#a8427d",
        (Theme::Light, Color::Blue) => "#0b62a4",
        (Theme::Light, Color::Cyan) => "#0a86b0",
        (Theme::Light, Color::Black) => "#000000",
        (theme, _) => ground(theme).0,
    }
}

/// The whole screen.
pub fn picture(buffer: &Buffer, theme: Theme) -> String {
    let (columns, lines) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (
        columns * CELL.0 + 2.0 * MARGIN,
        lines * CELL.1 + 2.0 * MARGIN,
    );
    let (_, back) = ground(theme);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{back}\"/>\n"
    );
    let rows = buffer.content().chunks(usize::from(buffer.area.width));
    for (y, row) in rows.enumerate() {
        for (x, len) in stretches(row) {
            stretch(&mut text, &row[x..x + len], (x, y), theme);
        }
    }
    text.push_str("</svg>\n");
    text
}

/// Neighbours that look alike: where the first is, and how many there are.
fn stretches(row: &[Cell]) -> Vec<(usize, usize)> {
    let look = |cell: &Cell| (cell.fg, cell.modifier);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (x, cell) in row.iter().enumerate() {
        match found.last_mut() {
            Some((first, len)) if look(&row[*first]) == look(cell) => *len += 1,
            _ => found.push((x, 1)),
        }
    }
    found
}

fn stretch(text: &mut String, cells: &[Cell], (x, y): (usize, usize), theme: Theme) {
    let first = &cells[0];
    let (front, back) = ground(theme);
    let has = |modifier| first.modifier.contains(modifier);
    let (left, top) = (MARGIN + x as f64 * CELL.0, MARGIN + y as f64 * CELL.1);
    let width = cells.len() as f64 * CELL.0;
    let mut fill = match first.fg {
        Color::Reset => front,
        named => colour(theme, named),
    };
    if has(Modifier::REVERSED) {
        let frame = format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{fill}\"/>\n",
            CELL.1
        );
        text.push_str(&frame);
        fill = back;
    }
    let letters: String = cells.iter().map(Cell::symbol).collect();
    if has(Modifier::UNDERLINED) {
        let line = top + CELL.1 - 1.5;
        writeln!(
            text,
            "<path d=\"M{left:.1} {line:.1}h{width:.1}\" stroke=\"{fill}\" stroke-opacity=\"0.5\"/>"
        )
        .expect("a string takes everything");
    }
    if letters.trim().is_empty() {
        return;
    }
    dots_and_letters(text, cells, (left, top), (fill, first.modifier));
}

/// Braille dots are drawn as dots: not every font has them.
fn dots_and_letters(
    text: &mut String,
    cells: &[Cell],
    (left, top): (f64, f64),
    (fill, modifier): (&str, Modifier),
) {
    let opacity = if modifier.contains(Modifier::DIM) {
        " fill-opacity=\"0.62\""
    } else {
        ""
    };
    let weight = if modifier.contains(Modifier::BOLD) {
        " font-weight=\"700\""
    } else {
        ""
    };
    let mut letters = String::new();
    let mut dots = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let letter = cell.symbol().chars().next().unwrap_or(' ');
        let bits = (letter as u32).wrapping_sub(0x2800);
        if bits < 256 {
            letters.push(' ');
            braille(&mut dots, bits, (left + index as f64 * CELL.0, top));
        } else {
            letters.push_str(cell.symbol());
        }
    }
    if !dots.is_empty() {
        writeln!(text, "<path fill=\"{fill}\"{opacity} d=\"{dots}\"/>")
            .expect("a string takes everything");
    }
    let trimmed = letters.trim_end();
    if !trimmed.trim().is_empty() {
        let blanks = trimmed.chars().take_while(|letter| *letter == ' ').count();
        let (x, y) = (left + blanks as f64 * CELL.0, top + 13.5);
        let shown = trimmed.trim_start();
        let length = shown.chars().count() as f64 * CELL.0;
        let shown = shown
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            // Blanks side by side would become one.
            .replace(' ', "\u{a0}");
        writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{opacity}{weight}>{shown}</text>"
        )
        .expect("a string takes everything");
    }
}

fn braille(dots: &mut String, bits: u32, (left, top): (f64, f64)) {
    const PLACES: [(u32, usize, usize); 8] = [
        (0x01, 0, 0),
        (0x02, 0, 1),
        (0x04, 0, 2),
        (0x40, 0, 3),
        (0x08, 1, 0),
        (0x10, 1, 1),
        (0x20, 1, 2),
        (0x80, 1, 3),
    ];
    for (bit, column, row) in PLACES {
        if bits & bit != 0 {
            let x = left + CELL.0 * (0.25 + 0.5 * column as f64) - 1.3;
            let y = top + CELL.1 * (0.125 + 0.25 * row as f64) - 1.3;
            write!(dots, "M{x:.1} {y:.1}h2.6v2.6h-2.6z").expect("a string takes everything");
        }
    }
}
