//! A full disk on a small ext4, and a folder that cannot be written. Both need the right to mount.

use std::path::{Path, PathBuf};
use std::process::Command;

use mltrack_log::{Appended, Batch, Log, LogError, OpenOptions, Reader, StreamId};
use tempfile::TempDir;

/// A mounted folder; dropping it unmounts.
struct Mount {
    point: PathBuf,
    _folder: TempDir,
}

impl Mount {
    /// A small ext4 in a file; `None`, with the reason printed, where nothing can be mounted.
    fn ext4(len: u64) -> Option<Mount> {
        let folder = TempDir::new().expect("a temporary folder");
        let image = folder.path().join("image");
        let file = std::fs::File::create(&image).expect("an image");
        file.set_len(len).expect("a sparse file");
        let point = folder.path().join("mounted");
        std::fs::create_dir(&point).expect("a mount point");
        let made = run("mkfs.ext4", &["-q", "-m", "0", &text(&image)]);
        let mounted = made && run("mount", &["-o", "loop", &text(&image), &text(&point)]);
        if !mounted {
            println!("skipped: a loop mount needs root and mkfs.ext4");
            return None;
        }
        Some(Mount {
            point,
            _folder: folder,
        })
    }

    /// `from` again, without the right to write.
    fn read_only(from: &Path) -> Option<Mount> {
        let folder = TempDir::new().expect("a temporary folder");
        let point = folder.path().to_owned();
        let bound = run("mount", &["--bind", &text(from), &text(&point)]);
        let mount = bound.then_some(Mount {
            point,
            _folder: folder,
        });
        let options = "remount,ro,bind";
        let mount = mount.filter(|mount| run("mount", &["-o", options, &text(&mount.point)]));
        if mount.is_none() {
            println!("skipped: a bind mount needs root");
        }
        mount
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[&text(&self.point)]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program)
        .args(arguments)
        .stderr(std::process::Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn read_count(path: &Path) -> u64 {
    let mut reader = Reader::open(path, &OpenOptions::default()).expect("the store opens");
    let mut count = 0;
    while let Some(batch) = reader.next_batch().expect("every record can be read") {
        for record in batch {
            let number = u64::from_le_bytes(record.payload[..8].try_into().expect("a number"));
            assert_eq!(number, count, "in order, each once");
            count += 1;
        }
    }
    count
}

/// Appends numbered records until something fails; returns what failed.
fn fill(log: &Log, next: &mut u64, limit: u64) -> Option<LogError> {
    let mut batch = Batch::new();
    for _ in 0..limit {
        batch.clear();
        let mut payload = next.to_le_bytes().to_vec();
        payload.resize(900, 1);
        batch.push(1, 1, None, &payload).expect("it fits");
        match log.append(&mut batch) {
            Ok(Appended::Visible { .. }) => *next += 1,
            Ok(Appended::Deferred) => panic!("a full disk is an error, not a reason to wait"),
            Err(error) => return Some(error),
        }
    }
    None
}

#[test]
fn a_full_disk_is_reported_keeps_everything_and_still_takes_the_end_of_a_run() {
    let Some(mount) = Mount::ext4(24 << 20) else {
        return;
    };
    let store = mount.point.join("store");
    let filler = mount.point.join("filler");
    std::fs::write(&filler, vec![1; 12 << 20]).expect("a filler");
    let (log, _) = Log::open(&store, OpenOptions::default()).expect("it opens");
    let mut next = 0;
    let full = fill(&log, &mut next, 1 << 20);
    assert!(matches!(full, Some(LogError::DiskFull { .. })), "{full:?}");
    let mut control = Batch::new();
    control
        .push(1, 1, None, &next.to_le_bytes())
        .expect("it fits");
    let ended = log
        .append_control(&mut control, StreamId(1))
        .expect("there is room to end a run");
    assert!(matches!(ended, Appended::Visible { .. }));
    next += 1;
    assert_eq!(read_count(&store), next);

    std::fs::remove_file(&filler).expect("space comes back");
    assert!(fill(&log, &mut next, 3_000).is_none(), "appending goes on");
    log.close().expect("closed");
    assert_eq!(read_count(&store), next);
    let report = mltrack_log::verify(&store, &mltrack_log::VerifyOptions::default());
    assert!(report.expect("verify runs").is_sound());
}

#[test]
fn a_folder_that_cannot_be_written_is_read_and_followed_and_refused_for_writing() {
    let folder = crate::check::test_folder();
    let (log, _) = Log::open(folder.path(), OpenOptions::default()).expect("it opens");
    let mut next = 0;
    fill(&log, &mut next, 10);
    let Some(mount) = Mount::read_only(folder.path()) else {
        return;
    };
    let refused = Log::open(&mount.point, OpenOptions::default()).err();
    assert!(
        matches!(refused, Some(LogError::ReadOnly { .. })),
        "{refused:?}"
    );
    assert_eq!(read_count(&mount.point), next);

    let mut reader = Reader::open(&mount.point, &OpenOptions::default()).expect("it opens");
    reader.seek(mltrack_log::Lsn::new(next + 1).expect("not 0"));
    assert!(!reader.wait(std::time::Duration::ZERO).expect("asked"));
    fill(&log, &mut next, 5);
    assert!(
        reader.wait(crate::process::PATIENCE).expect("asked"),
        "a tailer without rights polls"
    );
    drop(log);
    assert_eq!(read_count(&mount.point), next, "nobody is alive any more");
}
