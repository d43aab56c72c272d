//! Arbitrary bytes as a `.wandb` file, also as records without checksums: nothing panics, and no more is taken than there
//! is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_import::{Chunk, Content, read_wandb_file};

fuzz_target!(|bytes: &[u8]| {
    let mut chunk = Chunk::default();
    let count = read_wandb_file(bytes, &mut chunk);
    // A record has a header of seven bytes; two more are the input itself, without any.
    assert!(count <= bytes.len() / 7 + 2);
    // The shortest value takes more bytes than one, and is looked at three times.
    assert!(chunk.points.len() <= 3 * bytes.len());
    for one in &chunk.histograms {
        assert_eq!(one.edges.len(), one.counts.len() + 1);
        assert!(one.edges.is_sorted_by(|left, right| left < right));
    }
    for artifact in &chunk.artifacts {
        mltrack::artifact_path(&artifact.path).expect("a key never leads out of a run");
        assert!(
            matches!(artifact.content, Content::Bytes(_)),
            "a file of the machine was taken"
        );
    }
});
