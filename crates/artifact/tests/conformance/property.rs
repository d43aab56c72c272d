//! Any content, edited anywhere: what comes out is what went in, under the name that blake3 gives it.

use mltrack_artifact::{BlobHash, Manifest, Tree};
use proptest::prelude::*;

use crate::backend::{memory, noise};

/// An edit: where in thousandths, how many bytes go, which bytes come.
type Edit = (usize, usize, Vec<u8>);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..2000);
    prop::collection::vec((0..=1000usize, 0..100_000usize, bytes), 0..4)
}

/// Short, around the length at which content is cut, and longer; noise, runs, or both.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![
        0..5000usize,
        4_190_000..4_200_000usize,
        5_000_000..7_000_000usize
    ];
    (any::<u64>(), len, 0..3u8).prop_map(|(seed, len, kind)| {
        let mut content = noise(seed, len);
        if kind > 0 {
            let runs = content.chunks_mut(70_000).step_by(usize::from(kind));
            runs.for_each(|run| run.fill(kind));
        }
        content
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_put_comes_back_under_its_hash(
        mut content in content(),
        edits in edits(),
        ends in (0..=1000usize, 0..=1000usize),
    ) {
        let backend = memory();
        let store = backend.store();
        let first = store.put_bytes(&content).expect("it is stored");
        let before = content.clone();
        for (at, drop_len, bytes) in edits {
            let at = content.len() * at / 1000;
            let end = (at + drop_len).min(content.len());
            content.splice(at..end, bytes);
        }
        let second = store.put_reader(content.as_slice()).expect("it is stored");
        prop_assert_eq!(second.id, BlobHash::of(&content));
        prop_assert_eq!(&store.get_bytes(&second.id).expect("it is read"), &content);
        prop_assert_eq!(&store.get_bytes(&first.id).expect("it is read"), &before);
        let (start, end) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let range = content.len() * start / 1000..content.len() * end / 1000;
        let got = store.get_range(&second.id, range.start as u64..range.end as u64);
        prop_assert_eq!(got.expect("it is read"), &content[range]);
    }

    #[test]
    fn hostile_lists_are_refused_or_read_and_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(Manifest::decode(&bytes));
        drop(Tree::decode(&bytes));
        // One whose beginning and checksum are right, so that what is between them is looked at.
        bytes.splice(0..bytes.len().min(8), *b"MLTM\x01\0\0\0");
        bytes.extend_from_slice(BlobHash::of(&bytes).as_bytes());
        if let Ok(manifest) = Manifest::decode(&bytes) {
            prop_assert_eq!(manifest.chunks.iter().map(|chunk| u64::from(chunk.len)).sum::<u64>(), manifest.len);
        }
    }
}
