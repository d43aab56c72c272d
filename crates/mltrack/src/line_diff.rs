//! In which lines two texts differ, as few as can be found in reasonable time (Myers), and the unified form of it.
//!
//! Invariant: what is the same and what is removed make the first text, what is the same and what is added the second,
//! in order.

use std::fmt::Write as _;

/// Beyond so many edits the lines are told as all removed and all added: time and memory grow with their square.
const EDITS_MAX: usize = 1_000;
/// Equal lines that stand around what differs.
const CONTEXT: usize = 3;

/// A line of one text or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit<'a> {
    Same(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// How the first list of lines becomes the second.
pub(crate) fn edits<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Edit<'a>> {
    let pairs = || before.iter().zip(after);
    let head = pairs().take_while(|(one, other)| one == other).count();
    let (rest, others) = (&before[head..], &after[head..]);
    let ends = rest.iter().rev().zip(others.iter().rev());
    let tail = ends.take_while(|(one, other)| one == other).count();
    let (rest, last) = rest.split_at(rest.len() - tail);
    let others = &others[..others.len() - tail];
    let same = |line: &&'a str| Edit::Same(line);
    let mut edits: Vec<Edit<'a>> = before[..head].iter().map(same).collect();
    edits.extend(shortest(rest, others).unwrap_or_else(|| replaced(rest, others)));
    edits.extend(last.iter().map(same));
    edits
}

fn replaced<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Edit<'a>> {
    let removed = before.iter().map(|line| Edit::Removed(line));
    let added = after.iter().map(|line| Edit::Added(line));
    removed.chain(added).collect()
}

/// How far each diagonal was reached with so many edits: diagonals from `-reach` to `reach`.
struct Front {
    furthest: Vec<isize>,
    reach: isize,
}

impl Front {
    fn get(&self, diagonal: isize) -> isize {
        self.furthest[(diagonal + self.reach) as usize]
    }

    fn set(&mut self, diagonal: isize, place: isize) {
        self.furthest[(diagonal + self.reach) as usize] = place;
    }

    /// From which diagonal one more edit leads to this one.
    fn origin(&self, diagonal: isize, edit_count: isize) -> isize {
        let is_added = diagonal == -edit_count
            || (diagonal != edit_count && self.get(diagonal - 1) < self.get(diagonal + 1));
        if is_added { diagonal + 1 } else { diagonal - 1 }
    }

    /// The part that so many edits look at.
    fn part(&self, reach: isize) -> Front {
        let first = (self.reach - reach) as usize;
        let last = (self.reach + reach) as usize;
        Front {
            furthest: self.furthest[first..=last].to_vec(),
            reach,
        }
    }
}

