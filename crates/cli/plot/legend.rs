//! The legend under a plot: whose letter it is, and the numbers that a curve cannot give exactly.

use super::scale::short;
use super::{Glyphs, Series, is_drawable};

/// `a name   last 0.09  min 0.08  max 2.4`, never wider than `width`: the name gives way first,
/// then whole facts from the end, never a part of a number.
/// Names shorter than `column` are filled up to it, so that the numbers of all lines align.
pub fn line(
    letter: char,
    series: &Series<'_>,
    column: usize,
    width: usize,
    glyphs: Glyphs,
) -> String {
    let mut facts = facts(series);
    while facts.len() > 1 && facts.join("  ").len() + 6 > width {
        facts.pop();
    }
    let facts = facts.join("  ");
    let room = width.saturating_sub(facts.len() + 4);
    let name = fitted(series.name, room, glyphs);
    let column = column.min(room);
    let text = format!("{letter} {name:<column$}  {facts}");
    text.chars().take(width).chain(['\n']).collect()
}

/// The last value by x, the extremes, and how many points are not in the plot.
fn facts(series: &Series<'_>) -> Vec<String> {
    let drawable = || {
        series
            .points
            .iter()
            .copied()
            .filter(|point| is_drawable(*point))
    };
    let missing = series.points.len() - drawable().count();
    let last = drawable().max_by(|a, b| a.0.total_cmp(&b.0));
    let low = drawable().map(|point| point.1).reduce(f64::min);
    let high = drawable().map(|point| point.1).reduce(f64::max);
    let mut facts = Vec::new();
    if let (Some(last), Some(low), Some(high)) = (last, low, high) {
        facts.push(format!("last {}", short(last.1)));
        facts.push(format!("min {}", short(low)));
        facts.push(format!("max {}", short(high)));
    } else {
        facts.push("nothing to draw".to_owned());
    }
    if missing > 0 {
        facts.push(format!("{missing} not finite"));
    }
    facts
}

/// The name without what would move the cursor, cut at the end where it is too long.
fn fitted(name: &str, room: usize, glyphs: Glyphs) -> String {
    let (substitute, cut) = match glyphs {
        Glyphs::Braille => ('\u{fffd}', "…"),
        Glyphs::Ascii => ('?', "..."),
    };
    let is_safe = |c: char| !c.is_control() && (glyphs == Glyphs::Braille || c.is_ascii());
    let safe = name
        .chars()
        .map(|c| if is_safe(c) { c } else { substitute });
    if safe.clone().count() <= room {
        return safe.collect();
    }
    safe.take(room.saturating_sub(cut.chars().count()))
        .chain(cut.chars())
        .take(room)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, points: &[(f64, f64)], width: usize, glyphs: Glyphs, expected: &str) {
        assert_eq!(
            line('a', &Series { name, points }, 0, width, glyphs),
            expected
        );
    }

    #[test]
    fn the_legend_gives_the_last_value_and_the_extremes() {
        let points = [(2.0, 0.5), (0.0, 2.0), (1.0, 0.25)];
        check(
            "loss",
            &points,
            60,
            Glyphs::Ascii,
            "a loss  last 0.5  min 0.25  max 2\n",
        );
    }

    #[test]
    fn the_legend_counts_what_is_not_drawn() {
        let points = [(0.0, f64::NAN), (1.0, f64::INFINITY), (2.0, 1.0)];
        let expected = "a loss  last 1  min 1  max 1  2 not finite\n";
        check("loss", &points, 60, Glyphs::Ascii, expected);
        check(
            "loss",
            &points[..1],
            60,
            Glyphs::Ascii,
            "a loss  nothing to draw  1 not finite\n",
        );
        check("loss", &[], 60, Glyphs::Ascii, "a loss  nothing to draw\n");
    }

    #[test]
    fn names_are_filled_up_to_their_column_where_there_is_room() {
        let series = Series {
            name: "up",
            points: &[],
        };
        let expected = "a up    nothing to draw\n";
        assert_eq!(line('a', &series, 4, 60, Glyphs::Ascii), expected);
        assert_eq!(line('a', &series, 40, 23, Glyphs::Ascii), expected);
    }

    #[test]
    fn a_long_name_is_cut_and_the_numbers_stay() {
        let points = [(0.0, 1.0)];
        check(
            "validation/loss",
            &points,
            36,
            Glyphs::Braille,
            "a validation/…  last 1  min 1  max 1\n",
        );
        check(
            "validation/loss",
            &points,
            36,
            Glyphs::Ascii,
            "a validatio...  last 1  min 1  max 1\n",
        );
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        let points = [(0.0, 1.0)];
        check(
            "a\u{1b}[2Jb\n",
            &points,
            60,
            Glyphs::Ascii,
            "a a?[2Jb?  last 1  min 1  max 1\n",
        );
        check(
            "é\u{9b}",
            &points,
            60,
            Glyphs::Braille,
            "a é\u{fffd}  last 1  min 1  max 1\n",
        );
        check(
            "é",
            &points,
            60,
            Glyphs::Ascii,
            "a ?  last 1  min 1  max 1\n",
        );
    }
}
