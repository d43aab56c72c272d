//! The bytes of `docs/format.md`, section "Blobs", as they were written for ever: `tests/golden/blobs` opens with every version.
//!
//! The files were made by hand from that page (`tests/golden/blobs/make.py`), not by this crate.

use std::fs;
use std::path::{Path, PathBuf};

use mltrack_artifact::{BlobHash, BlobStore, Options, StoreUrl};
use mltrack_log::door;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/blobs")
}

fn store(folder: &Path) -> BlobStore {
    let options = Options::new(door::random_bytes::<16>, door::wall_time_ns);
    BlobStore::open(&StoreUrl::folder(folder), options).expect("a folder opens")
}

/// What the golden blobs hold: `seed` repeated as a counter's digits.
fn lines(count: usize) -> Vec<u8> {
    let lines = (0..count).map(|line| format!("line {line}\n"));
    lines.collect::<String>().into_bytes()
}

#[test]
fn blobs_of_the_first_version_open() {
    let store = store(&golden());
    let mut found = 0;
    for content in [b"hello, blob\n".to_vec(), lines(200), lines(3000)] {
        let id = BlobHash::of(&content);
        assert_eq!(store.get_bytes(&id).expect("it is read"), content);
        assert_eq!(
            store.verify(&id).expect("it is right"),
            content.len() as u64
        );
        found += 1;
    }
    assert_eq!(store.list().expect("it lists").count(), found);
    let chunked = BlobHash::of(&lines(3000));
    let manifest = store
        .manifest(&chunked)
        .expect("it is read")
        .expect("it is chunked");
    assert_eq!(manifest.chunks.len(), 3);
    let key = format!("manifests/{}/{chunked}", &chunked.to_string()[..2]);
    assert_eq!(
        fs::read(golden().join(key)).expect("it is there"),
        manifest.encode()
    );
}

#[test]
fn a_short_blob_is_written_as_the_page_draws_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let id = store(folder.path())
        .put_bytes(b"hello, blob\n")
        .expect("it is stored")
        .id;
    let key = format!("blobs/{}/{id}", &id.to_string()[..2]);
    let written = fs::read(folder.path().join(&key)).expect("it is there");
    assert_eq!(written, fs::read(golden().join(&key)).expect("it is there"));
}
