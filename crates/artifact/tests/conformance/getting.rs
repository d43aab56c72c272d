//! Reading: all, ranges, from any place on, into files.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};

use bytes::Bytes;
use mltrack_artifact::{BlobHash, BlobStore};

use crate::backend::{Backend, noise, wait};

const MIB: usize = 1 << 20;

pub fn ranges_are_slices(backend: &Backend) {
    let store = backend.store();
    for len in [1000, 7 * MIB] {
        let content = noise(20, len);
        let id = store.put_bytes(&content).expect("it is stored").id;
        let edges = [0, 1, len / 3, len / 2, len - 1, len];
        for start in edges {
            for end in edges.into_iter().filter(|end| *end >= start) {
                let got = store.get_range(&id, start as u64..end as u64);
                assert_eq!(got.expect("it is read"), &content[start..end]);
            }
        }
        let error = store
            .get_range(&id, 1..len as u64 + 1)
            .expect_err("too far");
        let message = error.to_string();
        assert!(message.contains(&format!("1..{}", len + 1)), "{message}");
    }
}

pub fn a_range_fetches_only_the_chunks_it_needs(backend: &Backend) {
    let store = backend.store();
    let content = noise(21, 8 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    let manifest = store
        .manifest(&id)
        .expect("it is read")
        .expect("it is chunked");
    let wanted = &manifest.chunks[3];
    for (index, chunk) in manifest.chunks.iter().enumerate() {
        if index != 3 {
            let hex = chunk.id.to_string();
            backend.delete(&format!("chunks/{}/{hex}", &hex[..2]));
        }
    }
    let range = wanted.offset + 1..wanted.offset + u64::from(wanted.len) - 1;
    let got = store
        .get_range(&id, range.clone())
        .expect("its chunk is there");
    assert_eq!(got, &content[range.start as usize..range.end as usize]);
    let error = store
        .get_range(&id, 0..range.end)
        .expect_err("the others are gone");
    assert!(error.is_damaged());
}

pub fn readers_seek_like_files(backend: &Backend) {
    let store = backend.store();
    for len in [3000, 6 * MIB] {
        let content = noise(22, len);
        let id = store.put_bytes(&content).expect("it is stored").id;
        let mut reader = store.open_blob(&id).expect("it opens");
        let mut whole = Vec::new();
        reader.read_to_end(&mut whole).expect("it is read");
        assert_eq!((whole == content, reader.len()), (true, len as u64));
        for (to, at) in [
            (SeekFrom::Start(5), 5),
            (SeekFrom::Current(len as i64 / 2), len / 2 + 105),
            (SeekFrom::End(-200), len - 200),
            (SeekFrom::Start(len as u64 / 4), len / 4),
        ] {
            assert_eq!(reader.seek(to).expect("it seeks"), at as u64);
            let mut some = [0; 100];
            reader.read_exact(&mut some).expect("it is read");
            assert_eq!(some, content[at..at + 100]);
        }
        reader
            .seek(SeekFrom::Start(len as u64 + 9))
            .expect("behind the end is fine");
        assert_eq!(reader.read(&mut [0; 9]).expect("it is the end"), 0);
        reader
            .seek(SeekFrom::End(-(len as i64) - 1))
            .expect_err("before the beginning");
    }
}

/// What is fetched ahead of the reader fails the reader only where it comes to it.
pub fn a_reader_gives_everything_before_a_chunk_that_is_gone(backend: &Backend) {
    let store = backend.store();
    let content = noise(24, 12 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    let manifest = store.manifest(&id).expect("it is read");
    let chunks = manifest.expect("it is chunked").chunks;
    let gone = &chunks[chunks.len() / 2];
    let hex = gone.id.to_string();
    backend.delete(&format!("chunks/{}/{hex}", &hex[..2]));
    let mut reader = store.open_blob(&id).expect("it opens");
    let mut before = Vec::new();
    for _ in 0..2 {
        reader
            .read_to_end(&mut before)
            .expect_err("a chunk is gone");
        assert!(before == content[..gone.offset as usize]);
    }
    let behind = gone.offset + u64::from(gone.len);
    reader.seek(SeekFrom::Start(behind)).expect("it seeks");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).expect("it is there");
    assert!(rest == content[behind as usize..]);
}

pub fn a_file_is_got_whole_and_goes_on_where_it_was(backend: &Backend) {
    let store = backend.store();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.pt");
    let content = noise(23, 12 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    fs::write(&path, "an older one").expect("a file");
    assert_eq!(
        store.get_to_file(&id, &path).expect("it is got"),
        content.len() as u64
    );
    assert_eq!(fs::read(&path).expect("it is there"), content);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    goes_on(backend, &store, &id, &content);
}

/// A half that was fetched before is not fetched again: its chunks may even be gone.
fn goes_on(backend: &Backend, store: &BlobStore, id: &BlobHash, content: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("again.pt");
    let draft = folder
        .path()
        .join(format!(".again.pt.{}.part", &id.to_string()[..16]));
    let manifest = store
        .manifest(id)
        .expect("it is read")
        .expect("it is chunked");
    let half = manifest.chunks[manifest.chunks.len() / 2].offset as usize;
    fs::write(&draft, [&content[..half], b"torn"].concat()).expect("a draft");
    let hex = manifest.chunks[0].id.to_string();
    backend.delete(&format!("chunks/{}/{hex}", &hex[..2]));
    store.get_to_file(id, &path).expect("the rest is got");
    assert_eq!(fs::read(&path).expect("it is there"), content);
    let error = store
        .get_to_file(id, &path)
        .expect_err("from the beginning it is not");
    assert!(error.is_damaged());
    assert_eq!(fs::read(&path).expect("it is there still"), content);
}

pub fn metadata_tells_lengths_and_chunks(backend: &Backend) {
    let store = backend.store();
    let small = store.put_bytes(b"small").expect("it is stored");
    let metadata = store.metadata(&small.id).expect("it is there");
    assert_eq!(
        (metadata.len, metadata.stored_len, metadata.chunks),
        (5, small.new_bytes, 0)
    );
    assert!(metadata.created_ns > 1_600_000_000_000_000_000);
    let large = store.put_bytes(&noise(24, 5 * MIB)).expect("it is stored");
    let metadata = store.metadata(&large.id).expect("it is there");
    assert_eq!(metadata.len, 5 * MIB as u64);
    assert_eq!(
        (metadata.stored_len, metadata.chunks),
        (large.new_bytes, large.chunks)
    );
}

pub fn async_twins_do_the_same(backend: &Backend) {
    let store = backend.store();
    let content = Bytes::from(noise(25, 5 * MIB));
    wait(async {
        let id = store
            .put_bytes_async(content.clone())
            .await
            .expect("it is stored")
            .id;
        assert!(store.contains_async(id).await.expect("it is looked for"));
        assert_eq!(
            store.get_bytes_async(id).await.expect("it is read"),
            content
        );
        let range = store.get_range_async(id, 7..9).await.expect("it is read");
        assert_eq!(range, content.slice(7..9));
        assert_eq!(
            store.verify_async(id).await.expect("it is right"),
            content.len() as u64
        );
        // Blocking calls inside a runtime neither panic nor hang.
        assert_eq!(store.get_bytes(&id).expect("it is read"), content);
    });
}
