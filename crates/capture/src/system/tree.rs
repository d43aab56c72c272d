//! The process and all its descendants: their processor time and memory.
//!
//! Invariants: time never runs backwards: what a child used stays counted when it ends, once; a process number that is
//! used again is another process; a process is asked for once a sample, and those that are none of ours only once.

use std::collections::{HashMap, HashSet};

use super::machine::{Machine, text};

/// Looking for new processes costs by the number of all: so many are looked through in a second.
const LOOKED_PER_SECOND: f64 = 500.0;

/// What a process says about itself, times in ticks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Told {
    parent: u32,
    /// When it began: with the number, it names a process for good.
    begun: u64,
    /// What it has used itself.
    own: u64,
    /// What its children have used that it has waited for, and theirs.
    waited: u64,
    threads: u64,
    pages: u64,
}

/// What the tree uses.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Use {
    /// Ticks since the last sample.
    pub ticks: u64,
    pub pages: u64,
    pub processes: u64,
    pub threads: u64,
}

#[derive(Debug)]
pub(super) struct Tree {
    root: u32,
    members: HashMap<u32, Told>,
    strangers: HashSet<u32>,
    /// The number that was given out last, as the kernel says.
    last_number: Option<String>,
    /// How many more seconds nobody looks for new processes.
    rest_seconds: f64,
}

impl Tree {
    pub fn new(root: u32) -> Tree {
        Tree {
            root,
            members: HashMap::new(),
            strangers: HashSet::new(),
            last_number: None,
            rest_seconds: 0.0,
        }
    }

    /// Whether a process belongs to it.
    pub fn has(&self, process: u32) -> bool {
        self.members.contains_key(&process)
    }

    /// What was used in the `seconds` since the last sample. `None` when the root itself cannot be read.
    pub fn sample(
        &mut self,
        machine: &mut dyn Machine,
        seconds: f64,
        buffer: &mut Vec<u8>,
    ) -> Option<Use> {
        if !self.members.contains_key(&self.root) {
            let told = ask(machine, self.root, buffer)?;
            self.members.insert(self.root, told);
        }
        let (mut used, gone) = self.ask_members(machine, buffer);
        used.ticks += self.bury(&gone);
        let fresh = self.look(machine, seconds, buffer);
        used.ticks += self.take_in(machine, fresh, seconds, buffer);
        for told in self.members.values() {
            used.pages += told.pages;
            used.threads += told.threads;
        }
        used.processes = self.members.len() as u64;
        Some(used)
    }

    /// What those that are still there used themselves; and those that are gone, with what the others waited for, which
    /// [`Tree::bury`] settles.
    fn ask_members(&mut self, machine: &mut dyn Machine, buffer: &mut Vec<u8>) -> (Use, Gone) {
        let mut used = Use::default();
        let mut gone = Gone::default();
        self.members.retain(|number, known| {
            let told = ask(machine, *number, buffer).filter(|told| told.begun == known.begun);
            let Some(told) = told else {
                gone.told.insert(*number, *known);
                return false;
            };
            used.ticks += told.own.saturating_sub(known.own);
            let waited = told.waited.saturating_sub(known.waited);
            if waited > 0 {
                gone.waited.insert(*number, waited);
            }
            *known = told;
            true
        });
        (used, gone)
    }

    /// What the ended used since they were last seen: their parents have it all, less what was counted already.
    fn bury(&self, gone: &Gone) -> u64 {
        let mut counted: HashMap<u32, u64> = HashMap::new();
        for told in gone.told.values() {
            if let Some(heir) = gone.living_ancestor(told, &self.members) {
                *counted.entry(heir).or_default() += told.own + told.waited;
            }
        }
        let heirs = gone.waited.iter();
        heirs
            .map(|(heir, waited)| waited.saturating_sub(counted.get(heir).copied().unwrap_or(0)))
            .sum()
    }

