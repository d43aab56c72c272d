//! A value for each writer that a handle has been: one normally, one more in each forked child that uses it.
//!
//! Invariant: what belongs to another writer is never touched. A thread that exists only in the parent may hold its
//! locks for ever, as far as a child can see.

use std::sync::OnceLock;

use mltrack_log::WriterId;

pub(crate) struct PerWriter<T> {
    writer: WriterId,
    value: T,
    next: OnceLock<Box<PerWriter<T>>>,
}

impl<T> PerWriter<T> {
    pub fn new(writer: WriterId, value: T) -> PerWriter<T> {
        PerWriter {
            writer,
            value,
            next: OnceLock::new(),
        }
    }

    /// The value of a writer, if there is one yet.
    #[inline]
    pub fn get(&self, writer: WriterId) -> Option<&T> {
        let mut link = self;
        while link.writer != writer {
            link = link.next.get()?;
        }
        Some(&link.value)
    }

    /// The value of a writer. Of two threads that make one at the same time, the first wins.
    pub fn get_or_make<E>(
        &self,
        writer: WriterId,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        if let Some(value) = self.get(writer) {
            return Ok(value);
        }
        let mut fresh = Some(Box::new(PerWriter::new(writer, make()?)));
        let mut link = self;
        loop {
            // Only the thread that fills the empty place takes what was made.
            let next = link
                .next
                .get_or_init(|| fresh.take().expect("it is given away once"));
            if next.writer == writer {
                return Ok(&next.value);
            }
            link = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_writer_has_a_value_of_its_own_that_is_made_once() {
        let values = PerWriter::new(WriterId(1), 10);
        for writer in [2, 3, 2, 1] {
            let value = values.get_or_make(WriterId(writer), || Ok::<_, ()>(writer * 10));
            assert_eq!(value, Ok(&(writer * 10)));
        }
        assert_eq!(values.get_or_make(WriterId(2), || Err(())), Ok(&20));
        assert_eq!(values.get_or_make(WriterId(4), || Err(())), Err(()));
        assert_eq!(values.get(WriterId(4)), None);
    }
}
