//! Arbitrary bytes as an event file, also with right checksums: nothing panics, and no more is taken than there is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_import::{Chunk, read_event_file};

fuzz_target!(|bytes: &[u8]| {
    let mut chunk = Chunk::default();
    let count = read_event_file(bytes, &mut chunk);
    // A record has a length, two checksums and so at least 16 bytes; the last is the input itself, without any.
    assert!(count <= bytes.len() / 16 + 1);
    // The shortest value of a metric takes nine bytes.
    assert!(chunk.points.len() <= bytes.len());
    for one in &chunk.histograms {
        assert_eq!(one.edges.len(), one.counts.len() + 1);
        assert!(one.edges.is_sorted_by(|left, right| left < right));
    }
    for artifact in &chunk.artifacts {
        mltrack::artifact_path(&artifact.path).expect("a tag never leads out of a run");
    }
});
