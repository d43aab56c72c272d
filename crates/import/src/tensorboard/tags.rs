//! The tags of a run: a name is looked up once, and then guessed, because training logs the same tags in the same order.
//!
//! Invariant: a guess is compared with the name before it counts.

use std::collections::HashMap;

use crate::points::Points;

/// No tag, or no slot in this chunk.
const NONE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct Tags {
    known: Vec<Tag>,
    by_name: HashMap<Box<[u8]>, u32>,
    last: usize,
    chunk: u64,
}

#[derive(Debug)]
struct Tag {
    name: Box<[u8]>,
    /// The tag that came after it last.
    after: u32,
    /// Where its points go in the chunk of this number.
    slot: u32,
    chunk: u64,
    /// The plugin that its first value named.
    plugin: Option<Box<[u8]>>,
}

impl Tags {
    /// Slots that were given for another chunk are forgotten.
    pub fn new_chunk(&mut self) {
        self.chunk += 1;
    }

    /// The number of a tag.
    #[inline]
    fn find(&mut self, name: &[u8]) -> usize {
        if let Some(last) = self.known.get(self.last) {
            let guess = last.after as usize;
            if self.known.get(guess).is_some_and(|tag| *tag.name == *name) {
                self.last = guess;
                return guess;
            }
        }
        self.look_up(name)
    }

    #[cold]
    fn look_up(&mut self, name: &[u8]) -> usize {
        let found = if let Some(found) = self.by_name.get(name) {
            *found as usize
        } else {
            self.by_name.insert(name.into(), self.known.len() as u32);
            self.known.push(Tag {
                name: name.into(),
                after: NONE,
                slot: NONE,
                chunk: 0,
                plugin: None,
            });
            self.known.len() - 1
        };
        if let Some(last) = self.known.get_mut(self.last) {
            last.after = found as u32;
        }
        self.last = found;
        found
    }

    /// Where points of a tag go in the present chunk.
    #[inline]
    pub fn slot(&mut self, name: &[u8], points: &mut Points) -> u32 {
        let found = self.find(name);
        let chunk = self.chunk;
        let tag = &mut self.known[found];
        if tag.chunk != chunk {
            tag.slot = points.slot(&String::from_utf8_lossy(&tag.name));
            tag.chunk = chunk;
        }
        tag.slot
    }

    /// The plugin of a tag: what its first value named counts for all, as for the peer.
    pub fn plugin(&mut self, name: &[u8], said: Option<&[u8]>) -> Option<&[u8]> {
        let found = self.find(name);
        let tag = &mut self.known[found];
        if let (None, Some(said)) = (&tag.plugin, said.filter(|said| !said.is_empty())) {
            tag.plugin = Some(said.into());
        }
        tag.plugin.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_keeps_its_slot_in_a_chunk_whatever_came_before_it() {
        let (mut tags, mut points) = (Tags::default(), Points::default());
        tags.new_chunk();
        let mut slots = Vec::new();
        for name in ["a", "b", "a", "b", "c", "a", "c", "b", "b", "a"] {
            slots.push(tags.slot(name.as_bytes(), &mut points));
        }
        assert_eq!(slots, [0, 1, 0, 1, 2, 0, 2, 1, 1, 0]);
        points.clear();
        tags.new_chunk();
        assert_eq!(tags.slot(b"c", &mut points), 0, "slots are given anew");
    }

    #[test]
    fn the_first_plugin_of_a_tag_counts() {
        let mut tags = Tags::default();
        assert_eq!(tags.plugin(b"a", None), None);
        assert_eq!(tags.plugin(b"a", Some(b"text")), Some(&b"text"[..]));
        assert_eq!(tags.plugin(b"a", Some(b"images")), Some(&b"text"[..]));
        assert_eq!(tags.plugin(b"a", None), Some(&b"text"[..]));
    }
}
