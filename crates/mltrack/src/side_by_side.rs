//! Work that falls into parts, on several processors.
//!
//! Invariants: results come in the order of the parts; of several errors, that of the lowest part among those that were
//! begun is told.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// More do not help: what the parts come from is shared.
const WORKERS_MAX: usize = 8;

/// Does each part, and gives all results.
pub fn side_by_side<T: Send, E: Send>(
    count: usize,
    one: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let worker_count = workers(count);
    if worker_count < 2 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Relaxed);
            if at >= count {
                return done;
            }
            let result = one(at);
            if result.is_err() {
                // Nobody needs the parts behind it.
                next.store(count, Relaxed);
            }
            done.push((at, result));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..worker_count).map(|_| scope.spawn(worker)).collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().expect("a worker returns its errors"));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// One part needs nobody to be asked how many there could be.
fn workers(count: usize) -> usize {
    if count < 2 {
        return count;
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.min(WORKERS_MAX).min(count)
}

/// Does the same with each of a list, of which so many are one part, and gives all results in the order of the list.
pub(crate) fn each_side_by_side<T: Sync, R: Send>(
    list: &[T],
    part_len: usize,
    one: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let parts: Vec<&[T]> = list.chunks(part_len).collect();
    let done = side_by_side(parts.len(), |at| {
        let results: Vec<R> = parts[at].iter().map(&one).collect();
        Ok::<_, Infallible>(results)
    });
    let Ok(done) = done;
    done.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_parts() {
        let squares = side_by_side(1_000, |at| Ok::<_, ()>(at * at)).unwrap();
        assert!((0..1_000).map(|at| at * at).eq(squares));
        assert_eq!(side_by_side(0, |_| Ok::<u8, ()>(1)), Ok(vec![]));
    }

    #[test]
    fn a_list_in_parts_keeps_its_order() {
        let list: Vec<usize> = (0..100).collect();
        for part_len in [1, 7, 100, 1_000] {
            let doubled = each_side_by_side(&list, part_len, |value| value * 2);
            assert!(list.iter().map(|value| value * 2).eq(doubled));
        }
    }

    #[test]
    fn an_error_of_a_part_is_that_of_all() {
        let found = side_by_side(100, |at| if at == 40 { Err(at) } else { Ok(at) });
        assert_eq!(found, Err(40));
    }
}
