//! What killed writers leave behind on the disk.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::check::Store;
use crate::process::{PATIENCE, Process, until};

/// As many segments as this are one mebibyte each when they are made.
const KILLS: u64 = 24;

/// The bytes that the files of a folder take up, not those of folders in it.
fn allocated(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).expect("the store is there");
    // A file can go between its name and its size.
    let sizes = entries.filter_map(|entry| entry.ok()?.metadata().ok());
    sizes.map(|data| data.blocks() * 512).sum()
}

#[test]
fn a_writer_that_is_killed_costs_what_it_wrote_and_not_its_whole_segment() {
    let mut store = Store::new();
    for _ in 0..KILLS {
        let mut writer = store.open_writer(&[]);
        writer.run("go 3");
        writer.kill();
    }
    let mut writer = store.open_writer(&[]);
    writer.run("go 3");
    let path = store.path();
    // The newest segment, the one prepared behind it and the ballast are whole.
    until(PATIENCE, "the segments are sealed and given back", || {
        allocated(&path) < (KILLS << 20) / 4
    });
    Process::close(writer);
    store.judge();
}
