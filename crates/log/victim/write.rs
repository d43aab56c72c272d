//! The writer: numbered records in batches of changing shape, each acknowledged in a file.

use std::fs::File;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use mltrack_log::{Appended, Batch, Log, Result, StreamId, failpoint};

use crate::{Arguments, say};

/// What a writer keeps between commands.
struct Writer {
    log: Log,
    acks: File,
    client: u32,
    next: u64,
    /// Syncs after this many batches; 0: never.
    sync_every: u64,
    is_big: bool,
    batches: u64,
    dice: u64,
}

/// Opens the store and obeys until the input ends, then closes in order.
pub fn run(store: &Path, arguments: &Arguments) -> Result<()> {
    let (log, report) = Log::open(store, arguments.options())?;
    let client = arguments.number("client").expect("client= is missing") as u32;
    let mut writer = Writer {
        log,
        acks: File::create(arguments.path("acks")).expect("the suite's folder takes files"),
        client,
        next: 0,
        sync_every: arguments.number("sync").unwrap_or(0),
        is_big: arguments.word("big").is_some(),
        batches: 0,
        dice: u64::from(client).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
    };
    if arguments.word("fork") == Some("sleep") {
        failpoint::fork_sleeper();
    }
    say(&format!(
        "open {} {}",
        writer.log.writer()?,
        report.merged_batches
    ));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("the suite writes text");
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("go", count) => writer.go(count.parse().expect("go takes a number"))?,
            ("big", _) => writer.append(&mut Batch::new(), true)?,
            ("sync", _) => drop(writer.log.sync()?),
            ("fork", _) => writer.fork()?,
            ("stalled", _) => {
                let process = writer.log.stalled_by()?;
                say(&format!("stalled {}", process.unwrap_or(0)));
                continue;
            }
            _ => break,
        }
        say(&format!("done {}", writer.next));
    }
    let Writer { log, .. } = writer;
    log.close()?;
    say("closed");
    Ok(())
}

impl Writer {
    fn go(&mut self, count: u64) -> Result<()> {
        let mut batch = Batch::new();
        for _ in 0..count {
            // More than half of a small segment: such a batch finds no spare ready and rolls at once.
            let is_big = self.is_big && self.roll(3) == 0;
            self.append(&mut batch, is_big)?;
            self.batches += 1;
            if self.sync_every != 0 && self.batches.is_multiple_of(self.sync_every) {
                self.log.sync()?;
            }
        }
        Ok(())
    }

    fn append(&mut self, batch: &mut Batch, is_big: bool) -> Result<()> {
        let count = if is_big { 1 } else { 1 + self.roll(5) };
        for number in 0..count {
            let filler = if is_big {
                2_200 + self.roll(900)
            } else {
                self.roll(48)
            };
            let mut payload = self.client.to_le_bytes().to_vec();
            payload.extend_from_slice(&(self.next + number).to_le_bytes());
            payload.resize(payload.len() + filler as usize, self.client as u8);
            batch.push(1, 1, None, &payload)?;
        }
        let appended = if self.roll(8) == 0 {
            self.log
                .append_control(batch, StreamId(u64::from(self.client) + 1))?
        } else {
            self.log.append(batch)?
        };
        self.acknowledge(appended, count);
        self.next += count;
        Ok(())
    }

    /// One write call, so that a kill leaves the whole line or nothing. An lsn of 0 says: deferred.
    fn acknowledge(&mut self, appended: Appended, count: u64) {
        let first = match appended {
            Appended::Visible { first, .. } => first.get(),
            Appended::Deferred => 0,
        };
        let line: Vec<u8> = [first, self.next, count]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.acks
            .write_all(&line)
            .expect("the suite's folder takes files");
    }

    /// Forks a child that appends through the inherited handle, and waits for its answer in a file of its own.
    fn fork(&mut self) -> Result<()> {
        let parent = self.log.writer()?;
        let log = self.log.clone();
        let client = self.client + 1;
        failpoint::fork_child(move || {
            let mut batch = Batch::new();
            let mut payload = client.to_le_bytes().to_vec();
            payload.extend_from_slice(&0u64.to_le_bytes());
            let appended = batch
                .push(1, 1, None, &payload)
                .and_then(|()| log.append(&mut batch));
            let line = match (appended, log.writer()) {
                (Ok(Appended::Visible { first, .. }), Ok(child)) if child != parent => {
                    format!("child {child} {first}")
                }
                (appended, child) => format!("child-failed {appended:?} {child:?} {parent:?}"),
            };
            say(&line);
        });
        Ok(())
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }
}
