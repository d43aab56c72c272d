//! Freeing: exactly what nothing needs, never beside a put, never in a root of two stores.

use std::collections::HashSet;
use std::sync::mpsc;
use std::time::Duration;

use mltrack_artifact::{BlobHash, ErrorKind, Garbage};

use crate::backend::{Backend, noise};

const MIB: usize = 1 << 20;

fn live<const N: usize>(ids: [BlobHash; N]) -> HashSet<BlobHash> {
    ids.into_iter().collect()
}

pub fn a_sweep_frees_exactly_what_nothing_needs(backend: &Backend) {
    let store = backend.store();
    let mut content = noise(40, 8 * MIB);
    let keep = store.put_bytes(&content).expect("it is stored").id;
    let small = store.put_bytes(b"small and kept").expect("it is stored").id;
    let before = backend.stored_len();
    content[6 * MIB] ^= 1;
    let edited = store.put_bytes(&content).expect("it is stored").id;
    store
        .put_bytes(b"small and not kept")
        .expect("it is stored");
    backend.put("chunks/README", b"somebody's own file".to_vec());
    let added = backend.stored_len() - before;

    let garbage = store
        .garbage(&live([keep, small]))
        .expect("it is looked for");
    assert_eq!(garbage.blobs.len(), 2);
    assert_eq!(garbage.len + 19, added);
    let swept = store
        .sweep(|| Ok(live([keep, small])))
        .expect("it is freed");
    assert_eq!((swept.freed_len, swept.garbage), (garbage.len, garbage));
    assert_eq!(backend.stored_len(), before + 19);
    store.verify(&keep).expect("it is untouched");
    store.verify(&small).expect("it is untouched");
    assert!(!store.contains(&edited).expect("it is looked for"));
    let again = store
        .sweep(|| Ok(live([keep, small])))
        .expect("nothing is to do");
    assert_eq!((again.freed_len, again.garbage), (0, Garbage::default()));
}

pub fn a_list_has_every_blob_once(backend: &Backend) {
    let store = backend.store();
    let contents = [noise(41, 5 * MIB), noise(42, 10), noise(43, 0)];
    let mut ids: Vec<_> = contents
        .iter()
        .map(|content| store.put_bytes(content).expect("it is stored").id)
        .collect();
    ids.sort();
    let listed: Vec<_> = store.list().expect("it lists").collect();
    assert_eq!(listed.iter().map(|blob| blob.id).collect::<Vec<_>>(), ids);
    assert_eq!(listed.iter().filter(|blob| blob.is_chunked).count(), 1);
    assert!(
        listed
            .iter()
            .all(|blob| blob.stored_len >= 16 && blob.time_ns > 0)
    );
}

pub fn a_sweep_waits_for_puts_and_gives_up_in_time(backend: &Backend) {
    let store = backend.store();
    let stored = store
        .put_bytes(b"not written down yet")
        .expect("it is stored");
    let mut hurried = backend.options();
    hurried.lock_wait = Duration::ZERO;
    let error = backend.store_with(hurried).sweep(|| Ok(HashSet::new()));
    let error = error.expect_err("a put is under way");
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Busy, true)
    );

    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let other = backend.store();
        let sweep = scope
            .spawn(move || other.sweep(|| Ok(receiver.recv().expect("the put's end is told"))));
        sender.send(live([stored.id])).expect("the sweep listens");
        drop(stored.guard);
        let swept = sweep.join().expect("it ends").expect("it sweeps");
        assert_eq!(swept.freed_len, 0);
    });
    assert!(store.contains(&stored.id).expect("it is looked for"));
}

pub fn a_root_of_two_stores_is_not_swept(backend: &Backend) {
    backend.store().put_bytes(b"mine").expect("it is stored");
    let mut options = backend.options();
    options.owner = Some("store-two".to_owned());
    backend
        .store_with(options)
        .put_bytes(b"theirs")
        .expect("it is stored");
    let error = backend
        .store()
        .sweep(|| Ok(HashSet::new()))
        .expect_err("it is shared");
    assert_eq!(error.kind(), ErrorKind::Shared);
    assert!(error.to_string().contains("store-two"), "{error}");
    let mut nobody = backend.options();
    nobody.owner = None;
    backend
        .store_with(nobody)
        .sweep(|| Ok(HashSet::new()))
        .expect_err("it is owned");
    assert_eq!(backend.store().list().expect("it lists").count(), 2);
}

pub fn chunks_of_a_put_that_was_given_up_are_freed(backend: &Backend) {
    let store = backend.store();
    let content = noise(44, 6 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    let hex = id.to_string();
    backend.delete(&format!("manifests/{}/{hex}", &hex[..2]));
    assert!(!store.contains(&id).expect("it is looked for"));
    // What was sent before counts: only the manifest is missing.
    let again = store.put_bytes(&content).expect("it is stored");
    assert!(again.new_bytes < 10_000 && !again.was_there);
    drop(again);
    backend.delete(&format!("manifests/{}/{hex}", &hex[..2]));
    let swept = store.sweep(|| Ok(live([id]))).expect("it is freed");
    assert!(swept.freed_len >= content.len() as u64);
    assert_eq!(backend.stored_len(), 0);
}

pub fn a_purged_blob_takes_only_its_own_chunks(backend: &Backend) {
    let store = backend.store();
    let mut content = noise(45, 8 * MIB);
    let keep = store.put_bytes(&content).expect("it is stored").id;
    let before = backend.stored_len();
    content[3 * MIB] ^= 1;
    let purged = store.put_bytes(&content).expect("it is stored").id;
    let added = backend.stored_len() - before;
    assert_eq!(store.purge(&purged).expect("it goes"), added);
    assert_eq!(backend.stored_len(), before);
    store.verify(&keep).expect("it is untouched");
    assert_eq!(store.purge(&purged).expect("it is gone already"), 0);
}
