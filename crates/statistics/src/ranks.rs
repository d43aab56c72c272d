//! Ranks of values, equal ones sharing the mean of theirs.
//!
//! Invariant: ranks count from 1 and their sum is that of 1..=n.

/// Ranks in the order of the values, and how many values are equal in each set of equals.
pub struct Ranks {
    pub ranks: Vec<f64>,
    /// Sizes of the sets of equal values, sets of one left out.
    ties: Vec<usize>,
}

impl Ranks {
    pub fn of(values: &[f64]) -> Ranks {
        let mut order: Vec<usize> = (0..values.len()).collect();
        // With 0 added, -0 is 0 and ties with it.
        order.sort_by(|one, other| (values[*one] + 0.0).total_cmp(&(values[*other] + 0.0)));
        let mut ranks = vec![0.0; values.len()];
        let mut ties = Vec::new();
        let mut start = 0;
        while start < order.len() {
            let value = values[order[start]];
            let equal = order[start..]
                .iter()
                .take_while(|place| values[**place] == value)
                .count();
            let rank = start as f64 + f64::midpoint(equal as f64, 1.0);
            for place in &order[start..start + equal] {
                ranks[*place] = rank;
            }
            if equal > 1 {
                ties.push(equal);
            }
            start += equal;
        }
        Ranks { ranks, ties }
    }

    pub fn has_ties(&self) -> bool {
        !self.ties.is_empty()
    }

    /// Sum of t³ - t over sets of t equal values, by which a variance of ranks is smaller.
    pub fn tie_term(&self) -> f64 {
        self.ties
            .iter()
            .map(|count| {
                let count = *count as f64;
                count * (count * count - 1.0)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        let ranks = Ranks::of(&[3.0, -0.0, 3.0, 0.0, 3.0, -7.0]);
        assert_eq!(ranks.ranks, [5.0, 2.5, 5.0, 2.5, 5.0, 1.0]);
        assert_eq!(ranks.tie_term(), 6.0 + 24.0);
        assert!(!Ranks::of(&[1.0, 2.0]).has_ties());
    }
}
