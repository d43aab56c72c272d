//! Runs in an order in which each comes behind the run that it is a part of.
//!
//! Invariant: every run comes once, also when runs name each other as their parents.

use std::collections::HashMap;

use super::head::Head;

/// Sorts runs by when they began, parents before their children.
pub(super) fn parents_first(mut heads: Vec<Head>) -> Vec<Head> {
    heads.sort_by(|a, b| (a.start_ms, &a.id).cmp(&(b.start_ms, &b.id)));
    let places: HashMap<&str, usize> = heads
        .iter()
        .enumerate()
        .map(|(at, head)| (head.id.as_str(), at))
        .collect();
    let parents: Vec<Option<usize>> = heads
        .iter()
        .map(|head| places.get(head.parent.as_deref()?).copied())
        .collect();
    let mut is_placed = vec![false; heads.len()];
    let mut order = Vec::with_capacity(heads.len());
    for at in 0..heads.len() {
        let begun = order.len();
        let mut next = Some(at);
        // A ring of parents ends where it comes back to a run that is placed.
        while let Some(at) = next.filter(|at| !is_placed[*at]) {
            is_placed[at] = true;
            order.push(at);
            next = parents[at];
        }
        order[begun..].reverse();
    }
    let mut heads: Vec<Option<Head>> = heads.into_iter().map(Some).collect();
    order.iter().filter_map(|at| heads[*at].take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(runs: &[(&str, i64, Option<&str>)]) -> Vec<String> {
        let heads = runs.iter().map(|(id, start_ms, parent)| Head {
            id: (*id).to_owned(),
            start_ms: *start_ms,
            parent: parent.map(str::to_owned),
            ..Head::default()
        });
        let heads = parents_first(heads.collect());
        heads.into_iter().map(|head| head.id).collect()
    }

    #[test]
    fn a_parent_comes_before_its_children_and_else_the_older_run() {
        let runs = [
            ("c", 1, Some("b")),
            ("b", 2, Some("a")),
            ("a", 3, None),
            ("d", 0, Some("nowhere")),
        ];
        assert_eq!(order(&runs), ["d", "a", "b", "c"]);
    }

    #[test]
    fn runs_that_are_each_others_parents_come_once() {
        let ring = [
            ("a", 1, Some("b")),
            ("b", 2, Some("a")),
            ("c", 3, Some("c")),
        ];
        let mut order = order(&ring);
        order.sort();
        assert_eq!(order, ["a", "b", "c"]);
    }
}
