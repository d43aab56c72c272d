//! The tailer: follows the store without a right to write and notes every record in the order it came.

use std::fs::File;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mltrack_log::{LogError, Reader, Result};

use crate::{Arguments, say};

/// Short, because a tailer that is told to end must notice.
const PATIENCE: Duration = Duration::from_millis(50);

/// Follows until the input ends, then reads what is left.
pub fn run(store: &Path, arguments: &Arguments) -> Result<()> {
    let is_ending = Arc::new(AtomicBool::new(false));
    let ending = Arc::clone(&is_ending);
    std::thread::spawn(move || {
        // Whatever ends the input ends the tailer.
        std::io::stdin().lock().lines().for_each(drop);
        ending.store(true, Ordering::SeqCst);
    });
    let mut reader = Reader::open(store, &arguments.options())?;
    let out = File::create(arguments.path("out")).expect("the suite's folder takes files");
    let mut out = BufWriter::new(out);
    say("open 0 0");
    loop {
        let was_ending = is_ending.load(Ordering::SeqCst);
        let is_more = reader.wait(PATIENCE)?;
        follow(&mut reader, &mut out)?;
        if was_ending && !is_more {
            out.flush().expect("the suite's folder takes files");
            say("closed");
            return Ok(());
        }
    }
}

fn follow(reader: &mut Reader, out: &mut impl std::io::Write) -> Result<()> {
    while let Some(batch) = reader.next_batch()? {
        for record in batch {
            let word = |at: usize, len: usize| {
                let mut bytes = [0; 8];
                bytes[..len].copy_from_slice(record.payload.get(at..at + len)?);
                Some(u64::from_le_bytes(bytes))
            };
            let (Some(client), Some(number)) = (word(0, 4), word(4, 8)) else {
                return Err(LogError::Io {
                    path: "payload".into(),
                    action: "read a record of this suite",
                    source: std::io::Error::from(std::io::ErrorKind::InvalidData),
                });
            };
            let line: Vec<u8> = [record.lsn.get(), client, number]
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect();
            out.write_all(&line)
                .expect("the suite's folder takes files");
        }
    }
    Ok(())
}
