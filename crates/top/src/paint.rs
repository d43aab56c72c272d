//! A screen as text: plain, or with codes for colours.

use std::fmt::Write as _;

use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::style::{Color, Modifier};

/// Lines without blanks at their ends.
pub fn plain(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(Cell::symbol).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The same in colours.
pub fn coloured(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let len = row
            .iter()
            .rposition(|cell| !is_blank(cell))
            .map_or(0, |at| at + 1);
        let mut before = String::new();
        for cell in &row[..len] {
            let code = code(cell);
            if code != before {
                write!(text, "\u{1b}[0{code}m").expect("a string takes everything");
                before = code;
            }
            text.push_str(cell.symbol());
        }
        if !before.is_empty() {
            text.push_str("\u{1b}[0m");
        }
        text.push('\n');
    }
    text
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer
        .content()
        .chunks(usize::from(buffer.area.width).max(1))
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " "
        && !cell
            .modifier
            .intersects(Modifier::REVERSED | Modifier::UNDERLINED)
}

/// What stands behind the `0` of a code that turns everything else off.
fn code(cell: &Cell) -> String {
    let modifiers = [
        (Modifier::BOLD, ";1"),
        (Modifier::DIM, ";2"),
        (Modifier::UNDERLINED, ";4"),
        (Modifier::REVERSED, ";7"),
    ];
    let on = modifiers
        .iter()
        .filter(|(modifier, _)| cell.modifier.contains(*modifier));
    let mut code: String = on.map(|(_, code)| *code).collect();
    if let Some(number) = number(cell.fg) {
        write!(code, ";{number}").expect("a string takes everything");
    }
    code
}

/// Of the sixteen colours that the view uses.
fn number(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 30,
        Color::Red => 31,
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Blue => 34,
        Color::Magenta => 35,
        Color::Cyan => 36,
        Color::LightRed => 91,
        Color::LightGreen => 92,
        Color::LightYellow => 93,
        Color::LightBlue => 94,
        Color::LightMagenta => 95,
        Color::LightCyan => 96,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui_core::layout::Rect;
    use ratatui_core::style::Style;

    use super::*;

    #[test]
    fn codes_stand_where_looks_change_and_blanks_at_the_end_are_left_out() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        buffer.set_string(0, 0, "ab", red);
        buffer.set_string(2, 0, "c", Style::new());
        assert_eq!(plain(&buffer), "abc\n\n");
        assert_eq!(coloured(&buffer), "\u{1b}[0;1;31mab\u{1b}[0mc\n\n");
    }
}
