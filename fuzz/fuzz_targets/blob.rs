//! Arbitrary bytes as what a root of blobs holds, also with a right checksum: what decodes encodes to the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_artifact::{BlobHash, Manifest, StoreUrl, Tree, check_name, open_object};

/// No header makes a reader hold more than this.
const CONTENT_LEN_MAX: usize = 16 << 20;

fn check(bytes: &[u8]) {
    if let Ok(manifest) = Manifest::decode(bytes) {
        let sum = manifest
            .chunks
            .iter()
            .map(|chunk| u64::from(chunk.len))
            .sum::<u64>();
        assert_eq!(sum, manifest.len);
        assert_eq!(Manifest::decode(&manifest.encode()).as_ref(), Ok(&manifest));
        for chunk in manifest.chunks.iter().take(64) {
            let index = manifest.chunk_at(chunk.offset);
            assert_eq!(manifest.chunks[index].offset, chunk.offset);
        }
    }
    if let Ok(content) = open_object(&bytes.to_vec().into()) {
        assert!(content.len() <= CONTENT_LEN_MAX);
    }
    if let Ok(tree) = Tree::decode(bytes) {
        assert_eq!(Tree::decode(&tree.encode()).expect("it was one"), tree);
        for file in &tree.files {
            check_name(&file.path).expect("a tree has only names that stay");
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(StoreUrl::parse(text));
        if check_name(text).is_ok() {
            assert!(text.split('/').all(|part| !matches!(part, "" | "." | "..")));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With a right checksum, so that the fields before it are reached.
    let mut sealed = bytes.to_vec();
    sealed.extend_from_slice(BlobHash::of(bytes).as_bytes());
    check(&sealed);
});