/// The fewest edits; `None` when they are more than the limit.
fn shortest<'a>(before: &[&'a str], after: &[&'a str]) -> Option<Vec<Edit<'a>>> {
    let (end, other_end) = (before.len() as isize, after.len() as isize);
    let edit_count_max = (before.len() + after.len()).min(EDITS_MAX) as isize;
    let reach = edit_count_max + 1;
    let mut front = Front {
        furthest: vec![0; (2 * reach + 1) as usize],
        reach,
    };
    let mut fronts = Vec::new();
    for edit_count in 0..=edit_count_max {
        fronts.push(front.part(edit_count + 1));
        for diagonal in (-edit_count..=edit_count).step_by(2) {
            let origin = front.origin(diagonal, edit_count);
            let mut place = front.get(origin) + isize::from(origin < diagonal);
            let is_same = |place: isize| {
                let other = place - diagonal;
                (0..end).contains(&place)
                    && (0..other_end).contains(&other)
                    && before[place as usize] == after[other as usize]
            };
            while is_same(place) {
                place += 1;
            }
            front.set(diagonal, place);
            if place >= end && place - diagonal >= other_end {
                return Some(walked_back(before, after, &fronts));
            }
        }
    }
    None
}

/// The way that led to the end, read from there.
fn walked_back<'a>(before: &[&'a str], after: &[&'a str], fronts: &[Front]) -> Vec<Edit<'a>> {
    let (mut place, mut other) = (before.len() as isize, after.len() as isize);
    let mut edits = Vec::new();
    for (edit_count, front) in fronts.iter().enumerate().rev() {
        let diagonal = place - other;
        let origin = front.origin(diagonal, edit_count as isize);
        let (from, other_from) = (front.get(origin), front.get(origin) - origin);
        while place > from.max(0) && other > other_from.max(0) {
            place -= 1;
            other -= 1;
            edits.push(Edit::Same(before[place as usize]));
        }
        if edit_count == 0 {
            break;
        }
        if origin > diagonal {
            other -= 1;
            edits.push(Edit::Added(after[other as usize]));
        } else {
            place -= 1;
            edits.push(Edit::Removed(before[place as usize]));
        }
    }
    edits.reverse();
    edits
}

/// What differs, with some equal lines around it, as `diff -u` writes it but for the names of the files.
pub(crate) fn unified(edits: &[Edit<'_>]) -> String {
    let mut text = String::new();
    let (mut at, mut places) = (0, (0, 0));
    while let Some(next) = edits[at..].iter().position(is_change) {
        let first = (at + next).saturating_sub(CONTEXT).max(at);
        for edit in &edits[at..first] {
            places = behind(places, *edit);
        }
        let end = end_of_hunk(edits, at + next);
        push_hunk(&mut text, &edits[first..end], places);
        for edit in &edits[first..end] {
            places = behind(places, *edit);
        }
        at = end;
    }
    text
}

fn is_change(edit: &Edit<'_>) -> bool {
    !matches!(edit, Edit::Same(_))
}

/// Behind the last change that so few equal lines part from the one before, and what stands around it.
fn end_of_hunk(edits: &[Edit<'_>], change: usize) -> usize {
    let mut last = change;
    for (at, edit) in edits.iter().enumerate().skip(change) {
        if is_change(edit) {
            last = at;
        } else if at - last > 2 * CONTEXT {
            break;
        }
    }
    (last + 1 + CONTEXT).min(edits.len())
}

fn behind((before, after): (usize, usize), edit: Edit<'_>) -> (usize, usize) {
    match edit {
        Edit::Same(_) => (before + 1, after + 1),
        Edit::Removed(_) => (before + 1, after),
        Edit::Added(_) => (before, after + 1),
    }
}

fn push_hunk(text: &mut String, edits: &[Edit<'_>], start: (usize, usize)) {
    let end = edits.iter().copied().fold(start, behind);
    let range = |start: usize, end: usize| {
        let first = if start == end { start } else { start + 1 };
        format!("{first},{}", end - start)
    };
    let (before, after) = (range(start.0, end.0), range(start.1, end.1));
    writeln!(text, "@@ -{before} +{after} @@").expect("a string takes every text");
    for edit in edits {
        let (sign, line) = match edit {
            Edit::Same(line) => (' ', line),
            Edit::Removed(line) => ('-', line),
            Edit::Added(line) => ('+', line),
        };
        writeln!(text, "{sign}{line}").expect("a string takes every text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lists of up to four lines of two kinds.
    fn lists() -> Vec<Vec<&'static str>> {
        let mut lists = vec![Vec::new()];
        let mut longest = lists.clone();
        for _ in 0..4 {
            let longer = longest.iter().flat_map(|list| {
                let with = |line| list.iter().copied().chain([line]).collect::<Vec<_>>();
                [with("a"), with("b")]
            });
            longest = longer.collect();
            lists.extend(longest.clone());
        }
        lists
    }

    #[test]
    fn edits_make_both_texts_and_are_the_fewest() {
        for before in lists() {
            for after in lists() {
                let edits = edits(&before, &after);
                let sides = edits.iter().fold((vec![], vec![]), |mut sides, edit| {
                    match edit {
                        Edit::Same(line) => {
                            sides.0.push(*line);
                            sides.1.push(*line);
                        }
                        Edit::Removed(line) => sides.0.push(*line),
                        Edit::Added(line) => sides.1.push(*line),
                    }
                    sides
                });
                assert_eq!(sides, (before.clone(), after.clone()));
                let count = edits.iter().filter(|edit| is_change(edit)).count();
                assert_eq!(count, fewest(&before, &after), "{before:?} {after:?}");
            }
        }
    }

    /// By trying everything.
    fn fewest(before: &[&str], after: &[&str]) -> usize {
        match (before.split_first(), after.split_first()) {
            (None, _) => after.len(),
            (_, None) => before.len(),
            (Some((one, rest)), Some((other, others))) if one == other => fewest(rest, others),
            (Some((_, rest)), Some((_, others))) => {
                1 + fewest(rest, after).min(fewest(before, others))
            }
        }
    }

    #[test]
    fn texts_with_nothing_in_common_are_replaced_as_a_whole() {
        let before: Vec<String> = (0..900).map(|line| format!("a{line}")).collect();
        let after: Vec<String> = (0..900).map(|line| format!("b{line}")).collect();
        let before: Vec<&str> = before.iter().map(String::as_str).collect();
        let after: Vec<&str> = after.iter().map(String::as_str).collect();
        assert_eq!(edits(&before, &after), replaced(&before, &after));
    }

    #[test]
    fn hunks_have_three_equal_lines_around_them_and_the_places_of_both() {
        let before = [
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ];
        let mut after = before.to_vec();
        after[0] = "one";
        after.push("13");
        let text = unified(&edits(&before, &after));
        let expected =
            "@@ -1,4 +1,4 @@\n-1\n+one\n 2\n 3\n 4\n@@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n";
        assert_eq!(text, expected);
        assert_eq!(unified(&edits(&before, &before)), "");
    }
}
