//! A distribution as rows of bars.
//!
//! Invariant: every bucket that holds something has a bar, however small; no line is wider than asked.

use super::Glyphs;
use super::scale::short;

/// More rows than this are merged with their neighbours.
const ROWS_MAX: usize = 16;
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// One row for each bucket, or for as many neighbours as it takes: where it begins, a bar, how many it holds.
/// `edges` has one more than `counts`.
pub fn bars(edges: &[f64], counts: &[u64], width: usize, glyphs: Glyphs) -> String {
    if counts.is_empty() {
        return "nothing to draw\n".to_owned();
    }
    assert_eq!(edges.len(), counts.len() + 1, "a bucket has two edges");
    let merged = counts.len().div_ceil(ROWS_MAX);
    let sums: Vec<u64> = counts.chunks(merged).map(|few| few.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let label = |row: usize| {
        let (low, high) = (row * merged, ((row + 1) * merged).min(counts.len()));
        (short(edges[low]), short(edges[high]))
    };
    let labels: Vec<(String, String)> = (0..sums.len()).map(label).collect();
    let lows = labels.iter().map(|(low, _)| low.len()).max().unwrap_or(0);
    let highs = labels.iter().map(|(_, high)| high.len()).max().unwrap_or(0);
    let digits = most.to_string().len();
    let room = width.saturating_sub(lows + highs + digits + 9).max(1);
    let mut text = String::new();
    for ((low, high), sum) in labels.iter().zip(&sums) {
        let bar = bar(*sum as f64 / most as f64, *sum > 0, room, glyphs);
        let end = glyphs.edge();
        let line = format!("  {low:>lows$} .. {high:>highs$} {end}{bar} {sum}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

impl Glyphs {
    fn edge(self) -> char {
        match self {
            Glyphs::Braille => '│',
            Glyphs::Ascii => '|',
        }
    }
}

/// A bar of this share of the room.
fn bar(share: f64, is_some: bool, room: usize, glyphs: Glyphs) -> String {
    let parts = match glyphs {
        Glyphs::Braille => 8,
        Glyphs::Ascii => 1,
    };
    let filled = ((share * (room * parts) as f64).round() as usize).max(usize::from(is_some));
    match glyphs {
        Glyphs::Ascii => "#".repeat(filled),
        Glyphs::Braille => {
            let mut bar = "█".repeat(filled / parts);
            if let Some(rest) = (filled % parts).checked_sub(1) {
                bar.push(EIGHTHS[rest]);
            }
            bar
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_in_ascii_looks_like_this() {
        let text = bars(&[0.0, 0.5, 1.0, 1.5], &[10, 0, 1], 30, Glyphs::Ascii);
        assert_eq!(
            text,
            "    0 .. 0.5 |############# 10\n  0.5 ..   1 | 0\n    1 .. 1.5 |# 1\n"
        );
    }

    #[test]
    fn many_buckets_are_merged_and_none_is_lost() {
        let edges: Vec<f64> = (0..=64).map(f64::from).collect();
        let mut counts = vec![0; 64];
        counts[63] = 1;
        counts[0] = 1_000_000;
        for glyphs in [Glyphs::Ascii, Glyphs::Braille] {
            let text = bars(&edges, &counts, 60, glyphs);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), 16);
            assert!(
                lines[15].ends_with(['1']) && lines[15].contains(['#', '▏']),
                "{text}"
            );
            assert!(
                lines.iter().all(|line| line.chars().count() <= 60),
                "{text}"
            );
        }
        assert_eq!(bars(&[], &[], 60, Glyphs::Ascii), "nothing to draw\n");
    }
}
