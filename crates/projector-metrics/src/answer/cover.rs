//! Which source answers for which records, and which records are read from the log itself.
//!
//! Invariant: the stretches of a cover follow each other without gap or overlap, so each record counts once.

use std::ops::Range;

/// Records that are read from one place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// The source's place in the list; `None` for the log.
    pub source: Option<usize>,
    /// Their lsns.
    pub lsns: Range<u64>,
}

/// Covers `wanted` with as few sources as possible; of two that reach equally far, the first in the list is taken.
pub fn cover(wanted: Range<u64>, sources: &[Range<u64>]) -> Vec<Stretch> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|source| (sources[*source].start, *source));
    let mut rest = order.into_iter().peekable();
    let (mut stretches, mut at) = (Vec::new(), wanted.start);
    let mut furthest: Option<usize> = None;
    while at < wanted.end {
        while let Some(source) = rest.next_if(|source| sources[*source].start <= at) {
            if furthest.is_none_or(|known| sources[source].end > sources[known].end) {
                furthest = Some(source);
            }
        }
        let (source, end) = match furthest.filter(|source| sources[*source].end > at) {
            Some(source) => (Some(source), sources[source].end),
            None => (
                None,
                rest.peek().map_or(u64::MAX, |next| sources[*next].start),
            ),
        };
        let end = end.min(wanted.end);
        stretches.push(Stretch {
            source,
            lsns: at..end,
        });
        at = end;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: Range<u64>, sources: &[Range<u64>], expected: &[(Option<usize>, Range<u64>)]) {
        let found = cover(wanted, sources);
        let found: Vec<_> = found
            .into_iter()
            .map(|stretch| (stretch.source, stretch.lsns))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_no_source_holds_is_read_from_the_log() {
        check(1..10, &[], &[(None, 1..10)]);
        check(5..5, &[1..4, 4..10], &[]);
        check(
            1..20,
            &[3..6, 10..15],
            &[
                (None, 1..3),
                (Some(0), 3..6),
                (None, 6..10),
                (Some(1), 10..15),
                (None, 15..20),
            ],
        );
    }

    #[test]
    fn the_source_that_reaches_furthest_is_taken_and_none_twice() {
        check(
            1..20,
            &[1..5, 1..12, 3..12],
            &[(Some(1), 1..12), (None, 12..20)],
        );
        check(4..20, &[1..8, 6..30], &[(Some(0), 4..8), (Some(1), 8..20)]);
        check(10..12, &[1..10, 12..14], &[(None, 10..12)]);
    }
}