    /// Processes that were not there before, in the order of their numbers.
    fn look(
        &mut self,
        machine: &mut dyn Machine,
        seconds: f64,
        buffer: &mut Vec<u8>,
    ) -> Vec<(u32, Told)> {
        self.rest_seconds -= seconds;
        if self.rest_seconds > 0.0 {
            return Vec::new();
        }
        let is_known = machine.read("/proc/loadavg", buffer);
        let last = text(buffer).split_whitespace().next_back();
        if is_known && last.is_some() && last == self.last_number.as_deref() {
            return Vec::new();
        }
        self.last_number = last.map(str::to_owned);
        let mut names = Vec::new();
        machine.list("/proc", &mut names);
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        self.rest_seconds = numbers.len() as f64 / LOOKED_PER_SECOND;
        if self.rest_seconds <= 1.0 {
            self.rest_seconds = 0.0;
        }
        let strangers = std::mem::take(&mut self.strangers);
        let mut fresh = Vec::new();
        for number in numbers {
            if strangers.contains(&number) {
                self.strangers.insert(number);
            } else if !self.members.contains_key(&number)
                && let Some(told) = ask(machine, number, buffer)
            {
                fresh.push((number, told));
            }
        }
        fresh
    }

    /// Those whose parents are members become members. What they used counts when they began since the last sample;
    /// what a long-lived one used before it was noticed belongs to no sample.
    fn take_in(
        &mut self,
        machine: &mut dyn Machine,
        mut fresh: Vec<(u32, Told)>,
        seconds: f64,
        buffer: &mut Vec<u8>,
    ) -> u64 {
        let since = began_since(machine, seconds, buffer);
        let mut ticks = 0;
        loop {
            let before = fresh.len();
            fresh.retain(|(number, told)| {
                if !self.members.contains_key(&told.parent) {
                    return true;
                }
                if since.is_some_and(|since| told.begun >= since) {
                    ticks += told.own + told.waited;
                }
                self.members.insert(*number, *told);
                false
            });
            if fresh.len() == before {
                break;
            }
        }
        self.strangers
            .extend(fresh.iter().map(|(number, _)| *number));
        ticks
    }
}

/// Processes that ended since the last sample, and what the living waited for meanwhile.
#[derive(Debug, Default)]
struct Gone {
    told: HashMap<u32, Told>,
    waited: HashMap<u32, u64>,
}

impl Gone {
    fn living_ancestor(&self, told: &Told, members: &HashMap<u32, Told>) -> Option<u32> {
        let mut parent = told.parent;
        // A chain is no longer than there are ended ones.
        for _ in 0..=self.told.len() {
            if members.contains_key(&parent) {
                return Some(parent);
            }
            parent = self.told.get(&parent)?.parent;
        }
        None
    }
}

/// The time of the last sample on the clock by which processes begin, in ticks.
fn began_since(machine: &mut dyn Machine, seconds: f64, buffer: &mut Vec<u8>) -> Option<u64> {
    if !machine.read("/proc/uptime", buffer) {
        return None;
    }
    let now: f64 = text(buffer).split_whitespace().next()?.parse().ok()?;
    Some(((now - seconds) * machine.ticks_per_second() as f64).max(0.0) as u64)
}

fn ask(machine: &mut dyn Machine, number: u32, buffer: &mut Vec<u8>) -> Option<Told> {
    if !machine.read_once(&format!("/proc/{number}/stat"), buffer) {
        return None;
    }
    told(buffer)
}

/// `17 (any) name) S 1 ..`: the name may hold anything, so what counts begins behind the last parenthesis.
fn told(stat: &[u8]) -> Option<Told> {
    let behind = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut words = text(&stat[behind..]).split_ascii_whitespace().skip(1);
    // Fields 4, 14 to 17, 20, 22 and 24 of proc_pid_stat(5); each `nth` counts from behind the last.
    let parent = words.next()?.parse().ok()?;
    let mut number = |skipped: usize| words.nth(skipped)?.parse::<u64>().ok();
    let own = number(9)? + number(0)?;
    let waited = number(0)? + number(0)?;
    let threads = number(2)?;
    let begun = number(1)?;
    let pages = number(1)?;
    Some(Told {
        parent,
        begun,
        own,
        waited,
        threads,
        pages,
    })
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
