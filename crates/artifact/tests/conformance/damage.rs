//! Bytes that are not what their name says are found, named, and brought back from another root.

use mltrack_artifact::{BlobHash, BlobStore, Flaw, Part};

use crate::backend::{Backend, memory, noise};

const MIB: usize = 1 << 20;

fn key(folder: &str, id: &BlobHash) -> String {
    let hex = id.to_string();
    format!("{folder}/{}/{hex}", &hex[..2])
}

/// Everything that reads the blob must find the flaw.
fn flaw(store: &BlobStore, id: &BlobHash) -> (Part, Flaw) {
    let error = store.verify(id).expect_err("it is damaged");
    assert!(error.is_damaged() && !error.is_retryable(), "{error}");
    let message = error.to_string();
    assert!(
        message.contains(&id.to_string()) && message.contains("repair"),
        "{message}"
    );
    assert!(store.get_bytes(id).is_err_and(|error| error.is_damaged()));
    let mismatch = error.mismatch().expect("it says what").clone();
    assert_eq!(mismatch.id, *id);
    (mismatch.part, mismatch.flaw)
}

pub fn a_flipped_bit_is_found_and_its_chunk_named(backend: &Backend) {
    let store = backend.store();
    let content = noise(30, 8 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    let manifest = store
        .manifest(&id)
        .expect("it is read")
        .expect("it is chunked");
    let key_of_chunk = key("chunks", &manifest.chunks[4].id);
    let mut object = backend.get(&key_of_chunk);
    *object.last_mut().expect("it has bytes") ^= 1;
    backend.put(&key_of_chunk, object);
    let (part, flaw_of_chunk) = flaw(&store, &id);
    let count = manifest.chunks.len();
    assert!(matches!(part, Part::Chunk { index: 4, count: of, .. } if of == count));
    assert!(matches!(flaw_of_chunk, Flaw::Hash(_)));
    let small = store.put_bytes(b"a small one").expect("it is stored").id;
    let mut object = backend.get(&key("blobs", &small));
    for at in 0..object.len() {
        object[at] ^= 0x10;
        backend.put(&key("blobs", &small), object.clone());
        // Two bytes of the header are reserved and are not looked at.
        if (6..8).contains(&at) {
            store.verify(&small).expect("nothing is wrong with it");
        } else {
            assert_eq!(flaw(&store, &small).0, Part::Whole);
        }
        object[at] ^= 0x10;
    }
}

pub fn missing_and_short_objects_are_found(backend: &Backend) {
    let store = backend.store();
    let id = store
        .put_bytes(&noise(31, 6 * MIB))
        .expect("it is stored")
        .id;
    let manifest = store
        .manifest(&id)
        .expect("it is read")
        .expect("it is chunked");
    let key_of_chunk = key("chunks", &manifest.chunks[2].id);
    let object = backend.get(&key_of_chunk);
    for keep_len in [0, 7, 16, object.len() - 1] {
        backend.put(&key_of_chunk, object[..keep_len].to_vec());
        let (part, _) = flaw(&store, &id);
        assert!(matches!(part, Part::Chunk { index: 2, .. }));
    }
    backend.delete(&key_of_chunk);
    assert_eq!(flaw(&store, &id).1, Flaw::Missing);
    // What a look at its length can tell is stored again by the next put.
    backend.put(&key_of_chunk, object[..7].to_vec());
    let again = store.put_bytes(&noise(31, 6 * MIB)).expect("it is stored");
    assert!(again.new_bytes > 0 && again.was_there);
    store.verify(&id).expect("it is whole again");
}

pub fn a_manifest_that_was_tampered_with_is_found(backend: &Backend) {
    let store = backend.store();
    let one = store
        .put_bytes(&noise(32, 5 * MIB))
        .expect("it is stored")
        .id;
    let two = store
        .put_bytes(&noise(33, 5 * MIB))
        .expect("it is stored")
        .id;
    let manifest = backend.get(&key("manifests", &one));
    backend.put(&key("manifests", &two), manifest.clone());
    assert_eq!(flaw(&store, &two).0, Part::Manifest);
    let mut forged = store
        .manifest(&one)
        .expect("it is read")
        .expect("it is chunked");
    forged.id = two;
    backend.put(&key("manifests", &two), forged.encode());
    assert_eq!(flaw(&store, &two).0, Part::Together);
    for at in [0, 4, 8, 30, 60, manifest.len() - 1] {
        let mut torn = manifest.clone();
        torn[at] ^= 1;
        backend.put(&key("manifests", &one), torn);
        assert_eq!(flaw(&store, &one).0, Part::Manifest);
    }
    let again = store.put_bytes(&noise(32, 5 * MIB)).expect("it is stored");
    assert!(!again.was_there && again.new_bytes < MIB as u64);
    store.verify(&one).expect("it is whole again");
}

pub fn a_blob_is_repaired_from_another_root(backend: &Backend) {
    let (store, other_backend) = (backend.store(), memory());
    let other = other_backend.store();
    let content = noise(34, 8 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    let copied = other.copy_from(&store, &id).expect("it is copied");
    assert_eq!(
        (copied.len, copied.was_there),
        (content.len() as u64, false)
    );
    assert_eq!(other.get_bytes(&id).expect("it is read"), content);
    let again = other.copy_from(&store, &id).expect("it is there");
    assert_eq!((again.new_bytes, again.was_there), (0, true));

    let manifest = store
        .manifest(&id)
        .expect("it is read")
        .expect("it is chunked");
    let damaged = key("chunks", &manifest.chunks[1].id);
    let mut object = backend.get(&damaged);
    object[100] ^= 4;
    backend.put(&damaged, object);
    backend.delete(&key("chunks", &manifest.chunks[3].id));
    let repaired = store.repair(&other, &id).expect("it is repaired");
    assert_eq!(repaired.objects, 2);
    store.verify(&id).expect("it is right");
    backend.delete(&key("manifests", &id));
    assert_eq!(
        store.repair(&other, &id).expect("it is repaired").objects,
        1
    );
    assert_eq!(
        store.repair(&other, &id).expect("nothing is to do").objects,
        0
    );

    let small = store.put_bytes(b"small").expect("it is stored").id;
    assert!(
        store
            .repair(&other, &small)
            .is_ok_and(|repaired| repaired.objects == 0)
    );
    backend.put(&key("blobs", &small), b"garbage".to_vec());
    let error = store
        .repair(&other, &small)
        .expect_err("the other root has none");
    assert!(error.is_missing(), "{error}");
    other.put_bytes(b"small").expect("it is stored");
    assert_eq!(
        store
            .repair(&other, &small)
            .expect("it is repaired")
            .objects,
        1
    );
}

pub fn a_missing_blob_is_named(backend: &Backend) {
    let (store, id) = (backend.store(), BlobHash::of(b"never stored"));
    let path = backend.locks.path().join("out");
    let errors = [
        store.get_bytes(&id).map(drop),
        store.get_range(&id, 0..1).map(drop),
        store.open_blob(&id).map(drop),
        store.metadata(&id).map(drop),
        store.verify(&id).map(drop),
        store.get_to_file(&id, &path).map(drop),
        store.copy_from(&memory().store(), &id).map(drop),
    ];
    for result in errors {
        let error = result.expect_err("there is none");
        assert!(
            error.is_missing() && error.to_string().contains(&id.to_string()),
            "{error}"
        );
    }
    assert!(!store.contains(&id).expect("it is looked for"));
    assert!(!path.exists());
}
