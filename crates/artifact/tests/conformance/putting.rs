//! What a put promises: the content comes back, once, whole or not at all.

use std::io::{self, Read, Write as _};

use mltrack_artifact::{BlobHash, Error};

use crate::backend::{Backend, noise};

const MIB: usize = 1 << 20;

pub fn contents_of_every_length_come_back(backend: &Backend) {
    let store = backend.store();
    let content = noise(1, 9 * MIB);
    for len in [
        0,
        1,
        100,
        65_536,
        4 * MIB - 1,
        4 * MIB,
        4 * MIB + 1,
        9 * MIB,
    ] {
        let content = &content[..len];
        let stored = store.put_bytes(content).expect("it is stored");
        assert_eq!(stored.id, BlobHash::of(content));
        assert_eq!((stored.len, stored.was_there), (len as u64, false));
        assert_eq!(stored.chunks > 0, len > 4 * MIB);
        assert!(store.contains(&stored.id).expect("it is looked for"));
        assert_eq!(store.get_bytes(&stored.id).expect("it is read"), content);
        assert_eq!(store.verify(&stored.id).expect("it is right"), len as u64);
        let streamed = store.put_reader(Trickle(content)).expect("it is stored");
        assert_eq!((streamed.id, streamed.new_bytes), (stored.id, 0));
    }
}

/// A reader that gives odd amounts.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(65_521);
        self.0.read(&mut buffer[..len])
    }
}

pub fn what_is_there_is_not_stored_again(backend: &Backend) {
    let store = backend.store();
    for content in [noise(2, 100_000), noise(3, 6 * MIB)] {
        let first = store.put_bytes(&content).expect("it is stored");
        assert!(first.new_bytes >= content.len() as u64);
        let stored_len = backend.stored_len();
        let again = backend.store().put_bytes(&content).expect("it is stored");
        assert_eq!(
            (again.id, again.new_bytes, again.was_there),
            (first.id, 0, true)
        );
        assert_eq!(backend.stored_len(), stored_len);
    }
}

pub fn an_edit_adds_little(backend: &Backend) {
    let store = backend.store();
    let mut content = noise(4, 16 * MIB);
    store.put_bytes(&content).expect("it is stored");
    let before = backend.stored_len();
    content[5 * MIB] ^= 1;
    content.splice(9 * MIB..9 * MIB, *b"inserted, so that all behind it moves");
    let edited = store.put_bytes(&content).expect("it is stored");
    assert_eq!(store.get_bytes(&edited.id).expect("it is read"), content);
    assert_eq!(backend.stored_len() - before, edited.new_bytes);
    assert!(edited.new_bytes < 5 * MIB as u64, "{}", edited.new_bytes);
}

pub fn what_compresses_takes_less_and_noise_does_not(backend: &Backend) {
    let store = backend.store();
    let mut text = Vec::new();
    for step in 0..400_000 {
        writeln!(text, "step={step} loss=0.{step}").expect("memory takes it");
    }
    assert!(text.len() > 8 * MIB);
    let stored = store.put_bytes(&text).expect("it is stored");
    assert!(stored.new_bytes * 3 < stored.len, "{}", stored.new_bytes);
    assert_eq!(store.get_bytes(&stored.id).expect("it is read"), text);
    let small = store.put_bytes(&text[..10_000]).expect("it is stored");
    assert!(small.new_bytes * 2 < small.len, "{}", small.new_bytes);
    assert_eq!(
        store.get_bytes(&small.id).expect("it is read"),
        &text[..10_000]
    );
}

pub fn a_put_tells_how_far_it_is(backend: &Backend) {
    // Pieces of 16 MiB wait at most: those behind them come when others are stored.
    let content = noise(5, 48 * MIB);
    let mut told = Vec::new();
    let stored = backend
        .store()
        .put()
        .progress(&mut |len| told.push(len))
        .bytes(&content);
    assert_eq!(told.last(), Some(&stored.expect("it is stored").len));
    assert!(told.is_sorted() && told.len() > 2, "{told:?}");
}

pub fn content_over_the_limit_is_refused_with_both_numbers(backend: &Backend) {
    let mut options = backend.options();
    options.max_len = 5_000_000;
    let store = backend.store_with(options);
    let content = noise(6, 5_000_001);
    let error = store.put_bytes(&content).expect_err("it is too long");
    assert!(error.is_too_large());
    let message = error.to_string();
    assert!(
        message.contains("5000001") && message.contains("5000000"),
        "{message}"
    );
    let endless = io::repeat(7);
    let error = store.put_reader(endless).expect_err("it never ends");
    assert!(matches!(error, Error::TooLarge { len, max: 5_000_000, .. } if len > 5_000_000));
    assert_eq!(store.list().expect("it lists").count(), 0);
}

pub fn a_reader_that_fails_leaves_nothing_to_find(backend: &Backend) {
    let store = backend.store();
    for len in [10, 5 * MIB, 20 * MIB] {
        let content = noise(7, len);
        let broken = content.as_slice().chain(Broken);
        let error = store.put_reader(broken).expect_err("the reader fails");
        let message = error.to_string();
        assert!(message.contains("the cable is out"), "{message}");
        assert!(
            !store
                .contains(&BlobHash::of(&content))
                .expect("it is looked for")
        );
    }
    assert_eq!(
        backend.keys("blobs").len() + backend.keys("manifests").len(),
        0
    );
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable is out"))
    }
}

pub fn a_file_that_is_written_to_is_refused(backend: &Backend) {
    let store = backend.store();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.pt");
    for len in [1000, 30 * MIB] {
        std::fs::write(&path, noise(8, len)).expect("a file");
        assert_eq!(store.put_file(&path).expect("it is stored").len, len as u64);
        // A fifo beside it is not needed to write in the midst: the progress of a put is told in the midst of it.
        let mut content = noise(9, len);
        std::fs::write(&path, &content).expect("a file");
        let mut grow = |_| {
            let mut file = std::fs::File::options()
                .append(true)
                .open(&path)
                .expect("a file");
            file.write_all(b"more").expect("it grows");
        };
        let result = store.put().progress(&mut grow).file(&path);
        if len > 4 * MIB {
            let error = result.expect_err("it grew while it was read");
            assert!(matches!(error, Error::Changed { .. }), "{error}");
            assert!(error.to_string().contains("model.pt"), "{error}");
            content.extend_from_slice(b"more");
            assert!(
                !store
                    .contains(&BlobHash::of(&content))
                    .expect("it is looked for")
            );
        }
    }
    let error = store
        .put_file(folder.path())
        .expect_err("a folder is no file");
    assert!(error.to_string().contains("as one file"), "{error}");
    let error = store
        .put_file(&folder.path().join("none"))
        .expect_err("no such file");
    assert!(error.to_string().contains("none"), "{error}");
}

pub fn two_puts_of_the_same_content_at_once_are_one_blob(backend: &Backend) {
    let (one, two) = (backend.store(), backend.store());
    let content = noise(10, 10 * MIB);
    let ids: Vec<BlobHash> = std::thread::scope(|scope| {
        let threads: Vec<_> = [one, two]
            .into_iter()
            .map(|store| {
                let content = &content;
                scope.spawn(move || store.put_bytes(content).expect("it is stored").id)
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    });
    assert_eq!(ids[0], ids[1]);
    assert_eq!(
        backend.store().get_bytes(&ids[0]).expect("it is read"),
        content
    );
    assert_eq!(backend.keys("manifests").len(), 1);
}
