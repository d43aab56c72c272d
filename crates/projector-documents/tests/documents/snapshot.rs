//! A state written to a file and read back.

use mltrack_log::{Cursor, EpochId, Lsn};
use mltrack_projector_documents::snapshot::{open, pack};

use crate::support::{folded, put, removed};

#[test]
fn a_state_survives_its_snapshot_and_a_changed_byte_is_noticed() {
    let events = (0..20_000).map(|at| match at % 7 {
        6 => removed("k0", &(at - 6).to_string()),
        kind => put(&format!("k{kind}"), &at.to_string(), &format!("{at}")),
    });
    let documents = folded(events);
    let cursor = Cursor {
        epoch: EpochId([7; 16]),
        next: Lsn::new(20_001).unwrap(),
    };
    let bytes = pack(&documents, cursor);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents");
    std::fs::write(&path, &bytes).unwrap();
    let (packed, read) = open(&path).unwrap();
    assert_eq!(read, cursor);
    let restored = packed.into_documents().unwrap();
    assert_eq!(restored.differences(&documents), Vec::<String>::new());
    assert_eq!(pack(&restored, cursor), bytes);
    for at in [
        0,
        9,
        40,
        64,
        bytes.len() / 2,
        bytes.len() - 70,
        bytes.len() - 1,
    ] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let read = open(&path).and_then(|(packed, _)| packed.into_documents());
        assert!(read.is_err(), "byte {at}");
    }
    let other = folded([put("k", "a", "1")]);
    assert!(!restored.differences(&other).is_empty());
}
