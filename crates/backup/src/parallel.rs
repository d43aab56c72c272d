//! The same for many things at once, where each of them waits for a disk or for another machine.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does it for every item, by so many threads. After the first error no other item is begun.
pub(crate) fn each<T: Sync, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                next.store(items.len(), Ordering::Relaxed);
                let mut failed = failed
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                failed.get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(run);
        }
        run();
    });
    let failed = failed.into_inner();
    match failed.unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_met_once() {
        let items: Vec<usize> = (0..1000).collect();
        let met: Vec<AtomicUsize> = items.iter().map(|_| AtomicUsize::new(0)).collect();
        let done: Result<(), ()> = each(&items, 8, |item| {
            met[*item].fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        assert_eq!(done, Ok(()));
        assert!(met.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }

    #[test]
    fn an_error_ends_it_and_is_told() {
        let items: Vec<usize> = (0..100_000).collect();
        let done = each(
            &items,
            4,
            |item| if *item == 10 { Err(*item) } else { Ok(()) },
        );
        assert_eq!(done, Err(10));
    }
}
