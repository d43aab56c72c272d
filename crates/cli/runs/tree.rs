//! Runs as a forest: children below their parents.
//!
//! Invariant: every row is there once. A run whose parent is not in the list stands at the top.

use std::collections::HashMap;

use super::row::RunRow;
use crate::plot::Glyphs;

/// What stands before a row: a way on or a blank below each ancestor, and the branch to the row itself.
struct Marks {
    onward: &'static str,
    blank: &'static str,
    branch: &'static str,
    last: &'static str,
}

const BOXES: Marks = Marks {
    onward: "│ ",
    blank: "  ",
    branch: "├─",
    last: "└─",
};
const LETTERS: Marks = Marks {
    onward: "| ",
    blank: "  ",
    branch: "|-",
    last: "`-",
};

/// The rows with children behind their parents, siblings in the order given, and each with its branch before its
/// title. At most `roots_max` trees.
pub fn arranged(rows: Vec<RunRow>, roots_max: usize, glyphs: Glyphs) -> Vec<RunRow> {
    let marks = match glyphs {
        Glyphs::Braille => BOXES,
        Glyphs::Ascii => LETTERS,
    };
    let known: HashMap<&str, usize> = rows
        .iter()
        .enumerate()
        .map(|(at, row)| (row.id.as_str(), at))
        .collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    let mut roots = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        match row.parent.as_deref().and_then(|parent| known.get(parent)) {
            Some(parent) => children[*parent].push(at),
            None => roots.push(at),
        }
    }
    roots.truncate(roots_max);
    let places = walk(&roots, &children, &marks);
    let mut rows: Vec<Option<RunRow>> = rows.into_iter().map(Some).collect();
    let shown = places.into_iter().filter_map(|(at, branch)| {
        let row = rows[at].take()?;
        Some(RunRow { branch, ..row })
    });
    shown.collect()
}

/// A stack of its own: nothing says how deep runs may be nested.
fn walk(roots: &[usize], children: &[Vec<usize>], marks: &Marks) -> Vec<(usize, String)> {
    let mut places = Vec::with_capacity(children.len());
    // A row, what stands before its own branch, and the branch.
    let mut waiting: Vec<(usize, String, &str)> = roots
        .iter()
        .rev()
        .map(|at| (*at, String::new(), ""))
        .collect();
    while let Some((at, before, branch)) = waiting.pop() {
        let below = match branch {
            "" => before.clone(),
            _ if branch == marks.last => format!("{before}{}", marks.blank),
            _ => format!("{before}{}", marks.onward),
        };
        for (index, child) in children[at].iter().enumerate().rev() {
            let is_last = index + 1 == children[at].len();
            let branch = if is_last { marks.last } else { marks.branch };
            waiting.push((*child, below.clone(), branch));
        }
        places.push((at, format!("{before}{branch}")));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::super::row::tests::row;
    use super::*;

    fn rows(names: &[(&str, Option<&str>)]) -> Vec<RunRow> {
        let row = |(name, parent): &(&str, Option<&str>)| RunRow {
            id: (*name).to_owned(),
            parent: parent.map(str::to_owned),
            ..row(name, None)
        };
        names.iter().map(row).collect()
    }

    fn shown(names: &[(&str, Option<&str>)], roots_max: usize) -> Vec<String> {
        let rows = arranged(rows(names), roots_max, Glyphs::Ascii);
        let line = |row: &RunRow| format!("{}{}", row.branch, row.name);
        rows.iter().map(line).collect()
    }

    #[test]
    fn children_stand_below_their_parents_with_a_branch() {
        let names = [
            ("d", Some("b")),
            ("c", Some("a")),
            ("b", Some("a")),
            ("a", None),
            ("x", Some("gone")),
        ];
        assert_eq!(shown(&names, usize::MAX), ["a", "|-c", "`-b", "  `-d", "x"]);
        assert_eq!(shown(&names, 1), ["a", "|-c", "`-b", "  `-d"]);
    }

    #[test]
    fn a_branch_goes_on_beside_the_children_of_a_sibling() {
        let names = [
            ("a", None),
            ("b", Some("a")),
            ("c", Some("b")),
            ("d", Some("a")),
        ];
        assert_eq!(shown(&names, usize::MAX), ["a", "|-b", "| `-c", "`-d"]);
    }
}
