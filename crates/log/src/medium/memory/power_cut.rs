//! What a power cut can leave of a disk: every page that was not synced is there, or old, or torn; names likewise.
//!
//! Invariant: nothing that was synced changes, and an image is a function of the state and the seed.

use std::collections::HashSet;

use super::{Content, PAGE_LEN, State};

/// A small generator of its own, so that an image depends on nothing but its seed (splitmix64, Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % sides
    }
}

pub(super) fn crash(state: &State, seed: u64) -> State {
    let mut dice = Dice(seed);
    let mut after = State {
        next_file: state.next_file,
        ..State::default()
    };
    let mut names = state.durable_names.clone();
    for (name, id) in &state.names {
        if names.get(name) != Some(id) && dice.roll(2) == 0 {
            names.retain(|_, other| other != id);
            names.insert(name.clone(), *id);
        }
    }
    names.retain(|name, id| {
        // A rename is one step of the journal: the file has its old name or its new one.
        let is_renamed = || state.names.values().any(|live| live == id);
        let is_live = state.names.get(name) == Some(id);
        is_live || state.replaced.contains(name) || is_renamed() || dice.roll(2) == 0
    });
    let mut ids: Vec<u64> = state.files.keys().copied().collect();
    ids.sort_unstable();
    for id in ids {
        let bytes = crash_content(&state.files[&id], &mut dice);
        let content = Content {
            live: bytes.clone(),
            durable: bytes,
            lost: HashSet::new(),
        };
        after.files.insert(id, content);
    }
    after.durable_names = names.clone();
    after.names = names;
    after
}

fn crash_content(content: &Content, dice: &mut Dice) -> Vec<u8> {
    let len = if dice.roll(4) == 0 {
        content.durable.len()
    } else {
        content.live.len()
    };
    let mut bytes = content.durable.clone();
    bytes.resize(len.max(content.durable.len()), 0);
    for start in (0..bytes.len()).step_by(PAGE_LEN) {
        let end = (start + PAGE_LEN).min(bytes.len());
        let cut = match dice.roll(8) {
            0..3 => start,
            3..6 => end,
            _ => start + dice.roll((end - start) as u64) as usize,
        };
        if !content.lost.contains(&(start / PAGE_LEN))
            && let Some(live) = content.live.get(start..cut)
        {
            bytes[start..cut].copy_from_slice(live);
        }
    }
    bytes
}
