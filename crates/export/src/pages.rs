//! Tables for pages that people read: Markdown and LaTeX.
//!
//! Invariants: whatever stands in a name, it can neither end a cell nor begin a command; a number is the shortest text
//! that is read back as the same number.

use std::io::{self, Write};

use crate::table::{Cell, Column, Kind};

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// As GitHub reads it.
    Markdown,
    /// A `tabular` that wants the package `booktabs`.
    Latex,
}

impl Page {
    /// Writes a table.
    pub fn write(
        self,
        out: &mut dyn Write,
        columns: &[Column],
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> io::Result<()> {
        self.head(out, columns)?;
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| self.cell(cell)).collect();
            self.line(out, &cells)?;
        }
        if self == Page::Latex {
            out.write_all(b"\\bottomrule\n\\end{tabular}\n")?;
        }
        out.flush()
    }

    fn head(self, out: &mut dyn Write, columns: &[Column]) -> io::Result<()> {
        let titles: Vec<String> = columns
            .iter()
            .map(|column| self.text(&column.name))
            .collect();
        if self == Page::Markdown {
            self.line(out, &titles)?;
            let rule = |column: &Column| if is_right(column) { "---:" } else { "---" }.to_owned();
            return self.line(out, &columns.iter().map(rule).collect::<Vec<_>>());
        }
        let places = columns
            .iter()
            .map(|column| if is_right(column) { 'r' } else { 'l' });
        let places: String = places.collect();
        writeln!(out, "% needs \\usepackage{{booktabs}}")?;
        writeln!(out, "\\begin{{tabular}}{{{places}}}\n\\toprule")?;
        self.line(out, &titles)?;
        writeln!(out, "\\midrule")
    }

    fn line(self, out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
        match self {
            Page::Markdown => writeln!(out, "| {} |", cells.join(" | ")),
            Page::Latex => writeln!(out, "{} \\\\", cells.join(" & ")),
        }
    }

    fn cell(self, cell: &Cell) -> String {
        match cell {
            Cell::Null => String::new(),
            Cell::Text(text) => self.text(text),
            Cell::Int(number) => self.number(&number.to_string()),
            Cell::Whole(number) => self.number(&number.to_string()),
            Cell::Real(number) => self.number(&format!("{number:?}")),
            Cell::Time(time_ns) => self.text(&mltrack::WallTime(*time_ns).to_string()),
            Cell::Bool(flag) => flag.to_string(),
        }
    }

    fn text(self, text: &str) -> String {
        match self {
            Page::Markdown => text.chars().map(markdown).collect(),
            Page::Latex => text.chars().map(latex).collect(),
        }
    }

    fn number(self, number: &str) -> String {
        if self == Page::Markdown {
            return number.to_owned();
        }
        match number.split_once('e') {
            Some((digits, power)) => format!("${digits} \\times 10^{{{power}}}$"),
            None if number == "NaN" => number.to_owned(),
            None => format!("${}$", number.replace("inf", "\\infty")),
        }
    }
}

fn is_right(column: &Column) -> bool {
    matches!(column.kind, Kind::Int | Kind::Whole | Kind::Real)
}

fn markdown(character: char) -> String {
    match character {
        '\n' => "<br>".to_owned(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' | '$' => {
            format!("\\{character}")
        }
        _ if character.is_control() => " ".to_owned(),
        _ => character.to_string(),
    }
}

fn latex(character: char) -> String {
    match character {
        '\\' => "\\textbackslash{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        '<' => "\\textless{}".to_owned(),
        '>' => "\\textgreater{}".to_owned(),
        '|' => "\\textbar{}".to_owned(),
        '"' => "\\textquotedbl{}".to_owned(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{character}"),
        // At the beginning of a row they would belong to the end of the one before.
        '[' | ']' | '*' => format!("{{{character}}}"),
        _ if character.is_control() => " ".to_owned(),
        _ => character.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(page: Page, rows: Vec<Vec<Cell>>) -> String {
        let columns = [
            Column::new("name", Kind::Text),
            Column::new("params.lr_x", Kind::Real),
        ];
        let mut out = Vec::new();
        page.write(&mut out, &columns, rows.into_iter()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn markdown_keeps_cells_apart_whatever_is_in_them() {
        let rows = vec![
            vec!["a|b\n<i>*_".into(), Cell::Real(1e-7)],
            vec![Cell::Null, Cell::Real(-0.0)],
        ];
        assert_eq!(
            written(Page::Markdown, rows),
            "| name | params.lr\\_x |\n| --- | ---: |\n| a\\|b<br>&lt;i&gt;\\*\\_ | 1e-7 |\n|  | -0.0 |\n"
        );
    }

    #[test]
    fn latex_has_rules_and_numbers_in_math() {
        let rows = vec![
            vec!["[50%_a&b\\".into(), Cell::Real(1e-7)],
            vec!["x".into(), Cell::Real(f64::NEG_INFINITY)],
            vec!["y".into(), Cell::Real(f64::NAN)],
        ];
        assert_eq!(
            written(Page::Latex, rows),
            "% needs \\usepackage{booktabs}\n\\begin{tabular}{lr}\n\\toprule\nname & params.lr\\_x \\\\\n\\midrule\n\
             {[}50\\%\\_a\\&b\\textbackslash{} & $1 \\times 10^{-7}$ \\\\\nx & $-\\infty$ \\\\\ny & NaN \\\\\n\
             \\bottomrule\n\\end{tabular}\n"
        );
    }
}
