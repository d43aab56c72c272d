//! Tables for people: columns fitted to the width there is.
//!
//! 1. No line is wider than asked, unless the first column alone is.
//! 2. Numbers stand right and are never cut. What is cut ends in an ellipsis; a column that finds no room is counted
//!    below the table, so nothing vanishes without a word.

use super::push_line;
use super::style::{Tone, paint};

const GAP: &str = "  ";
const INDENT: &str = "  ";
/// A column is not cut below this.
const CUT_WIDTH_MIN: usize = 8;

#[derive(Clone, Debug)]
pub struct Column {
    pub title: String,
    pub is_number: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Lines below the table: counts, what is hidden and how to see it.
    pub notes: Vec<String>,
}

impl Column {
    pub fn text(title: &str) -> Column {
        Column {
            title: title.to_owned(),
            is_number: false,
        }
    }

    pub fn number(title: &str) -> Column {
        Column {
            title: title.to_owned(),
            is_number: true,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell {
            text: text.into(),
            tone: Tone::Plain,
        }
    }
}

impl Cell {
    pub fn toned(text: impl Into<String>, tone: Tone) -> Cell {
        Cell {
            text: text.into(),
            tone,
        }
    }
}

impl Table {
    /// The text for a terminal of `width` characters.
    pub fn fitted(&self, width: usize, colour: bool) -> String {
        let (widths, hidden) = fit(&self.wants(), width.saturating_sub(INDENT.len()));
        let mut text = String::new();
        if !self.rows.is_empty() {
            let titles = self
                .columns
                .iter()
                .map(|column| Cell::toned(&column.title, Tone::Dim));
            text.push_str(&self.line(&titles.collect::<Vec<_>>(), &widths, colour));
            for row in &self.rows {
                text.push_str(&self.line(row, &widths, colour));
            }
        }
        if hidden > 0 {
            push_line(
                &mut text,
                &format!(
                    "{INDENT}{hidden} columns find no room; a wider terminal or --md shows them"
                ),
            );
        }
        for note in &self.notes {
            push_line(
                &mut text,
                &format!("{INDENT}{}", paint(note, Tone::Dim, colour)),
            );
        }
        text
    }

    /// Nothing is cut.
    pub fn markdown(&self) -> String {
        let escape = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(
            self.columns
                .iter()
                .map(|column| escape(&column.title))
                .collect(),
        );
        let rule = |column: &Column| if column.is_number { "---:" } else { "---" }.to_owned();
        text.push_str(&line(self.columns.iter().map(rule).collect()));
        for row in &self.rows {
            text.push_str(&line(row.iter().map(|cell| escape(&cell.text)).collect()));
        }
        text
    }

    /// A number that is cut is another number, and the first column says which row it is: neither gives
    /// way. Titles and texts do.
    fn wants(&self) -> Vec<Want> {
        let want = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| width_of(&cell.text)).max().unwrap_or(0);
            let natural = widest.max(width_of(&column.title));
            let least = match at {
                0 => natural,
                _ if column.is_number => widest.max(natural.min(CUT_WIDTH_MIN)),
                _ => natural.min(CUT_WIDTH_MIN),
            };
            Want { natural, least }
        };
        self.columns.iter().enumerate().map(want).collect()
    }

    fn line(&self, cells: &[Cell], widths: &[usize], colour: bool) -> String {
        let mut text = INDENT.to_owned();
        for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let shown = cut(&cell.text, *width);
            let blanks = " ".repeat(width.saturating_sub(width_of(&shown)));
            let painted = paint(&shown, cell.tone, colour);
            let gap = if index == 0 { "" } else { GAP };
            text.push_str(gap);
            if self.columns[index].is_number {
                text.push_str(&blanks);
                text.push_str(&painted);
            } else {
                text.push_str(&painted);
                text.push_str(&blanks);
            }
        }
        format!("{}\n", text.trim_end())
    }
}

/// What a column would like to have, and what it must have.
#[derive(Clone, Copy, Debug)]
struct Want {
    natural: usize,
    least: usize,
}

/// Widths for as many columns as find room, and how many do not. The widest gives way first.
fn fit(wants: &[Want], room: usize) -> (Vec<usize>, usize) {
    let mut shown = wants.len();
    loop {
        let mut widths: Vec<usize> = wants[..shown].iter().map(|want| want.natural).collect();
        let total: usize = widths.iter().map(|width| width + GAP.len()).sum();
        let mut excess = total.saturating_sub(room + GAP.len());
        while excess > 0 {
            let has_slack = |at: &usize| widths[*at] > wants[*at].least;
            let Some(widest) = (0..shown).filter(has_slack).max_by_key(|at| widths[*at]) else {
                break;
            };
            widths[widest] -= 1;
            excess -= 1;
        }
        if excess == 0 || shown <= 1 {
            return (widths, wants.len() - shown);
        }
        shown -= 1;
    }
}

fn width_of(text: &str) -> usize {
    text.chars().count()
}

fn cut(text: &str, width: usize) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if width_of(&text) <= width {
        return text;
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table {
            columns: vec![
                Column::text("run"),
                Column::text("note"),
                Column::number("loss"),
            ],
            rows: vec![
                vec![
                    "a3f9".into(),
                    "a rather long remark about it".into(),
                    "0.5".into(),
                ],
                vec!["91c2".into(), "short".into(), "12.25".into()],
            ],
            notes: vec!["2 of 2 runs".to_owned()],
        }
    }

    #[test]
    fn a_table_with_room_is_not_cut() {
        assert_eq!(
            table().fitted(80, false),
            "  run   note                            loss\n\
             \x20 a3f9  a rather long remark about it    0.5\n\
             \x20 91c2  short                          12.25\n\
             \x20 2 of 2 runs\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in 12..60 {
            let text = table().fitted(width, false);
            let rows: Vec<&str> = text.lines().take(3).collect();
            assert!(
                rows.iter().all(|line| line.chars().count() <= width),
                "{width}\n{text}"
            );
        }
        assert!(table().fitted(30, false).contains('…'));
    }

    #[test]
    fn a_column_without_room_is_counted() {
        assert!(
            table().fitted(14, false).contains("columns find no room"),
            "{}",
            table().fitted(14, false)
        );
    }

    #[test]
    fn neither_a_number_nor_the_first_column_is_ever_cut() {
        let mut table = table();
        table.columns[2].title = "a_title_longer_than_its_numbers".to_owned();
        for width in 10..80 {
            let text = table.fitted(width, false);
            assert!(
                text.contains("a3f9") && text.contains("91c2"),
                "{width}\n{text}"
            );
            assert!(
                text.contains("12.25") || text.contains("find no room"),
                "{width}\n{text}"
            );
        }
    }

    #[test]
    fn an_empty_table_has_notes_only() {
        let table = Table {
            rows: Vec::new(),
            ..table()
        };
        assert_eq!(table.fitted(80, false), "  2 of 2 runs\n");
    }

    #[test]
    fn colour_does_not_move_columns() {
        let plain = table().fitted(80, false);
        let painted = table()
            .fitted(80, true)
            .replace("\x1b[2m", "")
            .replace("\x1b[0m", "");
        assert_eq!(plain, painted);
    }

    #[test]
    fn markdown_keeps_its_bars() {
        let mut table = table();
        table.rows[0][1] = "a|b".into();
        let text = table.markdown();
        assert!(
            text.starts_with(
                "| run | note | loss |\n| --- | --- | ---: |\n| a3f9 | a\\|b | 0.5 |\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(cut("a\x1b[2Jb\nc", 20), "a [2Jb c");
    }
}
